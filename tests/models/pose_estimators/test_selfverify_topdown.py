import copy

import numpy as np
import pytest
import torch
from helpers import (
    BASELINE,
    CACHED,
    CACHEGEN,
    SELFVERIFY,
    SOLVABILITY,
    build_estimator,
    packed_batch,
)
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.runner.checkpoint import load_state_dict
from training_steps import with_random_residual

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.augmentations.strong import strong_view
from self_verify_pose.models.geometry.rotation import rotate_images
from self_verify_pose.models.options import StrongAugmentationOptions
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets import TrustTarget

POSE = ('backbone', 'head')


def losses_of(model, seed=0, **kwargs):
    batch = packed_batch(model, **kwargs)
    torch.manual_seed(seed)
    return model.loss(**batch)


def gradients(model, loss):
    """Norm of the gradient of each part of the model."""
    model.zero_grad()
    loss.backward()
    norms = {}
    for part in (*POSE, 'trust_head'):
        module = getattr(model, part)
        grads = [p.grad for p in module.parameters() if p.grad is not None]
        norms[part] = sum(g.abs().sum().item() for g in grads)
    return norms


def with_random_heads(model):
    """Give both heads weights that tell keypoints and places apart."""
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    if getattr(model, 'trust_head', None) is not None:
        with_random_residual(model.trust_head)
    return model


@pytest.fixture
def model():
    return with_random_heads(build_estimator()).train()


def test_training_returns_all_losses_and_logs(model):
    losses = losses_of(model)
    assert set(losses) == {
        'loss_kpt',
        'acc_pose',
        'loss_consistency_rot',
        'rot_inconsistency_mean',
        'loss_trust',
        'trust_pred_mean',
    }
    assert all(value.isfinite() for value in losses.values())


def test_pose_loss_is_the_one_of_the_head(model):
    batch = packed_batch(model)
    model.eval()  # the same normalization twice
    expected = model.head.loss(
        model.extract_feat(batch['inputs']), batch['data_samples']
    )
    losses = model.loss(**batch)
    torch.testing.assert_close(losses['loss_kpt'], expected['loss_kpt'])
    assert losses['acc_pose'].item() == pytest.approx(
        expected['acc_pose'].item()
    )


def test_accuracy_counts_correct_keypoints_as_mmpose_does(model):
    batch = packed_batch(model, size=8)
    labels = [s.gt_instance_labels for s in batch['data_samples']]
    for row, label in enumerate(labels):
        label.keypoint_weights[:, row:] = 0
    x = torch.cat([label.keypoint_x_labels for label in labels])
    y = torch.cat([label.keypoint_y_labels for label in labels])
    y[:, ::3] = y[:, ::3].roll(200, -1)  # every third keypoint is wrong
    model.head.forward = lambda features: (x, y)
    expected = model.head.loss(None, batch['data_samples'])['acc_pose'].item()
    assert 0.5 < expected < 1
    found = model.loss(**batch)['acc_pose'].item()
    assert found == pytest.approx(expected)


def test_consistency_agrees_with_a_slow_reference(model):
    """Everything computed one sample at a time, in numpy where it can be."""
    model.eval()
    batch = packed_batch(model)
    inputs, samples = batch['inputs'], batch['data_samples']
    samples[0].gt_instance_labels.keypoint_weights[0, 3] = 0
    torch.manual_seed(5)
    losses = model.loss(**batch)
    torch.manual_seed(5)
    angles, _ = SimilarityTransform.random_rotation(torch.ones(3), 30.0)

    def decode(crop):
        axes = model.head.forward(model.extract_feat(crop[None]))
        p = [(10 * a[0]).softmax(-1).detach().numpy() for a in axes]
        return np.stack([q @ (np.arange(q.shape[-1]) / 2) for q in p], -1)

    black = -torch.tensor([123.675 / 58.395, 116.28 / 57.12, 103.53 / 57.375])
    total, count = 0.0, 0
    for i, sample in enumerate(samples):
        turned = rotate_images(inputs[i : i + 1], angles[i : i + 1], black)
        a, center = angles[i].item(), np.array([95.5, 127.5])
        matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        expected = (decode(inputs[i]) - center) @ matrix.T + center
        found = decode(turned[0])
        x0, y0, x1, y1 = sample.gt_instances.bboxes[0]
        size = max(x1 - x0, y1 - y0) * 192 / sample.metainfo['input_scale'][0]
        for k in range(17):
            inside = (expected[k] >= 0).all() and (
                expected[k] <= np.array([191, 255])
            ).all()
            if inside and (i, k) != (0, 3):
                total += np.linalg.norm(found[k] - expected[k]) / size
                count += 1
    assert losses['rot_inconsistency_mean'].item() == pytest.approx(
        total / count, rel=1e-4
    )
    assert (
        losses['loss_consistency_rot'].detach()
        < losses['rot_inconsistency_mean']
    )


