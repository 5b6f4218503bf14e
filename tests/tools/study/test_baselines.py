import numpy as np
import pytest
import torch
from study_columns import LAYOUT, SCALAR_NAMES, K, N

from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    describe_joints,
    fit_learner,
)


@pytest.mark.parametrize('name', LEARNERS)
def test_learners_find_what_the_description_tells(columns, name):
    rows = columns['features'][:, 0]
    scalars = LAYOUT.unpack(rows)[0].scalar_features
    right = scalars[..., 4].numpy() > 0.5
    described = describe_joints(rows, scalars[..., 4], LAYOUT)
    assert described.shape[:2] == (N, K)
    known = np.ones_like(right)
    fitted = fit_learner(name, described, right, known, 0)(described)
    assert ((fitted > 0.5) == right).mean() > 0.9


def test_without_the_bones_of_coco_no_bones_are_described(columns):
    rows, raw = columns['features'][:, 0], torch.rand(N, K)
    other = LAYOUT._replace(keypoints=tuple(f'point {k}' for k in range(K)))
    lengths = [
        describe_joints(rows, raw, layout).shape[-1]
        for layout in (other, LAYOUT)
    ]
    assert lengths[0] == len(SCALAR_NAMES) + K + K + 2 * K
    assert lengths[1] > lengths[0]


def test_learners_need_correct_and_wrong_keypoints(columns):
    rows, raw = columns['features'][:, 0], torch.rand(N, K)
    described = describe_joints(rows, raw, LAYOUT)
    known, none = np.ones((N, K), bool), np.zeros((N, K), bool)
    with pytest.raises(ValueError, match=r'--train: .* 0 correct of 680'):
        fit_learner('logistic regression', described, none, known, 0)
