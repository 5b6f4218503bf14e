#!/usr/bin/env python
"""Fit bone ratios and spreads to 2-D poses; write the body description.

Writes ``body.json`` (ratios, spreads, limits, sources) and ``human.urdf``
(the kinematic chain with the same lengths) and prints a table beside the
anthropometric values.

    python tools/fit_body_statistics.py coco_poses/train2017.npz

Parallel segments are foreshortened alike, so a bone is compared with the
trunk of persons in whom the two are nearly parallel in the image, and the hip
line with the shoulder line. The shoulder line itself is compared with the
trunk in upright persons who face the camera.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from self_verify_pose.models.kinematics.body_statistics import (
    body_description,
    comparison_table,
    fit_ratios,
)
from self_verify_pose.models.kinematics.urdf import human_urdf


def main() -> None:
    """Read poses, fit, write both files, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('poses', type=Path, help='npz with `keypoints`')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path(__file__).parents[1] / 'models' / 'kinematics' / 'data',
    )
    args = parser.parse_args()
    with np.load(args.poses) as data:
        keypoints = data['keypoints'].astype(np.float64)
    ratios = fit_ratios(keypoints[..., :2], keypoints[..., 2] > 0)
    body = body_description(ratios)
    text = json.dumps(body, indent=1) + '\n'
    (args.out / 'body.json').write_text(text)
    (args.out / 'human.urdf').write_text(human_urdf(body))
    print(comparison_table(ratios))


if __name__ == '__main__':
    main()