def test_the_plain_loss_is_the_mean_inconsistency():
    losses = losses_of(build_estimator(consistency_cfg__robust=False))
    torch.testing.assert_close(
        losses['loss_consistency_rot'].detach(),
        losses['rot_inconsistency_mean'],
    )


def test_consistency_trains_the_pose_network(model):
    norms = gradients(model, losses_of(model)['loss_consistency_rot'])
    assert norms['backbone'] > 0
    assert norms['head'] > 0
    assert norms['trust_head'] == 0


def test_a_step_along_the_gradient_makes_the_prediction_more_consistent(
    model,
):
    model.eval()
    before = losses_of(model)['loss_consistency_rot']
    model.zero_grad()
    before.backward()
    with torch.no_grad():
        for parameter in model.head.parameters():
            if parameter.grad is not None:
                parameter -= 0.02 * parameter.grad / parameter.grad.norm()
    assert losses_of(model)['loss_consistency_rot'] < before


def test_pose_and_consistency_losses_add_up(model):
    one = gradients(model, losses_of(model)['loss_kpt'])
    assert one['backbone'] > 0
    weighted = build_estimator(consistency_cfg__loss_weight=0.5)
    whole = build_estimator()
    torch.testing.assert_close(
        losses_of(weighted)['loss_consistency_rot'] * 2,
        losses_of(whole)['loss_consistency_rot'],
    )


@pytest.mark.parametrize(
    ('changes', 'passes'),
    [
        ({}, 2),
        ({'trust_cfg__enable': False}, 2),
        ({'consistency_cfg__enable': False}, 2),
        ({'consistency_cfg__loss_weight': 0.0}, 2),
        ({'consistency_cfg__enable': False, 'trust_cfg__enable': False}, 1),
        ({'full_param_train': False}, 2),
        ({'consistency_cfg__hard_view': {}}, 2),
        (
            {
                'trust_cfg__source': 'annotation',
                'consistency_cfg__enable': False,
            },
            1,
        ),
        (
            {
                'trust_cfg__source': 'annotation',
                'consistency_cfg__enable': False,
                'consistency_cfg__hard_view': {},
            },
            2,
        ),
    ],
)
def test_nothing_goes_through_the_backbone_twice(changes, passes):
    model = build_estimator(**changes).train()
    calls = []
    model.backbone.register_forward_hook(lambda *args: calls.append(1))
    heads = []
    forward = model.head.forward
    model.head.forward = lambda feats: heads.append(1) or forward(feats)
    losses_of(model)
    assert len(calls) == passes
    assert len(heads) == passes


@pytest.mark.parametrize(
    ('source', 'trained'), [('consistency', [1]), ('annotation', [0, 1])]
)
def test_the_head_is_trained_on_the_views_of_the_targets(source, trained):
    model = build_estimator(
        trust_cfg__source=source, consistency_cfg__hard_view={}
    )
    with_random_heads(model).train()
    views, scored = [], []
    forward = model.head.forward
    model.head.forward = lambda feats: (
        views.append(feats[-1]) or forward(feats)
    )
    model.trust_head.register_forward_pre_hook(
        lambda _, args: scored.append(args[0])
    )
    losses = losses_of(model)
    assert len(scored) == len(trained)
    for features, index in zip(scored, trained, strict=True):
        assert torch.equal(features[-1], views[index])
    assert gradients(model, losses['loss_trust'])['trust_head'] > 0


