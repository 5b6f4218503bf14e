"""Print what a run reached and draw its curves.

python tools/summarize_run.py WORK_DIR [--curves FILE.png]
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from rich.console import Console
from rich.table import Table

ROWS = {
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
COLUMNS = {'trust': 'trust', 'score': 'raw score'}
# panels of the curves: title, and the names that are drawn where logged
TRAINING = {
    'training: losses': ('loss_kpt', 'loss_consistency_rot', 'loss_trust'),
    'training: shares and means': (
        'acc_pose',
        'trust_pred_mean',
        'pseudo_trust_sol_mean',
        'solv_converged',
    ),
}
VALIDATION = {
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


def read_records(work_dir: Path) -> list[dict]:
    """Read the scalars of the newest run in a work directory.

    Args:
        work_dir: What was given as ``--work-dir``.

    Returns:
        One dict per logged step, oldest first.

    Raises:
        FileNotFoundError: If no run has left scalars there.
    """
    # training logs one JSON object a line; a test leaves one file of its own
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
    return [json.loads(line) for line in newest.read_text().splitlines()]


def validations(records: list[dict]) -> list[dict]:
    """Keep the records of validation or test."""
    return [r for r in records if any('/' in key for key in r)]


def metrics_table(record: dict) -> Table:
    """Put trust and raw score side by side.

    Args:
        record: Metrics of one validation.

    Returns:
        The table.
    """
    kinds = [k for k in COLUMNS if f'{k}/AUROC' in record]
    title = f'AP {record["coco/AP"]:.3f}' if 'coco/AP' in record else ''
    if kinds:
        title += f', joints right {record[f"{kinds[0]}/PosRate"]:.3f}'
    if 'step' in record:
        title += f' (epoch {record["step"]})'
    table = Table(title=title, title_justify='left')
    table.add_column('metric')
    for kind in kinds:
        table.add_column(COLUMNS[kind], justify='right')
    table.add_column('better')
    for name, direction in ROWS.items():
        values = [record[f'{kind}/{name}'] for kind in kinds]
        table.add_row(name, *(f'{v:.3f}' for v in values), direction)
    return table


def draw_curves(records: list[dict], path: Path) -> None:
    """Draw losses, accuracy and trust metrics over the run.

    Args:
        records: What :func:`read_records` returns.
        path: The picture to write.
    """
    trained = [r for r in records if 'loss' in r]
    panels = [
        *_panels(TRAINING, trained, 'iteration'),
        *_panels(VALIDATION, validations(records), 'epoch'),
    ]
    rows = -(-len(panels) // 2)
    with plt.style.context('tableau-colorblind10'):
        figure, grid = plt.subplots(
            rows,
            2,
            figsize=(9, 3.3 * rows),
            squeeze=False,
            layout='constrained',
        )
        for axes in grid.flat[len(panels) :]:
            axes.axis('off')
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, *panel)
        figure.savefig(path, dpi=110)
    plt.close(figure)


def _panels(
    wanted: dict[str, tuple[str, ...]], records: list[dict], unit: str
) -> Iterator[tuple[str, str, dict[str, tuple[list, list]]]]:
    """Title, unit and curves of each panel that has any."""
    steps = [r.get('step', i) for i, r in enumerate(records, 1)]
    for title, names in wanted.items():
        curves = {
            name: (steps, [r.get(name, math.nan) for r in records])
            for name in names
            if any(name in r for r in records)
        }
        if curves:
            yield title, unit, curves


def _draw_panel(
    axes: Axes, title: str, unit: str, curves: dict[str, tuple[list, list]]
) -> None:
    for i, (name, values) in enumerate(curves.items()):
        style = {'color': f'C{i % 2}', 'linestyle': ('-', '--')[i // 2]}
        axes.plot(*values, marker='os^D'[i], markersize=4, label=name, **style)
    if 'losses' in title:
        axes.set_yscale('log')
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter('{x:g}')
        axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set(title=title, xlabel=unit)
    below = {'loc': 'upper center', 'bbox_to_anchor': (0.5, -0.18)}
    axes.legend(ncols=2, fontsize=9, frameon=False, **below)
    axes.grid(alpha=0.3)


def main() -> int:
    """Print the table of the last validation and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--curves', type=Path, help='picture to write')
    args = parser.parse_args()
    try:
        records = read_records(args.work_dir)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    checked = validations(records)
    if not checked:
        print(f'{args.work_dir}: no validation yet', file=sys.stderr)
        return 1
    Console().print(metrics_table(checked[-1]))
    if args.curves:
        draw_curves(records, args.curves)
        print(f'curves: {args.curves}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
