import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from small_training import run, small_config, weights_of
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.engine.hooks import epoch_seed
from self_verify_pose.engine.hooks.epoch_seed import (
    EpochSeedHook,
    seed_workers,
)


def losses(folder):
    (log,) = folder.glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in log.read_text().splitlines()]
    values = ('loss', 'loss_trust', 'loss_consistency_rot', 'trust/Brier')
    return {
        record['step']: [record.get(name) for name in values]
        for record in records
        if 'loss' in record
    }


@pytest.mark.slow
def test_a_resumed_run_continues_as_if_uninterrupted(synthetic_coco, tmp_path):
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    run(small_config(whole, synthetic_coco))
    run(
        small_config(
            resumed,
            synthetic_coco,
            resume=True,
            load_from=str(whole / 'epoch_1.pth'),
        )
    )
    expected = losses(whole)
    found = losses(resumed)
    assert 0 < len(found) < len(expected)
    assert found == {step: expected[step] for step in found}
    expected = weights_of(whole / 'epoch_3.pth')
    found = weights_of(resumed / 'epoch_3.pth')
    assert expected.keys() == found.keys()
    for name, weight in expected.items():
        assert torch.equal(weight, found[name]), name


class Numbers(Dataset):
    """Random numbers of all generators."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return self.prepare_data(index)

    def prepare_data(self, index):
        return [random.random(), np.random.rand(), torch.rand(1).item()]


def draw(epochs, workers):
    epoch = torch.zeros(2, dtype=torch.int64).share_memory_()
    loader = DataLoader(
        Numbers(), 2, num_workers=workers, persistent_workers=True
    )
    seed_workers(loader, epoch)
    drawn = []
    for number in epochs:
        epoch[1] = number
        drawn.append(torch.stack([torch.stack(b) for b in loader]).tolist())
    return drawn


def test_workers_draw_by_epoch_and_sample():
    first, second = draw([0, 1], workers=2)
    assert len(set(np.ravel(first).round(9))) == 18  # no two are the same
    assert not set(np.ravel(first)) & set(np.ravel(second))
    # whatever the number of workers, and the epoch that they start in
    assert draw([1], workers=1) == [second]


def test_a_worker_seeds_each_sample(monkeypatch):
    dataset, epoch, started = Numbers(), torch.tensor([3, 1]), []
    info = SimpleNamespace(dataset=dataset)
    monkeypatch.setattr(epoch_seed, 'get_worker_info', lambda: info)
    loader = SimpleNamespace(worker_init_fn=started.append)
    seed_workers(loader, epoch)
    loader.worker_init_fn(5)
    assert started == [5]
    first, other = dataset[2], dataset[4]
    assert dataset[2] == first != other
    epoch[1] = 2
    assert dataset[2] != first
    info.dataset = object()  # without transforms there is nothing to seed
    loader.worker_init_fn(5)


def test_the_repeated_validation_may_save_the_best_checkpoint():
    runner = Runner.__new__(Runner)
    runner._hooks = []
    for hook in (EpochSeedHook(), CheckpointHook()):
        runner.register_hook(hook)
    assert isinstance(runner._hooks[-1], EpochSeedHook)


@pytest.mark.parametrize(
    ('resumes', 'epoch', 'validations'),
    [(True, 2, 1), (True, 3, 0), (True, 0, 0), (False, 2, 0)],
)
def test_a_resumed_run_repeats_the_validation_that_was_due(
    resumes, epoch, validations
):
    loader, done = DataLoader(Numbers()), []
    sampler = loader.batch_sampler.sampler
    sampler.seed = None
    runner = SimpleNamespace(
        train_loop=SimpleNamespace(dataloader=loader, val_interval=2),
        val_loop=SimpleNamespace(run=lambda: done.append(True)),
        seed=7,
        epoch=epoch,
        _resume=resumes,
        _randomness_cfg={},
    )
    EpochSeedHook().before_train(runner)
    assert len(done) == validations
    assert sampler.seed == (7 if resumes and epoch else None)
