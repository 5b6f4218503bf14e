"""Writing of a report: JSON, Markdown and figures."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ....output_files import replacing_together, write_json, write_text
from ...json_values import to_json_values
from ..statistics.evaluate import Evaluation
from .evaluation_report import EvaluationReport
from .figures import draw_figures
from .html_page import format_page
from .markdown import format_report


def write_report(
    reports: dict[str, EvaluationReport],
    folder: Path,
    pages: dict[str, dict[str, Any]] | None = None,
) -> None:
    """Write ``report.json``, ``report.md`` and the figures, all at once.

    Args:
        reports: Results by the name of each file of predictions; at least
            one, all with the same options.
        folder: Folder to write to; created if it is missing.
        pages: By the same names, results of :func:`page_data` for the page
            ``report.html``; no page by default.

    Raises:
        OutputError: If it cannot be written; an old report is kept.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> write_report({'mine': report}, Path('report'))
        >>> sorted(path.name for path in Path('report').iterdir())
        ['figures', 'report.json', 'report.md']
    """
    content = {name: as_json(report) for name, report in reports.items()}
    with replacing_together(
        folder, ['report.json', 'report.md'], ['report.html']
    ) as new:
        figures = new / 'figures'
        figures.mkdir()
        drawn = {
            name: draw_figures(report, figures, name)
            for name, report in reports.items()
        }
        write_json(new / 'report.json', content)
        write_text(new / 'report.md', format_report(reports, drawn))
        if pages is not None:
            write_text(new / 'report.html', format_page(content, pages))


def as_json(report: EvaluationReport) -> dict[str, Any]:
    """Return all results as plain values; NaN becomes None.

    Args:
        report: Results for one file of predictions.

    Returns:
        Nested dictionaries, lists, strings and numbers.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> as_json(report)['scores']['keypoint_trust']['AUROC']
        {'value': 1.0, 'low': None, 'high': None}
    """
    strata = {
        stratification: {
            name: {
                'joints': stratum.num_joints,
                'wrong': stratum.num_wrong,
                'AUROC': stratum.auroc,
                'AURC': stratum.aurc,
            }
            for name, stratum in strata.items()
        }
        for stratification, strata in report.strata.items()
    }
    content: dict[str, Any] = to_json_values(
        {
            'settings': asdict(report.config),
            **evaluation_as_dict(report.evaluation),
            'strata': strata,
            'notes': report.notes,
        }
    )
    return content


def evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return the metrics of every score under the keys of ``report.json``.

    Args:
        evaluation: Metrics of every score.

    Returns:
        Nested dictionaries, to be passed to :func:`to_json_values`.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> evaluation_as_dict(report.evaluation)['joints']
        8
    """
    return {
        'joints': evaluation.num_joints,
        'persons': evaluation.num_persons,
        'images': evaluation.num_images,
        'error_rate': evaluation.error_rate,
        'reference': evaluation.reference,
        'scores': evaluation.scorers,
        'differences': evaluation.differences,
    }
