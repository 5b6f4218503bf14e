"""Read the logged scalars of a run; make a table and curves of them."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from rich.table import Table

from ..metrics.evaluation.report.panel_grid import panel_grid
from ..output_files import replacing

Record = dict[str, Any]

# metrics of the table, and whether higher or lower is better
_DIRECTIONS = {
    'AUROC': 'higher',
    'AUPR': 'higher',
    'AUPR_error': 'higher',
    'ECE': 'lower',
    'ECE_mass': 'lower',
    'Brier': 'lower',
    'Acc@0.5': 'higher',
    'AURC': 'lower',
    'AUGRC': 'lower',
}
_SCORES = {'trust': 'trust', 'score': 'raw score'}
# title of each panel, and the scalars that it shows if they were logged
_TRAINING = {
    'training: losses': ('loss_kpt', 'loss_consistency_rot', 'loss_trust'),
    'training: shares and means': (
        'acc_pose',
        'trust_pred_mean',
        'pseudo_trust_sol_mean',
        'solv_converged',
    ),
}
_VALIDATION = {
    'validation: pose': ('coco/AP', 'score/PosRate'),
    'validation: ranking (higher is better)': ('trust/AUROC', 'score/AUROC'),
    'validation: calibration (lower is better)': (
        'trust/ECE',
        'score/ECE',
        'trust/Brier',
        'score/Brier',
    ),
    'validation: selective risk (lower is better)': (
        'trust/AURC',
        'score/AURC',
    ),
}


def read_records(work_dir: Path) -> list[Record]:
    """Read the scalars of the newest run in a work directory.

    Args:
        work_dir: The ``--work-dir`` of ``mim train`` or ``mim test``.

    Returns:
        One dict per logged step, oldest first.

    Raises:
        FileNotFoundError: If the directory has no log of a run.
        ValueError: If the log is corrupted.
    """
    # a training logs one JSON object per line; a test writes one JSON file
    logs = [
        *work_dir.glob('*/????????_??????.json'),
        *work_dir.glob('*/vis_data/scalars.json'),
    ]
    if not logs:
        raise FileNotFoundError(
            f'expected the logs of a run, found none under {work_dir}; give '
            'the --work-dir of mim train or mim test'
        )
    newest = max(logs, key=lambda path: path.parts[len(work_dir.parts)])
    lines = newest.read_text(errors='replace').splitlines(keepends=True)
    if lines and not lines[-1].endswith('\n') and len(lines) > 1:
        lines.pop()  # of a run that was killed while it wrote this line
    return [_record(line, newest, n) for n, line in enumerate(lines, 1)]


def _record(line: str, path: Path, number: int) -> Record:
    try:
        record = json.loads(line)
    except (RecursionError, ValueError):
        record = None
    if not isinstance(record, dict):
        raise ValueError(
            f'{path}: expected a JSON object in each line, found something '
            f'else in line {number}; give the --work-dir of another run'
        )
    return record


def validation_records(records: Sequence[Record]) -> list[Record]:
    """Select the records of validations or of a test.

    Args:
        records: As from :func:`read_records`.

    Returns:
        Those with a metric, whose name contains a slash.
    """
    return [r for r in records if any('/' in key for key in r)]


def metrics_table(record: Record) -> Table:
    """Compare the metrics of trust and raw score in one table.

    Args:
        record: Metrics of one validation or test.

    Returns:
        A table with one row per metric and one column per logged score.
    """
    scores = [name for name in _SCORES if f'{name}/AUROC' in record]
    table = Table(title=_title(record, scores), title_justify='left')
    table.add_column('metric')
    for score in scores:
        table.add_column(_SCORES[score], justify='right')
    table.add_column('better')
    for name, direction in _DIRECTIONS.items():
        values = [record[f'{score}/{name}'] for score in scores]
        table.add_row(name, *(f'{v:.3f}' for v in values), direction)
    return table


def _title(record: Record, scores: Sequence[str]) -> str:
    title = f'AP {record["coco/AP"]:.3f}' if 'coco/AP' in record else ''
    if scores:
        title += f', correct joints {record[f"{scores[0]}/PosRate"]:.3f}'
    if 'step' in record:
        title += f' (epoch {record["step"]})'
    return title


def draw_curves(records: Sequence[Record], path: Path) -> None:
    """Draw losses, accuracy and trust metrics over the run.

    Args:
        records: As from :func:`read_records`.
        path: The figure to write; its suffix decides the format.
    """
    groups = (
        (_TRAINING, [r for r in records if 'loss' in r], 'iteration'),
        (_VALIDATION, validation_records(records), 'epoch'),
    )
    panels = [
        (title, shown, logged, unit)
        for names_by_title, logged, unit in groups
        for title, names in names_by_title.items()
        if (shown := [n for n in names if any(n in r for r in logged)])
    ]
    with plt.style.context('tableau-colorblind10'):
        figure, grid = panel_grid(len(panels), (4.5, 3.3))
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, *panel)
        with replacing(path) as file:
            figure.savefig(file, format=path.suffix[1:] or None, dpi=110)


def _draw_panel(
    axes: Axes,
    title: str,
    names: Sequence[str],
    records: Sequence[Record],
    unit: str,
) -> None:
    steps = [r.get('step', i) for i, r in enumerate(records, 1)]
    for i, name in enumerate(names):
        axes.plot(
            steps,
            [r.get(name, math.nan) for r in records],
            color=f'C{i % 2}',
            linestyle=('-', '--')[i // 2],
            marker='os^D'[i],
            markersize=4,
            label=name,
        )
    if 'losses' in title:
        axes.set_yscale('log')
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter('{x:g}')
        axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set(title=title, xlabel=unit)
    axes.legend(
        ncols=2,
        fontsize=9,
        frameon=False,
        loc='upper center',
        bbox_to_anchor=(0.5, -0.18),
    )
    axes.grid(alpha=0.3)
