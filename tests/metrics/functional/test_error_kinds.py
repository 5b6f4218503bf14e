import doctest

import numpy as np
import pytest

from self_verify_pose.metrics.functional import error_kinds as module
from self_verify_pose.metrics.functional import similarity
from self_verify_pose.metrics.functional.error_kinds import (
    KINDS,
    error_kinds,
    inverted_similarity,
    swapped_similarity,
)
from self_verify_pose.metrics.functional.similarity import keypoint_similarity
from self_verify_pose.skeleton import COCO_SIGMAS, FLIP


def similarity_by_hand(point, target, area, sigma):
    square = sum((a - b) ** 2 for a, b in zip(point, target, strict=True))
    return np.exp(-square / (2 * area * (2 * sigma) ** 2))


def kind_by_hand(point, joint, own, people, areas, labeled):
    """The taxonomy of the paper: the closest true joint of all decides."""
    candidates = []
    for m in range(len(people)):
        for k in {joint, FLIP[joint]}:
            if labeled[m, k]:
                near = similarity_by_hand(
                    point, people[m, k], areas[m], COCO_SIGMAS[joint]
                )
                candidates.append((near, m, k))
    near, person, k = max(candidates)
    if near < 0.5:
        return 'miss'
    if person != own:
        return 'swap'
    if k != joint:
        return 'inversion'
    return 'good' if near >= 0.85 else 'jitter'


def crowd(seed):
    """Two images with persons close to each other; random wrong joints."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(0, 100, (6, 17, 2))
    labeled = rng.random((6, 17)) < 0.8
    areas = rng.uniform(2000, 6000, 6)
    images = np.array([7, 7, 7, 9, 9, 5])
    predicted = people + rng.normal(0, 6, people.shape)
    for n in range(6):
        for k in range(17):
            chance = rng.random()
            if chance < 0.2:
                predicted[n, k] = people[n, FLIP[k]] + rng.normal(0, 1, 2)
            elif chance < 0.4:
                other = rng.choice(np.flatnonzero(images == images[n]))
                predicted[n, k] = people[other, k] + rng.normal(0, 1, 2)
    return predicted, people, labeled, areas, images


@pytest.mark.parametrize('seed', range(4))
def test_kinds_follow_the_closest_true_joint(seed):
    predicted, people, labeled, areas, images = crowd(seed)
    ids = np.arange(6) + 50
    order = np.random.default_rng(seed).permutation(6)
    kinds = error_kinds(
        np.where(labeled, keypoint_similarity(predicted, people, areas), -1),
        inverted_similarity(predicted, people, labeled, areas, FLIP),
        swapped_similarity(
            predicted,
            images,
            ids,
            (people[order], labeled[order], areas[order]),
            images[order],
            ids[order],
            FLIP,
        ),
    )
    seen = set()
    for n in range(6):
        here = np.flatnonzero(images == images[n])
        for k in range(17):
            if labeled[n, k]:
                expected = kind_by_hand(
                    predicted[n, k],
                    k,
                    list(here).index(n),
                    people[here],
                    areas[here],
                    labeled[here],
                )
                assert KINDS[kinds[n, k]] == expected
                seen.add(expected)
    assert seen == set(KINDS)


def test_a_person_alone_can_not_be_swapped():
    predicted, people, labeled, areas, images = crowd(0)
    found = swapped_similarity(
        predicted[5:],
        images[5:],
        np.array([55]),
        (people, labeled, areas),
        images,
        np.arange(6) + 50,
        FLIP,
    )
    assert (found < 0).all()


def test_the_nose_has_no_mirror_image():
    _, people, labeled, areas, _ = crowd(1)
    found = inverted_similarity(people, people, labeled, areas, FLIP)
    assert (found[:, 0] < 0).all()
    assert (found[:, 1:][labeled[:, FLIP][:, 1:]] >= 0).all()
    assert (found[~labeled[:, FLIP]] < 0).all()


def test_thresholds_belong_to_the_better_kind():
    own = [0.85, 0.8499, 0.5, 0.4999]
    kinds = error_kinds(own, [-1] * 4, [-1] * 4)
    assert [KINDS[k] for k in kinds] == ['good', 'jitter', 'jitter', 'miss']


def test_similarity_is_that_of_mmpose():
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    meta = parse_pose_metainfo(
        {'from_file': 'configs/_base_/datasets/coco.py'}
    )
    np.testing.assert_allclose(meta['sigmas'], COCO_SIGMAS)
    points = np.random.default_rng(0).uniform(0, 50, (2, 17, 2))
    found = keypoint_similarity(points[0], points[1], 900.0)
    expected = [
        similarity_by_hand(points[0, k], points[1, k], 900.0, COCO_SIGMAS[k])
        for k in range(17)
    ]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize('tested', [module, similarity])
def test_docstring_examples_run(tested):
    result = doctest.testmod(tested)
    assert result.attempted >= 1
    assert result.failed == 0
