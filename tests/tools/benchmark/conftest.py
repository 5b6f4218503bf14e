"""A context with a small network that several test files share."""

import pytest
import torch
from helpers import narrow

from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.timing import Plan


class NarrowContext(BenchmarkContext):
    """The same with a small network."""

    def config(self, *args, **kwargs):
        config = super().config(*args, **kwargs)
        narrow(config.model)
        return config


@pytest.fixture(scope='session')
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp('benchmark')
    once = Plan(repeats=1, warmup=0)
    cpu = torch.device('cpu')
    return NarrowContext(folder, cpu, 2, once, scaling=False)
