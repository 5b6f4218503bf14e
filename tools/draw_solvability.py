#!/usr/bin/env python
"""Draw the figures of docs/solvability.md from synthetic poses.

python tools/draw_solvability.py --out docs/images
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from self_verify_pose.output_files import replacing_together
from self_verify_pose.tools.study.solvability_figures import (
    draw_scene,
    make_scenes,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Draw every scene.

    Args:
        argv: Arguments, those of the process by default.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--out', type=Path, default=Path('docs/images'))
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    with replacing_together(args.out, []) as new:
        for name, scene in make_scenes().items():
            draw_scene(new / f'{name}.png', scene)


if __name__ == '__main__':
    main()
