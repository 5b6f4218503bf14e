import json

import numpy as np
import pytest

from self_verify_pose.datasets.persons import (
    labelled_joints,
    read_persons,
    spread_persons,
)
from self_verify_pose.datasets.synthetic import make_dataset


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('persons') / 'drawn'
    make_dataset(root, train=1, val=5)
    return root


@pytest.fixture(scope='module')
def annotations(root):
    return root / 'annotations' / 'person_keypoints_val2017.json'


@pytest.fixture(scope='module')
def infos(root, annotations):
    return read_persons(annotations, root / 'val2017')


def test_every_labelled_person_is_read(root, annotations, infos):
    content = json.loads(annotations.read_text())
    names = {image['id']: image['file_name'] for image in content['images']}
    expected = {}
    for person in content['annotations']:
        if person['num_keypoints'] and not person['iscrowd']:
            path = root / 'val2017' / names[person['image_id']]
            expected.setdefault(path, []).append(person)
    assert infos.keys() == expected.keys()
    for path, persons in expected.items():
        for info, person in zip(infos[path], persons, strict=True):
            visible = np.array(person['keypoints'])[2::3] > 0
            np.testing.assert_array_equal(labelled_joints(info), visible)


def test_images_are_chosen_by_name(root, annotations, infos):
    chosen = list(infos)[1]
    found = read_persons(annotations, root / 'val2017', [chosen.name])
    assert list(found) == [chosen]
    assert len(found[chosen]) == len(infos[chosen])


def test_what_is_missing_is_named(root, annotations, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.json'):
        read_persons(tmp_path / 'none.json', root / 'val2017')
    with pytest.raises(FileNotFoundError, match='nowhere'):
        read_persons(annotations, tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='give their folder'):
        read_persons(annotations, root / 'train2017')
    with pytest.raises(ValueError, match=r'strange\.jpg, found none'):
        read_persons(annotations, root / 'val2017', ['strange.jpg'])


@pytest.mark.parametrize('content', ['no json', '[]', '{}', '{"images": [3]}'])
def test_other_formats_are_refused(root, tmp_path, content):
    path = tmp_path / 'other.json'
    path.write_text(content)
    with pytest.raises(ValueError, match='in COCO format, found'):
        read_persons(path, root / 'val2017')


def person(joints):
    visible = np.zeros((1, 17))
    visible[0, :joints] = 1
    return {'keypoints_visible': visible}


def test_persons_are_spread_evenly():
    infos = {i: [person(6), person(5), person(17)] for i in range(10)}
    kept = spread_persons(infos, number=3, min_joints=6)
    # the first, the middle and the last of the 20 with 6 joints or more
    assert list(kept) == [0, 5, 9] or list(kept) == [0, 4, 9]
    assert sum(map(len, kept.values())) == 3
    everyone = spread_persons(infos, number=None, min_joints=6)
    assert sum(map(len, everyone.values())) == 20
    again = spread_persons(infos, number=99, min_joints=6)
    assert sum(map(len, again.values())) == 20


def test_without_labels_there_is_nobody_to_judge():
    with pytest.raises(ValueError, match='none among 2'):
        spread_persons({'a': [person(5), person(0)]}, None, min_joints=6)
