import numpy as np
import pytest
import torch
from helpers import (
    CACHED,
    SOLVABILITY,
    build_estimator,
    load_config,
    packed_batch,
    shared_path,
)
from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.distributions.simcc import (
    SimCCLogits,
    SimCCSpec,
    hard_decode,
)
from self_verify_pose.models.geometry.coordinates import inside_crop
from self_verify_pose.models.geometry.rotation import rotate_points
from self_verify_pose.models.options import SolvabilityOptions
from self_verify_pose.models.pose_estimators.pseudo_trust import (
    TrustTarget,
    annotated_trust,
    cached_trust,
    elementwise_min,
    hard_view_trust,
    solvability_trust,
)
from self_verify_pose.models.pose_estimators.teachers import TEACHERS
from self_verify_pose.models.sample_fields import (
    augmentation_angles,
    box_centers,
    person_sizes,
)

SPEC = SimCCSpec((192, 256), 2.0, 10.0)
LOGGED = {
    'solv_residual_mean',
    'solv_energy_mean',
    'pseudo_trust_sol_mean',
    'solv_converged',
}


def logits_at(points):
    """SimCC logits with a peak of height 1 at each point."""
    axes = []
    for axis, bins in ((0, 384), (1, 512)):
        at = torch.arange(bins)
        center = points[..., axis, None] * 2
        axes.append((-((at - center) ** 2) / 50).exp())
    return SimCCLogits(*axes)


@pytest.fixture(scope='module')
def real_samples():
    """Real persons through the real training pipeline, turned and scaled."""
    root = shared_path('data', 'coco_mini')
    config = load_config(SOLVABILITY, root).train_dataloader.dataset
    np.random.seed(0)
    dataset = DATASETS.build(config)
    chosen = [
        i
        for i in range(len(dataset))
        if (dataset.get_data_info(i)['keypoints_visible'] > 0).sum() > 13
    ][:24]
    batch = pseudo_collate([dataset[i] for i in chosen])
    return batch['data_samples']


def crop_joints(samples):
    """Labeled joints in pixels of the crop, from the SimCC targets."""
    labels = [s.gt_instance_labels for s in samples]
    targets = SimCCLogits(
        torch.cat([t.keypoint_x_labels for t in labels]),
        torch.cat([t.keypoint_y_labels for t in labels]),
    )
    weights = torch.cat([t.keypoint_weights for t in labels])
    return hard_decode(targets, SPEC), weights > 0


def test_angles_and_centers_undo_the_augmentation(real_samples):
    """Turned back, the crop is the image but for scale and shift."""
    device = torch.device('cpu')
    angles = augmentation_angles(real_samples, device)
    assert angles.abs().max().rad2deg() > 30
    joints, labeled = crop_joints(real_samples)
    upright = rotate_points(joints, angles, SPEC.input_size)
    centers = box_centers(real_samples, device)
    sizes = person_sizes(real_samples, device)
    for i, sample in enumerate(real_samples):
        truth = sample.gt_instances
        box = np.asarray(truth.bboxes[0])
        image = (truth.keypoints[0] - (box[:2] + box[2:]) / 2) / (
            max(box[2:] - box[:2])
        )
        found = (upright[i] - centers[i]) / sizes[i]
        # targets are rounded to half pixels; the crop's center is half a
        # pixel off the one that mmpose turns about
        inside = labeled[i] & inside_crop(joints[i] - 1, (190, 254))
        error = np.abs(found.numpy() - image)[inside]
        assert error.max() * sizes[i] < 1.5


def test_right_joints_are_trusted_and_wrong_ones_are_not(real_samples):
    joints, labeled = crop_joints(real_samples)
    spoiled = joints.clone()
    left_wrist = 9
    spoiled[:, left_wrist] += (
        0.3
        * person_sizes(real_samples, torch.device('cpu')).view(-1, 1)
        * torch.tensor([0.6, -0.8])
    )
    opinions = [
        solvability_trust(
            TEACHERS['free'](),
            SolvabilityOptions(),
            logits_at(points),
            SPEC,
            real_samples,
        )
        for points in (joints, spoiled)
    ]
    (good, logged), (bad, _) = opinions
    assert torch.equal(good.mask, labeled)
    assert set(logged) == LOGGED
    assert logged['solv_converged'] > 0.9
    both = good.mask[:, left_wrist]
    drop = good.targets[both, left_wrist] - bad.targets[both, left_wrist]
    assert drop.mean() > 0.15
    assert good.targets[good.mask].mean() > 0.5


def test_without_detach_the_gradient_reaches_the_joints(real_samples):
    joints, _ = crop_joints(real_samples)
    logits = SimCCLogits(*(a.requires_grad_() for a in logits_at(joints)))
    for detach in (True, False):
        pseudo, _ = solvability_trust(
            TEACHERS['free'](),
            SolvabilityOptions(detach=detach, fusion='solvability'),
            logits,
            SPEC,
            real_samples,
        )
        assert pseudo.targets.requires_grad != detach
    pseudo.targets[pseudo.mask].sum().backward()
    assert logits.x.grad.isfinite().all()
    assert logits.x.grad.abs().sum() > 0


