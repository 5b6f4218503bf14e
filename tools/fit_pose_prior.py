#!/usr/bin/env python
"""Fit the masked-joint pose prior to COCO poses and write it.

    python tools/fit_pose_prior.py coco_poses/train2017.npz \
        --exclude person_keypoints_train2017.json ...

``--width 64 --steps 6000 --threads 1 --out pose_prior_small.npz`` makes the
network that trust for files reads. The images named in the files after
``--exclude`` (COCO annotation files) are left out, so that they can be used
for evaluation. Source of the poses: COCO 2017 annotations, CC BY 4.0.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from self_verify_pose.models.kinematics.body import DATA_ROOT
from self_verify_pose.output_files import replacing
from self_verify_pose.tools.study.prior_training import (
    prepare_poses,
    train_prior,
)

SOURCE = (
    'Fitted to the keypoint annotations of COCO train2017 '
    '(https://cocodataset.org), CC BY 4.0, by tools/fit_pose_prior.py'
)


def main(argv: Sequence[str] | None = None) -> None:
    """Read poses, leave excluded images out, train, write.

    Args:
        argv: Arguments, those of the process by default.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('poses', type=Path, help='npz of COCO poses')
    add('--exclude', type=Path, nargs='*', default=())
    add('--steps', type=int, default=12000)
    add('--width', type=int, default=256, help='of a layer (%(default)s)')
    add('--seed', type=int, default=0)
    add('--threads', type=int, default=2)
    add('--out', type=Path, default=DATA_ROOT / 'pose_prior.npz')
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    excluded = [
        image['id']
        for path in args.exclude
        for image in json.loads(path.read_text())['images']
    ]
    with np.load(args.poses) as data:
        keep = ~np.isin(data['image_id'], excluded)
        points, labeled = prepare_poses(
            data['keypoints'][keep], data['bbox'][keep]
        )
    print(f'{len(points)} persons, {(~keep).sum()} left out')
    values = train_prior(
        points,
        labeled,
        args.steps,
        report=lambda step, loss: print(f'{step} {loss:.4f}', flush=True),
        width=args.width,
    )
    with replacing(args.out) as file:
        np.savez_compressed(file, source=np.array(SOURCE), **values)


if __name__ == '__main__':
    main()
