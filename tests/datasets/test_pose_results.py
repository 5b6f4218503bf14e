import json

import numpy as np
import pytest

from self_verify_pose.datasets.pose_results import PoseResults

BOX = np.array([10, 20, 40, 80], np.float32)


def entry(image_id=7, x=10.0, y=20.0, **changes):
    """Return a person of three keypoints in a box of 30 x 60 pixels."""
    keypoints = [x, y, 0.9, x + 30, y + 60, 0.8, x + 15, y + 30, 0.1]
    return {'image_id': image_id, 'keypoints': keypoints, **changes}


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / 'results.json'
        path.write_text(json.dumps(content))
        return PoseResults(str(path))

    return read


@pytest.mark.parametrize('field', ['ann_id', 'id'])
def test_annotation_ids_find_persons(read, field):
    entries = [entry(x=30, **{field: 4}), entry(**{field: 5})]
    results = read(entries)
    assert results.keypoints.shape == (2, 3, 2)
    assert results.keypoints.dtype == np.float32
    # the box of the other person decides nothing
    found = results.find(7, 4, BOX)
    assert found.tolist() == [[30, 20], [60, 80], [45, 50]]
    assert results.find(7, 6, BOX) is None


def test_ann_id_is_asked_before_id(read):
    results = read([entry(ann_id=4, id=5), entry(x=50, ann_id=5, id=4)])
    assert results.find(7, 5, BOX)[0].tolist() == [50, 20]


def test_without_ids_boxes_find_persons(read):
    results = read([entry(x=25), entry(x=12), entry(image_id=8)])
    assert results.find(7, 1, BOX)[0].tolist() == [12, 20]
    assert results.find(8, 1, BOX)[0].tolist() == [10, 20]
    assert results.find(9, 1, BOX) is None


def test_a_given_box_replaces_the_one_around_the_keypoints(read):
    elsewhere = entry(bbox=[300, 20, 30, 60])
    results = read([elsewhere, entry(x=90, bbox=[10, 20, 29, 60])])
    assert results.find(7, 1, BOX)[0].tolist() == [90, 20]


@pytest.mark.parametrize(('shift', 'found'), [(15, True), (17, False)])
def test_a_neighbor_is_not_taken_for_the_person(read, shift, found):
    # shifted by s of 30 pixels, boxes have the IoU (30 - s) / (30 + s)
    results = read([entry(x=10 + shift)])
    assert (results.find(7, 1, BOX) is not None) == found


def test_zeros_are_no_keypoints(read):
    person = entry()
    person['keypoints'][3:6] = [0, 0, 0]
    nobody = {'image_id': 8, 'keypoints': [0] * 9}
    results = read([person, nobody])
    found = results.find(7, 1, np.array([10, 20, 25, 50]))
    np.testing.assert_array_equal(
        found, [[10, 20], [np.nan, np.nan], [25, 50]]
    )
    assert results.find(8, 1, BOX) is None


def test_numbers_that_are_not_finite_are_no_keypoints(read):
    person = entry(ann_id=1)
    person['keypoints'][3] = float('nan')
    found = read([person]).find(7, 1, BOX)
    assert np.isfinite(found).all(-1).tolist() == [True, False, True]


def keypoints(values):
    return [entry(), {'image_id': 7, 'keypoints': values}]


@pytest.mark.parametrize(
    ('content', 'parts'),
    [
        ({}, ['expected a list', 'found {}']),
        ([], ['expected predictions', 'found an empty list']),
        ([entry(), None], ['entry 1: expected an object, found null']),
        (
            [{'image_id': 7}],
            ["entry 0: expected 'keypoints', found only image_id"],
        ),
        ([entry(image_id='7')], ['entry 0: image_id', 'found "7"']),
        ([entry(image_id=None)], ['entry 0: image_id', 'found null']),
        (keypoints(None), ['entry 1: keypoints', 'found null']),
        (keypoints(['1'] * 9), ['entry 1: keypoints', 'found "1"']),
        (keypoints([1] * 6), ['entry 1: keypoints', 'found 6', 'entry 0 9']),
        ([entry(keypoints=[])], ['entry 0: keypoints', 'found 0 numbers']),
        ([entry(keypoints=[1] * 4)], ['entry 0: keypoints', 'found 4']),
        ([entry(bbox=None)], ['entry 0: bbox', 'found null']),
        ([entry(bbox=[1, 2, 3])], ['entry 0: bbox', 'found 3']),
        (
            [entry(ann_id=3), entry(ann_id=3)],
            ['ann_id: expected each id once', 'first 3, 2 times'],
        ),
    ],
)
def test_bad_results_are_refused_in_one_sentence(read, content, parts):
    with pytest.raises(ValueError) as caught:
        read(content)
    message = str(caught.value)
    assert 'results.json' in message
    assert all(part in message for part in parts), message
    assert '; ' in message


def test_the_id_of_another_image_is_refused(read):
    results = read([entry(), entry(image_id=8, id=2)][1:])
    with pytest.raises(
        ValueError, match=r'entry 0: expected image_id 7.*id=2, found 8; .*'
    ):
        results.find(7, 2, BOX)


def test_no_file_and_no_json(tmp_path):
    path = tmp_path / 'results.json'
    with pytest.raises(FileNotFoundError, match='found nothing at'):
        PoseResults(str(path))
    path.write_text('[{"image_id": 7')
    with pytest.raises(ValueError, match='expected JSON, found'):
        PoseResults(str(path))
