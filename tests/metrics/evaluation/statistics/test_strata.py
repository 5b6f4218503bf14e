import math
from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints
from sklearn.metrics import roc_auc_score

from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    evaluate_scores,
)
from self_verify_pose.metrics.evaluation.statistics.resampling import (
    draw_images,
)
from self_verify_pose.metrics.evaluation.statistics.strata import (
    evaluate_strata,
)
from self_verify_pose.metrics.evaluation.statistics.stratification import (
    joint_kinds,
)
from self_verify_pose.metrics.functional import aurc
from self_verify_pose.metrics.functional.error_kinds import KINDS
from self_verify_pose.skeleton import JOINTS


def masks(joints):
    """Every stratum as an (N, K) mask, written out."""
    truth = joints.truth
    x0, y0, x1, y1 = truth.boxes.T
    size = np.maximum(x1 - x0, y1 - y0)[:, None]
    everywhere = np.ones(truth.labeled.shape, bool)
    joint = np.arange(17) * everywhere
    return {
        'joint': {name: joint == k for k, name in enumerate(JOINTS)},
        'size': {
            'below 64 px': (size < 64) & everywhere,
            '64–128 px': (size >= 64) & (size < 128) & everywhere,
            '128–256 px': (size >= 128) & (size < 256) & everywhere,
            '256 px and more': (size >= 256) & everywhere,
        },
        'visibility': {
            'visible': ~truth.occluded,
            'occluded': truth.occluded,
        },
    }


def strata_of(joints, draws=None, with_intervals=()):
    """Strata at the default threshold, without draws by default."""
    if draws is None:
        draws = draw_images(joints, 0, seed=0)
    correct = joints.correct()[joints.truth.labeled]
    return evaluate_strata(joints, correct, draws, with_intervals)


def test_strata_equal_the_metrics_of_their_joints():
    joints = make_joints(persons=60)
    correct, labeled = joints.correct(), joints.truth.labeled
    strata, missing = strata_of(joints)
    assert missing == ()
    assert set(strata) == {'joint', 'size', 'visibility', 'kind'}
    for stratification, parts in masks(joints).items():
        filled = {
            n: m & labeled for n, m in parts.items() if (m & labeled).any()
        }
        assert list(strata[stratification]) == list(filled)
        for name, part in filled.items():
            found = strata[stratification][name]
            assert found.num_joints == part.sum()
            assert found.num_wrong == (~correct[part]).sum()
            for score, values in joints.scores.items():
                area = roc_auc_score(correct[part], values[part])
                assert found.auroc[score].value == pytest.approx(area)
                risk = aurc(values[part], ~correct[part])
                assert found.aurc[score] == pytest.approx(risk)


def test_kinds_compare_their_wrong_joints_with_all_correct_ones():
    joints = make_joints(persons=60)
    correct, labeled = joints.correct(), joints.truth.labeled
    kinds = joint_kinds(joints)
    strata, _ = strata_of(joints)
    total = 0
    for name, found in strata['kind'].items():
        here = labeled & (kinds == KINDS.index(name))
        part = labeled & (correct | here)
        assert found.num_joints == here.sum()
        assert found.num_wrong == (here & ~correct).sum()
        total += found.num_joints
        if found.num_wrong:
            scores = joints.scores['keypoint_trust'][part]
            area = roc_auc_score(correct[part], scores)
            assert found.auroc['keypoint_trust'].value == pytest.approx(area)
    assert total == labeled.sum()


def test_a_single_stratum_has_the_intervals_of_all_joints():
    joints = make_joints(persons=30)
    boxes = joints.truth.boxes.copy()
    boxes[:, 2:] = boxes[:, :2] + 300
    joints = replace(
        joints, truth=replace(joints.truth, boxes=boxes), everyone=None
    )
    strata, _ = strata_of(
        joints, draw_images(joints, 50, seed=3), ['keypoint_trust']
    )
    (only,) = strata['size'].values()
    whole = evaluate_scores(joints, n_bootstrap=50, seed=3)
    expected = whole.scorers['keypoint_trust']['AUROC']
    assert only.auroc['keypoint_trust'] == pytest.approx(expected)
    assert math.isnan(only.auroc['keypoint_scores'].low)


def test_one_class_is_nan():
    joints = make_joints(shift=0.0)
    draws = draw_images(joints, 5, seed=0)
    strata, _ = strata_of(joints, draws, joints.scores)
    for stratum in strata['joint'].values():
        assert math.isnan(stratum.auroc['keypoint_trust'].value)
        assert stratum.aurc['keypoint_trust'] == 0
    # placed exactly, every joint is good
    assert list(strata['kind']) == ['good']
