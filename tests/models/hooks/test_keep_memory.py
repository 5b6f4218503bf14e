import platform
import subprocess
import sys

import pytest

CODE = """
import resource, sys, torch
import self_verify_pose.compat
from self_verify_pose.models.hooks.keep_memory import keep_freed_memory
if sys.argv[1] == 'keep':
    keep_freed_memory()
def work():
    torch.ones(2**26)
work(), work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_memory_that_was_freed_is_used_again_without_faults():
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, '-W', 'ignore', '-c', CODE, how],
                capture_output=True,
                text=True,
                check=True,
                cwd='/',
            ).stdout
        )
        for how in ('keep', 'free')
    }
    assert faults['keep'] < 100 < faults['free']
