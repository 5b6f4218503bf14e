"""Each row of image_rows.py."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from image_rows import ROWS
from mmpose.evaluation.metrics import CocoMetric
from PIL import Image
from prediction_files import annotations
from row import check_message

from self_verify_pose.datasets.coco_instances import build_dataset
from self_verify_pose.engine.metric_check import check_metrics

# rows of what the metric reads
METRIC = {'no area', 'no crowd flag', 'no count of keypoints'}
METRIC |= {'category not listed', 'no categories', 'categories from 2 on'}


def in_folders(separator):
    def change(content, folder):
        for image in content['images']:
            image['file_name'] = f'train{separator}{image["file_name"]}'

    return change


def each(part, **fields):
    def change(content, folder):
        for entry in content[part]:
            entry.update(fields)

    return change


def without(part, *fields):
    def change(content, folder):
        for entry in content[part]:
            for field in fields:
                del entry[field]

    return change


def as_text(content, folder, part='images'):
    for entry in content['annotations']:
        entry['image_id'] = str(entry['image_id'])
    for entry in content['images']:
        entry['id'] = str(entry['id'])


def person_as_text(content, folder):
    for entry in content['annotations']:
        entry['id'] = str(entry['id'])


def two_skeletons(content, folder):
    second = content['annotations'][1]
    second.update(category_id=2, keypoints=second['keypoints'][:42])


def second_category(content, folder):
    content['categories'].append({'id': 2, 'name': 'athlete'})
    each('annotations', category_id=2)(content, folder)


def other_image(size, orientation=1):
    def change(content, folder):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new('RGB', size).save(folder / '1.jpg', exif=exif)

    return change


def bare(content, folder):
    without('annotations', 'iscrowd', 'num_keypoints', 'area')(content, folder)
    del content['categories']


CHANGES = {
    'images in sub-folders': in_folders('/'),
    'categories from 2 on': second_category,
    'bare export': bare,
    'further fields': each('annotations', segmentation=None, license='x'),
    'image missing': lambda content, folder: (folder / '1.jpg').unlink(),
    'backslashes': in_folders('\\'),
    'image ids as text': as_text,
    'person ids as text': person_as_text,
    'no file name': lambda content, folder: content['images'][1].pop(
        'file_name'
    ),
    'no category': lambda content, folder: content['annotations'][1].pop(
        'category_id'
    ),
    'two skeletons': two_skeletons,
    'another size': other_image((200, 150)),
    'turned by EXIF': other_image((400, 300), orientation=6),
    'no area': without('annotations', 'area'),
    'no crowd flag': without('annotations', 'iscrowd'),
    'no count of keypoints': without('annotations', 'num_keypoints'),
    'category not listed': each('annotations', category_id=0),
    'no categories': lambda content, folder: content.pop('categories'),
}


def start(path, metric):
    """Check what a run or a tool checks before it starts."""
    dataset = build_dataset(
        {
            'type': 'CheckedCocoDataset',
            'ann_file': str(path),
            'data_prefix': {'img': str(path.parent)},
            'pipeline': [],
            'serialize_data': False,  # takes longest
        }
    )
    if metric:
        loop = SimpleNamespace(
            dataloader=SimpleNamespace(dataset=dataset),
            evaluator=SimpleNamespace(metrics=[CocoMetric(str(path))]),
        )
        check_metrics(SimpleNamespace(_val_loop=loop, _test_loop=None))
    return len(dataset)


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path):
    content = annotations()
    (tmp_path / 'train').mkdir()
    for image in content['images']:
        blank = Image.fromarray(np.zeros((300, 400, 3), np.uint8))
        for folder in (tmp_path, tmp_path / 'train'):
            blank.save(folder / image['file_name'])
    CHANGES[row.case](content, tmp_path)
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(content))
    metric = row.case in METRIC
    if row.message is None:
        assert start(path, metric) == 6
        return
    with pytest.raises((FileNotFoundError, ValueError)) as caught:
        start(path, metric)
    check_message(row, str(caught.value))
