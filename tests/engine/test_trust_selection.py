import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from self_verify_pose.engine import trust_selection
from self_verify_pose.engine.trust_selection import (
    LARGEST_WITHOUT_LABELS,
    NOTHING,
    SHARES,
    HeldOutJoints,
    Kept,
    choose_shares,
    fit_anchor,
    fit_domains,
    free_logits,
    person_shares,
)
from self_verify_pose.models.distributions import log_odds
from self_verify_pose.models.heads.anchor import ONE_DOMAIN, FreeScoreAnchor

K = 4
ONES, ZEROS = np.ones(K), np.zeros(K)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def make_joints(
    count=400,
    seed=0,
    slope=ONES,
    shift=ZEROS,
    residual=0.0,
    noise=0.0,
    place=0.0,
):
    """Persons of whom two share an image.

    The log odds that a joint is correct are ``slope`` times those of the
    free score, plus ``shift``, plus something the free score does not know.

    Args:
        count: Number of persons.
        seed: Seed of the random numbers.
        slope: ``(K,)`` true slopes.
        shift: ``(K,)`` true shifts.
        residual: How much of what the free score does not know is in the
            residuals; against the truth if negative.
        noise: Standard deviation of what in the residuals means nothing.
        place: Mean of the features that tell the data set.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (count, K))
    hidden = rng.normal(0.0, 1.5 * (residual != 0), (count, K))
    correct = rng.random((count, K)) < sigmoid(slope * logits + shift + hidden)
    return HeldOutJoints(
        sigmoid(logits),
        residual * hidden + noise * rng.normal(size=(count, K)),
        correct,
        correct.astype(float),
        rng.random((count, K)) < 0.9,
        np.arange(count) // 2,
        rng.normal(size=(count, 3)) + place,
    )


def test_log_odds_are_bounded_as_in_the_head():
    scores = np.array([0.0, 1e-6, 0.2, 0.9, 1 - 1e-6, 1.0])
    expected = log_odds(torch.tensor(scores)).numpy()
    np.testing.assert_allclose(free_logits(scores), expected)


def test_the_anchor_finds_known_slopes_and_shifts():
    slope, shift = np.full(K, 0.6), np.full(K, -0.8)
    found = fit_anchor([make_joints(3000, slope=slope, shift=shift)])
    np.testing.assert_allclose(found[0], slope, atol=0.08)
    np.testing.assert_allclose(found[1], shift, atol=0.12)


def test_the_anchor_finds_what_differs_between_keypoints():
    slope = np.array([0.4, 0.8, 1.2, 1.6])
    shift = np.array([-1.0, 1.0, 0.0, 0.5])
    found = fit_anchor([make_joints(3000, slope=slope, shift=shift)])
    np.testing.assert_allclose(found[0], slope, atol=0.25)
    np.testing.assert_allclose(found[1], shift, atol=0.25)


@pytest.mark.parametrize('seed', range(4))
def test_the_anchor_shrinks_keypoints_to_a_common_map(seed):
    """Where no keypoint differs, few persons give the common map."""
    joints = make_joints(
        80, seed, slope=np.full(K, 0.6), shift=np.full(K, -0.8)
    )
    logits = free_logits(joints.free_scores)

    def fit(of):
        """Least cross-entropy of some keypoints, without regularization."""

        def entropy(line):
            found = line[0] * logits + line[1]
            losses = np.logaddexp(0, found) - joints.correct * found
            return losses[of & joints.known].sum()

        return minimize(entropy, [1, 0]).x

    def distance(slopes, shifts):
        """How far the maps of the keypoints are from the common one."""
        found = slopes * logits + shifts
        return np.sqrt(
            np.square(found - common[0] * logits - common[1]).mean()
        )

    common = fit(np.ones((1, K), bool))
    alone = np.transpose([fit(row) for row in np.eye(K, dtype=bool)])
    assert distance(*fit_anchor([joints])) < 0.5 * distance(*alone)


def test_every_data_set_counts_the_same():
    """The larger set says that the free score means more than it does."""
    small = make_joints(500, 1, shift=np.full(K, -1.0))
    large = make_joints(4000, 2, shift=np.full(K, 1.0))
    _, shifts = fit_anchor([small, large])
    np.testing.assert_allclose(shifts, 0, atol=0.15)


def test_soft_targets_are_fitted_as_probabilities():
    joints = make_joints(1000)
    half = joints._replace(targets=0.25 + 0.5 * joints.correct)
    slopes, shifts = fit_anchor([half])
    trust = sigmoid(slopes * free_logits(half.free_scores) + shifts)
    known = half.known
    assert trust[known].mean() == pytest.approx(
        half.targets[known].mean(), abs=0.01
    )
    assert (slopes < 0.8).all()


@pytest.mark.parametrize(
    'change',
    [
        lambda joints: joints._replace(targets=1 - joints.targets),
        lambda joints: joints._replace(targets=np.ones_like(joints.targets)),
        lambda joints: joints._replace(known=joints.known & False),
        lambda joints: joints._replace(images=joints.images * 0),
    ],
    ids=['reversed', 'all correct', 'nothing known', 'one image'],
)
def test_without_anything_to_learn_the_anchor_stays(change):
    slopes, shifts = fit_anchor([change(make_joints(60))])
    assert slopes.tolist() == ONES.tolist()
    assert shifts.tolist() == ZEROS.tolist()


def test_images_of_two_data_sets_are_different_images():
    joints = make_joints(60)
    four = joints._replace(images=np.arange(60) % 2)
    slopes, _ = fit_anchor([four, four])  # two times two are enough folds
    assert slopes.tolist() != ONES.tolist()
    assert fit_anchor([four])[0].tolist() == ONES.tolist()


def gains_of(joints, share):
    """Gain of a share over the free score, and over draws of images."""
    known, images = joints.known, np.unique(joints.images)
    logits = free_logits(joints.free_scores) + share * joints.residuals

    def gain(rows):
        scores = [
            values[rows][known[rows]]
            for values in (joints.correct, logits, joints.free_scores)
        ]
        correct, trust, free = scores
        return roc_auc_score(correct, trust) - roc_auc_score(correct, free)

    rng, everyone = np.random.default_rng(1), np.arange(len(joints.images))
    drawn = []
    for _ in range(60):
        chosen = rng.choice(images, len(images))
        drawn.append(
            gain(
                np.concatenate([everyone[joints.images == i] for i in chosen])
            )
        )
    return gain(everyone), np.std(drawn)


def test_a_helpful_residual_is_kept_with_its_gain():
    joints = make_joints(residual=1.0)
    kept = choose_shares([joints], ONES, ZEROS, True)
    bounds = []
    for share in SHARES:
        gain, error = gains_of(joints, share)
        bounds.append(gain - 2 * error)
        if (share,) == kept.shares:
            assert kept.gain == pytest.approx(gain)
            assert kept.error == pytest.approx(error, rel=0.3)
    assert bounds[SHARES.index(kept.shares[0])] > max(bounds) - 0.01 > 0


def test_slopes_and_shifts_are_part_of_the_trust():
    """Keypoints that are wrong more often than their free scores say."""
    shift = np.array([-3.0, 3.0, 0.0, 0.0])
    joints = make_joints(shift=shift, residual=0.3)
    plain = choose_shares([joints], ONES, ZEROS, True)
    fitted = choose_shares([joints], ONES, shift, True)
    assert fitted.gain > plain.gain + 0.05


@pytest.mark.parametrize(
    'joints', [make_joints(residual=-1.0), make_joints(noise=2.0)]
)
def test_a_harmful_residual_is_not_kept(joints):
    assert choose_shares([joints], ONES, ZEROS, True) == NOTHING


def test_a_gain_within_two_errors_is_not_kept():
    """Nine persons tell too little, however large the gain."""
    for seed in range(5):
        joints = make_joints(9, seed, residual=0.2)
        kept = choose_shares([joints], ONES, ZEROS, True)
        assert kept.shares == (0,) or kept.gain > 2 * kept.error


def test_by_agreement_a_data_set_that_loses_vetoes():
    helped = make_joints(seed=1, residual=1.0)
    harmed = make_joints(seed=2, residual=-0.3)
    assert choose_shares([helped], ONES, ZEROS, False).shares > (0,)
    assert choose_shares([helped, harmed], ONES, ZEROS, False) == NOTHING
    # the mean of both is a gain all the same
    gains = [gains_of(one, 0.5)[0] for one in (helped, harmed)]
    assert gains[1] < 0 < np.mean(gains)


def test_by_labels_each_data_set_has_a_share_of_its_own():
    helped = make_joints(seed=1, residual=1.0)
    harmed = make_joints(seed=2, residual=-0.3)
    unknown = helped._replace(known=helped.known & False)
    alone = choose_shares([helped], ONES, ZEROS, True)
    kept = choose_shares([harmed, helped, unknown], ONES, ZEROS, True)
    assert kept.shares == (0, *alone.shares, 0)
    assert alone.shares > (0,)
    assert kept.gain == pytest.approx(alone.gain / 2)
    assert kept.error == pytest.approx(alone.error / 2)


@pytest.mark.parametrize('count', [2, 3])
def test_a_person_keeps_the_share_of_the_data_set_it_looks_like(count):
    sets = [
        make_joints(size, seed, place=8.0 * np.eye(3)[seed])
        for seed, size in enumerate([300, 60, 100][:count])
    ]
    domains = fit_domains(sets)
    kept = Kept((1.0, 0.25, 0.5)[:count], 0.1, 0.01)
    for share, joints in zip(kept.shares, sets, strict=True):
        found = person_shares(kept, domains, joints)
        assert found.mean() == pytest.approx(share, abs=0.15)
    # as the head predicts it
    anchor = FreeScoreAnchor(K).eval()
    anchor.keep(kept.shares, domains)
    joints = make_joints(50, 9, residual=1.0, place=4.0)
    free, residuals, features = (
        torch.from_numpy(values).float()
        for values in (
            joints.free_scores,
            joints.residuals,
            joints.domain_features,
        )
    )
    shares = person_shares(kept, domains, joints)
    assert shares.min() < shares.max()
    expected = free_logits(joints.free_scores)
    expected = expected + shares[:, None] * joints.residuals
    np.testing.assert_allclose(
        anchor(free, residuals, features), expected, atol=1e-4
    )


def test_one_data_set_needs_no_classifier():
    joints = make_joints(20)
    domains = fit_domains([joints])
    assert domains is ONE_DOMAIN
    shares = person_shares(Kept((0.5,), 0.1, 0.01), domains, joints)
    assert shares.tolist() == [0.5] * 20


def test_the_error_is_that_of_drawn_images():
    """Twice the same persons in other images halve the variance."""
    joints = make_joints(200, residual=1.0)
    twice = HeldOutJoints(*(np.concatenate([part, part]) for part in joints))
    more = twice._replace(images=np.arange(400) // 2)
    errors = [
        choose_shares([one], ONES, ZEROS, True).error
        for one in (joints, twice, more)
    ]
    assert errors[1] == pytest.approx(errors[0], rel=1e-6)
    assert errors[2] == pytest.approx(errors[0] / np.sqrt(2), rel=0.3)


def test_data_sets_without_an_auroc_do_not_count():
    joints = make_joints(residual=1.0)
    undefined = [
        joints._replace(correct=joints.correct | True),
        joints._replace(correct=joints.correct & False),
        joints._replace(known=joints.known & False),
    ]
    for labels in (True, False):
        expected = choose_shares([joints], ONES, ZEROS, labels)
        found = choose_shares([joints, *undefined], ONES, ZEROS, labels)
        assert found.shares[:1] == expected.shares
        assert found[1:] == expected[1:]
    for one in undefined:
        assert choose_shares([one], ONES, ZEROS, True) == NOTHING


@pytest.mark.parametrize(
    ('labels', 'largest', 'expected'),
    [(False, LARGEST_WITHOUT_LABELS, 0.25), (False, 0.5, 0.5), (True, 0, 1.0)],
)
def test_without_labels_a_large_share_is_never_kept(labels, largest, expected):
    joints = make_joints(residual=1.0)
    kept = choose_shares([joints], ONES, ZEROS, labels, largest=largest)
    assert kept.shares == (expected,)


def test_a_small_gain_by_agreement_is_no_gain(monkeypatch):
    joints = make_joints(residual=1.0)
    gain = choose_shares([joints], ONES, ZEROS, False).gain
    for least, is_kept in ((0.9 * gain, True), (1.1 * gain, False)):
        monkeypatch.setattr(
            trust_selection, 'LEAST_GAIN_WITHOUT_LABELS', least
        )
        kept = choose_shares([joints], ONES, ZEROS, False)
        assert (kept.shares > (0,)) == is_kept
        assert choose_shares([joints], ONES, ZEROS, True).shares == (1,)


def test_the_seed_changes_the_error_alone():
    joints = make_joints(residual=1.0)
    one, again, other = (
        choose_shares([joints], ONES, ZEROS, True, seed) for seed in (0, 0, 1)
    )
    assert one == again
    assert one[:2] == other[:2]
    assert one.error != other.error


def test_one_image_with_all_wrong_keypoints_fits_no_anchor():
    joints = make_joints(8)
    correct = np.ones((8, K), bool)
    correct[6:] = False  # of the fourth and last image
    joints = joints._replace(correct=correct, targets=correct.astype(float))
    scale, shift = fit_anchor([joints])
    assert scale.tolist() == ONES.tolist()
    assert shift.tolist() == ZEROS.tolist()
