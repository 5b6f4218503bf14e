"""Each row of annotation_rows.py, with each reader."""

import copy
import json
from itertools import chain
from unittest import mock

import cv2
import numpy as np
import pytest
from annotation_rows import ROWS
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.base import base_coco_style_dataset
from prediction_files import annotations
from row import check_message

from self_verify_pose.coco_annotations import (
    count_left_out,
    describe_left_out,
)
from self_verify_pose.datasets.coco import CheckedCocoDataset
from self_verify_pose.datasets.coco_instances import (
    build_dataset,
    iterate_instances,
    read_instances,
)
from self_verify_pose.metrics.evaluation.io.coco import read_annotations
from self_verify_pose.tools.study.image_sets import ImageSet, read_content


def image(**fields):
    return lambda content: content['images'][1].update(fields)


def person(**fields):
    return lambda content: content['annotations'][1].update(fields)


def without(part, field):
    return lambda content: content[part][1].pop(field)


def replaced(part, value):
    return lambda content: content[part].__setitem__(1, value)


def keypoint(position, value):
    def change(content):
        content['annotations'][1]['keypoints'][position] = value

    return change


def extended(part, index=0):
    return lambda content: content[part].append(content[part][index])


def as_corners(content):
    for one in content['annotations']:
        x, y, width, height = one['bbox']
        one['bbox'] = [x + 150, y + 100, x + 150 + width, y + 100 + height]
        one['keypoints'] = [x + 160, y + 110, 2] * 17
    for one in content['images']:
        one.update(width=700, height=500)


def shift_boxes(content):
    for one in content['annotations']:
        one['bbox'][0] += 900


def text(content):
    return lambda _: content


CHANGES = {
    'no JSON': text('no json'),
    'cut off': text('{"images": [{"id": 1,'),
    'deeply nested': text('[' * 100_000),
    'results': text('[{"image_id": 1, "keypoints": []}]'),
    'no images': lambda content: content.pop('images') and None,
    'images null': lambda content: content.update(images=None),
    'images by id': lambda content: content.update(images={'1': {}}),
    'image null': replaced('images', None),
    'image id missing': without('images', 'id'),
    'image id a number with fraction': image(id=1.5),
    'image id true': image(id=True),
    'image id repeated': image(id=10),
    'image ids of two types': lambda content: content['images'].append(
        {**content['images'][0], 'id': '99'}
    ),
    'width missing': without('images', 'width'),
    'width null': image(width=None),
    'width zero': image(width=0),
    'height a text': image(height='300'),
    'file name null': image(file_name=None),
    'annotation null': replaced('annotations', None),
    'annotation a list': replaced('annotations', [1]),
    'id missing': without('annotations', 'id'),
    'id null': person(id=None),
    'id repeated': person(id=500),
    'ids begin anew': lambda content: (
        [one.update(id=one['id'] - 3) for one in content['annotations'][3:]]
        and None
    ),
    'person twice': extended('annotations'),
    'image unknown': person(image_id=99),
    'image id as text': person(image_id='10'),
    'person without image': without('annotations', 'image_id'),
    'box missing': without('annotations', 'bbox'),
    'box null': person(bbox=None),
    'box of three': person(bbox=[1, 2, 3]),
    'box of five': person(bbox=[1, 2, 30, 40, 0.9]),
    'box with null': person(bbox=[1, 2, None, 40]),
    'box with texts': person(bbox=['1', '2', '3', '4']),
    'box NaN': person(bbox=[1, 2, 30, float('nan')]),
    'box infinite': person(bbox=[1, 2, 30, float('inf')]),
    'boxes are corners': as_corners,
    'boxes beside the image': shift_boxes,
    'keypoints null': person(keypoints=None),
    'keypoints empty': person(keypoints=[]),
    'keypoints short': person(keypoints=[1] * 50),
    'keypoints of another skeleton': person(keypoints=[1] * 42),
    'keypoints in pairs': person(keypoints=[[1, 2, 2]] * 17),
    'keypoint null': keypoint(0, None),
    'keypoint NaN': keypoint(0, float('nan')),
    'keypoint a text': keypoint(0, '3'),
    'visibility true': keypoint(2, True),
    'area null': person(area=None),
    'area negative': person(area=-1),
    'crowd a text': person(iscrowd='0'),
    'count of keypoints null': person(num_keypoints=None),
    'crowd': person(iscrowd=1),
    'all keypoints unlabeled': person(keypoints=[0] * 51, num_keypoints=0),
    'box without area': person(bbox=[10, 10, 0, 0]),
    'box beside the image': person(bbox=[-90, 10, 80, 20]),
    'count of keypoints 0': person(num_keypoints=0),
    'keypoints missing': without('annotations', 'keypoints'),
}


def read_mmpose(kind):
    """Build a data set, as training, calibration and caches do."""

    def read(path):
        cfg = {
            'type': kind,
            'ann_file': str(path),
            'data_prefix': {'img': str(path.parent)},
            'pipeline': [],
            'serialize_data': False,  # takes longest
        }
        return {p['id'] for p in iterate_instances(build_dataset(cfg))}

    return read


def read_pictures(path):
    persons = read_instances(path, path.parent).values()
    return {one['id'] for one in chain.from_iterable(persons)}


def read_evaluation(path):
    return set(read_annotations(path, 17).persons.person_ids.tolist())


def read_comparison(path):
    read_content(ImageSet('set', path, path.parent))


READERS = {
    'data set of this package': read_mmpose(CheckedCocoDataset),
    'data set of MMPose': read_mmpose(CocoDataset),
    'pictures': read_pictures,
    'evaluation': read_evaluation,
    'comparison': read_comparison,
}


@pytest.fixture(scope='module', autouse=True)
def parsed_once():
    """Let MMPose read the keypoints of COCO once, which takes longest."""
    parsed = CocoDataset._load_metainfo()
    with mock.patch.object(
        base_coco_style_dataset,
        'parse_pose_metainfo',
        lambda metainfo: copy.deepcopy(parsed),
    ):
        yield


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('annotations')
    for one in annotations()['images']:
        blank = np.zeros((one['height'], one['width'], 3), np.uint8)
        cv2.imwrite(str(folder / one['file_name']), blank)
    return folder


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, folder):
    content = annotations()
    changed = CHANGES[row.case](content)
    path = folder / 'ann.json'
    path.write_text(
        changed if isinstance(changed, str) else json.dumps(content)
    )
    if row.message is not None:
        for name, read in READERS.items():
            with pytest.raises(ValueError) as caught:
                read(path)
            check_message(row, f'{name}: {caught.value}')
        return
    found = {name: read(path) for name, read in READERS.items()}
    expected = {500 + n for n in range(6)} - {501}
    for name in ('data set of MMPose', 'pictures', 'evaluation'):
        assert found[name] == expected, name
    assert row.outcome.endswith(describe_left_out(count_left_out(content)))
