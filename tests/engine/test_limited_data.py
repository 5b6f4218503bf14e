import json

import numpy as np
import pytest
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmpose.evaluation.metrics import CocoMetric

from self_verify_pose.datasets.coco import CheckedCocoDataset
from self_verify_pose.engine.limited_data import limit_ap

ANN = 'annotations/person_keypoints_val2017.json'


@pytest.fixture
def metric(synthetic_coco):
    init_default_scope('mmpose')
    return CocoMetric(ann_file=str(synthetic_coco / ANN))


def dataset(root, **options):
    made = CheckedCocoDataset(
        data_root=str(root),
        ann_file=ANN,
        data_prefix={'img': 'val2017/'},
        test_mode=True,
        **options,
    )
    return made


def evaluate(metric, data, error=0.0):
    """Evaluate predictions that are the labels, moved by some pixels."""
    metric.dataset_meta = data.metainfo
    for index in range(len(data)):
        info = BaseDataset.get_data_info(data, index)
        predicted = {
            'keypoints': info['keypoints'] + error,
            'keypoint_scores': np.ones((1, 17)),
            'bboxes': info['bbox'],
        }
        truth = {'bbox_scores': np.ones(1)}
        metric.process(
            {}, [info | {'pred_instances': predicted, 'gt_instances': truth}]
        )
    return metric.evaluate(len(data))


@pytest.mark.parametrize('count', [1, 5])
def test_ap_is_over_the_persons_that_are_used(count, metric, synthetic_coco):
    data = dataset(synthetic_coco, indices=count)
    assert limit_ap(metric, data, 'val_dataloader.dataset') == count
    figures = evaluate(metric, data)
    assert figures['coco/AP'] == pytest.approx(1.0)
    assert figures['coco/AR'] == pytest.approx(1.0)


def test_the_same_persons_as_a_file_of_their_own(
    metric, synthetic_coco, tmp_path
):
    data = dataset(synthetic_coco, indices=7)
    limit_ap(metric, data, 'val_dataloader.dataset')
    content = json.loads((synthetic_coco / ANN).read_text())
    kept = {BaseDataset.get_data_info(data, i)['id'] for i in range(7)}
    content['annotations'] = [
        one for one in content['annotations'] if one['id'] in kept
    ]
    (tmp_path / 'seven.json').write_text(json.dumps(content))
    other = CocoMetric(ann_file=str(tmp_path / 'seven.json'))
    assert evaluate(metric, data, 2.5) == evaluate(other, data, 2.5)


def test_all_persons_change_nothing(metric, synthetic_coco):
    before = metric.coco
    data = dataset(synthetic_coco)
    assert limit_ap(metric, data, 'val_dataloader.dataset') == 0
    assert metric.coco is before
    metric.coco = None  # the labels of the samples are the annotations
    data = dataset(synthetic_coco, indices=3)
    assert limit_ap(metric, data, 'val_dataloader.dataset') == 0


def test_some_detected_boxes_are_refused(metric, synthetic_coco):
    data = dataset(synthetic_coco, indices=3)
    data.bbox_file = 'boxes.json'
    match = r'val_dataloader\.dataset\.indices: expected all detected boxes'
    with pytest.raises(ValueError, match=match):
        limit_ap(metric, data, 'val_dataloader.dataset')
