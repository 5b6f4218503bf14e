"""Write a report: JSON, Markdown and figures."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ....constants import NUM_BINS, TRUST
from ...json_values import to_json_values
from ..statistics.evaluate import MAX_RISK, Evaluation
from ..statistics.strata import Stratum
from .evaluation_report import EvalConfig, EvaluationReport
from .figures import draw_figures
from .labels import in_order, label_of, style_of
from .tables import (
    base_rate,
    difference_table,
    markdown_table,
    scorer_table,
    signed,
    with_interval,
)

# fewer wrong joints say too little about a stratum for the summary
_FEWEST = 30


def write_report(judged: dict[str, EvaluationReport], folder: Path) -> None:
    """Write ``report.json``, ``report.md`` and the figures.

    Args:
        judged: What is said, by the name of each file of predictions.
        folder: Where to write; it is made where it is missing.
    """
    figures = folder / 'figures'
    figures.mkdir(parents=True, exist_ok=True)
    drawn = {
        name: draw_figures(one, figures, name) for name, one in judged.items()
    }
    content = {name: as_json(one) for name, one in judged.items()}
    (folder / 'report.json').write_text(
        json.dumps(content, indent=1, allow_nan=False) + '\n', encoding='utf-8'
    )
    lines = [_head(next(iter(judged.values())).settings)]
    if len(judged) > 1:
        lines.append(_overview(judged))
    lines += [
        _section(name, one, drawn[name], folder)
        for name, one in judged.items()
    ]
    lines.append(_explanation(judged))
    (folder / 'report.md').write_text('\n\n'.join(lines) + '\n', 'utf-8')


def as_json(judged: EvaluationReport) -> dict[str, Any]:
    """Return everything as plain values; NaN becomes None.

    Args:
        judged: One judged file of predictions.

    Returns:
        Dictionaries, lists, strings and numbers.
    """
    return to_json_values(
        {
            'settings': asdict(judged.settings),
            **figures_of(judged.evaluation),
            'strata': {
                stratification: {
                    name: {
                        'joints': stratum.num_joints,
                        'wrong': stratum.num_wrong,
                        'AUROC': stratum.auroc,
                        'AURC': stratum.aurc,
                    }
                    for name, stratum in strata.items()
                }
                for stratification, strata in judged.strata.items()
            },
            'notes': judged.notes,
        }
    )


def figures_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what was found about the scores of one set of joints.

    Args:
        evaluation: What was found.

    Returns:
        Its figures by name; :func:`to_json_values` makes them fit for JSON.
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


def _head(settings: EvalConfig) -> str:
    return (
        '# Which joints can be trusted\n\n'
        f'A joint is right when {settings.rule}. Only labeled joints count. '
        f'Intervals hold 95 % of {settings.n_bootstrap} draws of images with '
        f'replacement (seed {settings.seed}); all scores see the same draws.'
    )


def _overview(judged: dict[str, EvaluationReport]) -> str:
    names = in_order(
        list(dict.fromkeys(n for one in judged.values() for n in one.names))
    )
    lines = ['## Overview']
    for metric in ('AUROC', 'AURC'):
        rows = [['share of wrong joints']] if metric == 'AUROC' else []
        for one in judged.values() if rows else ():
            rows[0].append(with_interval(one.evaluation.error_rate))
        for name in names:
            cells = [
                with_interval(one.evaluation.scorers[name][metric])
                if name in one.names
                else '–'
                for one in judged.values()
            ]
            rows.append([f'{label_of(name)}: {metric}', *cells])
        lines.append(markdown_table(['', *judged], rows))
    return '\n\n'.join(lines)


def _section(
    name: str,
    judged: EvaluationReport,
    drawn: list[tuple[str, Path]],
    folder: Path,
) -> str:
    evaluation = judged.evaluation
    parts = [f'## {name}', base_rate(evaluation), summary(judged)]
    if judged.notes:
        parts.append('\n'.join(f'- {note}' for note in judged.notes))
    parts.append(scorer_table(evaluation))
    if evaluation.differences:
        parts += [
            'The same minus the reference, on the same draws; bold where the '
            'interval leaves out 0:',
            difference_table(evaluation),
        ]
    for caption, path in drawn:
        parts.append(f'![{caption}]({path.relative_to(folder).as_posix()})')
        parts.append(f'*{caption}.*')
    for stratification, strata in judged.strata.items():
        parts.append(f'### By {_DIVISIONS[stratification]}')
        parts.append(_strata_table(judged, strata))
    return '\n\n'.join(parts)


def summary(judged: EvaluationReport) -> str:
    """Say in a few lines what the figures come to.

    Args:
        judged: One judged file of predictions.

    Returns:
        Markdown: a list.
    """
    evaluation = judged.evaluation
    best = min(judged.names, key=lambda n: evaluation.scorers[n]['AURC'].value)
    lines = [
        f'Lowest risk: **{label_of(best)}**, AURC '
        f'{with_interval(evaluation.scorers[best]["AURC"])}.'
    ]
    shown = TRUST if TRUST in judged.names else evaluation.reference
    if shown in evaluation.differences:
        gain = evaluation.differences[shown]['AUROC']
        verdict = 'no clear difference'
        if gain.low > 0 or gain.high < 0:
            verdict = 'better' if gain.value > 0 else 'worse'
        lines.append(
            f'{label_of(shown)} against {label_of(evaluation.reference)}: '
            f'**{verdict}**, AUROC {signed(gain)}.'
        )
    for stratification, strata in judged.strata.items():
        ranked = sorted(
            (s.auroc[shown].value, name.replace('_', ' '))
            for name, s in strata.items()
            if s.num_wrong >= _FEWEST and not math.isnan(s.auroc[shown].value)
        )
        if len(ranked) > 1:
            (low, worst), (high, top) = ranked[0], ranked[-1]
            lines.append(
                f'{label_of(shown)} by {_DIVISIONS[stratification]}: AUROC '
                f'{low:.3f} ({worst}) to {high:.3f} ({top}).'
            )
    return '\n'.join(f'- {line[0].upper()}{line[1:]}' for line in lines)


_DIVISIONS = {
    'joint': 'joint',
    'size': 'person size',
    'visibility': 'label',
    'kind': 'kind of error',
}


def _strata_table(judged: EvaluationReport, strata: dict[str, Stratum]) -> str:
    header = ['', 'joints', 'wrong']
    header += [f'{label_of(n)}: AUROC' for n in judged.names]
    rows = [
        [
            name.replace('_', ' '),
            f'{stratum.num_joints:,}',
            f'{stratum.num_wrong / stratum.num_joints:.3f}',
            *(with_interval(stratum.auroc[n]) for n in judged.names),
        ]
        for name, stratum in strata.items()
    ]
    return markdown_table(header, rows)


def _explanation(judged: dict[str, EvaluationReport]) -> str:
    names = in_order(
        list(dict.fromkeys(n for one in judged.values() for n in one.names))
    )
    scores = '\n'.join(
        f'- **{style_of(n, names).label}** (`{n}`): '
        f'{style_of(n, names).meaning}.'
        for n in names
    )
    return f"""## How to read this

{scores}

- **AUROC**: chance that a right joint scores higher than a wrong one; 0.5 is
  chance.
- **AUPR_error**: average precision of finding wrong joints by a low score;
  chance is the share of wrong joints.
- **ECE**, **ECE_mass**: mean gap between score and share of right joints, over
  {NUM_BINS} bins of equal width, of equal count. **Brier**: mean squared gap.
  They read the score, clipped to [0, 1], as the chance of being right.
- **AURC**: mean share of wrong joints while the least sure joints are left
  out. **AUGRC**: mean chance that a joint is kept and wrong. In units of
  joints; chance is the share of wrong joints, and half of it.
- **Coverage at {MAX_RISK:.0%} risk**: largest share of joints that a threshold
  keeps with at most {MAX_RISK:.0%} wrong among them.
- **Kinds of error** (Ronchi and Perona, ICCV 2017), by keypoint similarity:
  *good* at least .85, *jitter* at least .5 to the true joint; *inversion*
  closest to the mirrored joint of the same person; *swap* closest to a joint
  of another person; *miss* below .5 to all of them. The table compares the
  wrong joints of one kind with all right joints."""
