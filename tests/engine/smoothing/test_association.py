import numpy as np

from self_verify_pose.engine.smoothing import link_persons


def test_persons_keep_their_number_in_any_order():
    left, right = np.array([[0, 0, 10, 20], [50, 0, 60, 20]])
    found = link_persons([[left, right], [right + 1, left + 1], [left + 2]])
    assert [one.tolist() for one in found] == [[0, 1], [1, 0], [0]]


def test_a_jump_and_a_gap_begin_new_persons():
    box = np.array([[0.0, 0, 10, 20]])
    none = np.empty((0, 4))
    found = link_persons([box, box + 8, none, box + 8, box + 9])
    assert [one.tolist() for one in found] == [[0], [1], [], [2], [2]]


def test_nobody_is_linked():
    assert link_persons([]) == []
    assert link_persons([[]])[0].shape == (0,)
