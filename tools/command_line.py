"""Options and error exits shared by several command lines."""

import argparse
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from self_verify_pose.constants import PCK_THRESHOLD

# The configs of the package; a wheel has them where mim and MMEngine look.
_ROOT = Path(__file__).resolve().parents[1]
CONFIGS = next(
    folder
    for folder in (_ROOT / 'configs', _ROOT / '.mim' / 'configs')
    if folder.is_dir()
)

# torch and MMEngine are imported where they are used: the tools that work on
# files need neither
if TYPE_CHECKING:
    from mmengine.config import Config


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser that keeps the lines of its description.

    Args:
        description: What the tool does, such as the docstring of its module.

    Returns:
        The parser; it takes the full names of options only.
    """
    return argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``; the default is a GPU if there is one.

    Args:
        parser: The parser to extend.
    """
    from mmengine.device import get_device

    parser.add_argument(
        '--device',
        type=_device,
        default=get_device(),
        help='such as cpu or cuda:0 (%(default)s)',
    )


def add_evaluation_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of an evaluation: threshold, samples, device, config.

    Args:
        parser: The parser to extend.
    """
    from mmengine.config import DictAction

    add = parser.add_argument
    add('--dist-thr', type=float, default=PCK_THRESHOLD, help='(%(default)s)')
    add_sample_options(parser)
    add_device_option(parser)
    add('--cfg-options', nargs='+', action=DictAction, default={})


def add_sample_options(
    parser: argparse.ArgumentParser, batch_size: int = 32
) -> None:
    """Add the options of data loading: number, batch size, workers.

    Args:
        parser: The parser to extend.
        batch_size: Default number of persons per batch.
    """
    add = parser.add_argument
    first, size = 'only the first N', '(%(default)s)'
    add('--max-samples', type=at_least(1), metavar='N', help=first)
    add('--batch-size', type=at_least(1), default=batch_size, help=size)
    add('--workers', type=at_least(0), default=2, help='loaders (%(default)s)')


def add_data_options(
    parser: argparse.ArgumentParser, prefix: str = '', required: bool = False
) -> None:
    """Add the choice of annotated persons: ``--split``, or ``--ann``.

    Args:
        parser: The parser to extend.
        prefix: First part of the names of the options.
        required: Whether one must be given; else the default is ``val``.
    """
    group = parser.add_mutually_exclusive_group(required=required)
    choose = group.add_argument
    choose(
        f'--{prefix}split',
        choices=('val', 'test'),
        default=None if required else 'val',
        help='a split of the config',
    )
    choose(f'--{prefix}ann', type=Path, help='a COCO-format file instead')
    images = 'its images (images/ beside it)'
    parser.add_argument(f'--{prefix}images', type=Path, help=images)


def parse_with_data(
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
    prefixes: Sequence[str] = ('',),
) -> argparse.Namespace:
    """Parse a command line; exit if images are given without annotations.

    Args:
        parser: A parser with the options of :func:`add_data_options`.
        argv: Arguments; those of the process by default.
        prefixes: The prefixes of those options.

    Returns:
        The arguments.
    """
    args = parser.parse_args(argv)
    for prefix in prefixes:
        name = prefix.replace('-', '_')
        if getattr(args, f'{name}images') and not getattr(args, f'{name}ann'):
            parser.error(
                f'--{prefix}images: expected --{prefix}ann with it, found '
                'none; give both'
            )
    return args


def read_config(args: argparse.Namespace) -> 'Config':
    """Read a config and merge the options of the command line into it.

    Args:
        args: With ``config``, its file, and ``cfg_options``.

    Returns:
        The config; what it names is then found in MMPose.
    """
    from mmengine.registry import init_default_scope

    from self_verify_pose.engine.config_file import load_config

    init_default_scope('mmpose')
    config = load_config(args.config)
    config.merge_from_dict(args.cfg_options)
    return config


def make_main(
    file: str,
    parse: Callable[[Sequence[str] | None], argparse.Namespace],
    run: Callable[[argparse.Namespace], int | None],
) -> Callable[..., int]:
    """Make the ``main`` of a tool.

    Args:
        file: The file of the tool.
        parse: Parses the command line, by default that of the process.
        run: Does the work; returns the exit code, None for 0.

    Returns:
        A function of the command line, by default that of the process, which
        returns the exit code of :func:`run_tool`.
    """

    def main(argv: Sequence[str] | None = None) -> int:
        args = parse(argv)
        return run_tool(file, lambda: run(args))

    return main


def run_tool(file: str, work: Callable[[], int | None]) -> int:
    """Do the work of a tool; wrong input is reported in one line.

    Args:
        file: The file of the tool, whose name begins the line.
        work: The work; returns the exit code, None for 0.

    Returns:
        The exit code: 2 after wrong input or a full disk, else that of the
        work.
    """
    try:
        return work() or 0
    except (KeyError, OSError, TypeError, ValueError) as error:
        print(f'{Path(file).name}: {error}', file=sys.stderr)
        return 2


def run_mmpose_tool(name: str) -> None:
    """Run a tool of MMPose with the command line of this process.

    Where this package is installed from a wheel, a config may then name its
    fragments: ``_base_ = ['self_verify_pose::_base_/attach_trust.py']``.

    Args:
        name: Its name, such as ``'train'``.
    """
    from importlib.util import find_spec

    import self_verify_pose.registry  # noqa: F401

    spec = find_spec('mmpose')
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / '.mim' / 'tools' / f'{name}.py'
    runpy.run_path(str(path), run_name='__main__')


def at_least(least: int) -> Callable[[str], int]:
    """Make the ``type`` of an option that accepts integers above a bound.

    Args:
        least: The smallest accepted value.

    Returns:
        A function for ``type`` of ``add_argument``.

    Example:
        >>> at_least(1)('3')
        3
    """

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f'expected an integer of at least {least}, found {text}; give '
                'another one'
            )
        return value

    return convert


def _device(name: str) -> str:
    import torch

    try:
        torch.empty(0, device=name)
    except (AssertionError, RuntimeError) as error:
        raise argparse.ArgumentTypeError(
            'expected a device such as cpu or cuda:0, found '
            f'{name}, which torch cannot use here; give another one'
        ) from error
    return name
