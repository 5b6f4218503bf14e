import numpy as np
import pytest
import torch

from self_verify_pose.tools.study.extract_regimes import (
    FLIP_TEST,
    ONE_VIEW,
)
from self_verify_pose.tools.study.free_scores import (
    CALIBRATION,
    POSES,
    free_scores,
)

N, V, K = 3, 4, 17


@pytest.fixture
def columns():
    torch.manual_seed(0)
    return {
        'raw_score': torch.rand(N, K),
        'score_expected': torch.rand(N, K),
        'score_certainty': torch.rand(N, K),
        'score_own': torch.rand(N, K),
        'fused_expected': torch.rand(N, K),
        'mass': torch.rand(N, V, K),
        'peak': torch.rand(N, V, K),
        'fk_trust': torch.full((N, K), torch.nan),
        'keypoints': 100 * torch.rand(N, K, 2),
    }


@pytest.mark.parametrize(('regime', 'mirror'), [(ONE_VIEW, 1), (FLIP_TEST, 0)])
def test_rows_of_views_cost_the_passes_that_the_regime_lacks(
    columns, regime, mirror
):
    scores = free_scores(columns, regime, 'raw score', True)
    assert next(iter(scores)) == 'raw score'
    passes = {name: score.passes for name, score in scores.items() if score}
    assert passes['fused expected'] == passes['flip mass'] == mirror
    assert passes['view peak'] == passes['view mass'] == 2 + mirror
    assert passes['expected correctness'] == passes['own'] == 0
    mass, peak = columns['mass'], columns['peak']
    for name, expected in {
        'expected correctness': mass[:, 0],
        'flip mass': (mass[:, 0] + mass[:, 1]) / 2,
        'view mass': mass.mean(1),
        'view peak': peak.mean(1),
    }.items():
        np.testing.assert_allclose(scores[name].runs[0], expected, rtol=1e-6)


def test_rows_say_which_labels_they_use_and_what_is_missing(columns):
    scores = free_scores(columns, ONE_VIEW, 'raw score', False)
    assert scores['bone lengths'] is None
    assert scores['second mode'] is None
    assert scores['free teacher, unified'] is None
    assert scores['FK teacher'].labels == POSES
    assert (scores['FK teacher'].runs[0] == 0).all()  # for NaN
    assert scores['raw score'].labels == CALIBRATION
    assert not any(score.is_trained for score in scores.values() if score)
