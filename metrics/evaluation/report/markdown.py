"""Text of ``report.md``."""

import math
from pathlib import Path

from ....constants import NUM_BINS, TRUST
from ..statistics.evaluate import MAX_RISK
from ..statistics.strata import Stratum
from .evaluation_report import EvalConfig, EvaluationReport
from .labels import label_of, sort_scores, style_of
from .tables import (
    base_rate,
    difference_table,
    format_difference,
    format_estimate,
    is_significant,
    markdown_table,
    scorer_table,
)

# strata with fewer wrong joints are too uncertain for the summary
_MIN_WRONG = 30
_STRATIFICATIONS = {
    'joint': 'joint',
    'size': 'person size',
    'visibility': 'label',
    'kind': 'kind of error',
}


def format_report(
    reports: dict[str, EvaluationReport],
    figures: dict[str, list[tuple[str, Path]]],
) -> str:
    """Format all results as Markdown.

    Args:
        reports: Results by the name of each file of predictions; at least
            one, all with the same options.
        figures: Caption and path of the figures of each file, in the folder
            ``figures`` beside the report.

    Returns:
        The text of ``report.md``.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> text = format_report({'mine': report}, {'mine': []})
        >>> [line for line in text.splitlines() if line.startswith('## ')]
        ['## mine', '## How to read this']
    """
    parts = [_head(next(iter(reports.values())).config)]
    if len(reports) > 1:
        parts.append(_overview(reports))
    for name, report in reports.items():
        parts.append(_section(name, report, figures[name]))
    parts.append(_explanation(_score_names(reports)))
    return '\n\n'.join(parts) + '\n'


def _score_names(reports: dict[str, EvaluationReport]) -> list[str]:
    """Names of the scores of all reports, each once."""
    names = {n: None for r in reports.values() for n in r.score_names}
    return sort_scores(list(names))


def _head(config: EvalConfig) -> str:
    return (
        '# Which joints can be trusted\n\n'
        f'A joint is correct when {config.rule}. Only labeled joints count. '
        f'Intervals hold 95 % of {config.n_bootstrap} draws of images with '
        f'replacement (seed {config.seed}); all scores share the same draws.'
    )


def _overview(reports: dict[str, EvaluationReport]) -> str:
    rates = [
        format_estimate(report.evaluation.error_rate)
        for report in reports.values()
    ]
    rows = {'AUROC': [['share of wrong joints', *rates]], 'AURC': []}
    for metric, lines in rows.items():
        for name in _score_names(reports):
            cells = [
                format_estimate(report.evaluation.scorers[name][metric])
                if name in report.score_names
                else '–'
                for report in reports.values()
            ]
            lines.append([f'{label_of(name)}: {metric}', *cells])
    tables = [markdown_table(['', *reports], lines) for lines in rows.values()]
    return '\n\n'.join(['## Overview', *tables])


def _section(
    name: str,
    report: EvaluationReport,
    figures: list[tuple[str, Path]],
) -> str:
    evaluation = report.evaluation
    parts = [f'## {name}', base_rate(evaluation), summary(report)]
    if report.notes:
        parts.append('\n'.join(f'- {note}' for note in report.notes))
    parts.append(scorer_table(evaluation))
    if evaluation.differences:
        parts += [
            'Each score minus the reference, on the same draws; bold where '
            'the interval excludes 0:',
            difference_table(evaluation),
        ]
    for caption, path in figures:
        parts += [f'![{caption}](figures/{path.name})', f'*{caption}.*']
    for stratification, strata in report.strata.items():
        parts.append(f'### By {_STRATIFICATIONS[stratification]}')
        parts.append(_strata_table(report, strata))
    return '\n\n'.join(parts)


def summary(report: EvaluationReport) -> str:
    """Summarize the results for one file of predictions.

    Args:
        report: Results for the file.

    Returns:
        A Markdown list: the score of the lowest risk, trust against the raw
        score, and the range of its AUROC over the strata.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> print(summary(report))
        - Lowest risk: **trust**, AURC 0.049.
        - Trust against raw score: **no clear difference**, AUROC +0.083.
    """
    evaluation = report.evaluation
    best = min(
        report.score_names, key=lambda n: evaluation.scorers[n]['AURC'].value
    )
    lines = [
        f'Lowest risk: **{label_of(best)}**, AURC '
        f'{format_estimate(evaluation.scorers[best]["AURC"])}.'
    ]
    shown = TRUST if TRUST in report.score_names else evaluation.reference
    if shown in evaluation.differences:
        gain = evaluation.differences[shown]['AUROC']
        verdict = 'no clear difference'
        if is_significant(gain):
            verdict = 'better' if gain.value > 0 else 'worse'
        lines.append(
            f'{label_of(shown)} against {label_of(evaluation.reference)}: '
            f'**{verdict}**, AUROC {format_difference(gain)}.'
        )
    for stratification, strata in report.strata.items():
        ranked = sorted(
            (s.auroc[shown].value, name.replace('_', ' '))
            for name, s in strata.items()
            if s.num_wrong >= _MIN_WRONG
            and not math.isnan(s.auroc[shown].value)
        )
        if len(ranked) > 1:
            (low, worst), (high, top) = ranked[0], ranked[-1]
            lines.append(
                f'{label_of(shown)} by {_STRATIFICATIONS[stratification]}: '
                f'AUROC {low:.3f} ({worst}) to {high:.3f} ({top}).'
            )
    return '\n'.join(f'- {line[0].upper()}{line[1:]}' for line in lines)


def _strata_table(report: EvaluationReport, strata: dict[str, Stratum]) -> str:
    header = ['', 'joints', 'wrong']
    header += [f'{label_of(n)}: AUROC' for n in report.score_names]
    rows = [
        [
            name.replace('_', ' '),
            f'{stratum.num_joints:,}',
            f'{stratum.num_wrong / stratum.num_joints:.3f}',
            *(format_estimate(stratum.auroc[n]) for n in report.score_names),
        ]
        for name, stratum in strata.items()
    ]
    return markdown_table(header, rows)


def _explanation(names: list[str]) -> str:
    scores = '\n'.join(
        f'- **{style_of(n, names).label}** (`{n}`): '
        f'{style_of(n, names).meaning}.'
        for n in names
    )
    return f"""## How to read this

{scores}

- **AUROC**: probability that a correct joint scores higher than a wrong one;
  0.5 is chance.
- **AUPR_error**: average precision of detecting wrong joints by a low score;
  chance is the share of wrong joints.
- **ECE**, **ECE_mass**: mean gap between the score and the share of correct
  joints, over {NUM_BINS} bins of equal width, of equal count. **Brier**: mean
  squared gap between the score and correctness (0 or 1). They take the score,
  clipped to [0, 1], as the probability of being correct.
- **AURC**: mean share of wrong joints among those kept, as the joints with the
  lowest scores are rejected. **AUGRC**: mean probability that a joint is kept
  and wrong. Chance is the share of wrong joints, and half of it.
- **Coverage at {MAX_RISK:.0%} risk**: largest share of joints that a threshold
  keeps with at most {MAX_RISK:.0%} wrong among them.
- **Kinds of error** (Ronchi and Perona, ICCV 2017), by keypoint similarity:
  *good* at least .85, *jitter* at least .5 to the true joint; *inversion*
  closest to the mirrored joint of the same person; *swap* closest to a joint
  of another person; *miss* below .5 to all of them. The table compares the
  wrong joints of one kind with all correct joints."""
