import numpy as np
import pytest
import torch
from helpers import BASELINE, SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.judging import (
    build_dataset,
    joint_scores,
    judge_dataset,
    load_estimator,
)

FIELDS = ('keypoint_trust', 'keypoint_scores')


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    root = tmp_path_factory.mktemp('judging') / 'drawn'
    make_dataset(root, train=1, val=4)
    config = load_config(SELFVERIFY, root)
    narrow(config.model)
    return config


def test_scores_are_those_of_single_predictions(config):
    state = build_estimator().state_dict()
    model = load_estimator(config, state, 'x.pth', FIELDS)
    assert not model.training
    dataset, seen = build_dataset(config), []
    metrics = judge_dataset(
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
        labelled = np.asarray(truth.keypoints_visible).reshape(-1) > 0
        x0, y0, x1, y1 = truth.bboxes[0]
        off = np.hypot(*(joints.keypoints[0] - truth.keypoints[0]).T)
        rows.append([joints[name][0][labelled] for name in FIELDS])
        right.append((off <= 0.3 * max(x1 - x0, y1 - y0))[labelled])
    for index, name in enumerate(FIELDS):
        scores, correct = joint_scores(metrics[name])
        expected = np.concatenate([row[index] for row in rows])
        np.testing.assert_allclose(scores, expected, atol=1e-5)
        np.testing.assert_array_equal(correct, np.concatenate(right))
    assert 0 < correct.mean() < 1


def test_the_first_persons_can_be_chosen(config):
    assert len(build_dataset(config, count=2)) == 2


def test_trust_needs_a_config_and_weights_with_a_trust_head(config):
    plain = build_estimator(BASELINE).state_dict()
    half = build_estimator().state_dict()
    del half[next(n for n in half if n.startswith('trust_head'))]
    for state in (plain, half):
        with pytest.raises(ValueError, match=r'no trust_head\..* in x\.pth'):
            load_estimator(config, state, 'x.pth', FIELDS)
    load_estimator(config, plain, 'x.pth', ['keypoint_scores'])
    other = load_config(BASELINE)
    narrow(other.model)
    state = build_estimator().state_dict()
    with pytest.raises(ValueError, match='found none in the config'):
        load_estimator(other, state, 'x.pth', FIELDS)


def test_missing_data_are_named(config, tmp_path):
    with pytest.raises(FileNotFoundError, match='the file'):
        build_dataset(config, ann_file=tmp_path / 'none.json')
    file = tmp_path / 'annotations.json'
    file.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(FileNotFoundError, match='the image folder'):
        build_dataset(config, ann_file=file)
    (tmp_path / 'images').mkdir()
    with pytest.raises(ValueError, match='expected persons'):
        build_dataset(config, ann_file=file)
