"""Options that several tools have."""

import argparse
from collections.abc import Callable

import torch
from mmengine.config import DictAction
from mmengine.device import get_device

from self_verify_pose.constants import PCK_THRESHOLD


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Let the user say where the network runs; a GPU where there is one.

    Args:
        parser: Gets the option.
    """
    parser.add_argument(
        '--device',
        type=_device,
        default=get_device(),
        help='such as cpu or cuda:0 (%(default)s)',
    )


def add_judging_options(parser: argparse.ArgumentParser) -> None:
    """Let the user say which persons are judged, how, and where.

    Args:
        parser: Gets the options.
    """
    add = parser.add_argument
    add('--dist-thr', type=float, default=PCK_THRESHOLD, help='(%(default)s)')
    add_sample_options(parser)
    add_device_option(parser)
    add('--cfg-options', nargs='+', action=DictAction, default={})


def add_sample_options(
    parser: argparse.ArgumentParser, batch_size: int = 32
) -> None:
    """Let the user say how many persons are loaded, and how.

    Args:
        parser: Gets the options.
        batch_size: Persons per batch by default.
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
    """Return the type of an option that takes integers from a bound on.

    Args:
        least: The smallest good value.

    Returns:
        A function for ``type`` of ``add_argument``.
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
