import numpy as np
import pytest
import torch
from helpers import SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.engine.checkpoint import load_estimator
from self_verify_pose.engine.evaluation import evaluate_dataset, joint_scores

FIELDS = ('keypoint_trust', 'keypoint_scores')


@pytest.fixture(scope='module')
def config(synthetic_coco):
    config = load_config(SELFVERIFY, synthetic_coco)
    narrow(config.model)
    return config


def test_scores_are_those_of_single_predictions(config):
    state = build_estimator().state_dict()
    model = load_estimator(config, state, 'x.pth', trust=True)
    assert not model.training
    dataset, seen = build_split(config), []
    metrics = evaluate_dataset(
        model, dataset, FIELDS, 0.3, batch_size=2, advance=seen.append
    )
    assert sum(seen) == len(dataset) > 2
    rows, right = [], []
    for sample in (dataset[i] for i in range(len(dataset))):
        batch = {
            'inputs': [sample['inputs']],
            'data_samples': [sample['data_samples']],
        }
        with torch.no_grad():
            (found,) = model.test_step(batch)
        truth, joints = found.gt_instances, found.pred_instances
        labeled = np.asarray(truth.keypoints_visible).reshape(-1) > 0
        x0, y0, x1, y1 = truth.bboxes[0]
        off = np.hypot(*(joints.keypoints[0] - truth.keypoints[0]).T)
        rows.append([joints[name][0][labeled] for name in FIELDS])
        right.append((off <= 0.3 * max(x1 - x0, y1 - y0))[labeled])
    for index, name in enumerate(FIELDS):
        scores, correct = joint_scores(metrics[name])
        expected = np.concatenate([row[index] for row in rows])
        np.testing.assert_allclose(scores, expected, atol=1e-5)
        np.testing.assert_array_equal(correct, np.concatenate(right))
    assert 0 < correct.mean() < 1
