"""Draw persons of a data set with their joints coloured by trust.

python tools/visualize_trust.py --config CONFIG --checkpoint FILE
    --coco val --out DIR [--num 12]
"""

import argparse
import sys
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

import matplotlib

matplotlib.use('Agg')

import numpy as np
from matplotlib import pyplot as plt
from mmcv import imread
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.apis import init_model
from mmpose.registry import DATASETS
from mmpose.structures import PoseDataSample

from self_verify_pose.drawing import add_trust_scale, crop_around, draw_pose
from self_verify_pose.metrics.functional import (
    is_correct,
    joint_errors,
    person_size,
)

_COLUMNS = 4


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', required=True)
    parser.add_argument('--checkpoint', required=True)
    parser.add_argument(
        '--coco',
        choices=['train', 'val', 'test'],
        required=True,
        help='draw persons of this data set of the config',
    )
    parser.add_argument('--out', required=True, type=Path)
    parser.add_argument('--num', type=int, default=12, help='persons to draw')
    parser.add_argument('--device', default='cpu')
    return parser.parse_args()


def predict(
    config: Config, checkpoint: str, split: str, number: int, device: str
) -> tuple[list[PoseDataSample], dict]:
    """Predict persons spread evenly over a data set, as validation does."""
    model = init_model(config, checkpoint, device=device)
    source = config[f'{split}_dataloader'].dataset
    source.pipeline = config.val_dataloader.dataset.pipeline
    source.test_mode = True
    dataset = DATASETS.build(source)
    number = min(number, len(dataset))
    chosen = np.linspace(0, len(dataset) - 1, number).astype(int)
    samples = []
    for index in chosen:
        batch = pseudo_collate([dataset[int(index)]])
        samples += model.test_step(batch)
    return samples, dataset.metainfo


def draw_sheet(
    samples: list[PoseDataSample], links: list, field: str, label: str
) -> plt.Figure:
    """Draw one panel per person."""
    rows = -(-len(samples) // _COLUMNS)
    figure, grid = plt.subplots(
        rows,
        _COLUMNS,
        figsize=(3.1 * _COLUMNS, 3.9 * rows),
        squeeze=False,
        layout='constrained',
    )
    for axes in grid.flat:
        axes.axis('off')
    for axes, sample in zip(grid.flat, samples, strict=False):
        draw_person(axes, sample, links, field)
    add_trust_scale(figure, grid.flat, label)
    figure.suptitle(
        f'{label} (colour); a cross marks a joint that is wrong: off by more '
        'than 0.05 of the person size'
    )
    return figure


def draw_person(
    axes: plt.Axes, sample: PoseDataSample, links: list, field: str
) -> None:
    """Draw one person with the given score."""
    truth, prediction = sample.gt_instances, sample.pred_instances
    score = prediction[field][0]
    image = imread(sample.img_path, channel_order='rgb')
    cut, corner = crop_around(image, truth.bboxes[0])
    size = person_size(truth.bboxes)
    errors = joint_errors(prediction.keypoints, truth.keypoints, size)[0]
    labelled = np.asarray(truth.keypoints_visible).reshape(-1) > 0
    wrong = labelled & ~is_correct(errors, 0.05)
    axes.imshow(cut)
    draw_pose(axes, prediction.keypoints[0] - corner, score, links, wrong)
    height, width = cut.shape[:2]
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_title(f'{wrong.sum()} of {labelled.sum()} wrong', fontsize=9)


def main() -> int:
    """Draw the sheets and say where they are."""
    args = parse_args()
    init_default_scope('mmpose')
    config = Config.fromfile(args.config)
    samples, metainfo = predict(
        config, args.checkpoint, args.coco, args.num, args.device
    )
    args.out.mkdir(parents=True, exist_ok=True)
    sheets = {'keypoint_scores': 'raw score', 'keypoint_trust': 'trust'}
    for field, label in sheets.items():
        if field not in samples[0].pred_instances:
            continue
        figure = draw_sheet(samples, metainfo['skeleton_links'], field, label)
        path = args.out / f'{args.coco}_{label.replace(" ", "_")}.png'
        figure.savefig(path, dpi=110)
        plt.close(figure)
        print(path)
    return 0


if __name__ == '__main__':
    sys.exit(main())
