"""Each row of result_rows.py."""

import json
import math

import numpy as np
import pytest
import result_rows
from prediction_files import annotations, results
from row import check_message

from self_verify_pose.datasets.pose_results import PoseResults
from self_verify_pose.engine.evaluation_input import (
    BONES,
    read_evaluation_input,
)

ALL = slice(None)


def entry(**fields):
    return lambda found, truth: found[1].update(fields)


def each(**fields):
    return lambda found, truth: [one.update(fields) for one in found]


def without(field, rows=slice(1, 2)):
    return lambda found, truth: [one.pop(field) for one in found[rows]]


def keypoint(position, value):
    def change(found, truth):
        found[1]['keypoints'][position] = value

    return change


def written(field, form):
    """Write the ids of a field in another form."""

    def change(found, truth):
        for one in found:
            one[field] = form.format(one[field], one[field] - 10)
        if field == 'image_id':
            without('ann_id', ALL)(found, truth)

    return change


def with_boxes(change):
    def changed(found, truth):
        for one, person in zip(found, truth['annotations'], strict=True):
            del one['ann_id']
            one['bbox'] = change(*person['bbox'])

    return changed


def at_hidden(value, ids=True):
    def change(found, truth):
        for one, person in zip(found, truth['annotations'], strict=True):
            for k in range(17):
                if not person['keypoints'][3 * k + 2]:
                    one['keypoints'][3 * k : 3 * k + 3] = [value] * 3
            if not ids:
                del one['ann_id']

    return change


def at_visible(field, value):
    def change(found, truth):
        k = next(
            k
            for k in range(17)
            if truth['annotations'][1]['keypoints'][3 * k + 2]
        )
        found[1][field][3 * k if field == 'keypoints' else k] = value

    return change


def ambiguous(found, truth):
    truth['images'][0]['file_name'] = '11.jpg'
    for one in found:
        del one['ann_id']
        one['image_id'] = f'{one["image_id"]}'
    for image in truth['images']:
        image['id'] += 0


def unknown_image(found, truth):
    found[1]['image_id'] = 99


def letters(found, truth):
    for one in found:
        del one['ann_id']
        one['image_id'] = 'abc'[one['image_id'] - 10]


def half(found, truth):
    del found[3:]


def twice(found, truth):
    without('ann_id', ALL)(found, truth)
    found += json.loads(json.dumps(found))


def other_joints(found, truth):
    for one in found:
        one['keypoints'] = one['keypoints'][:42]
        one['keypoint_trust'] = one['keypoint_trust'][:14]


def in_one_point(value):
    def change(found, truth):
        for k in range(17):
            found[1]['keypoints'][3 * k : 3 * k + 2] = [value, value]

    return change


