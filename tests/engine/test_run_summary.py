import json

import matplotlib.image
import pytest
from run_logs import validation, write_log

from self_verify_pose.engine.run_summary import (
    draw_curves,
    metrics_table,
    read_records,
    validation_records,
)


def test_records_are_those_of_the_newest_run(tmp_path):
    write_log(tmp_path, '20200101_000000', {'loss': 9.0, 'step': 9})
    records = [{'loss': 1.0, 'step': 1}, validation(1, 0.1, 0.2)]
    write_log(tmp_path, '20200102_000000', *records)
    assert read_records(tmp_path) == records
    assert validation_records(records) == records[1:]


def test_file_of_a_test_precedes_the_scalars_of_its_run(tmp_path):
    stamp = '20200101_000000'
    write_log(tmp_path, stamp, validation(0, 0.1, 0.2))
    metrics = {'coco/AP': 0.5}
    (tmp_path / stamp / f'{stamp}.json').write_text(json.dumps(metrics))
    assert read_records(tmp_path) == [metrics]


def test_missing_log_raises(tmp_path):
    with pytest.raises(FileNotFoundError, match=f'none under {tmp_path}'):
        read_records(tmp_path)


def test_table_has_one_column_per_score():
    table = metrics_table(validation(2, 0.654, 0.321))
    assert table.title == 'AP 0.200, correct joints 0.654 (epoch 2)'
    header = [column.header for column in table.columns]
    assert header == ['metric', 'trust', 'raw score', 'better']
    cells = [list(column.cells) for column in table.columns]
    rows = list(zip(*cells, strict=True))
    assert rows[0] == ('AUROC', '0.654', '0.321', 'higher')
    assert ('ECE', '0.654', '0.321', 'lower') in rows


def test_table_of_a_run_without_trust_has_the_raw_score_only():
    record = validation(1, 0.1, 0.432)
    record = {k: v for k, v in record.items() if 'trust' not in k}
    del record['step']
    table = metrics_table(record)
    assert table.title == 'AP 0.100, correct joints 0.432'
    header = [column.header for column in table.columns]
    assert header == ['metric', 'raw score', 'better']


@pytest.mark.parametrize(
    ('record', 'rows'), [({}, 2), ({'loss': 1.0, 'loss_kpt': 0.5}, 3)]
)
def test_figure_has_a_panel_for_each_group_of_logged_scalars(
    tmp_path, record, rows
):
    path = tmp_path / 'curves.png'
    draw_curves([record, validation(1, 0.1, 0.2)], path)
    height, width = matplotlib.image.imread(path).shape[:2]
    # 9 x 3.3 inches for two panels
    assert height / width == pytest.approx(3.3 * rows / 9, rel=0.01)
