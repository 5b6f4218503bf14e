"""Print what a run reached and draw its curves.

python tools/summarize_run.py WORK_DIR [--curves FILE.png]
"""

import argparse
import json
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

from matplotlib import pyplot as plt
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
LOSSES = ('loss_kpt', 'loss_consistency_rot', 'loss_trust')


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
        *work_dir.glob('*/vis_data/scalars.json'),
        *work_dir.glob('*/????????_??????.json'),
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
    checked = validations(records)
    trained = [r for r in records if 'loss' in r]
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(15, 4.2), layout='constrained'
    )
    for name in LOSSES:
        values = [(r['step'], r[name]) for r in trained if name in r]
        if values:
            left.plot(*zip(*values, strict=True), label=name)
    left.set(title='training losses', xlabel='iteration', yscale='log')
    epochs = [r.get('step', i) for i, r in enumerate(checked, 1)]
    middle.plot(epochs, [r['coco/AP'] for r in checked], 'o-', label='AP')
    rates = [r.get('score/PosRate', math.nan) for r in checked]
    middle.plot(epochs, rates, 's--', label='share of right joints')
    middle.set(title='pose, validation', xlabel='epoch')
    for kind, marker in (('trust', 'o-'), ('score', 's--')):
        values = [r.get(f'{kind}/AUROC', math.nan) for r in checked]
        right.plot(epochs, values, marker, label=f'{COLUMNS[kind]}: AUROC')
    right.set(title='telling right from wrong joints', xlabel='epoch')
    for axes in (left, middle, right):
        axes.legend()
        axes.grid(alpha=0.3)
    for axes in (middle, right):
        axes.set_xticks(epochs)
    figure.savefig(path, dpi=110)
    plt.close(figure)


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
