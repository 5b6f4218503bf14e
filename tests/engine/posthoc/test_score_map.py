import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from self_verify_pose.engine.posthoc.score_map import ScoreMap

EVERYWHERE = np.linspace(-3, 5, 200)


def draw(count=3000, seed=0):
    """Scores whose log odds have two slopes; joint 1 is harder."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(count, 2))
    logits = np.where(scores > 0, 3 * scores, scores) - np.array([0.0, 1.5])
    return scores, rng.random(scores.shape) < expit(logits), logits


def test_slopes_and_shifts_are_found():
    scores, correct, logits = draw()
    labeled = np.ones(scores.shape, bool)
    found = ScoreMap.fit(scores, correct, labeled)
    error = np.abs(expit(found(scores)) - expit(logits))
    assert error.mean() < 0.03
    grid = np.repeat(EVERYWHERE[:, None], 2, 1)
    assert (np.diff(found(grid), axis=0) >= 0).all()


def test_joints_without_a_label_teach_nothing():
    scores, correct, _ = draw(300)
    labeled = np.random.default_rng(1).random(scores.shape) < 0.7
    found = ScoreMap.fit(scores, correct, labeled)
    scores[~labeled], correct[~labeled] = 1e6, ~correct[~labeled]
    again = ScoreMap.fit(scores, correct, labeled)
    np.testing.assert_array_equal(found.slope, again.slope)


@pytest.mark.parametrize('factor', [1e-3, 250.0])
def test_the_scale_of_the_scores_does_not_matter(factor):
    scores, correct, _ = draw(500)
    labeled = np.ones(scores.shape, bool)
    plain = ScoreMap.fit(scores, correct, labeled)(scores)
    scaled = ScoreMap.fit(factor * scores + 7, correct, labeled)
    np.testing.assert_allclose(
        scaled(factor * scores + 7), plain, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize('kind', ['constant', 'wrong order'])
def test_scores_that_tell_nothing_get_a_constant(kind):
    scores, correct, _ = draw(500)
    scores = scores * 0 + 0.3 if kind == 'constant' else -scores
    labeled = np.ones(scores.shape, bool)
    found = ScoreMap.fit(scores, correct, labeled)(scores)
    rate = correct.mean()
    if kind == 'constant':  # its joints may still differ
        assert (found == found[0]).all()
        return
    np.testing.assert_allclose(expit(found), rate)
    assert roc_auc_score(correct.ravel(), found.ravel()) == 0.5
