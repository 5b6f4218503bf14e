"""Measure what the consistency loss does to the pose, over several seeds.

    python -m self_verify_pose.tools.study.consistency_loss
        --train ROOT... --eval ROOT... --checkpoint FILE --out DIR
        [--config CONFIG] [--trainings NAME...] [--persons N] [--epochs N]
        [--seeds N]

Trains the pose network of a config further from the same weights: without the
loss (baseline), with the default loss (robust), and with the plain loss of the
same weight (mean_distance); no trust head. With --trainings robust_float32
robust_bfloat16, with the default loss and the backbone in either; on any CPU,
where the numbers of bfloat16 are emulated. Every training has the same batches
for the same seed. Writes a table for each evaluation set, with flip test, to
consistency_loss.md. What was trained in DIR with the same images, weights and
options is not trained again.
"""

import argparse
import copy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import self_verify_pose.compat  # noqa: F401, isort: skip

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner
from rich.console import Console

from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.config_file import load_config
from self_verify_pose.output_files import reserved, write_text
from self_verify_pose.tools.command_line import (
    at_least,
    make_parser,
    run_tool,
)
from self_verify_pose.tools.study import emulated_bfloat16  # noqa: F401
from self_verify_pose.tools.study.image_sets import (
    ImageSet,
    check_disjoint_sets,
    find_eval_sets,
    find_set,
    read_content,
    short_hash,
)
from self_verify_pose.tools.study.options import add_pose_options
from self_verify_pose.tools.study.train_pose import train_pose

# options of the config of each training
TRAININGS: dict[str, dict[str, Any]] = {
    'baseline': {'model.consistency_cfg.enable': False},
    'robust': {},
    'mean_distance': {'model.consistency_cfg.robust': False},
    'robust_float32': {'optim_wrapper.type': 'OptimWrapper'},
    'robust_bfloat16': {'optim_wrapper.type': 'EmulatedBFloat16OptimWrapper'},
}
# titles of the metrics beside AP
COLUMNS = {
    'score/PosRate': 'PCK@0.05',
    'score/AUROC': 'AUROC of the raw score',
}
Figures = dict[str, float]


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add_pose_options(
        parser,
        {
            '--train': 'images that are trained on',
            '--eval': 'images that are evaluated',
        },
    )
    add = parser.add_argument
    add(
        '--trainings',
        nargs='+',
        choices=[*TRAININGS],
        default=['baseline', 'robust', 'mean_distance'],
        metavar='NAME',
        help='%(default)s',
    )
    add(
        '--persons',
        type=at_least(1),
        metavar='N',
        help='train on the first N persons of each set only',
    )
    add('--epochs', type=at_least(1), default=2, help='(%(default)s)')
    add('--lr', type=float, default=2.5e-4, help='(%(default)s)')
    add('--seeds', type=at_least(1), default=3, help='(%(default)s)')
    return parser.parse_args(argv)


def evaluate_pose(
    config: Config, one: ImageSet, checkpoint: Path, work_dir: Path
) -> Figures:
    """Evaluate a pose network on annotated boxes.

    Args:
        config: The config that it was trained with.
        one: The evaluation set.
        checkpoint: Its weights.
        work_dir: Folder of the log.

    Returns:
        Metrics by name.
    """
    config = copy.deepcopy(config)
    config.load_from, config.work_dir = str(checkpoint), str(work_dir)
    for name in ('train_dataloader', 'train_cfg', 'optim_wrapper'):
        config[name] = None  # else the runner builds them
    for key in ('dataloader', 'cfg', 'evaluator'):
        config[f'val_{key}'] = None
    config.param_scheduler, config.custom_hooks = None, []
    pipeline = config.test_dataloader.dataset.pipeline
    config.test_dataloader.dataset = one.config(pipeline)
    config.test_dataloader.update(num_workers=0, persistent_workers=False)
    config.test_evaluator = [
        {'type': 'CocoMetric', 'ann_file': str(one.annotations)},
        {
            'type': 'JointTrustMetric',
            'score_field': 'keypoint_scores',
            'prefix': 'score',
        },
    ]
    return Runner.from_cfg(config).test()


