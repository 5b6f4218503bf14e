import json
import shutil

import cv2
import pytest
from helpers import SELFVERIFY, load_config

from self_verify_pose.datasets.held_out import check_held_out
from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.judging import build_dataset


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp('held_out') / 'drawn'
    make_dataset(root, train=2, val=3)
    return root


@pytest.fixture(scope='module')
def annotations(drawn):
    path = drawn / 'annotations/person_keypoints_val2017.json'
    return json.loads(path.read_text())


@pytest.fixture(scope='module')
def config(drawn):
    return load_config(SELFVERIFY, drawn)


@pytest.fixture
def copy(drawn, annotations, tmp_path):
    """Return a function that writes a changed copy of the validation data."""
    shutil.copytree(drawn / 'val2017', tmp_path / 'images')

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


def test_other_images_are_held_out(config, drawn):
    train = drawn / 'annotations/person_keypoints_train2017.json'
    other = build_dataset(config, 'val', train, drawn / 'train2017')
    check_held_out(build_dataset(config), other)


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
    other = build_dataset(config, 'val', copy(change))
    for pair in ((build_dataset(config), other), (other, other)):
        with pytest.raises(ValueError, match='expected data that nothing'):
            check_held_out(*pair)
    with pytest.raises(ValueError, match=shared):
        check_held_out(build_dataset(config), other)


def test_the_same_file_is_not_held_out(config):
    one, other = build_dataset(config, count=1), build_dataset(config)
    with pytest.raises(ValueError, match='the same annotations'):
        check_held_out(one, other)


def test_a_name_alone_does_not_make_the_same_image(config, copy, tmp_path):
    path = copy(renumber)
    for image in (tmp_path / 'images').iterdir():
        cv2.imwrite(str(image), 255 - cv2.imread(str(image)))
    check_held_out(build_dataset(config), build_dataset(config, 'val', path))
