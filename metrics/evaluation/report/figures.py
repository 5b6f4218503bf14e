"""All figures of a report, as PNG and SVG."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from .evaluation_report import EvaluationReport
from .figure_curves import draw_precision_recall, draw_risk_coverage, draw_roc
from .figure_panels import (
    draw_histogram,
    draw_joints,
    draw_parts,
    draw_reliability,
)

_RC = {
    'font.size': 11,
    'axes.grid': True,
    'grid.alpha': 0.3,
    'axes.axisbelow': True,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'hatch.linewidth': 0.6,
    'svg.hashsalt': 'self_verify_pose',
}
FIGURES: dict[str, tuple[Callable[[EvaluationReport], Figure | None], str]] = {
    'roc': (draw_roc, 'Finding wrong joints: ROC'),
    'precision_recall': (
        draw_precision_recall,
        'Finding wrong joints: precision and recall',
    ),
    'risk_coverage': (
        draw_risk_coverage,
        'Risk while the least trusted joints are left out',
    ),
    'reliability': (
        draw_reliability,
        'Reliability: a calibrated score lies on the diagonal; below, the '
        'number of joints in each bin',
    ),
    'histogram': (draw_histogram, 'Scores of right and of wrong joints'),
    'joints': (draw_joints, 'AUROC by joint, with 95 % intervals'),
    'parts': (
        draw_parts,
        'AUROC by person size, visibility and kind of error, with 95 % '
        'intervals',
    ),
}


def draw_figures(
    judged: EvaluationReport, folder: Path, prefix: str
) -> list[tuple[str, Path]]:
    """Draw every figure of one file of predictions as PNG and SVG.

    Args:
        judged: The judged predictions.
        folder: Existing folder of the figures.
        prefix: Start of the file names.

    Returns:
        Caption and PNG of each figure.
    """
    drawn = []
    with matplotlib.rc_context(_RC):
        for name, (draw, caption) in FIGURES.items():
            figure = draw(judged)
            if figure is None:
                continue
            path = folder / f'{prefix}_{name}.png'
            tight = {'bbox_inches': 'tight', 'pad_inches': 0.1}
            figure.savefig(path, dpi=150, **tight)
            figure.savefig(
                path.with_suffix('.svg'), metadata={'Date': None}, **tight
            )
            drawn.append((caption, path))
    return drawn
