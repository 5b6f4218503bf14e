"""All figures of a report, as PNG and SVG."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from .evaluation_report import EvaluationReport
from .figure_curves import draw_precision_recall, draw_risk_coverage, draw_roc
from .figure_panels import draw_histogram, draw_reliability
from .figure_strata import draw_joints, draw_parts

_RC_PARAMS = matplotlib.RcParams(
    {
        'font.size': 11,
        'axes.grid': True,
        'grid.alpha': 0.3,
        'axes.axisbelow': True,
        'axes.spines.top': False,
        'axes.spines.right': False,
        'hatch.linewidth': 0.6,
        'savefig.bbox': 'tight',
        'svg.hashsalt': 'self_verify_pose',
    }
)
FIGURES: dict[str, tuple[Callable[[EvaluationReport], Figure | None], str]] = {
    'roc': (draw_roc, 'Detection of wrong joints: ROC'),
    'precision_recall': (
        draw_precision_recall,
        'Detection of wrong joints: precision and recall',
    ),
    'risk_coverage': (
        draw_risk_coverage,
        'Risk and coverage as the joints with the lowest scores are rejected',
    ),
    'reliability': (
        draw_reliability,
        'Reliability: a calibrated score lies on the diagonal; below, the '
        'number of joints in each bin',
    ),
    'histogram': (draw_histogram, 'Scores of correct and of wrong joints'),
    'joints': (draw_joints, 'AUROC by joint, with 95 % intervals'),
    'parts': (
        draw_parts,
        'AUROC by person size, visibility and kind of error, with 95 % '
        'intervals',
    ),
}


def draw_figures(
    report: EvaluationReport, folder: Path, prefix: str
) -> list[tuple[str, Path]]:
    """Draw every figure of one file of predictions as PNG and SVG.

    Args:
        report: Results for the file.
        folder: Existing folder of the figures.
        prefix: Start of the file names.

    Returns:
        Caption and PNG path of each figure; figures that need correct and
        wrong joints are left out if there is one class only.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> Path('figures').mkdir()
        >>> drawn = draw_figures(report, Path('figures'), 'mine')
        >>> drawn[0][1].name
        'mine_roc.png'
    """
    drawn = []
    with matplotlib.rc_context(_RC_PARAMS):
        for name, (draw, caption) in FIGURES.items():
            figure = draw(report)
            if figure is None:
                continue
            path = folder / f'{prefix}_{name}.png'
            figure.savefig(path, dpi=150)
            # without a date, it is the same again
            figure.savefig(path.with_suffix('.svg'), metadata={'Date': None})
            drawn.append((caption, path))
    return drawn
