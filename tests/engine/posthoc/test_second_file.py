import json

import numpy as np
import pytest
from file_trust_results import result_entries as entries

from self_verify_pose.engine.posthoc.second_file import (
    count_partners,
    read_second,
)
from self_verify_pose.metrics.evaluation.io.coco import read_results


def read(folder, second, first=None):
    for name, content in (
        ('first.json', first or entries()),
        ('second.json', second),
    ):
        (folder / name).write_text(json.dumps(content))
    results = folder / 'first.json'
    return read_second(folder / 'second.json', results, read_results(results))


def without(field, content):
    return [{k: v for k, v in e.items() if k != field} for e in content]


@pytest.mark.parametrize('dropped', ['bbox', 'ann_id'])
def test_persons_are_found_in_any_order(tmp_path, dropped):
    second = without(dropped, entries()[::-1][:3])
    found = read(tmp_path, second)
    np.testing.assert_array_equal(found.keypoints[1:, 0, 0], [1, 2, 3])
    assert np.isnan(found.scores[0]).all()
    assert np.isnan(found.keypoints[0]).all()
    assert '3 of 4 persons have a partner in x.json; of the other 1' in (
        count_partners(found, 'x.json')
    )


def changed(field, value, row=1):
    content = entries()
    content[row][field] = value
    return content


@pytest.mark.parametrize(
    ('second', 'message'),
    [
        (entries(joints=4), 'expected 3 joints per person'),
        ([{**e, 'ann_id': e['ann_id'] + 50} for e in entries()], 'ann_id'),
        (changed('image_id', 77), 'entry 1: image_id: expected .* found 77'),
        (without('bbox', without('ann_id', entries())), 'found neither'),
        (
            without('ann_id', [{**e, 'image_id': 9} for e in entries()]),
            'found none that matches',
        ),
    ],
)
def test_other_persons_are_refused(tmp_path, second, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, second)
    assert 'second.json' in str(caught.value)
    assert '\n' not in str(caught.value)
