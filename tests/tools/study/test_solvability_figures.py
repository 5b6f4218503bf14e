import pytest
import torch

from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.solvability_figures import (
    draw_scene,
    make_scenes,
)

pytest.importorskip('pytorch_kinematics')


def test_every_scene_has_one_pose_and_one_is_written(tmp_path):
    scenes = make_scenes()
    for scene in scenes.values():
        assert scene.keypoints.shape == (1, 17, 2)
        assert scene.weights.shape == (1, 17)
    hidden = scenes['unidentifiable_arm'].weights[0] < 1
    names = [JOINTS[k] for k in torch.nonzero(hidden)[:, 0].tolist()]
    assert names == ['left_elbow', 'left_wrist']
    path = tmp_path / 'scene.png'
    draw_scene(path, scenes['good_fit'])
    assert path.read_bytes().startswith(b'\x89PNG')
