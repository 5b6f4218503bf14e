"""Long jobs that test_kill.py kills: each one continues what it finds.

python tests/reliability/long_jobs.py draw|cache|train FOLDER DATA
"""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from helpers import CACHEGEN, NARROW, ROOT, build_estimator


def draw(folder: Path, data: Path) -> None:
    """Draw synthetic images."""
    from self_verify_pose.datasets.synthetic import make_dataset

    make_dataset(folder / 'images', train=24, val=8)


def cache(folder: Path, data: Path) -> None:
    """Make a trust cache with features."""
    pose = folder / 'pose.pth'
    torch.save({'state_dict': build_estimator(CACHEGEN).state_dict()}, pose)
    sys.argv = [
        *('tool', str(ROOT / CACHEGEN), str(pose), '--resume'),
        *('--out', str(folder / 'cache.npz'), '--with-features'),
        *('--batch-size', '2', '--workers', '0', '--cfg-options', *NARROW),
    ]
    runpy.run_path(
        str(ROOT / 'tools' / 'generate_solvability_cache.py'),
        run_name='__main__',
    )


def train(folder: Path, data: Path) -> None:
    """Train for three epochs."""
    from small_training import run, small_config

    config = small_config(folder, data, resume=True)
    config.randomness = {'seed': 1}
    run(config)


if __name__ == '__main__':
    torch.set_num_threads(1)
    {'draw': draw, 'cache': cache, 'train': train}[sys.argv[1]](
        Path(sys.argv[2]), Path(sys.argv[3])
    )
