import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from rich.console import Console

from self_verify_pose.engine.cache_report import (
    summary_table,
    write_with_progress,
)

COLUMNS = {
    # the third person is degenerate, so no joint of it has a target
    'pseudo_trust': np.array([[0.05, 0.95], [np.nan, 0.95], [np.nan] * 2]),
    'status': np.array([0, 1, 2], np.int8),
}


def make_writer():
    """Return a stand-in that makes three persons in two parts."""
    return SimpleNamespace(
        job=SimpleNamespace(out=Path('train.npz')),
        batches=[[0, 1], [2]],
        run=lambda: iter([2, 1]),
        finish=lambda: COLUMNS,
        made=3,
        seconds={'loading': 1.0, 'teacher': 3.0},
    )


def test_summary_counts_persons_joints_and_times():
    table = summary_table(COLUMNS, make_writer(), seconds=2.0)
    rows = dict(zip(*(column.cells for column in table.columns), strict=True))
    assert table.title == 'train.npz'
    assert rows['persons'] == '3'
    assert rows['labeled joints'] == '3'
    assert rows['converged'] == '50.0% of 2 fitted'
    assert rows['trust 0.0 to 0.1'].endswith('33.3%')
    assert rows['trust 0.9 to 1.0'].endswith('66.7%')
    assert rows['trust 0.9 to 1.0'].count('█') == 13
    assert rows['samples per second and process'] == '1.5'
    assert rows['time teacher'] == '3.0 s, 75%'


def test_summary_of_an_empty_cache_has_no_division_by_zero():
    columns = {
        'pseudo_trust': np.full((1, 2), np.nan),
        'status': np.array([2], np.int8),
    }
    writer = make_writer()
    writer.seconds = {}
    table = summary_table(columns, writer, seconds=1.0)
    rows = dict(zip(*(column.cells for column in table.columns), strict=True))
    assert rows['converged'] == '0.0% of 0 fitted'
    assert rows['trust 0.0 to 0.1'].endswith('0.0%')


def test_progress_reaches_the_number_of_samples():
    console = Console(record=True, width=120, file=io.StringIO())
    assert write_with_progress(make_writer(), console) is COLUMNS
    assert '3/3' in console.export_text()
