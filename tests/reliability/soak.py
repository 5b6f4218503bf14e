"""Train for 500 steps with 20 validations; print memory, handles, threads.

python tests/reliability/soak.py [FOLDER]
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.config import ConfigDict
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from small_training import run, small_config

from self_verify_pose.datasets.synthetic import make_dataset

STEPS, VALIDATIONS, BATCH = 500, 20, 2
SETTLED = 5  # validations until caches are filled
ALLOWED_MIB = 30.0


def measure() -> tuple[float, int, int]:
    """Return resident memory in MiB, open files and threads."""
    status = Path('/proc/self/status').read_text().split('\n')
    values = dict(line.split(':', 1) for line in status if ':' in line)
    return (
        int(values['VmRSS'].split()[0]) / 1024,
        len(os.listdir('/proc/self/fd')),
        int(values['Threads']),
    )


@HOOKS.register_module()
class SoakHook(Hook):
    """Measure after each validation."""

    measured: list[tuple[float, int, int]] = []  # noqa: RUF012

    priority = 'LOWEST'

    def after_val_epoch(self, runner, metrics=None):
        self.measured.append(measure())
        step = runner.train_loop.iter
        memory, files, threads = self.measured[-1]
        print(
            f'SOAK {step} steps, {len(self.measured)} validations: '
            f'{memory:.0f} MiB, {files} open files, {threads} threads',
            flush=True,
        )


def main() -> int:
    """Run; 1 where something grew after the first validations."""
    given = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    folder = Path(given)
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
    grown = last[0] - first[0]
    print(f'SOAK grown since validation {SETTLED + 1}: {grown:+.1f} MiB')
    return int(grown > ALLOWED_MIB or last[1:] > first[1:])


if __name__ == '__main__':
    sys.exit(main())