def test_targets_of_strong_augmentation_agree_with_a_slow_reference():
    model = build_estimator(consistency_cfg__hard_view={})
    with_random_heads(model).train()
    views, computed = [], []
    forward = model.head.forward
    model.head.forward = lambda feats: (
        views.append(forward(feats)) or views[-1]
    )
    targets_of = model.source.targets
    model.source.targets = lambda step: (
        computed.append(targets_of(step)) or computed[-1]
    )
    batch = packed_batch(model)
    torch.manual_seed(0)
    model.loss(**batch)
    torch.manual_seed(0)
    _, (angles, scales) = strong_view(
        batch['inputs'], StrongAugmentationOptions(), torch.zeros(3)
    )
    sizes = person_sizes(batch['data_samples'], 'cpu')
    ((target,),) = computed
    for row, k in [(0, 0), (1, 7), (2, 16)]:
        crop, augmented = (
            [axis[row, k].argmax().item() / 2 for axis in view]
            for view in views
        )
        turn = complex(crop[0] - 95.5, crop[1] - 127.5)
        angle, scale = angles[row].item(), scales[row].item()
        turn *= scale * complex(np.cos(angle), np.sin(angle))
        size = sizes[row].item() * scale
        distance = abs(
            complex(augmented[0] - 95.5, augmented[1] - 127.5) - turn
        )
        chance = 0.0
        px, py = (
            (10 * axis[row, k].detach()).double().softmax(-1).numpy()
            for axis in views[1]
        )
        for x, p in enumerate(px):
            near = (x / 2 - augmented[0]) ** 2 + (
                np.arange(512) / 2 - augmented[1]
            ) ** 2 <= (0.05 * size) ** 2 + 1e-9
            chance += p * py[near].sum()
        expected = ((distance <= 0.05 * size) + chance) / 2
        assert target.values[row, k].item() == pytest.approx(
            expected, abs=1e-3
        )


def test_labels_from_the_annotation_are_learned():
    model = build_estimator(
        trust_cfg__source='annotation',
        consistency_cfg__enable=False,
        full_param_train=False,
    ).train()
    optimizer = torch.optim.Adam(model.trust_head.parameters(), 3e-3)
    batch = packed_batch(model, size=4)
    history = []
    for _ in range(30):
        loss = model.loss(**batch)['loss_trust']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.5 * history[0]


def test_consistency_off_still_gives_the_trust_head_a_target():
    model = build_estimator(consistency_cfg__enable=False).train()
    losses = losses_of(model)
    assert 'loss_consistency_rot' not in losses
    assert losses['rot_inconsistency_mean'] > 0
    norms = gradients(model, losses['loss_trust'])
    assert norms['trust_head'] > 0


def test_trust_off_leaves_pose_and_consistency():
    model = build_estimator(trust_cfg__enable=False).train()
    assert model.trust_head is None
    assert set(losses_of(model)) == {
        'loss_kpt',
        'acc_pose',
        'loss_consistency_rot',
        'rot_inconsistency_mean',
    }
    batch = packed_batch(model, training=False)
    (sample, *_) = model.eval().predict(**batch)
    assert 'keypoint_trust' not in sample.pred_instances


def test_the_trust_loss_does_not_disturb_the_pose_by_default(model):
    norms = gradients(model, losses_of(model)['loss_trust'])
    assert norms['trust_head'] > 0
    assert norms['backbone'] == norms['head'] == 0


@pytest.mark.parametrize(
    'change', ['trust_cfg__detach_features', 'trust_cfg__detach_pseudo']
)
def test_the_trust_loss_reaches_the_pose_where_asked(change):
    model = with_random_heads(build_estimator(**{change: False})).train()
    assert gradients(model, losses_of(model)['loss_trust'])['backbone'] > 0


def test_unlabeled_keypoints_count_only_without_use_gt_visible():
    found = {}
    for use in (True, False):
        model = build_estimator(consistency_cfg__use_gt_visible=use).eval()
        batch = packed_batch(model)
        for sample in batch['data_samples']:
            sample.gt_instance_labels.keypoint_weights.zero_()
        torch.manual_seed(0)
        found[use] = model.loss(**batch)['rot_inconsistency_mean']
    assert found[True] == 0
    assert found[False] > 0


def test_the_rotated_view_does_not_enter_running_statistics():
    statistics = []
    for changes in (
        {},
        {'consistency_cfg__enable': False, 'trust_cfg__enable': False},
    ):
        model = build_estimator(**changes).train()
        losses_of(model)
        statistics.append(
            {
                name: value.clone()
                for name, value in model.state_dict().items()
                if 'running' in name or 'num_batches' in name
            }
        )
    assert len(statistics[0]) > 10
    for name, value in statistics[1].items():
        torch.testing.assert_close(statistics[0][name], value)
    assert any((value != 0).any() for value in statistics[1].values())


