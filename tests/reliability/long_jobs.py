"""Long jobs that test_kill.py kills: each one continues what it finds.

python tests/reliability/long_jobs.py

reads lines of a job, its folder and the data, separated by tabs. Each job is a
process of its own, forked after all imports, which leads a group of processes.
Its number is printed when it starts, its exit code when it has ended.
"""

import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from helpers import (
    CACHED,
    CACHEGEN,
    NARROW,
    ROOT,
    build_estimator,
    load_config,
    load_tool,
    narrow,
)
from mmengine.config import Config
from small_training import run, shorten, small_config

import self_verify_pose.engine.registration  # noqa: F401

# what a run imports as it starts
import mmpose.visualization  # noqa: F401, isort: skip
from self_verify_pose.datasets.synthetic import make_dataset

TOOL = load_tool('generate_solvability_cache')


def draw(folder: Path, data: Path) -> None:
    """Draw synthetic images."""
    make_dataset(folder / 'images', train=24, val=8)


def cache(folder: Path, data: Path) -> None:
    """Make a trust cache with features; keep it as the run scripts do."""
    if (folder / 'cache.npz').exists():
        return
    pose = folder / 'pose.pth'
    if not pose.exists():
        new = pose.with_suffix('.new')
        torch.save({'state_dict': build_estimator(CACHEGEN).state_dict()}, new)
        new.replace(pose)
    code = TOOL.main(
        [
            *(str(ROOT / CACHEGEN), str(pose), '--resume', '--with-features'),
            *('--out', str(folder / 'cache.npz')),
            *('--batch-size', '2', '--workers', '0', '--cfg-options', *NARROW),
        ]
    )
    assert code == 0, code


def train(folder: Path, data: Path) -> None:
    """Train for three epochs."""
    _continue(small_config(folder, data))


def offline(folder: Path, data: Path) -> None:
    """Train the trust head on cached labels, with images."""
    _train_head(folder, data)


def stored(folder: Path, data: Path) -> None:
    """Train the trust head on cached labels and stored features."""
    _train_head(folder, data, PSEUDO_TRUST_FEATURES='cache.features.npy')


def _train_head(folder: Path, data: Path, **files: str) -> None:
    """Train a head of a cache that lies beside the folder."""
    made = folder.parent / 'made'
    if not made.exists():  # by the first run, which is not killed
        made.mkdir()
        cache(made, data)
    files |= {'PSEUDO_TRUST_CACHE': 'cache.npz', 'POSE_CKPT': 'pose.pth'}
    os.environ.update({k: str(made / name) for k, name in files.items()})
    config = load_config(CACHED, data)
    narrow(config.model)
    shorten(config, folder)
    _continue(config)


def _continue(config: Config) -> None:
    """Train as the run scripts do: a run without a checkpoint starts anew."""
    if (Path(config.work_dir) / 'last_checkpoint').exists():
        config.update(resume=True, load_from=None)
    config.randomness = {'seed': 1}
    config.default_hooks.checkpoint.max_keep_ckpts = 2
    run(config)


def fork(job: str, folder: Path, data: Path) -> int:
    """Start a job in a process of its own; return the number of that."""
    number = os.fork()
    if number:
        return number
    os.setsid()
    code = 1
    try:
        os.environ.update(COCO_ROOT=str(data), BACKBONE_INIT='none')
        os.dup2(2, 1)  # standard output is the server's
        JOBS[job](folder, data)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


JOBS = {job.__name__: job for job in (draw, cache, train, offline, stored)}


def main() -> None:
    """Start jobs one after another until the input ends."""
    torch.set_num_threads(1)
    for line in sys.stdin:
        job, folder, data = line.rstrip('\n').split('\t')
        number = fork(job, Path(folder), Path(data))
        print(number, flush=True)
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == '__main__':
    main()
