"""Each row of second_rows.py."""

import json

import numpy as np
import pytest
from file_trust_results import result_entries as entries
from row import check_message
from second_rows import ROWS

from self_verify_pose.engine.posthoc.second_file import (
    count_partners,
    read_second,
)
from self_verify_pose.metrics.evaluation.io.coco import read_results


def each(drop=(), **fields):
    return [
        {k: v for k, v in (one | fields).items() if k not in drop}
        for one in entries()
    ]


def with_null():
    second = entries()
    second[2]['keypoints'][0] = None
    return second


SECOND = {
    'other joints': lambda: entries(joints=4),
    'other ids': lambda: [
        one | {'ann_id': 50 + row} for row, one in enumerate(entries())
    ],
    'another image': lambda: [
        one | ({'image_id': 77} if row == 1 else {})
        for row, one in enumerate(entries())
    ],
    'neither id nor box': lambda: each(drop=('ann_id', 'bbox')),
    'boxes elsewhere': lambda: each(drop=('ann_id',), image_id=9),
    'a missing partner': lambda: entries()[1:],
    'a joint null in the second file': with_null,
}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path):
    results, second = (tmp_path / f'{one}.json' for one in ('first', 'second'))
    results.write_text(json.dumps(entries()))
    second.write_text(json.dumps(SECOND[row.case]()))
    first = read_results(results)
    if row.message is not None:
        with pytest.raises(ValueError) as caught:
            read_second(second, results, first)
        check_message(row, str(caught.value))
        return
    found = read_second(second, results, first)
    missing = np.isnan(found.keypoints).any(-1)
    if row.case == 'a missing partner':
        assert missing[0].all()
        assert not missing[1:].any()
        assert '3 of 4 persons' in count_partners(found, 'second.json')
    else:
        assert np.argwhere(missing).tolist() == [[2, 0]]
