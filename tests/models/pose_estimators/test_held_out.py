import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from training_steps import distribution_at, with_random_residual

from self_verify_pose.metrics.functional import (
    is_correct,
    joint_errors,
    person_size,
)
from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.heads.anchor import DomainClassifier
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.pose_estimators import held_out
from self_verify_pose.models.pose_estimators.held_out import score_held_out
from self_verify_pose.models.pose_estimators.prediction import average_views
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets import PoseOutput

SIZE = (192, 256)


def build(source, **changes):
    model = build_estimator(trust_cfg__source=source, **changes)
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    with_random_residual(model.trust_head)
    return model.eval()


def held_out_batch(model, size=3):
    """Crops of whole persons, whose labels lie near the predictions."""
    batch = packed_batch(model, size, training=False)
    for number, sample in enumerate(batch['data_samples']):
        sample.set_metainfo(
            {
                'input_center': np.array([100.0 + number, 140.0]),
                'input_scale': np.array([150.0, 200.0]),
            }
        )
        truth = sample.gt_instances
        truth.bboxes = np.array([[60.0, 70.0, 140.0, 210.0 + 9 * number]])
    return batch


def predict(model, batch):
    with torch.no_grad():
        samples = model.predict(**batch)
    return [sample.pred_instances for sample in samples]


@pytest.mark.parametrize('flip', [False, True])
def test_with_labels_correctness_is_that_of_the_image(flip):
    model = build('annotation')
    model.test_cfg.flip_test = flip
    batch = held_out_batch(model)
    found = predict(model, batch)
    limit = model.options.trust.dist_thr
    rng = np.random.default_rng(0)
    expected = []
    for sample, prediction in zip(batch['data_samples'], found, strict=True):
        truth = sample.gt_instances
        size = person_size(truth.bboxes)
        # half of the labels lie just inside of the limit, half just outside
        reach = limit * size[0] * np.where(rng.random(17) < 0.5, 0.98, 1.02)
        angle = rng.uniform(0, 2 * np.pi, 17)
        offset = np.stack([np.cos(angle), np.sin(angle)], -1)
        truth.keypoints = prediction.keypoints + reach[:, None] * offset
        truth.keypoints_visible = (rng.random((1, 17)) < 0.7).astype('f4')
        errors = joint_errors(prediction.keypoints, truth.keypoints, size)
        expected.append(is_correct(errors, limit)[0])
    scores = score_held_out(model, **batch)
    assert {tuple(values.shape)[:3] for values in scores[:-1]} == {(1, 3, 17)}
    assert scores.domain_features.shape[:2] == (1, 3)
    expected = np.stack(expected)
    assert 0.2 < expected.mean() < 0.8
    np.testing.assert_array_equal(scores.correct[0], expected)
    assert torch.equal(scores.targets, scores.correct.float())
    labeled = [s.gt_instances.keypoints_visible for s in batch['data_samples']]
    np.testing.assert_array_equal(scores.known[0], np.concatenate(labeled) > 0)


@pytest.mark.parametrize('flip', [False, True])
def test_the_scores_are_those_of_prediction(flip):
    model = build('annotation')
    model.test_cfg.flip_test = flip
    model.trust_head.anchor.share.fill_(0.5)
    batch = held_out_batch(model)
    scores = score_held_out(model, **batch)
    free = scores.free_scores[0].clamp(1e-4, 0.9999)
    logits = (free / (1 - free)).log() + 0.5 * scores.residuals[0]
    trust = np.stack([p.keypoint_trust[0] for p in predict(model, batch)])
    np.testing.assert_allclose(logits.sigmoid(), trust, atol=1e-5)


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('levels', [(), (0, 1)])
def test_prediction_keeps_the_share_of_the_data_set(flip, levels):
    model = build('annotation', trust_head__levels=levels)
    model.test_cfg.flip_test = flip
    batch = held_out_batch(model)
    (features,) = score_held_out(model, **batch).domain_features.numpy()
    center = features.mean(0)
    weight = np.stack([0 * center, (features[0] - center)])
    weight[1] *= 3 / weight[1].dot(weight[1])
    domains = DomainClassifier(weight, np.array([0, -weight[1].dot(center)]))
    model.trust_head.anchor.keep((1.0, 0.0), domains)
    scores = score_held_out(model, **batch)
    odds = np.exp(features @ weight[1] + domains.bias[1])
    assert odds[0] > 2 * odds[1:].max()
    shares = torch.from_numpy(1 / (1 + odds))[:, None]
    free = scores.free_scores[0].clamp(1e-4, 0.9999)
    logits = (free / (1 - free)).log() + shares * scores.residuals[0]
    trust = np.stack([p.keypoint_trust[0] for p in predict(model, batch)])
    np.testing.assert_allclose(logits.sigmoid(), trust, atol=1e-4)


