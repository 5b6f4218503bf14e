import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from mmpose.models.utils.tta import flip_vectors
from training_steps import random_distribution

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.pose_estimators.prediction import (
    average_views,
    keypoint_scores,
    named_scores,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets import PoseOutput
from self_verify_pose.skeleton import FLIP


class PlaceHead:
    """Gives x as a share of the crop; the calibration squares it."""

    def __init__(self):
        self.keypoints = []

    def predict(self, features, distribution, keypoints):
        self.keypoints.append(keypoints)
        return keypoints[..., 0] / 191

    def calibration(self, trust):
        return trust**2


def outputs(count):
    distribution = random_distribution()
    other = distribution.averaged(distribution.mirrored(FLIP))
    return [PoseOutput((), d) for d in (distribution, other)][:count]


def with_random_heads(model):
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_one_view_is_taken_as_it_is():
    (output,) = outputs(1)
    assert average_views([output], [], {}) is output.distribution


def test_two_views_are_averaged_as_mmpose_does():
    one, other = outputs(2)
    found = average_views([one, other], FLIP, {})
    mirrored = flip_vectors(*other.distribution.output, flip_indices=FLIP)
    for mine, a, b in zip(
        found.output, one.distribution.output, mirrored, strict=True
    ):
        assert torch.equal(mine, (a + b) * 0.5)


def test_without_a_head_there_are_no_scores():
    (output,) = outputs(1)
    assert keypoint_scores(None, [output], output.distribution, []) == {}


def test_verified_trust_stands_alone_or_is_averaged_with_the_head():
    (output,) = outputs(1)
    verified = torch.full((2, 17), 0.4)
    alone = keypoint_scores(None, [output], output.distribution, [], verified)
    assert torch.equal(alone['keypoint_trust'], verified)
    both = keypoint_scores(
        PlaceHead(), [output], output.distribution, [], verified
    )
    x = output.distribution.hard_decode()[..., 0]
    expected = ((x / 191 + 0.4) / 2) ** 2  # the calibration squares
    torch.testing.assert_close(both['keypoint_trust'], expected)


def test_trust_is_calibrated():
    (output,) = outputs(1)
    scores = keypoint_scores(PlaceHead(), [output], output.distribution, [])
    assert set(scores) == {'keypoint_trust'}
    x = output.distribution.hard_decode()[..., 0]
    torch.testing.assert_close(scores['keypoint_trust'], (x / 191) ** 2)


def test_the_mirrored_view_scores_mirrored_keypoints():
    both = outputs(2)
    distribution = average_views(both, FLIP, {})
    keypoints = distribution.hard_decode()
    head = PlaceHead()
    scores = keypoint_scores(head, both, distribution, FLIP)
    one, mirrored = head.keypoints
    assert torch.equal(one, keypoints)
    for k in range(17):
        x, y = keypoints[:, FLIP[k]].unbind(-1)
        assert torch.equal(mirrored[:, k, 0], 191 - x)
        assert torch.equal(mirrored[:, k, 1], y)
    # the mean of x / 191 in one view and 1 - x / 191 in the other, squared
    torch.testing.assert_close(
        scores['keypoint_trust'], torch.full((2, 17), 0.25)
    )


def test_scores_of_the_distribution_are_named_by_its_family():
    distribution = random_distribution()
    expected = distribution.scores()
    scores = named_scores(distribution)
    assert set(scores) == {f'simcc_{name}' for name in expected}
    for name, values in expected.items():
        assert torch.equal(scores[f'simcc_{name}'], values)


def test_trust_with_flip_test_is_mirrored_with_the_image():
    model = with_random_heads(build_estimator()).eval()
    model.test_cfg.flip_test = True
    batch = packed_batch(model, training=False)
    with torch.no_grad():
        samples = model.predict(**batch)
        trust = [s.pred_instances.keypoint_trust[0] for s in samples]
        batch['inputs'] = batch['inputs'].flip(-1)
        mirrored = model.predict(**batch)
    for one, sample in zip(trust, mirrored, strict=True):
        other = sample.pred_instances.keypoint_trust[0][FLIP]
        # mmpose mirrors SimCC bins half a pixel off, so not to the last bit
        np.testing.assert_allclose(one, other, atol=5e-3)


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('trust', [False, True])
def test_extra_scores_are_those_of_the_decoded_distribution(flip, trust):
    model = with_random_heads(build_estimator(trust_cfg__enable=trust)).eval()
    model.test_cfg.update(flip_test=flip, extra_scores=True)
    batch = packed_batch(model, training=False)
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        samples = model.predict(**batch)
        logits = model.head.forward(model.extract_feat(batch['inputs']))
        if flip:
            mirrored = batch['inputs'].flip(-1)
            others = flip_vectors(
                *model.head.forward(model.extract_feat(mirrored)),
                flip_indices=FLIP,
            )
            logits = [(a + b) / 2 for a, b in zip(logits, others, strict=True)]
    distribution = SimCCDistribution(*logits, model.reader.encoding, sizes)
    expected = distribution.scores()
    assert set(expected) == {'mean', 'peak', 'certainty', 'expected'}
    for name, values in expected.items():
        found = [s.pred_instances[f'simcc_{name}'] for s in samples]
        assert found[0].shape == (1, 17)
        np.testing.assert_allclose(np.concatenate(found), values, rtol=1e-4)
    for sample, minimum in zip(
        samples, distribution.raw_scores(), strict=True
    ):
        scores = sample.pred_instances.keypoint_scores[0]
        np.testing.assert_allclose(scores, minimum, rtol=1e-6)
        assert ('keypoint_trust' in sample.pred_instances) == trust
