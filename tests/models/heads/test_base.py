import pytest
import torch
from training_steps import random_distribution

from self_verify_pose.models.heads.base import BaseTrustHead
from self_verify_pose.models.heads.calibration import TrustCalibration


class HalfHead(BaseTrustHead):
    """Adds the logit of the raw score, in half precision."""

    def forward(self, features, distribution, keypoints):
        return distribution.raw_scores().logit().half()


def test_predict_is_the_sigmoid_in_single_precision():
    head = HalfHead([16, 32], 17, 27)
    distribution = random_distribution()
    trust = head.predict((), distribution, distribution.hard_decode())
    assert trust.dtype == torch.float32
    free, raw = distribution.expected_correctness(), distribution.raw_scores()
    odds = free / (1 - free) * raw / (1 - raw)
    torch.testing.assert_close(trust, odds / (1 + odds), atol=1e-3, rtol=0)


def test_a_head_that_says_nothing_gives_the_free_score():
    head = HalfHead([16, 32], 17, 27)
    head.forward = lambda features, distribution, keypoints: torch.zeros(2, 17)
    distribution = random_distribution()
    keypoints = distribution.hard_decode()
    expected = distribution.free_score()
    assert expected.std() > 0
    torch.testing.assert_close(
        head.predict((), distribution, keypoints), expected
    )
    head.anchor.scale.fill_(0.5)
    head.anchor.shift[3] = 2.0
    expected = expected.logit() / 2
    expected[:, 3] += 2
    torch.testing.assert_close(
        head.logits((), distribution, keypoints), expected
    )


def test_what_other_views_say_is_averaged_with_the_free_score():
    head = HalfHead([16, 32], 17, 27)
    head.anchor.scale.fill_(0.5)
    head.forward = lambda features, distribution, keypoints: torch.ones(2, 17)
    distribution = random_distribution()
    verified = torch.linspace(0, 1, 34).view(2, 17)
    mean = (distribution.free_score() + verified) / 2
    expected = (mean.logit() / 2 + 1).sigmoid()
    found = head.predict(
        (), distribution, distribution.hard_decode(), verified
    )
    torch.testing.assert_close(found, expected)


def test_sizes_and_calibration_are_kept():
    head = HalfHead((8,), num_keypoints=5, num_scalars=3, levels=(-1,))
    assert (head.levels, head.in_channels) == ((-1,), (8,))
    assert (head.num_keypoints, head.num_scalars) == (5, 3)
    assert isinstance(head.calibration, TrustCalibration)


def test_levels_and_channels_belong_together():
    with pytest.raises(
        ValueError, match=r'each of the levels \(0, 1\), found \(32,\); give'
    ):
        HalfHead([32], 17, 27)


def test_the_initialization_is_a_config():
    HalfHead([16, 32], 17, 27, init_cfg=[])
    with pytest.raises(TypeError, match=r'init_cfg: .* found 3; remove it'):
        HalfHead([16, 32], 17, 27, init_cfg=3)


def test_a_head_must_implement_forward():
    with pytest.raises((TypeError, NotImplementedError), match='forward'):
        BaseTrustHead([16, 32], 17, 27)((), None, None)
