import json
import types

import pytest
import torch
from mmpose.structures import PoseDataSample

from self_verify_pose.engine.hooks.finite_training import FiniteTrainingHook

NAN, INFINITE = float('nan'), float('inf')


@pytest.fixture
def runner(tmp_path):
    loop = types.SimpleNamespace(iter=4)
    return types.SimpleNamespace(work_dir=str(tmp_path), _train_loop=loop)


def batch(*crops):
    samples = [
        PoseDataSample(metainfo={'id': i, 'img_path': f'{i}.jpg', 'x': 0})
        for i in range(len(crops))
    ]
    return {'inputs': list(crops), 'data_samples': samples}


def written(folder):
    return json.loads((folder / 'non_finite_rank0.json').read_text())


@pytest.mark.parametrize('value', [NAN, INFINITE])
def test_the_first_loss_that_is_not_finite_stops(value, runner, tmp_path):
    hook = FiniteTrainingHook()
    data = batch(torch.zeros(3, 2, 2), torch.zeros(3, 2, 2))
    fine = {'loss': torch.tensor(1.0), 'acc_pose': torch.tensor(NAN)}
    hook.before_train_iter(runner, 0, data)
    hook.after_train_iter(runner, 0, data, fine)
    with pytest.raises(ValueError, match=r'found loss_trust=.*at step 4'):
        hook.after_train_iter(
            runner,
            0,
            data,
            {k: torch.tensor(value) for k in ('loss_trust', 'loss')},
        )
    assert written(tmp_path)['samples'] == [
        {'img_path': '0.jpg', 'id': 0},
        {'img_path': '1.jpg', 'id': 1},
    ]


@pytest.mark.parametrize('mode', ['train', 'val', 'test'])
def test_a_pixel_that_is_not_finite_stops(mode, runner, tmp_path):
    broken = torch.zeros(3, 2, 2)
    broken[1, 0, 0] = INFINITE
    before = getattr(FiniteTrainingHook(), f'before_{mode}_iter')
    before(runner, 0, batch(torch.zeros(3, 2, 2, dtype=torch.uint8)))
    with pytest.raises(ValueError, match=f'{mode}: expected finite pixels'):
        before(runner, 0, batch(torch.zeros(3, 2, 2), broken))
    assert [s['id'] for s in written(tmp_path)['samples']] == [1]


def test_weights_that_are_not_finite_are_not_saved(runner, tmp_path):
    hook = FiniteTrainingHook()
    hook.before_train_iter(runner, 0, batch(torch.zeros(3, 2, 2)))
    state = {'count': torch.tensor(3), 'weight': torch.zeros(2)}
    hook.before_save_checkpoint(runner, {'state_dict': state})
    state['weight'][0] = NAN
    with pytest.raises(ValueError, match="finite weights, found 'weight'"):
        hook.before_save_checkpoint(runner, {'state_dict': state})
    assert written(tmp_path)['samples'][0]['img_path'] == '0.jpg'
