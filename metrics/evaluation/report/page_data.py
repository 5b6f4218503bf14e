"""Data of the page of a report: curves, tables of thresholds, persons."""

from typing import Any

import numpy as np

from ....constants import NUM_BINS, RAW_SCORE, TRUST
from ...functional import (
    equal_width_edges,
    reliability_bins,
    risk_coverage_curve,
)
from ..evaluation_input import Floats
from ..statistics.stratification import stratify
from .evaluation_report import EvaluationReport
from .figure_curves import thin_curve
from .gallery import gallery_persons
from .gallery_images import ImageFolder

NUM_THRESHOLDS = 101  # positions of the slider


def page_data(
    report: EvaluationReport, images: ImageFolder | None = None
) -> dict[str, Any]:
    """Return what the page shows beside the values of ``report.json``.

    Its size does not depend on the number of persons.

    Args:
        report: Results for one file of predictions.
        images: Images that the persons are cut out of; none by default.

    Returns:
        Plain values: ``thresholds``, ``risk`` and ``reliability`` by score;
        ``persons``, those of the gallery; ``names`` and ``links`` of the
        joints; ``strata``, the names of the sizes and kinds of error.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> data = page_data(report)
        >>> data['names'], data['risk']['keypoint_trust']['risk'][-1]
        (['shoulder', 'wrist'], 0.25)
    """
    truth = report.predictions.truth
    parts, _ = stratify(report.predictions)
    labels = {name: parts[name] for name in ('size', 'kind') if name in parts}
    shown = _shown_scores(report)
    return {
        'thresholds': {n: _thresholds(report, n) for n in shown},
        'risk': {n: _risk(report, n) for n in shown},
        'reliability': {n: _reliability(report, n) for n in shown},
        'names': list(truth.joint_names),
        'links': [list(pair) for pair in truth.links],
        'strata': {name: list(value[0]) for name, value in labels.items()},
        'persons': gallery_persons(
            report, shown, {k: v[1] for k, v in labels.items()}, images
        ),
    }


def _shown_scores(report: EvaluationReport) -> list[str]:
    """Return trust and the raw score; else the first scores."""
    names = report.score_names
    return [n for n in (TRUST, RAW_SCORE) if n in names] or names[:2]


def _thresholds(report: EvaluationReport, name: str) -> dict[str, Any]:
    """Count kept and wrong joints of each kind at every threshold."""
    scores, labeled = report.scores[name], report.predictions.truth.labeled
    values = np.linspace(
        min(0, scores.min()), max(1, scores.max()), NUM_THRESHOLDS
    )
    count = labeled.shape[1]
    passed = np.searchsorted(values, scores, side='right') - 1
    cells = passed * count + np.nonzero(labeled)[1]

    def kept(part: Any) -> Any:
        size = NUM_THRESHOLDS * count
        counts = np.bincount(cells[part], minlength=size)
        counts = counts.reshape(-1, count)
        return counts[::-1].cumsum(0)[::-1].tolist()

    return {
        'values': values.tolist(),
        'kept': kept(slice(None)),
        'wrong': kept(~report.correct),
    }


def _risk(report: EvaluationReport, name: str) -> dict[str, Any]:
    """Return the risk-coverage curve of a score."""
    curve = risk_coverage_curve(report.scores[name], ~report.correct)
    coverage, risk = thin_curve(curve.coverage, curve.selective_risk)
    return {'coverage': _rounded(coverage), 'risk': _rounded(risk)}


def _rounded(values: Floats) -> list[float]:
    rounded: list[float] = np.round(values, 5).tolist()
    return rounded


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
