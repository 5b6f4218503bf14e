"""Every optimization of the training speed trains every config."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import (
    BASELINE,
    CACHED,
    SELFVERIFY,
    SOLVABILITY,
    build_estimator,
    load_config,
)
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpose.testing import get_packed_inputs

from self_verify_pose.engine import optim_wrapper
from self_verify_pose.engine.hooks.channels_last import ChannelsLastHook
from self_verify_pose.engine.hooks.compile_backbone import CompileBackboneHook

CONFIGS = (BASELINE, SELFVERIFY, SOLVABILITY, CACHED)
BFLOAT16 = {'type': 'BFloat16OptimWrapper'}


def raw_batch(size=3, seed=0):
    """Return a batch as a data loader gives it."""
    np.random.seed(seed)
    batch = get_packed_inputs(size, with_heatmap=False)
    random = np.random.default_rng(seed)
    for sample in batch['data_samples']:
        for key in ('input_center', 'input_scale'):
            value = np.asarray(sample.metainfo[key]).reshape(-1)[:2]
            sample.set_metainfo({key: value})
        labels = random.random((1, 17), np.float32)
        sample.gt_instances.pseudo_trust_sol = labels
    return batch


def trainee(name, **options):
    config = load_config(name)
    config.optim_wrapper.optimizer.lr = 1e-3
    config.optim_wrapper.update(options)
    model = build_estimator(name).train()
    return model, build_optim_wrapper(model, config.optim_wrapper)


def weights(model):
    return {k: v.clone() for k, v in model.named_parameters()}


def steps(model, wrapper, count=1):
    """Take steps on one batch; return the losses of the last."""
    for _ in range(count):
        torch.manual_seed(0)
        losses = model.train_step(raw_batch(), wrapper)
    return losses


def changed(before, model):
    return {
        name.split('.')[0]
        for name, weight in model.named_parameters()
        if not torch.equal(weight, before[name])
    }


def trained_parts(name):
    if name == CACHED:
        return {'trust_head'}
    if name == BASELINE:
        return {'backbone', 'head'}
    return {'backbone', 'head', 'trust_head'}


def continuous(losses):
    """Values without jumps: those of trust are of arg-max decoded points.

    The points of a network with random weights jump by the rounding.
    """
    smooth = ('loss_kpt', 'loss_consistency_rot', 'rot_inconsistency_mean')
    return {k: v for k, v in losses.items() if k in smooth}


def runner_of(model, **cfg):
    return SimpleNamespace(model=model, cfg=Config(cfg))


@pytest.mark.parametrize('name', CONFIGS)
def test_bfloat16_trains_and_stays_close(name):
    plain, wrapper = trainee(name)
    expected = steps(plain, wrapper)
    model, wrapper = trainee(name, **BFLOAT16)
    before = weights(model)
    seen = []
    (conv, *_) = [
        m for m in model.backbone.modules() if isinstance(m, torch.nn.Conv2d)
    ]
    conv.register_forward_hook(lambda *args: seen.append(args[2].dtype))
    losses = steps(model, wrapper)
    assert set(seen) == {torch.bfloat16}
    assert changed(before, model) == trained_parts(name)
    assert all(w.dtype == torch.float32 for w in model.parameters())
    for key, value in continuous(expected).items():
        # the consistency of random predictions hardly counts: about 1e-6
        assert losses[key].item() == pytest.approx(
            value.item(), rel=0.05, abs=1e-6
        )
    assert 'forward' not in vars(model.backbone)


def test_bfloat16_takes_the_options_of_float16():
    _, wrapper = trainee(BASELINE, **BFLOAT16, loss_scale='dynamic')
    assert type(wrapper) is optim_wrapper.BFloat16OptimWrapper


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_float16_needs_a_gpu():
    match = 'expected a GPU for AmpOptimWrapper .*found cpu alone; use'
    with pytest.raises(ValueError, match=match):
        trainee(BASELINE, type='AmpOptimWrapper', loss_scale='dynamic')


def test_frozen_weights_are_passed_over_silently(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmengine.optim.optimizer.default_constructor.print_log',
        lambda message, **_: messages.append(message),
    )
    model, wrapper = trainee(CACHED)
    assert not [m for m in messages if 'skipped' in m]
    trained = {w for g in wrapper.param_groups for w in g['params']}
    # mmengine adds one of its own that holds the learning rate
    assert trained & {*model.parameters()} == {
        w for w in model.parameters() if w.requires_grad
    }


@pytest.mark.parametrize('name', CONFIGS)
def test_channels_last_gives_the_same_losses(name):
    plain, wrapper = trainee(name)
    expected = steps(plain, wrapper)
    model, wrapper = trainee(name)
    ChannelsLastHook().before_run(runner_of(model))
    kernels = [
        m.weight
        for m in model.backbone.modules()
        if isinstance(m, torch.nn.Conv2d) and m.kernel_size[0] > 1
    ]
    layout = torch.channels_last
    assert all(k.is_contiguous(memory_format=layout) for k in kernels)
    before = weights(model)
    losses = steps(model, wrapper)
    for key, value in expected.items():
        torch.testing.assert_close(losses[key], value, rtol=1e-3, atol=1e-5)
    assert changed(before, model) == trained_parts(name)


@pytest.mark.parametrize('name', CONFIGS)
def test_gradients_are_accumulated(name):
    model, wrapper = trainee(name, accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 4)
    before = weights(model)
    steps(model, wrapper)
    assert not changed(before, model)
    steps(model, wrapper)
    assert changed(before, model) == trained_parts(name)


@pytest.mark.parametrize(
    'name',
    [
        SELFVERIFY,
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (BASELINE, SOLVABILITY, CACHED)
        ),
    ],
)
def test_compile_compiles_the_backbone_and_changes_nothing(name):
    plain, wrapper = trainee(name)
    expected = steps(plain, wrapper)
    torch._dynamo.reset()
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    model, wrapper = trainee(name)
    keys = list(model.state_dict())
    runner = runner_of(model, compile={'backend': backend})
    CompileBackboneHook().before_run(runner)
    assert runner.cfg.compile is False
    before = weights(model)
    losses = steps(model, wrapper)
    assert graphs
    for key, value in expected.items():
        torch.testing.assert_close(losses[key], value, rtol=1e-3, atol=1e-5)
    assert changed(before, model) == trained_parts(name)
    assert list(model.state_dict()) == keys


def test_without_the_switch_nothing_is_compiled():
    model = build_estimator()
    for value in (None, False):
        CompileBackboneHook().before_run(runner_of(model, compile=value))
    assert model.backbone._compiled_call_impl is None


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', [SELFVERIFY, SOLVABILITY, CACHED])
def test_the_whole_loss_works_in_automatic_mixed_precision(name, dtype):
    """What AmpOptimWrapper does, which needs a GPU, done by hand."""
    model, _ = trainee(name)
    expected = copy.deepcopy(model)
    batch = model.data_preprocessor(raw_batch(), training=True)
    torch.manual_seed(0)
    exact = expected.loss(**batch)
    torch.manual_seed(0)
    with torch.autocast('cpu', dtype=dtype):
        losses = model.loss(**batch)
    assert losses.keys() == exact.keys()
    assert all(value.isfinite() for value in losses.values())
    for key, value in continuous(exact).items():
        assert losses[key].item() == pytest.approx(
            value.item(), rel=0.25, abs=5e-3
        ), key
    model.parse_losses(losses)[0].backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert grads
    assert all(g.isfinite().all() for g in grads)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('name', CONFIGS)
def test_amp_trains_on_a_gpu(name):
    config = load_config(name)
    model = build_estimator(name).train().cuda()
    wrapper = build_optim_wrapper(
        model, {**config.optim_wrapper, 'type': 'AmpOptimWrapper'}
    )
    assert steps(model, wrapper, 3)['loss'].isfinite()


@pytest.mark.parametrize(
    ('flags', 'only_where_fast', 'dtype'),
    [
        ('fpu avx2', True, torch.float32),
        ('fpu avx512_bf16', True, torch.bfloat16),
        ('amx_bf16 fpu', True, torch.bfloat16),
        ('fpu avx2', False, torch.bfloat16),
    ],
)
def test_bfloat16_only_where_the_cpu_computes_in_it(
    tmp_path, monkeypatch, flags, only_where_fast, dtype
):
    info = tmp_path / 'cpuinfo'
    info.write_text(f'flags : {flags}\n')
    monkeypatch.setattr(optim_wrapper, '_CPU_INFO', info)
    optim_wrapper._is_fast.cache_clear()
    model, wrapper = trainee(
        BASELINE, **BFLOAT16, only_where_fast=only_where_fast
    )
    found = []
    first = next(m for m in model.backbone.modules() if not [*m.children()])
    first.register_forward_hook(lambda _, __, output: found.append(output))
    steps(model, wrapper)
    optim_wrapper._is_fast.cache_clear()
    assert {output.dtype for output in found} == {dtype}
