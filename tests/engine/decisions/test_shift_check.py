import numpy as np
import pytest

from self_verify_pose.engine.decisions.shift_check import check_shift


def draw(mean, seed, count=150):
    return np.random.default_rng(seed).normal(mean, 0.15, count)


def test_like_images_are_seldom_flagged_and_others_always():
    like = [check_shift(draw(0.7, s), draw(0.7, s + 99)) for s in range(40)]
    assert sum(one.differs for one in like) <= 6
    found = check_shift(draw(0.5, 0), draw(0.7, 1))
    assert found.differs
    assert 'its promise does not carry over' in found.describe()
    assert (
        'No difference'
        in check_shift(like[0][1] + draw(0, 0), draw(like[0][1], 1)).describe()
    )


def test_a_drift_is_found_by_the_order_of_the_images():
    expected = np.sort(draw(0.7, 0, 400))
    found = check_shift(
        expected, np.random.default_rng(0).permutation(expected)
    )
    assert found.two_sample == 1
    assert found.exchangeability < 0.025


def test_a_few_images_are_refused():
    with pytest.raises(ValueError, match='at least 10 new images, found 3'):
        check_shift(draw(0.7, 0, 3), draw(0.7, 1))
    with pytest.raises(ValueError, match='at least 10 certified images'):
        check_shift(draw(0.7, 0), draw(0.7, 1, 4))
