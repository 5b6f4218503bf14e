"""Known figures of two public networks on real images come out."""

import json
from pathlib import Path

import numpy as np
import pytest

from self_verify_pose.metrics.functional import (
    aurc,
    auroc,
    ece,
    is_correct,
    joint_errors,
)

DATA = Path(__file__).parents[4] / 'shared' / 'data'


@pytest.mark.skipif(not DATA.is_dir(), reason='needs ../shared/data')
@pytest.mark.parametrize(
    ('network', 'expected'),
    [
        ('simplepose', [3872, 0.725, 0.880, 0.103, 0.0808]),
        ('movenet', [3872, 0.600, 0.788, 0.182, 0.2128]),
    ],
)
def test_raw_scores_reach_the_known_figures(network, expected):
    file = DATA / 'coco_mini/annotations/person_keypoints_train2017.json'
    annotations = {
        ann['id']: ann for ann in json.loads(file.read_text())['annotations']
    }
    file = DATA / f'predictions/{network}_coco_mini_train2017.json'
    predictions = json.loads(file.read_text())
    matched = [annotations[pred['ann_id']] for pred in predictions]

    pred = np.reshape([pred['keypoints'] for pred in predictions], (-1, 17, 3))
    true = np.reshape([ann['keypoints'] for ann in matched], (-1, 17, 3))
    size = [max(ann['bbox'][2:]) for ann in matched]
    labeled = true[..., 2] > 0
    errors = joint_errors(pred[..., :2], true[..., :2], size)[labeled]
    scores = pred[..., 2][labeled]
    correct = is_correct(errors, dist_thr=0.05)

    found = [
        correct.size,
        correct.mean(),
        auroc(scores, correct),
        ece(scores, correct, num_bins=15),
        aurc(scores, ~correct),
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.002)
