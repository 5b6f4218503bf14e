import numpy as np
import pytest
from helpers import SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.transforms.corrupt_image import (
    CorruptImage,
    with_corruption,
)
from self_verify_pose.engine.checkpoint import load_estimator
from self_verify_pose.engine.evaluation import evaluate_dataset, joint_scores
from self_verify_pose.engine.robustness import (
    corruption_levels,
    evaluate_robustness,
)

FIELDS = ('keypoint_trust', 'keypoint_scores')


def test_levels_start_clean_and_each_comes_once():
    assert corruption_levels(['jpeg', 'occluder', 'jpeg'], [5, 2, 5]) == [
        ('clean', 0),
        ('jpeg', 2),
        ('jpeg', 5),
        ('occluder', 2),
        ('occluder', 5),
    ]


def test_each_result_is_that_of_its_corrupted_data_set(synthetic_coco):
    config = load_config(SELFVERIFY, synthetic_coco)
    narrow(config.model)
    state = build_estimator().state_dict()
    model = load_estimator(config, state, 'x.pth', trust=True)
    dataset, calls = build_split(config, count=4), []
    results = evaluate_robustness(
        model,
        dataset,
        FIELDS,
        corruption_levels(['occluder'], [5]),
        dist_thr=0.3,
        seed=7,
        batch_size=3,
        advance=lambda title, count: calls.append((title, count)),
    )
    assert [(r.corruption, r.strength, r.score) for r in results] == [
        (*level, field)
        for level in (('clean', 0), ('occluder', 5))
        for field in FIELDS
    ]
    assert calls == [
        ('clean ', 3),
        ('clean ', 1),
        ('occluder 5', 3),
        ('occluder 5', 1),
    ]
    corrupted = with_corruption(dataset, CorruptImage('occluder', 5, 7))
    for data, group in ((dataset, results[:2]), (corrupted, results[2:])):
        metrics = evaluate_dataset(model, data, FIELDS, 0.3, batch_size=3)
        for result in group:
            scores, correct = joint_scores(metrics[result.score])
            assert result.joints == len(scores)
            assert result.accuracy == pytest.approx(correct.mean())
            assert result.mean == pytest.approx(np.mean(scores))
