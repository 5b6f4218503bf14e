"""Options that the studies of trust share."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from self_verify_pose.constants import NUM_BOOTSTRAP
from self_verify_pose.tools.command_line import (
    CONFIGS,
    add_device_option,
    at_least,
)

SELFVERIFY = 'selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'


def add_pose_options(
    parser: argparse.ArgumentParser, uses: Mapping[str, str]
) -> None:
    """Add the sets, the pose network and the folder of the results.

    Args:
        parser: The parser to extend.
        uses: Use of the images of each option that gives sets.
    """
    add = parser.add_argument
    for name, use in uses.items():
        add(
            name,
            nargs='+',
            type=Path,
            required=True,
            metavar='ROOT',
            help=use,
        )
    add('--checkpoint', required=True, help='weights of the pose network')
    add('--out', type=Path, required=True, help='folder of the results')
    add(
        '--config',
        type=Path,
        default=CONFIGS / SELFVERIFY,
        help=f'a config with trust ({SELFVERIFY})',
    )
    add('--workers', type=at_least(0), default=1, help='loaders (%(default)s)')


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add the sets, the pose network and the training of heads.

    Args:
        parser: The parser to extend.
    """
    add_pose_options(
        parser,
        {
            '--train': 'images that heads are trained on',
            '--calib': 'images that calibrate, and choose the best free score',
            '--eval': 'images that are evaluated',
        },
    )
    add = parser.add_argument
    add('--head-epochs', type=at_least(1), default=12, help='(%(default)s)')
    add(
        '--hard-views',
        type=at_least(1),
        default=3,
        help='strongly augmented views of each image (%(default)s)',
    )
    add('--bootstrap', type=int, default=NUM_BOOTSTRAP, help='(%(default)s)')
    add('--seed', type=int, default=0, help='the first seed (%(default)s)')
    add(
        '--seeds',
        type=at_least(1),
        default=3,
        help='trainings of each row (%(default)s)',
    )
    add_device_option(parser)
