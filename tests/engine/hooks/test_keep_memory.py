import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from self_verify_pose.engine.hooks import keep_memory

CODE = """
from self_verify_pose.engine.hooks.keep_memory import keep_freed_memory
print(keep_freed_memory())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_glibc_accepts_the_setting():
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', CODE],
        capture_output=True,
        text=True,
        check=True,
        cwd='/',
    )
    assert done.stdout.split()[-1] == 'True'


@pytest.mark.parametrize(('device', 'kept'), [('cpu', 1), ('meta', 0)])
def test_memory_is_kept_only_for_a_model_on_a_cpu(monkeypatch, device, kept):
    calls = []
    monkeypatch.setattr(
        keep_memory, 'keep_freed_memory', lambda: calls.append(1)
    )
    model = torch.nn.Linear(2, 2, device=device)
    keep_memory.KeepMemoryHook().before_run(SimpleNamespace(model=model))
    assert len(calls) == kept
