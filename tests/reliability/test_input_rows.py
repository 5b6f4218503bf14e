"""Each row of input_rows.py."""

import pytest
from input_rows import ROWS
from row import check_message

from self_verify_pose.metrics.evaluation.io.coco import read_results


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path):
    path = tmp_path / 'results.json'
    path.write_text('[]')
    with pytest.raises(ValueError) as caught:
        read_results(path)
    check_message(row, str(caught.value))
