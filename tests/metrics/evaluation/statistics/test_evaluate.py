import math
import time
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    METRICS,
    evaluate_scores,
)


def by_hand(joints, name, thr=0.05):
    """Scores, correctness and image of the labeled joints, one by one."""
    cases = []
    truth = joints.truth
    for n in range(len(truth)):
        x0, y0, x1, y1 = truth.boxes[n]
        for k in range(truth.labeled.shape[1]):
            if truth.labeled[n, k]:
                dx, dy = joints.keypoints[n, k] - truth.keypoints[n, k]
                error = math.hypot(dx, dy) / max(x1 - x0, y1 - y0)
                score = joints.scores[name][n, k]
                cases.append((score, error <= thr, truth.image_ids[n]))
    return cases


def metrics_by_loops(cases):
    """Every metric by loops, straight from its definition."""
    scores = [s for s, *_ in cases]
    correct = [c for _, c, *_ in cases]
    n = len(cases)
    up = [s for s, r in zip(scores, correct, strict=True) if r]
    down = [s for s, r in zip(scores, correct, strict=True) if not r]
    nan = math.nan
    wins = [(a > b) + (a == b) / 2 for a in up for b in down]
    out = {'AUROC': sum(wins) / len(wins) if wins else nan}

    # threshold by threshold from the lowest score up
    out['AUPR_error'], last = 0.0, 0.0
    for t in sorted(set(scores)):
        looked = [
            not r for s, r in zip(scores, correct, strict=True) if s <= t
        ]
        recall = sum(looked) / len(down) if down else nan
        out['AUPR_error'] += (recall - last) * sum(looked) / len(looked)
        last = recall
    if not up or not down:
        out['AUPR_error'] = nan

    chance = [min(max(s, 0.0), 1.0) for s in scores]
    pairs = list(zip(chance, correct, strict=True))
    bins = [[] for _ in range(15)]
    for c, r in pairs:
        bins[max(math.ceil(round(c * 15, 9)) - 1, 0)].append(c - r)
    out['ECE'] = sum(abs(sum(b)) for b in bins) / n
    ordered, edges = sorted(chance), [-1.0]
    for m in range(1, 15):
        edges.append(ordered[-(-m * n // 15) - 1])
    edges.append(1.0)
    gaps = [
        abs(sum(c - r for c, r in pairs if low < c <= high))
        for low, high in pairwise(edges)
    ]
    out['ECE_mass'] = sum(gaps) / n
    out['Brier'] = sum((c - r) ** 2 for c, r in pairs) / n

    # ties in random order: each tied joint is worth its group's mean risk
    risks, best = [], 0.0
    for t in sorted(set(scores), reverse=True):
        group = [not r for s, r in zip(scores, correct, strict=True) if s == t]
        risks += [sum(group) / len(group)] * len(group)
        if sum(risks) <= 0.05 * len(risks) + 1e-12:
            best = len(risks) / n
    kept = np.cumsum(risks)
    out['AURC'] = float(np.mean(kept / np.arange(1, n + 1)))
    heights = [0.0, *(kept / n)]
    out['AUGRC'] = sum(heights[1:]) / n - heights[-1] / 2 / n
    out['Coverage'] = best
    return out


@pytest.mark.parametrize('decimals', [8, 1])
@pytest.mark.parametrize('seed', range(3))
def test_metrics_equal_plain_loops(seed, decimals):
    joints = make_joints(seed=seed, decimals=decimals)
    found = evaluate_scores(joints, n_bootstrap=0)
    assert list(found.scorers) == ['keypoint_scores', 'keypoint_trust']
    for name, estimates in found.scorers.items():
        expected = metrics_by_loops(by_hand(joints, name))
        assert list(estimates) == list(METRICS)
        for metric, estimate in estimates.items():
            assert estimate.value == pytest.approx(expected[metric]), metric
            assert math.isnan(estimate.low)
    cases = by_hand(joints, 'keypoint_trust')
    assert found.num_joints == len(cases)
    assert found.num_images == len({image for *_, image in cases})
    assert found.error_rate.value == pytest.approx(
        1 - np.mean([correct for _, correct, _ in cases])
    )


def test_intervals_equal_literal_resampling_of_images():
    joints = make_joints(seed=4, decimals=1)
    found = evaluate_scores(joints, n_bootstrap=25, seed=9)
    images = sorted({image for *_, image in by_hand(joints, 'keypoint_trust')})
    rng = np.random.default_rng(9)
    share = [1 / len(images)] * len(images)
    draws = {'keypoint_trust': [], 'keypoint_scores': [], 'minus': []}
    rates = []
    for counts in rng.multinomial(len(images), share, size=25):
        times = dict(zip(images, counts, strict=True))
        both = []
        for name in ('keypoint_trust', 'keypoint_scores'):
            cases = by_hand(joints, name)
            drawn = [case for case in cases for _ in range(times[case[2]])]
            both.append(metrics_by_loops(drawn))
            draws[name].append(both[-1])
        draws['minus'].append({m: both[0][m] - both[1][m] for m in METRICS})
        rates.append(np.mean([not correct for _, correct, _ in drawn]))
    results = {
        **found.scorers,
        'minus': found.differences['keypoint_trust'],
    }
    for name, estimates in results.items():
        for metric in METRICS:
            values = [draw[metric] for draw in draws[name]]
            low, high = np.percentile(values, (2.5, 97.5))
            assert estimates[metric].low == pytest.approx(low), metric
            assert estimates[metric].high == pytest.approx(high), metric
    expected = np.percentile(rates, (2.5, 97.5))
    assert found.error_rate[1:] == pytest.approx(tuple(expected))


def test_difference_is_to_the_reference():
    joints = make_joints()
    found = evaluate_scores(joints, reference='keypoint_trust')
    assert list(found.differences) == ['keypoint_scores']
    difference = found.differences['keypoint_scores']['AURC']
    one, other = (
        found.scorers[name]['AURC'].value
        for name in ('keypoint_scores', 'keypoint_trust')
    )
    assert difference.value == pytest.approx(one - other)
    assert difference.low <= difference.value <= difference.high


@pytest.mark.parametrize('all_correct', [True, False])
def test_one_class_is_nan_with_a_warning(all_correct):
    joints = make_joints(shift=0.0 if all_correct else 0.2)
    found = evaluate_scores(joints, n_bootstrap=20)
    assert ('are correct' if all_correct else 'are wrong') in found.warnings[0]
    for name, estimates in found.scorers.items():
        expected = metrics_by_loops(by_hand(joints, name))
        for metric, estimate in estimates.items():
            assert estimate.value == pytest.approx(
                expected[metric], nan_ok=True
            )
        assert math.isnan(estimates['AUROC'].value)
        assert math.isnan(estimates['AUROC'].low)


def test_one_person_with_one_joint_has_metrics_without_intervals():
    joints = make_joints(persons=1)
    only = np.zeros_like(joints.truth.labeled)
    only[0, 3] = True
    truth = GroundTruth(
        joints.truth.keypoints,
        only,
        joints.truth.boxes,
        joints.truth.image_ids,
        joints.truth.person_ids,
    )
    single = EvaluationInput(joints.scores, joints.keypoints, truth)
    found = evaluate_scores(single)
    assert (found.num_joints, found.num_images) == (1, 1)
    assert any('One image only' in text for text in found.warnings)
    for name, estimates in found.scorers.items():
        expected = metrics_by_loops(by_hand(single, name))
        for metric, estimate in estimates.items():
            assert estimate.value == pytest.approx(
                expected[metric], nan_ok=True
            )
            assert math.isnan(estimate.low)


def test_scores_outside_the_unit_range_are_named():
    joints = make_joints()
    joints.scores['keypoint_scores'] *= 2
    found = evaluate_scores(joints, n_bootstrap=0)
    (warning,) = found.warnings
    assert 'keypoint_scores' in warning
    assert 'clipped' in warning


@pytest.mark.parametrize(
    ('options', 'match'),
    [
        ({'names': ['other']}, 'expected some of keypoint_scores'),
        ({'names': []}, 'found none'),
        ({'reference': 'other'}, "reference: .*'other'"),
        ({'criterion': 'pck'}, 'criterion: expected one of bbox, oks'),
        ({'dist_thr': 0}, 'dist_thr must be'),
        ({'n_bootstrap': -1}, 'n_bootstrap'),
    ],
)
def test_bad_option_is_a_clear_error(options, match):
    with pytest.raises(ValueError, match=match):
        evaluate_scores(make_joints(), **options)


@pytest.mark.no_cover
def test_coco_sized_evaluation_stays_small():
    joints = make_joints(persons=2000)
    tracemalloc.start()
    start = time.process_time()
    evaluate_scores(joints, n_bootstrap=20)
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    # 100 times less work than 10,000 persons, 8 scores and 250 draws
    assert seconds < 2
