import json
import shutil

import cv2
import pytest
from helpers import SELFVERIFY, load_config

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.split_check import check_disjoint


@pytest.fixture(scope='module')
def annotations(synthetic_coco):
    path = synthetic_coco / 'annotations/person_keypoints_val2017.json'
    return json.loads(path.read_text())


@pytest.fixture(scope='module')
def config(synthetic_coco):
    return load_config(SELFVERIFY, synthetic_coco)


@pytest.fixture
def copy(synthetic_coco, annotations, tmp_path):
    """Return a function that writes a changed copy of the validation data."""
    shutil.copytree(synthetic_coco / 'val2017', tmp_path / 'images')

    def write(change):
        content = json.loads(json.dumps(annotations))
        change(content)
        path = tmp_path / 'annotations.json'
        path.write_text(json.dumps(content))
        return path

    return write


def keep_last_image(content):
    last = content['images'][-1]['id']
    content['images'] = content['images'][-1:]
    people = content['annotations']
    content['annotations'] = [a for a in people if a['image_id'] == last]


def renumber(content):
    for person in content['annotations']:
        person['id'] += 1


def test_other_images_are_held_out(config, synthetic_coco):
    train = synthetic_coco / 'annotations/person_keypoints_train2017.json'
    other = build_split(config, 'val', train, synthetic_coco / 'train2017')
    check_disjoint(build_split(config), other)


@pytest.mark.parametrize(
    ('change', 'shared'),
    [
        (lambda content: None, 'the person with id'),
        (lambda content: content['info'].clear(), 'the person with id'),
        (keep_last_image, 'the person with id'),
        (renumber, 'the image 0'),
    ],
)
def test_a_changed_copy_is_not_held_out(config, copy, change, shared):
    other = build_split(config, 'val', copy(change))
    for pair in ((build_split(config), other), (other, other)):
        with pytest.raises(ValueError, match='expected data that nothing'):
            check_disjoint(*pair)
    with pytest.raises(ValueError, match=shared):
        check_disjoint(build_split(config), other)


def test_the_same_file_is_not_held_out(config):
    one, other = build_split(config, count=1), build_split(config)
    with pytest.raises(ValueError, match='the same annotations'):
        check_disjoint(one, other)


def test_a_name_alone_does_not_make_the_same_image(config, copy, tmp_path):
    path = copy(renumber)
    for image in (tmp_path / 'images').iterdir():
        cv2.imwrite(str(image), 255 - cv2.imread(str(image)))
    check_disjoint(build_split(config), build_split(config, 'val', path))
