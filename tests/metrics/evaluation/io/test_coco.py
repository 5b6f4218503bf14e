import json

import pytest
from prediction_files import write

from self_verify_pose.metrics.evaluation.io.reading import read_predictions


def test_crowds_and_persons_without_labels_are_left_out(files, tmp_path):
    truth = json.loads(files['ann'].read_text())
    truth['annotations'][0]['iscrowd'] = 1
    truth['annotations'][1]['keypoints'] = [0] * 51
    ann = write(tmp_path / 'fewer.json', truth)
    found = json.loads(files['json'].read_text())[2:]
    joints = read_predictions(write(tmp_path / 'r.json', found), ann)
    assert len(joints.everyone) == len(joints.truth) == 4


def test_persons_without_area_have_no_similarity(files, tmp_path):
    truth = json.loads(files['ann'].read_text())
    del truth['annotations'][2]['area']
    ann = write(tmp_path / 'ann.json', truth)
    joints = read_predictions(files['json'], ann)
    assert joints.correct().shape == (6, 17)
    with pytest.raises(ValueError, match="'area' of every person"):
        joints.correct(criterion='oks')


BROKEN_RESULTS = {
    'annotations': (lambda r: {'images': [], 'annotations': []}, 'not ann'),
    'empty': (lambda r: [], 'found an empty list'),
    'no keypoints': (
        lambda r: r[1].pop('keypoints') and r,
        "entry 1: expected 'keypoints', found only",
    ),
    'uneven': (
        lambda r: r[0].update(keypoints=[0.0] * 48) or r,
        'entry 1: keypoints: .* found 51 numbers, in entry 0 48',
    ),
    'id missing later': (
        lambda r: r[5].pop('ann_id') and r,
        "expected 'ann_id' in all entries or in none, found it in 5 of 6",
    ),
    'trust missing later': (
        lambda r: r[5].pop('keypoint_trust') and r,
        "expected 'keypoint_trust' in all entries or in none, found it in 5",
    ),
}


@pytest.mark.parametrize('case', BROKEN_RESULTS)
def test_broken_results_are_a_clear_error(case, files, tmp_path):
    change, match = BROKEN_RESULTS[case]
    predicted = change(json.loads(files['json'].read_text()))
    path = write(tmp_path / 'broken.json', predicted)
    with pytest.raises(ValueError, match=match) as raised:
        read_predictions(path, files['ann'])
    assert str(path) in str(raised.value)


BROKEN_ANNOTATIONS = {
    'results': (lambda a: a['annotations'], "'images' and 'annotations'"),
    'no width': (lambda a: a['images'][0].pop('width') and a, "'width'"),
    'no box': (lambda a: a['annotations'][0].pop('bbox') and a, "'bbox'"),
    'nobody': (
        lambda a: [p.update(iscrowd=1) for p in a['annotations']] and a,
        'expected persons with labeled joints, found none',
    ),
}


@pytest.mark.parametrize('case', BROKEN_ANNOTATIONS)
def test_broken_annotations_are_a_clear_error(case, files, tmp_path):
    change, match = BROKEN_ANNOTATIONS[case]
    truth = change(json.loads(files['ann'].read_text()))
    ann = write(tmp_path / 'broken.json', truth)
    with pytest.raises(ValueError, match=match) as raised:
        read_predictions(files['json'], ann)
    assert str(ann) in str(raised.value)