def test_a_frozen_pose_network_does_not_change():
    model = build_estimator(full_param_train=False).train()
    before = copy.deepcopy(model.state_dict())
    config = {
        'type': 'OptimWrapper',
        'optimizer': {'type': 'AdamW', 'lr': 0.01, 'weight_decay': 0.0},
        'paramwise_cfg': {'norm_decay_mult': 0},
    }
    wrapper = build_optim_wrapper(model, config)
    held = {id(p) for group in wrapper.param_groups for p in group['params']}
    own = {n for n, p in model.named_parameters() if id(p) in held}
    weights = dict(model.trust_head.named_parameters())
    assert own == {f'trust_head.{name}' for name in weights}
    for _ in range(2):
        losses = losses_of(model)
        assert set(losses) == {
            'rot_inconsistency_mean',
            'loss_trust',
            'trust_pred_mean',
        }
        wrapper.update_params(losses['loss_trust'])
    after = model.state_dict()
    changed = {
        name.split('.')[0]
        for name in after
        if not torch.equal(before[name], after[name])
    }
    assert changed == {'trust_head'}
    assert not model.backbone.training
    assert model.trust_head.training


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('heatmaps', [False, True])
def test_the_pose_is_bit_identical_to_plain_rtmpose(flip, heatmaps):
    plain = with_random_heads(build_estimator(BASELINE, small=False)).eval()
    model = build_estimator(small=False).eval()
    model.load_state_dict(plain.state_dict())
    results = []
    for estimator in (plain, model):
        estimator.test_cfg.update(flip_test=flip, output_heatmaps=heatmaps)
        batch = packed_batch(estimator, training=False)
        with torch.no_grad():
            results.append(estimator.predict(**batch))
    for expected, found in zip(*results, strict=True):
        for key in expected.pred_instances.keys():  # noqa: SIM118
            np.testing.assert_array_equal(
                expected.pred_instances[key], found.pred_instances[key]
            )
        trust = found.pred_instances.keypoint_trust
        assert trust.shape == (1, 17)
        assert ((trust >= 0) & (trust <= 1)).all()
        if heatmaps:
            assert torch.equal(
                expected.pred_fields.heatmaps, found.pred_fields.heatmaps
            )


def test_predict_calls_the_backbone_once_per_view():
    model = build_estimator().eval()
    calls = []
    model.backbone.register_forward_hook(lambda *args: calls.append(1))
    for flip, expected in ((False, 1), (True, 2)):
        model.test_cfg.flip_test = flip
        calls.clear()
        model.predict(**packed_batch(model, training=False))
        assert len(calls) == expected


def test_output_keypoint_indices_select_trust_too():
    model = build_estimator().eval()
    model.test_cfg.update(flip_test=False, output_keypoint_indices=[5, 6])
    (sample, *_) = model.predict(**packed_batch(model, training=False))
    assert sample.pred_instances.keypoint_trust.shape == (1, 2)


def test_extra_scores_are_off_unless_asked_for():
    model = build_estimator().eval()
    (sample, *_) = model.predict(**packed_batch(model, training=False))
    fields = sample.pred_instances.keys()
    assert not [name for name in fields if name.startswith('simcc')]


def test_a_plain_checkpoint_loads_with_one_warning(monkeypatch, capsys):
    plain = build_estimator(BASELINE).state_dict()
    model = build_estimator()
    trust = copy.deepcopy(model.trust_head.state_dict())
    messages = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'warning', messages.append)
    torch.nn.init.zeros_(model.head.cls_x.weight)
    load_state_dict(model, plain, strict=False)
    assert len(messages) == 1
    assert 'no trust head' in messages[0]
    assert 'missing' not in capsys.readouterr().out
    for name, value in plain.items():
        assert torch.equal(model.state_dict()[name], value), name
    for name, value in trust.items():
        assert torch.equal(model.trust_head.state_dict()[name], value)
    messages.clear()
    load_state_dict(model, model.state_dict(), strict=True)
    assert not messages


