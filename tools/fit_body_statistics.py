#!/usr/bin/env python
"""Fit bone ratios and spreads to 2-D poses; write the body description.

Writes ``body.json`` (ratios, spreads, limits, sources) and ``human.urdf``
(the kinematic chain with the same lengths) and prints a table that compares
the lengths with anthropometric values.

    python tools/fit_body_statistics.py coco_poses/train2017.npz

Parallel segments are foreshortened alike, so a bone is compared with the
trunk of persons in whom the two are nearly parallel in the image, and the hip
line with the shoulder line. The shoulder line itself is compared with the
trunk in upright persons who face the camera.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from self_verify_pose.models.kinematics.body import DATA_ROOT
from self_verify_pose.output_files import write_text
from self_verify_pose.tools.study.body_description import body_description
from self_verify_pose.tools.study.body_statistics import (
    comparison_table,
    fit_ratios,
)
from self_verify_pose.tools.study.human_urdf import human_urdf


def main(argv: Sequence[str] | None = None) -> None:
    """Read poses, fit, write both files, print the table.

    Args:
        argv: Arguments, those of the process by default.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('poses', type=Path, help='npz with `keypoints`')
    parser.add_argument('--out', type=Path, default=DATA_ROOT)
    args = parser.parse_args(argv)
    with np.load(args.poses) as data:
        keypoints = data['keypoints'].astype(np.float64)
    ratios = fit_ratios(keypoints[..., :2], keypoints[..., 2] > 0)
    body = body_description(ratios)
    text = json.dumps(body, indent=1) + '\n'
    write_text(args.out / 'body.json', text)
    write_text(args.out / 'human.urdf', human_urdf(body))
    print(comparison_table(ratios))


if __name__ == '__main__':
    main()
