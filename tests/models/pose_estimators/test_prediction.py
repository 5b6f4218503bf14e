import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from mmpose.models.utils.tta import flip_vectors
from training_steps import random_distribution, with_random_residual

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.pose_estimators.prediction import (
    average_features,
    average_views,
    keypoint_scores,
    named_scores,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets import PoseOutput
from self_verify_pose.skeleton import FLIP


class PlaceHead:
    """Gives x as a share of the crop; the calibration squares it."""

    reads_maps = True

    def __init__(self):
        self.seen = []

    def predict(self, features, distribution, keypoints, verified=None):
        self.seen.append((features, distribution, keypoints))
        trust = keypoints[..., 0] / 191
        return trust if verified is None else trust * verified

    def calibration(self, trust):
        return trust**2


def outputs(count):
    distribution = random_distribution()
    other = distribution.averaged(distribution.mirrored(FLIP))
    maps = torch.rand(2, 2, 5, 4, 3, generator=torch.manual_seed(0))
    pairs = zip(maps, (distribution, other), strict=True)
    return [PoseOutput((one, one + 1), d) for one, d in pairs][:count]


def with_random_heads(model):
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    if model.trust_head is not None:
        with_random_residual(model.trust_head)
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
    assert keypoint_scores(None, [output], output.distribution) == {}


def test_what_other_views_say_stands_alone_or_is_given_to_the_head():
    (output,) = outputs(1)
    verified = torch.full((2, 17), 0.4)
    alone = keypoint_scores(None, [output], output.distribution, verified)
    assert torch.equal(alone['keypoint_trust'], verified)
    both = keypoint_scores(
        PlaceHead(), [output], output.distribution, verified
    )
    x = output.distribution.hard_decode()[..., 0]
    expected = (x / 191 * 0.4) ** 2  # the calibration squares
    torch.testing.assert_close(both['keypoint_trust'], expected)


def test_trust_is_calibrated():
    (output,) = outputs(1)
    scores = keypoint_scores(PlaceHead(), [output], output.distribution)
    assert set(scores) == {'keypoint_trust'}
    x = output.distribution.hard_decode()[..., 0]
    torch.testing.assert_close(scores['keypoint_trust'], (x / 191) ** 2)


def test_maps_of_one_view_are_taken_as_they_are():
    (output,) = outputs(1)
    assert average_features([output]) is output.features


def test_maps_of_two_views_are_averaged_column_by_column():
    one, other = outputs(2)
    found = average_features([one, other])
    assert len(found) == 2
    for level, (a, b) in enumerate(
        zip(one.features, other.features, strict=True)
    ):
        for column in range(3):
            mean = (a[..., column] + b[..., 2 - column]) / 2
            torch.testing.assert_close(found[level][..., column], mean)


def test_the_head_reads_the_average_of_both_views_once():
    both = outputs(2)
    distribution = average_views(both, FLIP, {})
    head = PlaceHead()
    scores = keypoint_scores(head, both, distribution)
    ((features, read, keypoints),) = head.seen
    assert read is distribution
    assert torch.equal(keypoints, distribution.hard_decode())
    for one, other in zip(features, average_features(both), strict=True):
        assert torch.equal(one, other)
    x = keypoints[..., 0]
    torch.testing.assert_close(scores['keypoint_trust'], (x / 191) ** 2)


def test_prediction_with_flip_test_agrees_with_a_slow_reference():
    model = with_random_heads(build_estimator()).eval()
    model.trust_head.anchor.scale.uniform_(0.5, 1.5)
    model.trust_head.anchor.share.fill_(0.75)
    model.test_cfg.flip_test = True
    batch = packed_batch(model, training=False)
    crops = batch['inputs']
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        samples = model.predict(**batch)
        maps = model.extract_feat(crops)
        other_maps = model.extract_feat(crops.flip(-1))
        axes = model.head.forward(maps)
        others = model.head.forward(other_maps)
        x = (axes[0] + others[0][:, FLIP].flip(-1)) / 2
        y = (axes[1] + others[1][:, FLIP]) / 2
        distribution = SimCCDistribution(x, y, model.reader.encoding, sizes)
        points = torch.stack([x.argmax(-1), y.argmax(-1)], -1) / 2
        features = [
            (one + other.flip(-1)) / 2
            for one, other in zip(maps, other_maps, strict=True)
        ]
        residual = model.trust_head(features, distribution, points)
        alone = model.trust_head(maps, distribution, points)
    free = distribution.expected_correctness()
    odds = (free / (1 - free)).log()
    logits = model.trust_head.anchor.scale * odds + 0.75 * residual
    assert (residual - alone).abs().max() > 1e-3
    found = [sample.pred_instances.keypoint_trust[0] for sample in samples]
    np.testing.assert_allclose(np.stack(found), logits.sigmoid(), atol=1e-5)


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
        other = sample.pred_instances.keypoint_trust[0]
        # mmpose mirrors SimCC bins half a pixel off, so not to the last bit
        np.testing.assert_allclose(one, other[FLIP], atol=0.03)
        assert np.abs(one - other).max() > 0.1


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
