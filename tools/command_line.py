"""Command line options shared by several tools."""

import argparse
from collections.abc import Callable

import torch
from mmengine.config import DictAction
from mmengine.device import get_device

from self_verify_pose.constants import PCK_THRESHOLD


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``; the default is a GPU if there is one.

    Args:
        parser: The parser to extend.
    """
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
    add(
        '--max-samples',
        type=at_least(1),
        metavar='N',
        help='only the first N',
    )
    add(
        '--batch-size',
        type=at_least(1),
        default=batch_size,
        help='(%(default)s)',
    )
    add(
        '--workers',
        type=at_least(0),
        default=2,
        help='loaders (%(default)s)',
    )


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
    try:
        torch.empty(0, device=name)
    except (AssertionError, RuntimeError) as error:
        raise argparse.ArgumentTypeError(
            'expected a device such as cpu or cuda:0, found '
            f'{name}, which torch cannot use here; give another one'
        ) from error
    return name
