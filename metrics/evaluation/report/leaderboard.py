"""One table of many reports: estimators, data and scores."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..statistics.evaluate import Estimate
from .labels import label_of
from .tables import (
    format_estimate,
    format_number,
    highlight_difference,
    markdown_table,
)

_METRICS = ('AURC', 'ECE_mass', 'Brier')


class Entry(NamedTuple):
    """A report of one estimator on one set of persons.

    Args:
        title: Model and data, such as ``'RTMPose-S, COCO val2017'``.
        report: Its part of a ``report.json``.
    """

    title: str
    report: Mapping[str, Any]


def leaderboard(entries: list[Entry]) -> str:
    """Lay out reports as one table, a row for each score.

    Args:
        entries: The reports, in order.

    Returns:
        Markdown. The difference is that of the AUROC to the reference of the
        same report, on the same draws of images; bold where its interval
        excludes 0.

    Raises:
        ValueError: If the reports have different rules for a correct joint.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> from self_verify_pose.metrics.evaluation.report import write
        >>> entry = Entry('RTMPose-S, COCO', write.as_json(report))
        >>> print(leaderboard([entry]))
        | evaluated | persons | joints | wrong | score | AUROC | ...
        | --- | ---: | ---: | ---: | ---: | ---: | ...
        | RTMPose-S, COCO | 4 | 8 | 0.250 | trust | 1.000 | ...
        | RTMPose-S, COCO | 4 | 8 | 0.250 | raw score | 0.917 | ...
    """
    rules = {entry.title: _rule(entry.report) for entry in entries}
    if len(set(rules.values())) > 1:
        found = '; '.join(f'{title}: {rule}' for title, rule in rules.items())
        raise ValueError(
            'reports: expected the same criterion and dist_thr in all, found '
            f'{found}; evaluate again with the same options'
        )
    header = [
        *('evaluated', 'persons', 'joints', 'wrong', 'score', 'AUROC'),
        *('against the reference', *_METRICS),
    ]
    rows = [row for entry in entries for row in _rows(entry)]
    return markdown_table(header, rows)


def _rule(report: Mapping[str, Any]) -> str:
    settings = report['settings']
    if settings['criterion'] == 'oks':
        return 'oks'
    return f'bbox, dist_thr {settings["dist_thr"]:g}'


def _rows(entry: Entry) -> list[list[str]]:
    report = entry.report
    common = [
        entry.title,
        f'{report["persons"]:,}',
        f'{report["joints"]:,}',
        format_estimate(_estimate(report['error_rate'])),
    ]
    rows = []
    for name, values in report['scores'].items():
        difference = report['differences'].get(name)
        gain = '–'
        if difference is not None:
            gain = highlight_difference(_estimate(difference['AUROC']))
        rows.append(
            [
                *common,
                label_of(name),
                format_estimate(_estimate(values['AUROC'])),
                gain,
                *(
                    format_number(_estimate(values[metric]).value)
                    for metric in _METRICS
                ),
            ]
        )
    return rows


def _estimate(values: Mapping[str, Any]) -> Estimate:
    """Undo that NaN is null in JSON."""
    return Estimate(
        *(
            math.nan if values[name] is None else float(values[name])
            for name in Estimate._fields
        )
    )
