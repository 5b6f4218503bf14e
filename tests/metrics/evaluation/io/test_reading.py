"""Dumps and COCO-format results are read alike, and judged as MMPose does."""

import json
import pickle

import numpy as np
import pytest
import torch
from helpers import shared_path

from self_verify_pose.engine.evaluation_input import BONES, read_joints
from self_verify_pose.metrics.evaluation.io.reading import report_names
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    evaluate_scores,
)

IMAGE = {'width': 400, 'height': 300}


def annotations(persons=6, seed=0):
    """Persons of three images in COCO format, some boxes over the edge."""
    rng = np.random.default_rng(seed)
    people = []
    for n in range(persons):
        x, y = rng.uniform(0, 200, 2).round(2).tolist()
        width, height = rng.uniform(60, 260, 2).round(2).tolist()
        points = rng.uniform((x, y), (x + width, y + height), (17, 2))
        visible = rng.choice([0, 1, 2], (17, 1), p=[0.2, 0.2, 0.6])
        rows = np.hstack([points.round(1), visible]) * (visible > 0)
        people.append(
            {
                'id': 500 + n,
                'image_id': 10 + n // 2,
                'category_id': 1,
                'iscrowd': 0,
                'bbox': [x, y, width, height],
                'area': width * height / 2,
                'keypoints': rows.ravel().tolist(),
                'num_keypoints': int((visible > 0).sum()),
            }
        )
    return {
        'images': [
            {'id': 10 + n, 'file_name': f'{n}.jpg', **IMAGE}
            for n in range((persons + 1) // 2)
        ],
        'annotations': people,
        'categories': [{'id': 1, 'name': 'person'}],
    }


def results(truth, seed=1, noise=8.0):
    """One prediction per person, with the id of its annotation."""
    rng = np.random.default_rng(seed)
    found = []
    for person in truth['annotations']:
        rows = np.reshape(person['keypoints'], (17, 3)).astype(float)
        rows[:, :2] += rng.normal(0, noise, (17, 2))
        rows[:, 2] = rng.random(17)
        found.append(
            {
                'image_id': person['image_id'],
                'ann_id': person['id'],
                'category_id': 1,
                'keypoints': rows.round(3).ravel().tolist(),
                'keypoint_trust': rng.random(17).round(3).tolist(),
                'score': 0.5,
            }
        )
    return found


def dump(truth, found, folder):
    """The same predictions as mim test dumps them, read by MMPose itself."""
    from mmpose.datasets import CocoDataset

    path = folder / 'dump_annotations.json'
    path.write_text(json.dumps(truth))
    dataset = CocoDataset(ann_file=str(path), pipeline=[], test_mode=True)
    by_id = {f['ann_id']: f for f in found}
    samples = []
    for n in range(len(dataset)):
        info = dataset.get_data_info(n)
        rows = np.reshape(by_id[info['id']]['keypoints'], (1, 17, 3))
        trust = torch.tensor(by_id[info['id']]['keypoint_trust'])
        samples.append(
            {
                'id': info['id'],
                'img_id': info['img_id'],
                'raw_ann_info': info['raw_ann_info'],
                'gt_instances': {
                    'keypoints': info['keypoints'],
                    'keypoints_visible': info['keypoints_visible'],
                    'bboxes': info['bbox'],
                },
                'pred_instances': {
                    'keypoints': rows[..., :2],
                    'keypoint_scores': rows[..., 2],
                    'keypoints_visible': rows[..., 2],
                    'keypoint_trust': trust[None],
                    'bboxes': info['bbox'],
                    'bbox_scores': info['bbox_score'],
                },
            }
        )
    return samples


def write(path, content):
    if path.suffix == '.pkl':
        path.write_bytes(pickle.dumps(content))
    else:
        path.write_text(json.dumps(content))
    return path


@pytest.fixture
def files(tmp_path):
    truth = annotations()
    found = results(truth)
    return {
        'ann': write(tmp_path / 'ann.json', truth),
        'json': write(tmp_path / 'results.json', found),
        'pkl': write(tmp_path / 'preds.pkl', dump(truth, found, tmp_path)),
    }


def test_dump_and_results_are_judged_alike(files):
    one = read_joints(files['pkl'])
    other = read_joints(files['json'], files['ann'])
    third = read_joints(files['pkl'], files['ann'])
    for joints in (other, third):
        np.testing.assert_allclose(joints.errors, one.errors, atol=1e-6)
        for criterion in ('bbox', 'oks'):
            np.testing.assert_array_equal(
                joints.correct(criterion=criterion),
                one.correct(criterion=criterion),
            )
        for name in ('labeled', 'occluded', 'image_ids', 'person_ids'):
            np.testing.assert_array_equal(
                getattr(joints.truth, name), getattr(one.truth, name)
            )
        assert set(joints.scores) == set(one.scores)
        for name, scores in one.scores.items():
            np.testing.assert_allclose(joints.scores[name], scores, rtol=1e-5)
    expected = {'keypoint_scores', 'keypoint_trust', BONES}
    assert set(one.scores) == expected


def test_results_are_judged_by_hand(files):
    joints = read_joints(files['json'], files['ann'])
    truth = json.loads(files['ann'].read_text())['annotations']
    found = json.loads(files['json'].read_text())
    for n, (person, result) in enumerate(zip(truth, found, strict=True)):
        x, y, width, height = person['bbox']
        right, below = min(x + width, 399), min(y + height, 299)
        size = max(right - x, below - y)
        for k in range(17):
            true_x, true_y, visible = person['keypoints'][3 * k : 3 * k + 3]
            point = result['keypoints'][3 * k : 3 * k + 2]
            assert joints.truth.labeled[n, k] == (visible > 0)
            assert joints.truth.occluded[n, k] == (visible == 1)
            if visible:
                error = np.hypot(point[0] - true_x, point[1] - true_y) / size
                assert joints.errors[n, k] == pytest.approx(error)


def near_box(box):
    """A detected box: within the image, a little off."""
    x, y, width, height = box
    return [x + 3, y + 3, min(width, 399 - x), min(height, 299 - y)]


def test_persons_are_found_without_ids(files, tmp_path):
    truth = json.loads(files['ann'].read_text())['annotations']
    found = results({'annotations': truth}, noise=2.0)
    expected = read_joints(write(files['json'], found), files['ann'])
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
        joints = read_joints(path, files['ann'])
        assert rule in joints.notes[0]
        np.testing.assert_array_equal(
            joints.truth.person_ids, [500 + n for n in order]
        )
        np.testing.assert_array_equal(joints.errors, expected.errors[order])


def test_the_surer_of_two_predictions_gets_the_person(files, tmp_path):
    (first, *_) = json.loads(files['json'].read_text())
    del first['ann_id']
    worse = {**first, 'score': 0.9}
    path = write(tmp_path / 'twice.json', [first, worse])
    joints = read_joints(path, files['ann'])
    assert len(joints.truth) == 1
    assert '1 of 2 predictions and 5 of 6 annotated' in joints.notes[1]


def test_crowds_and_persons_without_joints_are_left_out(files, tmp_path):
    truth = json.loads(files['ann'].read_text())
    truth['annotations'][0]['iscrowd'] = 1
    truth['annotations'][1]['keypoints'] = [0] * 51
    ann = write(tmp_path / 'fewer.json', truth)
    found = json.loads(files['json'].read_text())[2:]
    joints = read_joints(write(tmp_path / 'r.json', found), ann)
    assert len(joints.everyone) == len(joints.truth) == 4


def test_joints_of_another_skeleton_are_judged_by_size_alone(tmp_path):
    truth = annotations()
    for person in truth['annotations']:
        person['keypoints'] = person['keypoints'][:15]
        person['num_keypoints'] = 5
        person['keypoints'][2::3] = [2] * 5
    found = [
        {**r, 'keypoints': r['keypoints'][:15], 'keypoint_trust': [0.5] * 5}
        for r in results(truth_with_17(truth))
    ]
    joints = read_joints(
        write(tmp_path / 'r.json', found), write(tmp_path / 'a.json', truth)
    )
    assert BONES not in joints.scores
    assert any('bone lengths' in note for note in joints.notes)
    assert 'found 5' in joints.no_similarity
    with pytest.raises(ValueError, match='17 joints of COCO, found 5'):
        joints.correct(criterion='oks')


def truth_with_17(truth):
    people = [
        {**p, 'keypoints': p['keypoints'] + [0] * 36}
        for p in truth['annotations']
    ]
    return {**truth, 'annotations': people}


@pytest.mark.parametrize(
    ('network', 'expected'),
    [
        ('simplepose', [3872, 0.275, 0.880, 0.103, 0.0808]),
        ('movenet', [3872, 0.400, 0.788, 0.182, 0.2128]),
    ],
)
def test_real_predictions_reach_the_known_figures(network, expected):
    joints = read_joints(
        shared_path(
            'data', 'predictions', f'{network}_coco_mini_train2017.json'
        ),
        shared_path(
            'data', 'coco_mini/annotations/person_keypoints_train2017.json'
        ),
    )
    found = evaluate_scores(joints, n_bootstrap=20)
    figures = found.scorers['keypoint_scores']
    np.testing.assert_allclose(
        [
            found.num_joints,
            found.error_rate.value,
            *(figures[name].value for name in ('AUROC', 'ECE', 'AURC')),
        ],
        expected,
        rtol=0,
        atol=0.002,
    )
    assert figures['AUROC'].low < expected[2] < figures['AUROC'].high


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
        read_joints(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize('content', [b'', b'{"a": 1}', b'\x80\x04cno.such\nx'])
def test_a_file_that_is_no_pickle_is_a_clear_error(content, tmp_path):
    path = tmp_path / 'preds.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='expected a dump of mim test'):
        read_joints(path)


BROKEN_RESULTS = {
    'annotations': (lambda r: {'images': [], 'annotations': []}, 'not ann'),
    'empty': (lambda r: [], 'found an empty list'),
    'no keypoints': (
        lambda r: r[1].pop('keypoints') and r,
        "expected 'keypoints' in every entry, not found in entry 1",
    ),
    'uneven': (
        lambda r: r[0].update(keypoints=[0.0] * 48) or r,
        r'lengths \[48, 51\]',
    ),
    'other joints': (
        lambda r: [x.update(keypoints=[0.0] * 48) for x in r] and r,
        'expected 17 joints per person, as in the annotations, found 16',
    ),
    'other images': (
        lambda r: [x.update(image_id=99) for x in r] and r,
        'no image id in common .predicted 99, annotated 10',
    ),
    'unknown person': (
        lambda r: r[4].update(ann_id=7) or r,
        '1 of 6 that are not, first 7',
    ),
    'person twice': (
        lambda r: r[4].update(ann_id=500) or r,
        "expected each 'ann_id' once",
    ),
    'ids mixed up': (
        lambda r: r[0].update(image_id=12) or r,
        "expected the 'image_id' of the annotation",
    ),
    'id missing later': (
        lambda r: r[5].pop('ann_id') and r,
        "expected 'ann_id' in all entries or in none, found it in 5 of 6",
    ),
    'trust missing later': (
        lambda r: r[5].pop('keypoint_trust') and r,
        "expected 17 numbers in 'keypoint_trust'",
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


@pytest.mark.parametrize('case', BROKEN_RESULTS)
def test_broken_results_are_a_clear_error(case, files, tmp_path):
    change, match = BROKEN_RESULTS[case]
    found = change(json.loads(files['json'].read_text()))
    path = write(tmp_path / 'broken.json', found)
    with pytest.raises(ValueError, match=match) as raised:
        read_joints(path, files['ann'])
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
        read_joints(files['json'], ann)
    assert str(ann) in str(raised.value)


def test_missing_files_and_unknown_endings_are_clear_errors(files, tmp_path):
    for name in ('no.pkl', 'no.json'):
        with pytest.raises(FileNotFoundError, match=name):
            read_joints(tmp_path / name)
    with pytest.raises(ValueError, match='give it with --ann'):
        read_joints(files['json'])
    with pytest.raises(ValueError, match=r"found the ending '\.csv'"):
        read_joints(tmp_path / 'preds.csv')
    text = tmp_path / 'text.json'
    text.write_text('no json')
    with pytest.raises(ValueError, match='expected JSON'):
        read_joints(text, files['ann'])


def test_persons_without_area_have_no_similarity(files, tmp_path):
    truth = json.loads(files['ann'].read_text())
    del truth['annotations'][2]['area']
    ann = write(tmp_path / 'ann.json', truth)
    joints = read_joints(files['json'], ann)
    assert joints.correct().shape == (6, 17)
    with pytest.raises(ValueError, match="'area' of every person"):
        joints.correct(criterion='oks')


def test_reports_name_files_apart(tmp_path):
    one, two = tmp_path / 'a' / 'preds.pkl', tmp_path / 'b' / 'preds.pkl'
    assert report_names([one]) == {'preds': one}
    assert report_names([one, two]) == {'a_preds': one, 'b_preds': two}
    with pytest.raises(ValueError, match='repeated'):
        report_names([one, one])
