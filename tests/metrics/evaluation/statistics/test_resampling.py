import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from self_verify_pose.metrics.evaluation.statistics.resampling import (
    RANKING,
    auroc_draw,
    calibration_draws,
    draw_images,
    harmonic_numbers,
    ranking_draw,
    sort_joints,
)
from self_verify_pose.metrics.functional import (
    augrc,
    aupr_error,
    aurc,
    auroc,
    brier,
    coverage_at_risk,
    ece,
    ece_mass,
)

RISK = 0.2


def random_case(seed, num_images=12):
    """Joints of several images; every other case is full of ties."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, num_images, 90)
    scores = rng.normal(0.5, 0.4, 90)
    if seed % 2:
        scores = np.round(scores * 4) / 4
    correct = rng.random(90) < 1 / (1 + np.exp(-4 * (scores - 0.4)))
    return scores, correct, image


def repeat(counts, image, *columns):
    """Resample literally: each joint as often as its image."""
    times = counts[image]
    return [np.repeat(column, times) for column in columns]


def all_draws(scores, correct, image, counts, bins=15):
    joints = sort_joints(scores, correct, image)
    harmonic = harmonic_numbers(len(scores) * int(counts.max()))
    ranks = np.array(
        [ranking_draw(joints, row, RISK, bins, harmonic) for row in counts]
    )
    width, square = calibration_draws(scores, correct, image, counts, bins)
    names = (*RANKING, 'ECE', 'Brier')
    return dict(zip(names, [*ranks.T, width, square], strict=True))


def plain(scores, correct, bins=15):
    chance = np.clip(scores, 0, 1)
    return {
        'AUROC': auroc(scores, correct),
        'AUPR_error': aupr_error(scores, correct),
        'AURC': aurc(scores, ~correct),
        'AUGRC': augrc(scores, ~correct),
        'Coverage': coverage_at_risk(scores, ~correct, RISK),
        'ECE': ece(chance, correct, bins),
        'ECE_mass': ece_mass(chance, correct, bins),
        'Brier': brier(chance, correct),
    }


@pytest.mark.parametrize('seed', range(8))
def test_counting_equals_literal_resampling(seed):
    scores, correct, image = random_case(seed)
    counts = draw_images(12, 10, seed)
    found = all_draws(scores, correct, image, counts)
    for draw, row in enumerate(counts):
        expected = plain(*repeat(row, image, scores, correct))
        for name, value in expected.items():
            assert found[name][draw] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize('seed', range(4))
def test_ranking_matches_sklearn_with_sample_weights(seed):
    scores, correct, image = random_case(seed)
    counts = draw_images(12, 6, seed)
    found = all_draws(scores, correct, image, counts)
    joints = sort_joints(scores, correct, image)
    for draw, row in enumerate(counts):
        weight = row[image]
        area = roc_auc_score(correct, scores, sample_weight=weight)
        assert found['AUROC'][draw] == pytest.approx(area)
        assert auroc_draw(joints, row) == found['AUROC'][draw]
        area = average_precision_score(~correct, -scores, sample_weight=weight)
        assert found['AUPR_error'][draw] == pytest.approx(area)


def test_every_image_once_is_the_plain_statistic():
    scores, correct, image = random_case(3)
    found = all_draws(scores, correct, image, np.ones((1, 12), int))
    for name, value in plain(scores, correct).items():
        assert found[name][0] == pytest.approx(value), name


@pytest.mark.parametrize('right', [True, False])
@pytest.mark.parametrize('size', [1, 5])
def test_one_class_and_one_joint(right, size):
    scores, correct = np.linspace(0.2, 0.9, size), np.full(size, right)
    image = np.zeros(size, int)
    found = all_draws(scores, correct, image, np.array([[3]]))
    for name, value in plain(
        np.repeat(scores, 3), np.repeat(correct, 3)
    ).items():
        assert found[name][0] == pytest.approx(value, nan_ok=True), name
    assert np.isnan(found['AUROC'][0])


def test_draws_take_as_many_images_as_there_are():
    counts = draw_images(40, 300, seed=5)
    assert (counts.sum(1) == 40).all()
    # an image is missing from a draw with chance (1 - 1/40)**40
    assert (counts == 0).mean() == pytest.approx(0.363, abs=0.01)
    assert counts.mean(0) == pytest.approx(np.ones(40), abs=0.25)
    np.testing.assert_array_equal(counts, draw_images(40, 300, seed=5))
    assert (counts != draw_images(40, 300, seed=6)).any()


def test_harmonic_numbers():
    expected = [0, 1, 1.5, 1.5 + 1 / 3]
    np.testing.assert_allclose(harmonic_numbers(3), expected)