def test_without_detach_the_values_are_those_of_the_teacher(real_samples):
    joints, _ = crop_joints(real_samples)
    found = [
        solvability_trust(
            TEACHERS['free'](),
            SolvabilityOptions(detach=detach),
            logits_at(joints),
            SPEC,
            real_samples,
        )[0]
        for detach in (True, False)
    ]
    # soft and hard decoding differ by a part of a pixel
    assert torch.equal(found[0].mask, found[1].mask)
    difference = (found[0].targets - found[1].targets).abs()
    assert difference.median() < 0.01


def test_unify_takes_the_smaller_opinion_or_the_only_one():
    one = TrustTarget(
        torch.tensor([0.2, 0.9, 0.4, 0.1]),
        torch.tensor([True, True, False, False]),
    )
    other = TrustTarget(
        torch.tensor([0.5, 0.3, 0.7, 0.6]),
        torch.tensor([True, True, True, False]),
    )
    both = elementwise_min(one, other)
    assert both.mask.tolist() == [True, True, True, False]
    assert both.targets[:3].tolist() == pytest.approx([0.2, 0.3, 0.7])


@pytest.mark.parametrize('teacher', ['free', 'fk'])
@pytest.mark.parametrize('source', ['solvability', 'unified', 'consistency'])
def test_every_source_trains(source, teacher):
    if teacher == 'fk':
        pytest.importorskip('pytorch_kinematics')
    model = build_estimator(
        SOLVABILITY,
        trust_cfg__source=source,
        solvability_cfg__teacher=teacher,
    ).train()
    calls = []
    model.backbone.register_forward_hook(lambda *args: calls.append(1))
    losses = model.loss(**packed_batch(model))
    assert set(losses) >= LOGGED | {'loss_trust', 'loss_kpt'}
    assert ('rot_inconsistency_mean' in losses) == (source != 'solvability')
    assert len(calls) == (1 if source == 'solvability' else 2)
    losses['loss_trust'].backward()
    assert all(p.grad is None for p in model.backbone.parameters())
    assert any(p.grad.abs().sum() > 0 for p in model.trust_head.parameters())


def test_a_needed_teacher_runs_though_it_is_not_enabled():
    model = build_estimator(trust_cfg__source='solvability').train()
    assert set(model.loss(**packed_batch(model))) >= LOGGED
    assert build_estimator().teacher is None


def test_the_teacher_takes_its_options_from_the_config():
    model = build_estimator(
        SOLVABILITY,
        solvability_cfg__alpha=5.0,
        solvability_cfg__iterations=7,
        solvability_cfg__fusion='mean',
    )
    teacher = model.teacher
    assert (teacher.alpha, teacher.iterations, teacher.fusion) == (
        5.0,
        7,
        'mean',
    )


@pytest.mark.parametrize('name', ['free', 'fk'])
def test_options_and_teachers_have_the_same_defaults(name):
    if name == 'fk':
        pytest.importorskip('pytorch_kinematics')
    teacher = TEACHERS[name]()
    for key, value in SolvabilityOptions().teacher_options().items():
        assert getattr(teacher, key) == value, key


@pytest.mark.parametrize(
    ('changes', 'error', 'part'),
    [
        ({'solvability_cfg__teacher': 'magic'}, ValueError, "'free', 'fk'"),
        ({'solvability_cfg__fusion': 'max'}, ValueError, "'min', 'mean'"),
        ({'solvability_cfg__iterations': 0}, ValueError, 'at least 1'),
        ({'solvability_cfg__iterations': 2.5}, TypeError, 'expected an int'),
        ({'solvability_cfg__noise': 0.0}, ValueError, 'above 0'),
        ({'solvability_cfg__wdth': 0.1}, TypeError, "'wdth'"),
    ],
)
def test_bad_options_are_refused(changes, error, part):
    with pytest.raises(error) as caught:
        build_estimator(SOLVABILITY, **changes)
    assert part in str(caught.value)
    assert 'solvability_cfg' in str(caught.value)


def cached_samples(model, labels):
    """Samples that went through LoadPseudoTrust."""
    samples = packed_batch(model, len(labels))['data_samples']
    for sample, row in zip(samples, labels, strict=True):
        sample.gt_instances.pseudo_trust_sol = row[None]
    return samples


def test_cached_labels_are_targets_and_nan_is_none():
    labels = np.random.default_rng(0).random((3, 17), np.float32)
    labels[1, 4] = labels[2] = np.nan
    samples = cached_samples(build_estimator(CACHED), labels)
    found = cached_trust(samples, torch.device('cpu'))
    assert torch.equal(found.mask, torch.from_numpy(np.isfinite(labels)))
    np.testing.assert_array_equal(found.targets, np.nan_to_num(labels))


