import numpy as np
import pytest
from posthoc_persons import make_persons
from scipy.spatial.distance import cdist

from self_verify_pose.engine.posthoc.evidence import joint_evidence
from self_verify_pose.engine.posthoc.persons import SecondPredictions


@pytest.fixture
def persons():
    return make_persons(count=6, joints=5).persons


def test_features_are_those_of_a_plain_loop(persons):
    logits = np.random.default_rng(0).normal(size=persons.scores.shape)
    own, shared = joint_evidence(persons, logits)
    for row, (scores, points) in enumerate(
        zip(persons.scores, persons.points, strict=True)
    ):
        distances = cdist(points, points)
        np.fill_diagonal(distances, np.inf)
        expected = [
            scores,
            logits[row],
            scores.argsort().argsort() / 5,
            *points.T,
            distances.min(1),
            np.arange(5),
        ]
        np.testing.assert_allclose(own[:, row], expected, atol=1e-5)
        quantiles = np.quantile(scores, [0, 0.25, 0.5, 0.75])
        np.testing.assert_allclose(shared[:5, row], scores, atol=1e-6)
        np.testing.assert_allclose(shared[5:9, row], quantiles, atol=1e-6)


def test_one_joint_has_no_neighbor():
    persons = make_persons(count=3, joints=1).persons
    own, _ = joint_evidence(persons, np.zeros((3, 1)))
    np.testing.assert_array_equal(own[5], 0)


def test_rows_hold_the_features_of_their_joint_and_person(persons):
    evidence = joint_evidence(persons, np.zeros((6, 5)))
    which = np.random.default_rng(1).random((6, 5)) < 0.5
    rows = evidence.joined(which)
    for row, (person, joint) in zip(rows, np.argwhere(which), strict=True):
        expected = [
            *evidence.own[:, person, joint],
            *evidence.shared[:, person],
        ]
        np.testing.assert_array_equal(row, expected)


def test_a_second_estimator_is_compared_in_person_sizes(persons):
    plain = joint_evidence(persons, np.zeros((6, 5)))
    offset = np.zeros((6, 5, 2))
    offset[:, 1, 0] = 0.04 * persons.sizes
    offset[:, 2, 1] = 3 * persons.sizes
    offset[:, 3] = np.nan
    offset[4] = np.nan  # without a partner
    scores = np.where(np.isnan(offset[..., 0]), np.nan, 0.7)
    second = SecondPredictions(persons.keypoints + offset, scores)
    own, shared = joint_evidence(
        persons._replace(second=second), np.zeros((6, 5))
    )
    new, of_person = own[len(plain.own) :], shared[len(plain.shared) :]
    known, distance, *agrees, score = new
    np.testing.assert_allclose(known[0], [1, 1, 1, 0, 1])
    np.testing.assert_allclose(distance[0], [0, 0.04, 1, 0, 0], atol=1e-5)
    np.testing.assert_array_equal(
        [one[0] for one in agrees],
        [[1, 0, 0, 0, 1], [1, 1, 0, 0, 1], [1, 1, 0, 0, 1], [1, 1, 0, 0, 1]],
    )
    np.testing.assert_allclose(score[0], [0.7, 0.7, 0.7, 0, 0.7])
    np.testing.assert_allclose(of_person[1, 0], 1.04 / 4, atol=1e-5)
    np.testing.assert_array_equal(new[:, 4], 0)
    np.testing.assert_array_equal(of_person[:, 4], 0)
