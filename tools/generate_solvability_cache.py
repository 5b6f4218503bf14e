"""Judge the predictions of a pose network once, and keep the labels.

python tools/generate_solvability_cache.py CONFIG CHECKPOINT --out FILE.npz

The teacher's options are those of the config (model.solvability_cfg); an
interrupted run goes on with --resume. Several processes:
torchrun --nproc_per_node N tools/generate_solvability_cache.py ...; the file
is the same. A process uses one CPU thread, and one GPU where there is one.
"""

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args, get_type_hints

import self_verify_pose.compat  # noqa: F401, isort: skip

import numpy as np
import torch
import torch.distributed as dist
from mmengine.config import Config, DictAction
from mmengine.dist import get_dist_info
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from self_verify_pose.datasets.trust_cache.schema import Columns
from self_verify_pose.engine.cache_writer import (
    CacheJob,
    CacheWriter,
    teacher_options,
    teacher_parameters,
)
from self_verify_pose.models.options import SolvabilityOptions, TeacherName
from self_verify_pose.tools.command_line import add_sample_options


class _Rate(ProgressColumn):
    """Samples per second."""

    def render(self, task: Task) -> Text:
        return Text(f'{task.speed or 0:.1f}/s')


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], allow_abbrev=False
    )
    add = parser.add_argument
    add('config', help='config, such as configs/cachegen_*.py')
    add('checkpoint', help='trained weights of the pose network')
    add('--split', choices=('train', 'val', 'test'), default='train')
    add('--out', type=Path, required=True, metavar='FILE.npz')
    add_sample_options(parser, batch_size=CacheJob.batch_size)
    add('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    add(
        '--with-features',
        action='store_true',
        help='also store what the trust head reads, in FILE.features.npy',
    )
    add(
        '--resume',
        action='store_true',
        help='go on where an interrupted run stopped',
    )
    add('--force', action='store_true', help='replace an existing FILE')
    add('--cfg-options', nargs='+', action=DictAction, default={})
    group = parser.add_argument_group(
        "the teacher's options", 'by default those of the config'
    )
    group.add_argument('--teacher', choices=get_args(TeacherName))
    types = get_type_hints(SolvabilityOptions)
    for name in teacher_parameters(SolvabilityOptions()):
        flag, kind = f'--{name.replace("_", "-")}', types[name]
        if kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction)
        elif kind in (int, float):
            group.add_argument(flag, type=kind)
        else:
            group.add_argument(flag, choices=get_args(kind))
    args = parser.parse_args(argv)
    if args.out.suffix != '.npz':
        parser.error(
            f'--out: expected a name that ends in .npz, found {args.out}; '
            'change it'
        )
    return args


def read_config(args: argparse.Namespace) -> Config:
    """Read the config and put the command line's options into it.

    Args:
        args: What :func:`parse_arguments` returns.

    Returns:
        The config.
    """
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options)
    init_default_scope('mmpose')
    options = teacher_options(config)
    given = {
        name: getattr(args, name)
        for name in ('teacher', *teacher_parameters(options))
        if getattr(args, name) is not None
    }
    filled = {**dataclasses.asdict(options), **given}
    config.merge_from_dict({'model.solvability_cfg': filled})
    return config


def make_job(args: argparse.Namespace) -> CacheJob:
    """Turn the command line into a job.

    Args:
        args: What :func:`parse_arguments` returns.

    Returns:
        The job.

    Raises:
        FileExistsError: If the cache is there already.
    """
    if args.out.exists() and not args.force:
        raise FileExistsError(
            f'--out: expected no file, found {args.out}; use it as it is, '
            'or give --force to replace it'
        )
    device = args.device
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device == 'cuda':
        device = f'cuda:{os.environ.get("LOCAL_RANK", 0)}'
    names = ('checkpoint', 'split', 'out', 'batch_size', 'workers')
    names += ('max_samples', 'with_features', 'resume')
    return CacheJob(
        config=read_config(args),
        device=torch.device(device),
        **{name: getattr(args, name) for name in names},
    )


def write_cache(writer: CacheWriter, console: Console) -> Columns | None:
    """Make the cache under a progress bar, which the first process draws.

    Args:
        writer: The work.
        console: Where to draw.

    Returns:
        The arrays of the cache; None in all processes but the first.
    """
    rank, world = get_dist_info()
    bar = Progress(
        TextColumn('judging'),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=rank != 0,
    )
    mine = sum(len(batch) for batch in writer.batches[rank::world])
    with bar:
        task = bar.add_task('judging', total=mine)
        for count in writer.run():
            bar.advance(task, count)
    return writer.finish()


def summary(columns: Columns, writer: CacheWriter, seconds: float) -> Table:
    """Show what the labels look like and where the time went.

    Args:
        columns: The arrays of the cache.
        writer: The finished work.
        seconds: How long it took.

    Returns:
        The table.
    """
    trust = columns['pseudo_trust']
    labels = trust[np.isfinite(trust)]
    table = Table(title=str(writer.job.out), title_justify='left')
    table.add_column('')
    table.add_column('', justify='right')
    table.add_row('persons', f'{len(trust)}')
    table.add_row('labeled joints', f'{len(labels)}')
    judged = columns['status'] != 2
    converged = (columns['status'] == 0).sum() / max(judged.sum(), 1)
    table.add_row('converged', f'{converged:.1%} of {judged.sum()} judged')
    counts, edges = np.histogram(labels, 10, (0, 1))
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        share = count / max(len(labels), 1)
        marks = '█' * round(20 * share)
        table.add_row(f'trust {low:.1f} to {high:.1f}', f'{marks} {share:.1%}')
    table.add_row(
        'samples per second and process', f'{writer.made / seconds:.1f}'
    )
    total = sum(writer.seconds.values()) or 1.0
    for name, value in writer.seconds.items():
        table.add_row(f'time {name}', f'{value:.1f} s, {value / total:.0%}')
    return table


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; wrong input and a full disk are one line, and 1."""
    args = parse_arguments(argv)
    # sums depend on their order: one thread, so that no machine and no
    # launcher changes a byte; more cores take more processes
    torch.set_num_threads(1)
    if int(os.environ.get('WORLD_SIZE', 1)) > 1:
        # only barriers are needed, on any device
        dist.init_process_group('gloo')
    console, begin = Console(), time.perf_counter()
    try:
        writer = CacheWriter(make_job(args))
        columns = write_cache(writer, console)
    except (KeyError, OSError, TypeError, ValueError) as error:
        hint = ''
        if isinstance(error, OSError) and error.errno is not None:
            hint = '; finished parts are kept: mend it and use --resume'
        print(f'{Path(__file__).name}: {error}{hint}', file=sys.stderr)
        return 1
    if dist.is_initialized():
        dist.destroy_process_group()
    if columns is not None:
        console.print(summary(columns, writer, time.perf_counter() - begin))
    return 0


if __name__ == '__main__':
    sys.exit(main())
