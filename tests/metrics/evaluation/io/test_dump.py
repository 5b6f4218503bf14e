import pickle

import numpy as np
import pytest
from prediction_files import write

from self_verify_pose.metrics.evaluation.io.coco import read_results
from self_verify_pose.metrics.evaluation.io.dump import (
    predictions_from_dump,
    read_dump,
)
from self_verify_pose.metrics.evaluation.io.dump_results import (
    results_from_dump,
)
from self_verify_pose.metrics.evaluation.io.reading import read_predictions

BROKEN_DUMPS = {
    'no list': (lambda s: {'a': 1}, 'found a dict'),
    'empty': (lambda s: [], 'found an empty dump'),
    'no predictions': (
        lambda s: [{'gt_instances': {}}],
        "'pred_instances'",
    ),
    'no score': (
        lambda s: s[0]['pred_instances'].pop('keypoint_scores') is s or s,
        "sample id 500: expected 'keypoint_scores' in pred_instances",
    ),
    'no truth': (
        lambda s: s[2]['gt_instances'].pop('keypoints') is s or s,
        "sample id 502: expected 'keypoints' in gt_instances.*--ann",
    ),
    'field missing later': (
        lambda s: s[3]['pred_instances'].pop('keypoint_trust') is s or s,
        "sample id 503: expected 'keypoint_trust'",
    ),
    'no image id': (
        lambda s: s[1].pop('img_id') is s or s,
        "sample 1: expected 'img_id'.*meta_keys",
    ),
    'two persons': (
        lambda s: (
            s[0]['pred_instances'].update(keypoints=np.zeros((2, 17, 2))) or s
        ),
        'sample id 500: .*one person.*top-down',
    ),
    'NaN score': (
        lambda s: (
            s[0]['pred_instances'].update(
                keypoint_scores=np.full((1, 17), np.nan)
            )
            or s
        ),
        'keypoint_scores: expected finite values.*first at person 500',
    ),
    'NaN point': (
        lambda s: (
            s[0]['pred_instances'].update(
                keypoints=np.full((1, 17, 2), np.nan)
            )
            or s
        ),
        'predicted keypoints: expected finite',
    ),
    'no labels': (
        lambda s: (
            [
                x['gt_instances'].update(keypoints_visible=np.zeros((1, 17)))
                for x in s
            ]
            and s
        ),
        'expected labeled joints, found none in 6 persons',
    ),
    'detected boxes': (
        lambda s: (
            [
                x['gt_instances'].update(
                    keypoints=np.zeros((1, 17, 2)),
                    keypoints_visible=np.ones((1, 17)),
                )
                for x in s
            ]
            and s
        ),
        'detected boxes.*--ann',
    ),
}


@pytest.mark.parametrize('case', BROKEN_DUMPS)
def test_a_broken_dump_is_a_clear_error(case, files, tmp_path):
    change, match = BROKEN_DUMPS[case]
    samples = change(pickle.loads(files['pkl'].read_bytes()))
    path = write(tmp_path / 'broken.pkl', samples)
    with pytest.raises(ValueError, match=match) as raised:
        read_predictions(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize('content', [b'', b'{"a": 1}', b'\x80\x04cno.such\nx'])
def test_a_file_that_is_no_pickle_is_a_clear_error(content, tmp_path):
    path = tmp_path / 'preds.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='expected a dump of mim test'):
        read_predictions(path)


def test_a_dump_that_names_code_is_refused_in_one_line(tmp_path):
    path = tmp_path / 'preds.pkl'
    path.write_bytes(b"cos\nsystem\n(S'touch executed'\ntR.")
    with pytest.raises(ValueError) as raised:
        read_predictions(path)
    message = str(raised.value)
    assert 'it holds os.system, not plain values and arrays' in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize('by_id', [True, False])
def test_results_of_a_dump_are_read_as_the_dump(files, by_id, tmp_path):
    samples = read_dump(files['pkl'])
    if not by_id:
        for sample in samples:
            del sample['raw_ann_info']['id']
    path = write(tmp_path / 'preds.results.json', results_from_dump(samples))
    found, expected = read_results(path), predictions_from_dump(samples)
    assert found.scores.keys() == expected.scores.keys()
    for name, scores in expected.scores.items():
        np.testing.assert_array_equal(found.scores[name], scores)
    for name in ('keypoints', 'image_ids', 'person_ids', 'confidence'):
        np.testing.assert_array_equal(
            getattr(found, name), getattr(expected, name)
        )
    assert (found.boxes is None) == by_id
    if not by_id:
        np.testing.assert_allclose(found.boxes, expected.boxes)


@pytest.mark.parametrize('category', [2, [2], np.array(2), np.array([2])])
def test_a_category_may_be_a_list_of_one_as_in_mpii(files, category):
    samples = read_dump(files['pkl'])
    for sample in samples:
        sample['category_id'] = category
    entries = results_from_dump(samples)
    assert [entry['category_id'] for entry in entries] == [2] * len(samples)