CHANGES = {
    'no JSON': lambda found, truth: 'no json',
    'annotations': lambda found, truth: '{"images": []}',
    'empty': lambda found, truth: '[]',
    'entry null': lambda found, truth: found.__setitem__(1, None),
    'image missing': without('image_id'),
    'image null': entry(image_id=None),
    'image with fraction': entry(image_id=10.0),
    'image ids of two types': entry(image_id='10'),
    'keypoints missing': without('keypoints'),
    'keypoints null': entry(keypoints=None),
    'keypoints short': entry(keypoints=[1] * 50),
    'keypoints empty in all': each(keypoints=[]),
    'keypoint a text': keypoint(0, '3'),
    'keypoint true': keypoint(2, True),
    'box null': each(bbox=None),
    'box in one': entry(bbox=[1, 2, 3, 4]),
    'box of five': each(bbox=[1, 2, 3, 4, 5]),
    'score null': entry(score=None),
    'score missing in the first': without('score', slice(0, 1)),
    'id null': entry(ann_id=None),
    'id missing in one': without('ann_id'),
    'id repeated': entry(ann_id=500),
    'trust missing in the first': without('keypoint_trust', slice(0, 1)),
    'another score missing in the first': lambda found, truth: [
        one.update(my_score=[0.5] * 17) for one in found[1:]
    ],
    'trust null': entry(keypoint_trust=None),
    'trust of 16': each(keypoint_trust=[0.5] * 16),
    'trust with texts': entry(keypoint_trust=['0.5'] * 17),
    'trust NaN at a labeled joint': at_visible('keypoint_trust', math.nan),
    'keypoint null at a labeled joint': at_visible('keypoints', None),
    'unknown image': unknown_image,
    'unknown person': entry(ann_id=7),
    'person of another image': entry(image_id=12),
    'ids that cannot be read': letters,
    'ids that may be two': ambiguous,
    'boxes are corners': with_boxes(lambda x, y, w, h: [x, y, x + w, y + h]),
    'boxes far away': with_boxes(lambda x, y, w, h: [x + 9e3, y, w, h]),
    'half of the persons': half,
    'persons twice without ids': twice,
    'other joints': other_joints,
    'image ids as text': written('image_id', '{}'),
    'image ids padded': written('image_id', '{:06d}'),
    'file names': written('image_id', '{1}.jpg'),
    'file names without ending': written('image_id', '{1}'),
    'file names with folders': written('image_id', 'a/{1}.jpg'),
    'person ids as text': written('ann_id', '{}'),
    'person ids padded': written('ann_id', '{:06d}'),
    'integer scores': each(keypoint_trust=[0, 1] * 8 + [1]),
    'null where no label is': at_hidden(None),
    'NaN where no label is': at_hidden(math.nan),
    'NaN where no label is, without ids': at_hidden(math.nan, ids=False),
    'a pose in one point': in_one_point(50.0),
    'nothing detected': in_one_point(0),
    'a crowd predicted': lambda found, truth: truth['annotations'][1].update(
        iscrowd=1
    ),
    'a person not predicted': lambda found, truth: found.pop(1),
}
NOTES = {
    'null': 'joints have no prediction',
    'NaN': 'joints have no prediction',
    'nothing': '17 of 102 joints are predicted at (0, 0)',
    'a crowd': '1 of 6 predictions belong to persons that are not evaluated',
    'a person': '0 of 5 predictions and 1 of 6 annotated persons are not',
    'image ids': "'image_id' of predictions is read as that of the annot",
    'file names': "'image_id' of predictions is read as that of the annot",
    'person ids': "'ann_id' of predictions is read as that of the annotat",
}


def write(case, folder):
    truth = annotations()
    found = results(truth, noise=1.0)
    changed = CHANGES[case](found, truth)
    paths = folder / 'results.json', folder / 'ann.json'
    given = changed if isinstance(changed, str) else json.dumps(found)
    paths[0].write_text(given)
    paths[1].write_text(json.dumps(truth))
    return paths


@pytest.mark.parametrize('row', result_rows.FIELDS, ids=lambda row: row.case)
def test_row(row, tmp_path):
    path, ann = write(row.case, tmp_path)
    for read in (
        lambda: read_evaluation_input(path, ann),
        lambda: PoseResults(str(path)),
    ):
        with pytest.raises(ValueError) as caught:
            read()
        check_message(row, str(caught.value))


@pytest.mark.parametrize(
    'row', result_rows.EVALUATED, ids=lambda row: row.case
)
def test_evaluated_row(row, tmp_path):
    with pytest.raises(ValueError) as caught:
        read_evaluation_input(*write(row.case, tmp_path))
    check_message(row, str(caught.value))


@pytest.fixture(scope='module')
def clean(tmp_path_factory):
    CHANGES['clean'] = lambda found, truth: None
    folder = tmp_path_factory.mktemp('clean')
    return read_evaluation_input(*write('clean', folder))


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(
    'row', result_rows.UNDERSTOOD, ids=lambda row: row.case
)
def test_understood_row(row, clean, tmp_path):
    found = read_evaluation_input(*write(row.case, tmp_path))
    text = ' '.join(found.notes)
    for start, note in NOTES.items():
        if row.case.startswith(start):
            assert note in text
    ids = found.truth.person_ids
    rows = np.flatnonzero(np.isin(clean.truth.person_ids, ids))
    assert len(rows) == 6 - (row.case.startswith(('a crowd', 'a person')))
    labeled = found.truth.labeled
    changed = row.case in ('a pose in one point', 'nothing detected')
    if changed:
        np.testing.assert_array_equal(found.scores[BONES][1], 0)
        labeled[1] = False
    for name, scores in clean.scores.items():
        same = name == BONES and 'no label' in row.case
        if not same and not (name == 'keypoint_trust' and 'int' in row.case):
            np.testing.assert_allclose(
                found.scores[name][labeled], scores[rows][labeled], 1e-12
            )
    np.testing.assert_array_equal(
        found.errors[labeled], clean.errors[rows][labeled]
    )