def test_missing_labels_name_the_remedy():
    samples = packed_batch(build_estimator(CACHED))['data_samples']
    with pytest.raises(KeyError, match='add LoadPseudoTrust'):
        cached_trust(samples, torch.device('cpu'))


def test_ignored_samples_do_not_enter_the_loss():
    model = build_estimator(CACHED).eval()
    labels = np.random.default_rng(0).random((3, 17), np.float32)
    batch = packed_batch(model)
    batch['data_samples'] = cached_samples(model, labels)
    both = {k: v[:2] for k, v in batch.items()}
    expected = model.loss(**both)['loss_trust']
    batch['data_samples'][2].gt_instances.pseudo_trust_sol[:] = np.nan
    torch.testing.assert_close(model.loss(**batch)['loss_trust'], expected)


def test_frozen_training_looks_once_and_keeps_no_graph():
    model = build_estimator(CACHED).train()
    seen = []

    def note(module, _, output):
        seen.append(any(level.requires_grad for level in output))

    model.backbone.register_forward_hook(note)
    labels = np.random.default_rng(0).random((3, 17), np.float32)
    batch = packed_batch(model)
    batch['data_samples'] = cached_samples(model, labels)
    model.loss(**batch)['loss_trust'].backward()
    assert seen == [False]
    assert all(
        (p.grad is not None) == name.startswith('trust_head')
        for name, p in model.named_parameters()
    )


def test_cached_labels_need_a_frozen_pose_network():
    with pytest.raises(ValueError, match='expected False with'):
        build_estimator(CACHED, full_param_train=True)


@pytest.mark.parametrize('placed', [False, True])
def test_annotated_trust_agrees_with_a_plain_loop(placed):
    model = build_estimator(trust_cfg__source='annotation')
    batch = packed_batch(model, size=3)
    samples, generator = batch['data_samples'], torch.Generator()
    generator.manual_seed(0)
    joints = torch.rand(3, 17, 2, generator=generator) * 180
    placement = SimilarityTransform.upright(torch.ones(3))
    if placed:
        placement = SimilarityTransform(
            torch.tensor([0.3, -0.2, 1.0]), torch.tensor([0.8, 1.0, 1.3])
        )
    size = person_sizes(samples, 'cpu')
    for row, sample in enumerate(samples):  # put some joints near the truth
        labels = sample.gt_instance_labels
        for k in range(0, 17, 2):
            truth = torch.stack(
                [
                    labels.keypoint_x_labels[0, k].argmax() / 2,
                    labels.keypoint_y_labels[0, k].argmax() / 2,
                ]
            )
            if placed:
                truth = rotate_points(
                    truth.view(1, 1, 2),
                    placement.angles[row : row + 1],
                    SPEC.input_size,
                    placement.scales[row : row + 1],
                ).view(2)
            joints[row, k] = truth.clamp(min=2, max=180)
    logits = logits_at(joints.round())
    targets, mask = annotated_trust(logits, SPEC, samples, 0.05, placement)
    seen = set()
    for row, sample in enumerate(samples):
        labels = sample.gt_instance_labels
        for k in range(17):
            x = labels.keypoint_x_labels[0, k].argmax().item() / 2
            y = labels.keypoint_y_labels[0, k].argmax().item() / 2
            scale = 1.0
            if placed:
                turn = complex(x - 95.5, y - 127.5)
                angle = torch.tensor(1j * placement.angles[row].item()).exp()
                scale = placement.scales[row].item()
                turn = turn * angle.item() * scale
                x, y = turn.real + 95.5, turn.imag + 127.5
            weight = labels.keypoint_weights[0, k].item()
            inside = 0 <= x <= 191 and 0 <= y <= 255
            assert mask[row, k].item() == (weight > 0 and inside)
            px, py = joints[row, k].round().tolist()
            distance = ((px - x) ** 2 + (py - y) ** 2) ** 0.5
            right = distance <= 0.05 * size[row].item() * scale
            assert targets[row, k].item() == right
            seen.add(right)
    assert seen == {True, False}


def test_the_three_targets_of_a_hard_view():
    distance = torch.tensor([0.0, 0.05, 0.0501, 0.2])
    expected = torch.tensor([0.9, 0.4, 0.4, 0.0])

    def targets(name):
        return hard_view_trust(distance, expected, name, 10.0, 0.05)

    torch.testing.assert_close(targets('decay'), (-10 * distance).exp())
    assert targets('agreement').tolist() == [1, 1, 0, 0]
    torch.testing.assert_close(
        targets('self_estimate'), torch.tensor([0.95, 0.7, 0.2, 0.0])
    )
