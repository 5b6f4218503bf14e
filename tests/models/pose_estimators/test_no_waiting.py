"""A training step must not make the host wait for the device."""

import numpy as np
import pytest
import torch
from helpers import SELFVERIFY, SOLVABILITY, build_estimator, packed_batch
from mmengine.structures import PixelData
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

CASES = {
    'consistency': (SELFVERIFY, {}),
    'strong augmentation': (SELFVERIFY, {'consistency_cfg__hard_view': {}}),
    'frozen': (SELFVERIFY, {'full_param_train': False}),
    'annotation': (SELFVERIFY, {'trust_cfg__source': 'annotation'}),
    'agreement': (
        SELFVERIFY,
        {'trust_cfg__source': 'agreement', 'consistency_cfg__hard_view': {}},
    ),
    'free': (SOLVABILITY, {}),
    'fk': (SOLVABILITY, {'solvability_cfg__teacher': 'fk'}),
    'unified': (SOLVABILITY, {'trust_cfg__source': 'unified'}),
}
# a heatmap head that trains waits in MMPose's own accuracy
for codec in ('MSRAHeatmap', 'UDPHeatmap', 'MegviiHeatmap'):
    for source in ('consistency', 'annotation'):
        changes = {'full_param_train': False, 'trust_cfg__source': source}
        CASES[f'{codec}, {source}'] = (SELFVERIFY, changes)


def heatmap_head(codec):
    kernel = {'kernel_size': 11} if codec == 'MegviiHeatmap' else {'sigma': 2}
    sizes = {'input_size': (192, 256), 'heatmap_size': (48, 64)}
    return {
        '_delete_': True,
        'type': 'HeatmapHead',
        'in_channels': 64,
        'out_channels': 17,
        'deconv_out_channels': (8, 8, 8),
        'deconv_kernel_sizes': (4, 4, 4),
        'decoder': {'type': codec, **kernel, **sizes},
    }


class NoBlockingCopy(TorchDispatchMode):
    """Raises on a copy to another device that the host waits for."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        target = kwargs.get('device')
        if func is torch.ops.aten._to_copy.default and target is not None:
            moves = target.type != args[0].device.type
            if moves and not kwargs.get('non_blocking'):
                raise AssertionError(f'blocking copy to {target}')
        return func(*args, **kwargs)


class NoHostData(TorchFunctionMode):
    """Raises where Python numbers become a tensor on the device."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, '__name__', '')
        first = args[0] if args else None
        if isinstance(first, torch.Tensor) and first.device.type != 'cpu':
            if name == 'new_tensor':
                raise AssertionError('new_tensor copies and waits')
            if name in ('__getitem__', '__setitem__'):
                index = args[1] if isinstance(args[1], tuple) else (args[1],)
                for part in index:
                    if isinstance(part, (list, range)):
                        raise AssertionError('a list as index is copied')
                    if isinstance(part, torch.Tensor) and (
                        part.dtype == torch.bool or part.device != first.device
                    ):
                        raise AssertionError('this index is read back')
        return func(*args, **(kwargs or {}))


def estimator(case):
    name, changes = CASES[case]
    if case == 'fk':
        pytest.importorskip('pytorch_kinematics')
    if name == SOLVABILITY:
        changes = {**changes, 'solvability_cfg__iterations': 3}
    if 'Heatmap' in case:
        changes = {**changes, 'head': heatmap_head(case.split(',')[0])}
    return build_estimator(name, **changes).train()


def moved(model, device):
    batch = packed_batch(model, 2)
    if 'heatmaps' in model.reader.target_fields:
        for sample in batch['data_samples']:
            sample.gt_fields = PixelData(heatmaps=torch.rand(17, 64, 48))
    for sample in batch['data_samples']:
        points = np.ones((1, 17, 2), np.float32)
        sample.gt_instances.other_keypoints = points
    model.loss(**batch)  # the first step reads numbers to check them
    return model.to(device), {
        'inputs': batch['inputs'].to(device),
        'data_samples': [s.to(device) for s in batch['data_samples']],
    }


@pytest.mark.parametrize('case', CASES)
def test_the_loss_reads_no_number_back(case):
    """On the meta device there is no number to read: reading one raises."""
    model, batch = moved(estimator(case), 'meta')
    model.loss(**batch)  # constants are moved once, by the first step
    with NoBlockingCopy(), NoHostData():
        losses = model.loss(**batch)
    assert losses['loss_trust'].device.type == 'meta'


@pytest.mark.parametrize(
    'blocking',
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.any()),
        lambda x: x.cpu(),
        lambda x: x.nonzero(),
        lambda x: x[x > 0],
        lambda x: x[[0, 1]],
        lambda x: x.new_tensor([1.0]),
        lambda x: torch.zeros(3).to(x.device),
    ],
)
def test_the_check_finds_blocking_calls(blocking):
    tensor = torch.zeros(3, device='meta')
    errors = (AssertionError, NotImplementedError, RuntimeError)
    with pytest.raises(errors), NoBlockingCopy(), NoHostData():
        blocking(tensor)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('case', CASES)
def test_a_gpu_is_not_waited_for(case):
    model, batch = moved(estimator(case), 'cuda')
    for _ in range(2):
        model.parse_losses(model.loss(**batch))[0].backward()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode('error')
    try:
        losses = model.loss(**batch)
        sum(v for k, v in losses.items() if k.startswith('loss')).backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert losses['loss_trust'].isfinite()
