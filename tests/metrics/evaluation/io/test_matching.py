import json

import numpy as np
import pytest
from prediction_files import results, write

from self_verify_pose.metrics.evaluation.io.reading import read_predictions


def near_box(box):
    """A detected box: within the image, a little off."""
    x, y, width, height = box
    return [x + 3, y + 3, min(width, 399 - x), min(height, 299 - y)]


def test_persons_without_ids_are_matched_by_boxes_or_joints(files, tmp_path):
    truth = json.loads(files['ann'].read_text())['annotations']
    found = results({'annotations': truth}, noise=2.0)
    expected = read_predictions(write(files['json'], found), files['ann'])
    order = [3, 0, 5, 1, 4, 2]
    by_box = [
        {
            **{k: v for k, v in found[n].items() if k != 'ann_id'},
            'bbox': near_box(truth[n]['bbox']),
        }
        for n in order
    ]
    by_joints = [
        {k: v for k, v in entry.items() if k != 'bbox'} for entry in by_box
    ]
    for entries, rule in ((by_box, 'box overlap'), (by_joints, 'OKS')):
        path = write(tmp_path / 'shuffled.json', entries)
        joints = read_predictions(path, files['ann'])
        assert rule in joints.notes[0]
        np.testing.assert_array_equal(
            joints.truth.person_ids, [500 + n for n in order]
        )
        np.testing.assert_array_equal(joints.errors, expected.errors[order])


def test_the_more_confident_of_two_predictions_is_matched(files, tmp_path):
    (first, *_) = json.loads(files['json'].read_text())
    del first['ann_id']
    worse = {**first, 'score': 0.9}
    path = write(tmp_path / 'twice.json', [first, worse])
    with pytest.raises(ValueError, match='--allow-partial to evaluate'):
        read_predictions(path, files['ann'])
    joints = read_predictions(path, files['ann'], allow_partial=True)
    assert len(joints.truth) == 1
    assert '1 of 2 predictions and 5 of 6 annotated' in joints.notes[1]


NOT_MATCHING = {
    'other joints': (
        lambda r: (
            [
                x.pop('keypoint_trust') and x.update(keypoints=[0.0] * 48)
                for x in r
            ]
            and r
        ),
        'expected 17 joints per person, as in the annotations, found 16',
    ),
    'other images': (
        lambda r: [x.update(image_id=99) for x in r] and r,
        r"'image_id' .* .int, such as 10., found 1 of 1 .* first 99",
    ),
    'unknown person': (
        lambda r: r[4].update(ann_id=7) or r,
        r"'ann_id' .* found 1 of 6 that are not among them, first 7 .int",
    ),
    'person twice': (
        lambda r: r[4].update(ann_id=500) or r,
        'ann_id: expected each id once, found 1 repeated, first 500',
    ),
    'ids mixed up': (
        lambda r: r[0].update(image_id=12) or r,
        "expected the 'image_id' 10 of the annotation",
    ),
    'nobody near': (
        lambda r: (
            [
                x.pop('ann_id') and x.update(keypoints=[9e5, 9e5, 0.5] * 17)
                for x in r
            ]
            and r
        ),
        'found none by OKS',
    ),
}


@pytest.mark.parametrize('case', NOT_MATCHING)
def test_predictions_without_match_are_an_error(case, files, tmp_path):
    change, match = NOT_MATCHING[case]
    predicted = change(json.loads(files['json'].read_text()))
    path = write(tmp_path / 'broken.json', predicted)
    with pytest.raises(ValueError, match=match) as raised:
        read_predictions(path, files['ann'])
    assert str(path) in str(raised.value)
