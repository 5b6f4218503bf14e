"""Train for 500 steps with 20 validations; print memory, handles, threads.

python tests/reliability/soak.py [STEPS VALIDATIONS]

Resident memory is what the process holds. Since KeepMemoryHook lets it keep
what is freed, it is the largest need so far. Memory in use is what malloc has
given and not got back, and objects are those that Python's collector tracks.
"""

import ctypes
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.config import ConfigDict
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from small_training import run, small_config

from self_verify_pose.datasets.synthetic import make_dataset

STEPS, VALIDATIONS = map(int, sys.argv[1:] or (500, 20))
BATCH = 2
SETTLED = 5  # validations until caches are filled
ALLOWED_MIB = 30.0


class Measured(NamedTuple):
    """What the process holds; memory in MiB."""

    resident: float
    used: float
    objects: int
    files: int
    threads: int


class _MallInfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd'),
            *('usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost'),
        )
    )


def measure() -> Measured:
    """Measure this process, without what waits for the collector."""
    gc.collect()
    status = Path('/proc/self/status').read_text().split('\n')
    values = dict(line.split(':', 1) for line in status if ':' in line)
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _MallInfo
    info = mallinfo()
    return Measured(
        int(values['VmRSS'].split()[0]) / 1024,
        (info.uordblks + info.hblkhd) / 2**20,
        len(gc.get_objects()),
        len(os.listdir('/proc/self/fd')),
        int(values['Threads']),
    )


@HOOKS.register_module()
class SoakHook(Hook):
    """Measure after each validation."""

    measured: list[Measured] = []  # noqa: RUF012

    priority = 'LOWEST'

    def after_val_epoch(self, runner, metrics=None):
        self.measured.append(measure())
        step = runner.train_loop.iter
        now = self.measured[-1]
        print(
            f'SOAK {step} steps, {len(self.measured)} validations: '
            f'{now.resident:.0f} MiB, {now.used:.1f} MiB in use, '
            f'{now.objects} objects, {now.files} open files, '
            f'{now.threads} threads',
            flush=True,
        )


def main() -> int:
    """Run; 1 where something grew after the first validations."""
    folder = Path(tempfile.mkdtemp())
    make_dataset(folder / 'data', train=40, val=4)
    config = small_config(folder / 'work', folder / 'data')
    config.train_cfg.max_epochs = VALIDATIONS
    config.custom_hooks[1].switch_epoch = VALIDATIONS - 1
    config.custom_hooks.append(ConfigDict(type='SoakHook'))
    config.train_dataloader.batch_size = BATCH
    # a fifth of the images is held out, but still passes the loader
    config.train_dataloader.dataset.indices = STEPS // VALIDATIONS * BATCH
    config.default_hooks.trust_panel = {
        'type': 'TrustPanelHook',
        'num': 1,
    }
    config.default_hooks.checkpoint.max_keep_ckpts = 2
    run(config)
    first, last = SoakHook.measured[SETTLED], SoakHook.measured[-1]
    grown = last.resident - first.resident
    print(
        f'SOAK grown since validation {SETTLED + 1}: {grown:+.1f} MiB, '
        f'{last.used - first.used:+.1f} MiB in use, '
        f'{last.objects - first.objects:+d} objects'
    )
    opened = last.files > first.files or last.threads > first.threads
    return int(grown > ALLOWED_MIB or opened)


if __name__ == '__main__':
    sys.exit(main())
