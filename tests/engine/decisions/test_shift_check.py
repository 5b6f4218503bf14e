import numpy as np
import pytest

from self_verify_pose.engine.decisions.shift_check import check_shift


def draw(mean, seed, count=150, joints=3):
    rng = np.random.default_rng(seed)
    return rng.normal(mean, 0.15, (count, joints))


def test_like_images_are_seldom_flagged_and_others_always():
    like = [check_shift(draw(0.7, s), draw(0.7, s + 99)) for s in range(20)]
    assert sum(one.differs for one in like) <= 3
    assert 'No difference' in like[0].describe()
    found = check_shift(draw(0.5, 0), draw(0.7, 1))
    assert found.differs
    assert 'its promise does not carry over' in found.describe()


def test_joints_that_exchange_their_scores_are_found():
    means = np.array([0.5, 0.7, 0.9])
    found = check_shift(draw(means, 0), draw(means[::-1], 1))
    assert found.two_sample < 0.01
    assert found.mean == pytest.approx(found.expected, abs=0.02)


def test_a_drift_is_found_by_the_order_of_the_images():
    images = draw(0.7, 0, 240)
    new = images[np.argsort(images.mean(1))]
    found = check_shift(new, images)
    assert found.two_sample > 0.5
    assert found.exchangeability < 0.025


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match='at least 10 new images, found 3'):
        check_shift(draw(0.7, 0, 3), draw(0.7, 1))
    with pytest.raises(ValueError, match='at least 10 certified images'):
        check_shift(draw(0.7, 0), draw(0.7, 1, 4))
    with pytest.raises(ValueError, match='expected 3 joints, as in the cert'):
        check_shift(draw(0.7, 0, joints=5), draw(0.7, 1))
