import os

import pytest
from torch.multiprocessing import (
    ProcessExitedException,
    ProcessRaisedException,
)

from self_verify_pose.tools.benchmark.spawning import run_in_processes


def test_results_come_back_in_order():
    assert run_in_processes(int, [('5',), ('6',)]) == [5, 6]


def test_an_exception_in_a_process_is_raised():
    with pytest.raises(ProcessRaisedException, match="'five'"):
        run_in_processes(int, [('five',)])


def test_a_process_that_dies_is_reported():
    with pytest.raises(ProcessExitedException, match='exit code 3'):
        run_in_processes(os._exit, [(3,)])