def train_and_evaluate(
    args: argparse.Namespace,
    train: list[ImageSet],
    sets: list[ImageSet],
    training: str,
    seed: int,
) -> dict[str, Figures]:
    """Train the pose network once, and evaluate it on every set.

    Args:
        args: The command line.
        train: Images to train on.
        sets: Images to evaluate on.
        training: One of ``TRAININGS``.
        seed: Random seed of the training.

    Returns:
        Metrics by evaluation set.
    """
    config = load_config(args.config)
    config.merge_from_dict(
        {
            'model.trust_cfg': {'enable': False},
            'model.consistency_cfg': {'enable': True},
            **TRAININGS[training],
            'randomness': {'seed': seed},
        }
    )
    folder = args.out / training_key(args, train) / f'{training}_{seed}'
    checkpoint = train_pose(
        config,
        train,
        args.checkpoint,
        args.epochs,
        args.lr,
        folder,
        args.workers,
    )
    return {
        one.name: evaluate_pose(config, one, checkpoint, folder)
        for one in sets
    }


def training_key(args: argparse.Namespace, train: list[ImageSet]) -> str:
    """Name what the trainings of all seeds have in common.

    Args:
        args: The command line.
        train: Images to train on.

    Returns:
        A short hash of images, weights and options.
    """
    return short_hash(
        *(read_content(one).key for one in train),
        file_sha256(args.checkpoint),
        load_config(args.config).pretty_text,
        f'{args.persons} {args.epochs} {args.lr}',
    )


def table(figures: dict[str, list[Figures]]) -> list[str]:
    """Lay out the figures of a set.

    Args:
        figures: Metrics of each seed, by training.

    Returns:
        Lines of a table in Markdown.
    """
    titles = ['training', 'AP of the seeds', 'mean AP', 'against the first']
    lines = [
        f'| {" | ".join([*titles, *COLUMNS.values()])} |',
        f'|---|---|{"---:|" * (len(COLUMNS) + 2)}',
    ]
    reference = _mean(next(iter(figures.values())), 'coco/AP')
    for training, seeds in figures.items():
        precision = _mean(seeds, 'coco/AP')
        cells = [
            training,
            ', '.join(f'{one["coco/AP"]:.3f}' for one in seeds),
            f'{precision:.3f}',
            f'{precision - reference:+.3f}',
            *(f'{_mean(seeds, key):.3f}' for key in COLUMNS),
        ]
        lines.append(f'| {" | ".join(cells)} |')
    return lines


def _mean(seeds: list[Figures], key: str) -> float:
    return float(np.mean([one[key] for one in seeds]))


def run(args: argparse.Namespace) -> None:
    """Train, evaluate, and write the tables.

    Args:
        args: The command line.

    Raises:
        ValueError: If an image is both trained on and evaluated.
    """
    sets = find_eval_sets(args.eval)
    train = [
        find_set(root, 'train')._replace(persons=args.persons)
        for root in args.train
    ]
    check_disjoint_sets(train, sets, '--eval')
    found: dict[str, dict[str, list[Figures]]] = {
        one.name: {name: [] for name in args.trainings} for one in sets
    }
    with reserved(args.out):
        for seed in range(args.seeds):
            for training in args.trainings:
                figures = train_and_evaluate(args, train, sets, training, seed)
                for name, values in figures.items():
                    found[name][training].append(values)
    parts = [
        '\n'.join([f'### {name}', '', *table(figures)])
        for name, figures in found.items()
    ]
    path = args.out / 'consistency_loss.md'
    text = '\n\n'.join(parts)
    write_text(path, f'{text}\n')
    console = Console()
    console.print(text, markup=False, soft_wrap=True)
    console.print(path, markup=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit status.
    """
    args = parse_arguments(argv)
    return run_tool(__file__, lambda: run(args))


if __name__ == '__main__':
    sys.exit(main())
