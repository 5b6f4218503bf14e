from itertools import pairwise

import numpy as np

from self_verify_pose.datasets.synthetic.sequence import draw_sequence


def test_a_person_moves_steadily_before_a_background_at_rest():
    frames = list(draw_sequence(3, 4))
    assert len(frames) == 4
    first, second = frames[:2]
    assert first.image.dtype == np.uint8
    assert first.keypoints.shape == (17, 2)
    size = (first.box[2:] - first.box[:2]).max()
    steps = [
        np.linalg.norm(b.keypoints - a.keypoints, axis=1).max() / size
        for a, b in pairwise(frames)
    ]
    assert 0 < max(steps) < 0.3
    inside = first.visibility > 0
    assert (first.keypoints[inside] >= first.box[:2]).all()
    assert (first.keypoints[inside] <= first.box[2:]).all()
    same = (first.image == second.image).all(-1)
    assert same.mean() > 0.5


def test_the_same_seed_draws_the_same():
    one, other = (next(draw_sequence(5, 2)) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.keypoints, other.keypoints)
    assert (next(draw_sequence(6, 2)).keypoints != one.keypoints).any()
