import mmap

import numpy as np
import pytest
import torch

from self_verify_pose.tools.benchmark import memory
from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.memory import (
    peak_of_steps,
    read_status,
)


def test_memory_grows_by_what_is_allocated():
    # not from the heap, which may hold freed memory
    held = np.frombuffer(mmap.mmap(-1, 2**26), np.uint8)
    before = read_status('VmRSS')
    held[:] = 1
    grown = read_status('VmRSS') - before
    assert grown == pytest.approx(len(held), rel=0.2)
    assert read_status('VmHWM') >= read_status('VmRSS')


def test_an_unknown_field_is_named():
    with pytest.raises(RuntimeError, match='expected VmMagic'):
        read_status('VmMagic')


@pytest.mark.slow
def test_peak_is_the_one_of_a_new_process(tmp_path):
    context = BenchmarkContext(tmp_path, torch.device('cpu'), batch_size=1)
    held = np.ones(2**26)  # 512 MiB of this process
    peak = peak_of_steps(context, 'baseline')
    parameters = context.model(context.config('baseline')).parameters()
    assert peak > sum(4 * p.numel() for p in parameters)
    assert peak < held.nbytes


def test_peak_is_counted_from_before_the_network(context, monkeypatch):
    status = {'VmRSS': 10, 'VmHWM': 30}
    monkeypatch.setattr(memory, 'read_status', status.get)
    monkeypatch.setattr(
        memory, 'run_in_processes', lambda measure, calls: [measure(*calls[0])]
    )
    assert peak_of_steps(context, 'baseline') == 20
