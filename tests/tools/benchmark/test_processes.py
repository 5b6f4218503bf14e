import math

import pytest
import torch
from helpers import fail_second
from torch.multiprocessing import ProcessRaisedException
from torch.utils.benchmark import set_torch_threads

from self_verify_pose.tools.benchmark import caches, processes
from self_verify_pose.tools.benchmark.context import BenchmarkContext


@pytest.fixture
def full_size(tmp_path):
    """Return a context that new processes can import."""
    return BenchmarkContext(tmp_path, torch.device('cpu'), batch_size=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    'prepare', [processes.prepare_training, caches.prepare_cache]
)
def test_two_processes_work_at_once(full_size, prepare):
    assert processes.rate_of(full_size, 2, prepare) > 0


@pytest.mark.slow
def test_the_others_end_when_one_fails(full_size):
    with pytest.raises(ProcessRaisedException, match='not today'):
        processes.rate_of(full_size, 2, fail_second)


def test_one_process_trains_without_a_process_group(context, monkeypatch):
    monkeypatch.setattr(
        processes, 'run_in_processes', lambda run, calls: [run(*calls[0])]
    )
    monkeypatch.setattr(processes, '_STEPS', 1)
    with set_torch_threads(torch.get_num_threads()):
        rate = processes.rate_of(context, 1, processes.prepare_training)
        assert torch.get_num_threads() == 1
    assert 0 < rate < 10_000
    assert not torch.distributed.is_initialized()


def test_one_gpu_cannot_train_in_two_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 1)
    context = BenchmarkContext(tmp_path, torch.device('cuda'))
    (result,) = processes.measure(context)
    assert math.isnan(result.value)
    assert result.note == 'one GPU'


def test_ratio_of_the_rates(full_size, monkeypatch):
    monkeypatch.setattr(
        processes, 'rate_of', lambda _, count, prepare: {1: 4.0, 2: 6.0}[count]
    )
    (result,) = processes.measure(full_size)
    assert result.value == 1.5
    assert result.details == {'one': 4.0, 'two': 6.0}
