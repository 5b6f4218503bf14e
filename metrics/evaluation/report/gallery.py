"""Data of the page of a report: joints for its curves, persons to look at."""

from typing import Any

import numpy as np

from ....constants import NUM_BINS, RAW_SCORE, TRUST
from ....skeleton import JOINTS, LINKS
from ...functional import equal_width_edges, reliability_bins
from ..statistics.stratification import stratify
from .evaluation_report import EvaluationReport
from .gallery_images import ImageFolder

PERSONS_PER_ORDER = 60  # keeps the page small
_DECIMALS = 5


def page_data(
    report: EvaluationReport, images: ImageFolder | None = None
) -> dict[str, Any]:
    """Return what the page shows beside the values of ``report.json``.

    Args:
        report: Results for one file of predictions.
        images: Images that the persons are cut out of; none by default.

    Returns:
        Plain values: ``joints``, the labeled joints in columns (scores
        rounded to 5 decimals); ``reliability`` by score; ``persons``, those
        of the gallery; ``names`` and ``links`` of the joints; ``strata``,
        the names of the sizes and kinds of error.
    """
    joints = report.predictions
    rows, columns = np.nonzero(joints.truth.labeled)
    parts, _ = stratify(joints)
    labels = {name: parts[name] for name in ('size', 'kind') if name in parts}
    shown = _shown_scores(report)
    names = list(joints.truth.joint_names)
    return {
        'joints': {
            'person': rows.tolist(),
            'joint': columns.tolist(),
            'wrong': (~report.correct).astype(int).tolist(),
            'scores': {
                n: np.round(report.scores[n], _DECIMALS).tolist()
                for n in shown
            },
        },
        'reliability': {n: _reliability(report, n) for n in shown},
        'names': names,
        'links': [
            [names.index(JOINTS[a]), names.index(JOINTS[b])]
            for a, b in LINKS
            if JOINTS[a] in names and JOINTS[b] in names
        ],
        'strata': {name: list(value[0]) for name, value in labels.items()},
        'persons': [
            person | _picture(report, row, images)
            for row, person in _persons(
                report, {k: v[1] for k, v in labels.items()}
            ).items()
        ],
    }


def _shown_scores(report: EvaluationReport) -> list[str]:
    """Return trust and the raw score; else the first scores."""
    names = report.score_names
    return [n for n in (TRUST, RAW_SCORE) if n in names] or names[:2]


def _reliability(report: EvaluationReport, name: str) -> dict[str, Any]:
    """Return the filled bins of the reliability diagram."""
    bins = reliability_bins(
        np.clip(report.scores[name], 0, 1),
        report.correct,
        equal_width_edges(NUM_BINS),
    )
    filled = bins.count > 0
    return {
        'score': bins.mean_score[filled].tolist(),
        'correct': bins.accuracy[filled].tolist(),
        'count': bins.count[filled].tolist(),
    }


def _persons(
    report: EvaluationReport, labels: dict[str, Any]
) -> dict[int, dict[str, Any]]:
    """Describe the first persons of every order of the gallery."""
    rows = np.nonzero(report.predictions.truth.labeled)[0]
    names = _shown_scores(report)
    first, last = (np.clip(report.scores[n], 0, 1) for n in (
        names[0], names[-1]))  # fmt: skip
    count = np.maximum(np.bincount(rows), 1)
    brier = np.bincount(rows, (first - report.correct) ** 2) / count
    gap = np.bincount(rows, abs(first - last)) / count
    people = np.unique(rows)
    orders = [people[np.argsort(-v[people])] for v in (brier, gap)]
    kinds = labels.get('kind', np.full(len(rows), -1))
    wrong = np.where(report.correct, -1, kinds)
    for kind in np.unique(wrong[wrong >= 0]):
        found = np.bincount(rows, wrong == kind)
        orders.append(people[np.argsort(-found[people], kind='stable')])
    chosen = np.unique(np.concatenate([o[:PERSONS_PER_ORDER] for o in orders]))
    return {
        int(n): _person(report, n, rows == n, wrong, labels)
        | {'brier': float(brier[n]), 'gap': float(gap[n])}
        for n in chosen
    }


def _picture(
    report: EvaluationReport, row: int, images: ImageFolder | None
) -> dict[str, Any]:
    if images is None:
        return {}
    truth = report.predictions.truth
    image_id = truth.image_ids[row : row + 1].tolist()[0]
    return {'picture': images.crop(image_id, truth.boxes[row])}


def _person(
    report: EvaluationReport,
    person: int,
    part: Any,
    kinds: Any,
    labels: dict[str, Any],
) -> dict[str, Any]:
    """Describe the labeled joints of one person."""
    joints = report.predictions
    labeled = joints.truth.labeled[person]
    size = labels['size'][part][0] if 'size' in labels else -1
    return {
        'id': str(joints.truth.person_ids[person]),
        'image': str(joints.truth.image_ids[person]),
        'size': int(size),
        'joint': np.flatnonzero(labeled).tolist(),
        'points': np.round(joints.keypoints[person][labeled], 1).tolist(),
        'wrong': (~report.correct[part]).astype(int).tolist(),
        'kind': kinds[part].tolist(),
        'scores': {
            n: np.round(report.scores[n][part], _DECIMALS).tolist()
            for n in _shown_scores(report)
        },
    }
