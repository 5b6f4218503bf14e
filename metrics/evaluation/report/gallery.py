"""The persons that the page of a report shows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evaluation_report import EvaluationReport
from .gallery_images import ImageFolder

PERSONS_PER_ORDER = 60  # keeps the page small
_DECIMALS = 5

Labels = Mapping[str, NDArray[np.int64]]


def gallery_persons(
    report: EvaluationReport,
    scores: Sequence[str],
    labels: Labels,
    images: ImageFolder | None = None,
) -> list[dict[str, Any]]:
    """Describe the first persons of every order of the gallery.

    The orders are the Brier score of the first score, the disagreement of
    the first and the last score, and the number of wrong joints of each kind.

    Args:
        report: Results for one file of predictions.
        scores: Names of the scores that are shown.
        labels: (J,) size and kind of error of each labeled joint, as numbers.
        images: Images that the persons are cut out of; none by default.

    Returns:
        Plain values of up to ``PERSONS_PER_ORDER`` persons of each order, in
        the order of the predictions.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> labels = {'size': np.ones(8, int)}
        >>> persons = gallery_persons(report, ['keypoint_trust'], labels)
        >>> [(one['id'], one['wrong']) for one in persons]
        [('1', [0, 0]), ('2', [0, 1]), ('3', [0, 0]), ('4', [1, 0])]
    """
    rows = np.nonzero(report.predictions.truth.labeled)[0]
    first, last = (
        np.clip(report.scores[name], 0, 1) for name in (scores[0], scores[-1])
    )
    count = np.maximum(np.bincount(rows), 1)
    brier = np.bincount(rows, (first - report.correct) ** 2) / count
    gap = np.bincount(rows, abs(first - last)) / count
    kinds = np.where(report.correct, -1, labels.get('kind', -1))
    chosen = _first_of_orders(rows, brier, gap, kinds)
    starts, ends = (
        np.searchsorted(rows, chosen, s) for s in ('left', 'right')
    )
    return [
        {
            **_person(report, int(n), slice(start, end), scores),
            'size': int(labels['size'][start]),
            'kind': kinds[start:end].tolist(),
            'brier': float(brier[n]),
            'gap': float(gap[n]),
            **_picture(report, int(n), images),
        }
        for n, start, end in zip(chosen, starts, ends, strict=True)
    ]


def _first_of_orders(
    rows: NDArray[np.int64], brier: Any, gap: Any, kinds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Positions of the persons that one of the orders begins with."""
    people = np.unique(rows)
    orders = [people[np.argsort(-values[people])] for values in (brier, gap)]
    for kind in np.unique(kinds[kinds >= 0]):
        found = np.bincount(rows, kinds == kind)
        orders.append(people[np.argsort(-found[people], kind='stable')])
    first = np.concatenate([order[:PERSONS_PER_ORDER] for order in orders])
    chosen: NDArray[np.int64] = np.unique(first)
    return chosen


def _person(
    report: EvaluationReport, person: int, part: slice, scores: Sequence[str]
) -> dict[str, Any]:
    """Describe the labeled joints of one person."""
    joints = report.predictions
    labeled = joints.truth.labeled[person]
    return {
        'id': str(joints.truth.person_ids[person]),
        'image': str(joints.truth.image_ids[person]),
        'joint': np.flatnonzero(labeled).tolist(),
        'points': np.round(joints.keypoints[person][labeled], 1).tolist(),
        'wrong': (~report.correct[part]).astype(int).tolist(),
        'scores': {
            n: np.round(report.scores[n][part], _DECIMALS).tolist()
            for n in scores
        },
    }


def _picture(
    report: EvaluationReport, row: int, images: ImageFolder | None
) -> dict[str, Any]:
    if images is None:
        return {}
    truth = report.predictions.truth
    image_id = truth.image_ids[row : row + 1].tolist()[0]
    return {'picture': images.crop(image_id, truth.boxes[row])}