@pytest.mark.parametrize('source', ['annotation', 'consistency'])
def test_the_head_predicts_the_same_from_the_features(source):
    model = build(source)
    scores = score_held_out(model, **held_out_batch(model))
    for view in range(len(scores.known)):
        features = TrustFeatures(
            scores.joint_features[view], scores.scalar_features[view]
        )
        with torch.no_grad():
            residuals = model.trust_head.forward_features(features)
        torch.testing.assert_close(residuals, scores.residuals[view])


def moved_case(monkeypatch, model, count, misplaced):
    """Predict known points in the crops, and their images in a view.

    Keypoint k of the view is off by ``misplaced[k]`` person sizes of it.
    """
    transform = SimilarityTransform(
        torch.linspace(-0.5, 0.5, count), torch.linspace(0.8, 1.2, count)
    )
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(count, 17, 2, generator=generator)
    points = (points * torch.tensor(SIZE)).round()
    moved = transform.apply_to_points(points, SIZE)
    crops, calls = [], []

    def pose_output(images, sizes):
        calls.append(sizes)
        if images is crops[0]:
            where = points
        else:
            where = moved.clone()
            where[..., 0] += misplaced * sizes[:, None]
        distribution = distribution_at(where, sizes)
        maps = (torch.zeros(count, 16, 32, 24), torch.zeros(count, 32, 16, 12))
        return PoseOutput(maps, distribution)

    def strong_view(images, options, fill):
        crops.append(images)
        return images + 1, transform

    monkeypatch.setattr(held_out, 'strong_view', strong_view)
    monkeypatch.setattr(model, 'pose_output', pose_output)
    return crops, calls, moved, transform


@pytest.mark.parametrize('source', ['consistency', 'solvability'])
def test_without_labels_views_agree_under_a_known_transform(
    source, monkeypatch
):
    model = build(source)
    model.test_cfg.flip_test = False
    batch = held_out_batch(model)
    limit = model.options.trust.dist_thr
    misplaced = torch.where(torch.arange(17) % 3 == 0, 2 * limit, limit / 4)
    crops, calls, moved, transform = moved_case(
        monkeypatch, model, 3, misplaced
    )
    crops.append(batch['inputs'])
    for sample in batch['data_samples']:  # no label is read
        del sample.gt_instances.keypoints
        del sample.gt_instances.keypoints_visible
    scores = score_held_out(model, **batch)
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    assert len(calls) == 1 + held_out.STRONG_VIEWS
    torch.testing.assert_close(calls[1], sizes * transform.scales)
    x, y = moved.unbind(-1)
    inside = (x >= 0) & (x <= 191) & (y >= 0) & (y <= 255)
    assert 0.5 < inside.float().mean() < 1
    agrees = (torch.arange(17) % 3 != 0).expand(3, 17)
    for view in range(held_out.STRONG_VIEWS):
        assert torch.equal(scores.known[view], inside)
        # what leaves the view is decoded elsewhere
        well = inside & (x + misplaced * 230 <= 191)
        assert torch.equal(scores.correct[view][well], agrees[well])
        distribution = model.pose_output(None, calls[1]).distribution
        expected = (
            scores.correct[view] + distribution.expected_correctness()
        ) / 2
        torch.testing.assert_close(scores.targets[view], expected)
        torch.testing.assert_close(
            scores.free_scores[view], distribution.free_score()
        )


def test_without_labels_the_views_differ_and_follow_the_seed():
    model = build('consistency')
    batch = held_out_batch(model)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(score_held_out(model, **batch))
    assert found[0].correct.dtype == torch.bool
    for one, again in zip(*found[:2], strict=True):
        assert one.shape[:2] == (held_out.STRONG_VIEWS, 3)
        assert torch.equal(one, again)
        assert not one.requires_grad
    assert not torch.equal(found[0].residuals, found[2].residuals)
    assert not torch.equal(*found[0].residuals)
    assert ((found[0].targets >= 0) & (found[0].targets <= 1)).all()


def test_an_average_of_views_is_read_with_flip_test():
    model = build('annotation')
    model.test_cfg.flip_test = True
    batch = held_out_batch(model)
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        outputs = [
            model.pose_output(images, sizes)
            for images in (batch['inputs'], batch['inputs'].flip(-1))
        ]
    flip = batch['data_samples'][0].metainfo['flip_indices']
    free = average_views(outputs, flip, model.test_cfg).free_score()
    scores = score_held_out(model, **batch)
    torch.testing.assert_close(scores.free_scores[0], free)
    assert (free - outputs[0].distribution.free_score()).abs().max() > 1e-3
