from types import SimpleNamespace

import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from self_verify_pose.engine.skeleton_check import check_skeleton

DATA = 'train_dataloader.dataset'


def metainfo(name):
    file = f'configs/_base_/datasets/{name}.py'
    return parse_pose_metainfo({'from_file': file})


def model(count, name=None, teacher=None):
    return SimpleNamespace(
        head=SimpleNamespace(out_channels=count),
        metainfo=name and metainfo(name),
        teacher=teacher,
    )


@pytest.mark.parametrize(
    ('estimator', 'name'),
    [
        (model(17), 'coco'),
        (model(17), 'h36m'),  # names matter to a teacher only
        (model(14), 'aic'),
        (model(133, 'coco_wholebody', teacher='any'), 'coco_wholebody'),
        (model(17, teacher='any'), 'ochuman'),
    ],
)
def test_the_same_keypoints_pass(estimator, name):
    check_skeleton(estimator, metainfo(name), DATA)


@pytest.mark.parametrize(
    ('estimator', 'name', 'match'),
    [
        (
            model(17),
            'crowdpose',
            rf'model\.head: expected the 14 keypoints of {DATA} '
            r'\(crowdpose\), found 17; give',
        ),
        (model(14, 'mpii'), 'crowdpose', 'model.metainfo: .* 14 .* found 16'),
        (
            model(14, 'aic'),
            'crowdpose',
            "number 0 is 'left_shoulder', found 'right_shoulder'",
        ),
        (
            model(17, teacher='any'),
            'posetrack18',
            "number 1 is 'head_bottom', found 'left_eye'",
        ),
    ],
)
def test_other_keypoints_are_one_sentence(estimator, name, match):
    with pytest.raises(ValueError, match=match) as caught:
        check_skeleton(estimator, metainfo(name), DATA)
    assert '\n' not in str(caught.value)


def test_data_without_names_are_not_compared():
    check_skeleton(model(5), {}, DATA)
