"""Compute the trust targets of a frozen pose network and cache them.

python tools/generate_solvability_cache.py CONFIG CHECKPOINT --out FILE.npz

CONFIG is any config with a trust head; the persons are cut out as in its
validation. The teacher's options default to those of the config
(model.solvability_cfg); --resume continues an interrupted run. With several
processes, torchrun --nproc_per_node N tools/generate_solvability_cache.py
..., the file is the same. A process uses one CPU thread, and one GPU if there
is one.
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

import torch
import torch.distributed as dist
from mmengine.config import Config, DictAction
from rich.console import Console

from self_verify_pose.datasets.trust_cache.feature_file import features_path
from self_verify_pose.engine.cache_report import (
    summary_table,
    write_with_progress,
)
from self_verify_pose.engine.cache_writer import (
    CacheJob,
    CacheWriter,
    teacher_options,
    teacher_parameters,
)
from self_verify_pose.models.options import SolvabilityOptions, TeacherName
from self_verify_pose.output_files import check_output_file
from self_verify_pose.tools.command_line import (
    add_sample_options,
    make_parser,
    read_config,
)


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('config', help='config with a trust head, such as configs/zoo/*.py')
    add('checkpoint', help='trained weights of the pose network')
    add('--split', choices=('train', 'val', 'test'), default='train')
    add('--out', type=Path, required=True, metavar='FILE.npz')
    add_sample_options(parser, batch_size=CacheJob.batch_size)
    add('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    add(
        '--with-features',
        action='store_true',
        help='also store the features of the trust head, in FILE.features.npy',
    )
    add('--resume', action='store_true', help='continue an interrupted run')
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


def _make_config(args: argparse.Namespace) -> Config:
    """Read the config and merge the options of the command line into it."""
    config = read_config(args)
    options = teacher_options(config)
    given = {
        name: getattr(args, name)
        for name in ('teacher', *teacher_parameters(options))
        if getattr(args, name) is not None
    }
    filled = {**dataclasses.asdict(options), **given, 'enable': True}
    config.merge_from_dict({'model.solvability_cfg': filled})
    return config


def _make_job(args: argparse.Namespace) -> CacheJob:
    outputs = [args.out]
    if args.with_features and not args.resume:
        outputs.append(features_path(args.out))
    for path in outputs:
        if path.exists() and not args.force:
            raise FileExistsError(
                f'--out: expected no file, found {path}; use it as it is, '
                'or give --force to replace it'
            )
        check_output_file(path)
    device = args.device
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device == 'cuda':
        device = f'cuda:{os.environ.get("LOCAL_RANK", 0)}'
    made = {'config': _make_config(args), 'device': torch.device(device)}
    given = {
        field.name: getattr(args, field.name)
        for field in dataclasses.fields(CacheJob)
        if field.name not in made
    }
    return CacheJob(**made, **given)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        0, or 2 after wrong input or a full disk, with a message of one line.
    """
    args = _parse_arguments(argv)
    # one thread: the order of sums, and so each byte of the file, must not
    # depend on the machine or the launcher
    torch.set_num_threads(1)
    if int(os.environ.get('WORLD_SIZE', 1)) > 1:
        # used for barriers only, on any device
        dist.init_process_group('gloo')
    console, begin = Console(), time.perf_counter()
    try:
        writer = CacheWriter(_make_job(args))
        columns = write_with_progress(writer, console)
    except (KeyError, OSError, TypeError, ValueError) as error:
        hint = ''
        if isinstance(error, OSError) and error.errno is not None:
            hint = (
                '; finished parts are kept: correct the cause and use --resume'
            )
        print(f'{Path(__file__).name}: {error}{hint}', file=sys.stderr)
        return 2
    if dist.is_initialized():
        dist.destroy_process_group()
    if columns is not None:
        seconds = time.perf_counter() - begin
        console.print(summary_table(columns, writer, seconds))
    return 0


if __name__ == '__main__':
    sys.exit(main())
