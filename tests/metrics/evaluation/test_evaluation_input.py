from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
)


def test_errors_and_criteria_by_hand():
    joints = make_joints()
    correct = joints.correct(dist_thr=0.07)
    similar = joints.correct(criterion='oks')
    sigma = 0.072  # elbows, positions 7 and 8
    for n in range(len(joints.truth)):
        x0, y0, x1, y1 = joints.truth.boxes[n]
        for k in (7, 8):
            dx, dy = joints.keypoints[n, k] - joints.truth.keypoints[n, k]
            square = dx**2 + dy**2
            assert joints.errors[n, k] == pytest.approx(
                np.sqrt(square) / max(x1 - x0, y1 - y0)
            )
            assert correct[n, k] == (joints.errors[n, k] <= 0.07)
            spread = 2 * joints.truth.areas[n] * (2 * sigma) ** 2
            assert similar[n, k] == (np.exp(-square / spread) >= 0.5)


def test_joints_without_label_may_hold_anything():
    joints = make_joints()
    hidden = ~joints.truth.labeled
    scores = {n: np.where(hidden, np.nan, s) for n, s in joints.scores.items()}
    points = np.where(hidden[..., None], np.inf, joints.keypoints)
    changed = replace(joints, scores=scores, keypoints=points)
    labeled = joints.truth.labeled
    np.testing.assert_array_equal(
        changed.errors[labeled], joints.errors[labeled]
    )


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (lambda j: {'scores': {}}, 'at least one score'),
        (
            lambda j: {'keypoints': j.keypoints[:0]},
            r'at least one person, found \(0, 17, 2\)',
        ),
        (
            lambda j: {'scores': {'trust': np.zeros((12, 16))}},
            r'trust: expected the shape \(N, K\).*found \(12, 16\)',
        ),
        (
            lambda j: {'truth': j.truth.take(np.arange(5))},
            r'true keypoints: .*\(12, 17\), found \(5, 17\)',
        ),
        (
            lambda j: {'scores': {'trust': np.full((12, 17), np.nan)}},
            'trust: expected finite values.*first at person 1000',
        ),
        (
            lambda j: {'keypoints': j.keypoints * np.inf},
            'predicted keypoints: expected finite',
        ),
        (
            lambda j: {
                'truth': replace(j.truth, labeled=j.truth.labeled & False)
            },
            'found none in 12 persons',
        ),
    ],
)
def test_bad_joints_are_a_clear_error(change, match):
    joints = make_joints()
    with pytest.raises(ValueError, match=match):
        replace(joints, **change(joints))


def test_everyone_is_the_predicted_where_nobody_else_is_known():
    joints = make_joints()
    assert joints.everyone is joints.truth
    some = EvaluationInput(
        {n: s[:5] for n, s in joints.scores.items()},
        joints.keypoints[:5],
        joints.truth.take(np.arange(5)),
        joints.truth,
    )
    assert len(some.everyone) == 12
    assert some.similarity.shape == (5, 17)