@pytest.mark.parametrize(
    ('changes', 'error', 'parts'),
    [
        (
            {'trust_cfg__source': 'magic'},
            ValueError,
            ['model.trust_cfg.source', "'consistency'", "'magic'"],
        ),
        (
            {'consistency_cfg__max_deg': 200.0},
            ValueError,
            ['consistency_cfg.max_deg', 'between 0 and 180', '200'],
        ),
        (
            {'consistency_cfg__max_deg': -1.0},
            ValueError,
            ['max_deg', '-1'],
        ),
        (
            {'consistency_cfg__max_deg': float('nan')},
            ValueError,
            ['max_deg', 'nan'],
        ),
        (
            {'consistency_cfg__max_dg': 30.0},
            TypeError,
            ["'max_dg'", 'max_deg'],
        ),
        (
            {'trust_cfg__enable': 'no'},
            TypeError,
            ['trust_cfg.enable', "'no'", 'True or False'],
        ),
        (
            {'test_cfg__extra_scores': 'yes'},
            TypeError,
            ['test_cfg.extra_scores', "'yes'", 'True or False'],
        ),
        (
            {'trust_cfg__loss_weight': True},
            TypeError,
            ['trust_cfg.loss_weight', 'number'],
        ),
        ({'full_param_train': 'False'}, TypeError, ['full_param_train']),
        (
            {
                'trust_cfg__source': 'unified',
                'consistency_cfg__hard_view': {},
            },
            ValueError,
            ['hard_view', "'annotation'", 'CombinedTargets'],
        ),
        ({'trust_cfg__dist_thr': 0.0}, ValueError, ['dist_thr', 'above 0']),
        ({'foo': 1}, TypeError, ["'foo'", 'consistency_cfg']),
        ({'use_syncbn': True}, TypeError, ["'use_syncbn'", 'trust_cfg']),
        (
            {'solvability_cfg__wdth': 0.1},
            TypeError,
            ['model.solvability_cfg', "'wdth'"],
        ),
        (
            {'solvability_cfg__detach': False},
            ValueError,
            ['solvability_cfg.detach', 'detach_pseudo=False', 'no gradient'],
        ),
        (
            {'full_param_train': False, 'trust_cfg__enable': False},
            ValueError,
            ['something to train'],
        ),
        ({'trust_head': None}, ValueError, ['model.trust_head']),
        (
            {'backbone__out_indices': (4,), 'trust_head__levels': (0, 1)},
            ValueError,
            ['trust_head.levels', 'out_indices', '(0, 1)'],
        ),
        (
            {'head__loss': {'type': 'KeypointMSELoss', '_delete_': True}},
            ValueError,
            ['SimCC head', 'RTMCCHead', 'and the loss KeypointMSELoss'],
        ),
    ],
)
def test_bad_options_are_refused_in_one_sentence(changes, error, parts):
    with pytest.raises(error) as caught:
        build_estimator(**changes)
    message = str(caught.value)
    assert 'expected' in message
    assert 'found' in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize('found', [{'acc_pose': torch.zeros(())}, None])
def test_a_reader_without_a_loss_is_refused(model, found, monkeypatch):
    kind = type(model.reader)
    monkeypatch.setattr(kind, 'pose_loss', lambda *args: found)
    with pytest.raises(
        (TypeError, ValueError), match=r"^SimCCReader\.pose_loss: .*'loss'"
    ):
        losses_of(model)


LOGGED = {
    'solv_residual_mean',
    'solv_energy_mean',
    'pseudo_trust_sol_mean',
    'solv_converged',
}


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


def test_an_enabled_teacher_runs_though_no_trust_needs_it():
    model = build_estimator(CACHEGEN).train()
    assert model.trust_head is None
    assert set(model.loss(**packed_batch(model))) >= LOGGED


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


def test_solvability_without_detach_trains_the_pose_network():
    model = build_estimator(
        SOLVABILITY,
        solvability_cfg__detach=False,
        solvability_cfg__fusion='solvability',
        trust_cfg__detach_pseudo=False,
    )
    with_random_heads(model).train()
    assert gradients(model, losses_of(model)['loss_trust'])['backbone'] > 0


def cached_batch(model):
    """A batch whose samples went through LoadPseudoTrust."""
    batch = packed_batch(model)
    rows = np.random.default_rng(0).random((3, 17), np.float32)
    for sample, row in zip(batch['data_samples'], rows, strict=True):
        sample.gt_instances.pseudo_trust_sol = row[None]
    return batch


def test_ignored_samples_do_not_enter_the_loss():
    model = build_estimator(CACHED).eval()
    batch = cached_batch(model)
    both = {k: v[:2] for k, v in batch.items()}
    expected = model.loss(**both)['loss_trust']
    batch['data_samples'][2].gt_instances.pseudo_trust_sol[:] = np.nan
    torch.testing.assert_close(model.loss(**batch)['loss_trust'], expected)


def test_frozen_training_runs_the_backbone_once_and_keeps_no_graph():
    model = build_estimator(CACHED).train()
    seen = []

    def note(module, _, output):
        seen.append(any(level.requires_grad for level in output))

    model.backbone.register_forward_hook(note)
    model.loss(**cached_batch(model))['loss_trust'].backward()
    assert seen == [False]
    assert all(
        (p.grad is not None) == name.startswith('trust_head')
        for name, p in model.named_parameters()
    )


def test_cached_targets_need_a_frozen_pose_network():
    with pytest.raises(ValueError, match='expected False with'):
        build_estimator(CACHED, full_param_train=True)


def test_packed_features_give_the_logits_of_the_head():
    model = with_random_heads(build_estimator()).eval()
    batch = packed_batch(model, training=False)
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        output = model.pose_output(batch['inputs'], sizes)
        keypoints = output.distribution.hard_decode()
        expected = model.trust_head.logits(*output[:2], keypoints)
        rows = model.packed_features(output)
        logits = model.trust_head.forward_packed(rows)
    torch.testing.assert_close(logits, expected)


@pytest.mark.parametrize('source', ['consistency', 'annotation'])
def test_training_the_head_beside_the_pose_costs_no_accuracy(source):
    """Without the consistency loss the pose weights stay bit-identical."""
    start, states = build_estimator(BASELINE).state_dict(), []
    for name, changes in (
        (BASELINE, {}),
        (
            SELFVERIFY,
            {
                'consistency_cfg__loss_weight': 0.0,
                'consistency_cfg__hard_view': {},
                'trust_cfg__source': source,
            },
        ),
    ):
        model = build_estimator(name, **changes).train()
        model.load_state_dict(start, strict=False)
        batch = packed_batch(model, size=4)
        pose = [*model.backbone.parameters(), *model.head.parameters()]
        optimizer = torch.optim.AdamW(pose, 1e-3)
        for _ in range(3):
            losses = model.loss(**batch)
            total = sum(v for k, v in losses.items() if 'loss' in k)
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        states.append(
            {
                name: weight
                for name, weight in model.state_dict().items()
                if not name.startswith('trust_head.')
            }
        )
    assert states[0].keys() == states[1].keys()
    for name, weight in states[0].items():
        assert torch.equal(weight, states[1][name]), name


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {
            'trust_cfg__source': 'annotation',
            # a pasted patch belongs to another person
            'consistency_cfg__hard_view': {'paste': 0.0},
        },
    ],
    ids=['one view', 'two views'],
)
def test_held_out_persons_train_the_pose_but_not_the_trust_head(changes):
    changes = {'trust_cfg__detach_features': False, **changes}
    model = with_random_heads(build_estimator(**changes)).eval()
    batch = packed_batch(model)
    for number, sample in enumerate(batch['data_samples']):
        sample.set_metainfo({'id': number})
    inputs = batch['inputs'].requires_grad_()
    moved = {}
    for held_out in ((), (1,)):
        model.held_out = frozenset(held_out)
        torch.manual_seed(0)
        losses = model.loss(**batch)
        moved[held_out] = [
            torch.autograd.grad(losses[name], inputs, retain_graph=True)[0]
            .abs()
            .amax((1, 2, 3))
            > 0
            for name in ('loss_kpt', 'loss_trust')
        ]
    assert [m.tolist() for m in moved[()]] == [[True] * 3, [True] * 3]
    pose, trust = moved[(1,)]
    assert pose.all()
    assert trust.tolist() == [True, False, True]


def test_the_trust_loss_is_the_mean_over_the_other_persons(model):
    model.eval()
    batch = packed_batch(model, 4)
    for number, sample in enumerate(batch['data_samples']):
        sample.set_metainfo({'id': number})
    kept = [0, 2]
    part = {
        'inputs': batch['inputs'][kept],
        'data_samples': [batch['data_samples'][i] for i in kept],
    }
    losses = []
    for held_out, data in (({1, 3, 99}, batch), (set(), part)):
        model.held_out = frozenset(held_out)
        model.source.targets = lambda step: [
            TrustTarget(
                step.view,
                torch.full(step.shape, 0.3),
                torch.ones(step.shape, dtype=torch.bool),
            )
        ]
        losses.append(model.loss(**data)['loss_trust'])
    torch.testing.assert_close(*losses)


def test_a_batch_of_held_out_persons_gives_a_trust_loss_of_zero(model):
    batch = packed_batch(model)
    for number, sample in enumerate(batch['data_samples']):
        sample.set_metainfo({'id': number})
    model.held_out = frozenset(range(3))
    losses = model.loss(**batch)
    assert losses['loss_trust'] == 0
    norms = gradients(model, losses['loss_trust'])
    assert norms['trust_head'] == 0
    assert losses['loss_kpt'] > 0
