import json

import numpy as np
import pytest
from helpers import CACHEGEN, SELFVERIFY, load_config, shared_path

from self_verify_pose.datasets.coco_instances import (
    build_split,
    iterate_instances,
    plain_crops,
    read_instances,
    select_evenly,
)


@pytest.fixture(scope='module')
def root(synthetic_coco):
    return synthetic_coco


@pytest.fixture(scope='module')
def annotations(root):
    return root / 'annotations' / 'person_keypoints_val2017.json'


@pytest.fixture(scope='module')
def infos(root, annotations):
    return read_instances(annotations, root / 'val2017')


def test_every_labeled_person_is_read(root, annotations, infos):
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
            labeled = info['keypoints_visible'][0] > 0
            np.testing.assert_array_equal(labeled, visible)


def test_images_are_chosen_by_name(root, annotations, infos):
    chosen = list(infos)[1]
    chosen_infos = read_instances(annotations, root / 'val2017', [chosen.name])
    assert list(chosen_infos) == [chosen]
    assert len(chosen_infos[chosen]) == len(infos[chosen])


def test_what_is_missing_is_named(root, annotations, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.json'):
        read_instances(tmp_path / 'none.json', root / 'val2017')
    with pytest.raises(FileNotFoundError, match='nowhere'):
        read_instances(annotations, tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match="the folder that 'file"):
        read_instances(annotations, root / 'train2017')
    with pytest.raises(ValueError, match=r'strange\.jpg, found none'):
        read_instances(annotations, root / 'val2017', ['strange.jpg'])


def test_a_split_is_built_with_or_without_another_file(root, annotations):
    config = load_config(SELFVERIFY, root)
    own = build_split(config)
    assert [p['id'] for p in iterate_instances(own)] == [
        p['id']
        for p in json.loads(annotations.read_text())['annotations']
        if p['num_keypoints'] and not p['iscrowd']
    ]
    assert len(build_split(config, count=2)) == 2
    train = root / 'annotations' / 'person_keypoints_train2017.json'
    other = build_split(config, 'val', train, root / 'train2017')
    assert other.ann_file == str(train)
    assert other[0]['inputs'].shape == own[0]['inputs'].shape


def test_a_missing_split_is_named(root, tmp_path):
    config = load_config(SELFVERIFY, root)
    file = tmp_path / 'annotations.json'
    with pytest.raises(FileNotFoundError, match='the annotation file'):
        build_split(config, ann_file=file)
    file.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(FileNotFoundError, match='the image folder'):
        build_split(config, ann_file=file)
    (tmp_path / 'images').mkdir()
    with pytest.raises(ValueError, match='expected persons'):
        build_split(config, ann_file=file)


@pytest.mark.parametrize('content', ['no json', '[]', '{}', '{"images": [3]}'])
def test_other_formats_are_refused(root, tmp_path, content):
    path = tmp_path / 'other.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=r'other\.json: expected'):
        read_instances(path, root / 'val2017')


def person(joints):
    visible = np.zeros((1, 17))
    visible[0, :joints] = 1
    return {'keypoints_visible': visible}


def test_persons_are_spread_evenly():
    infos = {i: [person(6), person(5), person(17)] for i in range(10)}
    kept = select_evenly(infos, number=3, min_joints=6)
    # the first, the middle and the last of the 20 with 6 joints or more
    assert list(kept) == [0, 5, 9] or list(kept) == [0, 4, 9]
    assert sum(map(len, kept.values())) == 3
    everyone = select_evenly(infos, number=None, min_joints=6)
    assert sum(map(len, everyone.values())) == 20
    again = select_evenly(infos, number=99, min_joints=6)
    assert sum(map(len, again.values())) == 20


def test_too_few_labels_are_refused():
    with pytest.raises(ValueError, match='none among 2'):
        select_evenly({'a': [person(5), person(0)]}, None, min_joints=6)


CROWDPOSE = {'from_file': 'configs/_base_/datasets/crowdpose.py'}


@pytest.mark.parametrize(
    ('name', 'kind', 'count'),
    [
        ('mpii/test_mpii.json', {'type': 'MpiiDataset'}, 16),
        (
            'coco/test_coco_wholebody.json',
            {'type': 'CocoWholeBodyDataset', 'pipeline': [{'type': 'any'}]},
            133,
        ),
        (
            'crowdpose/test_crowdpose.json',
            {'type': 'CombinedDataset', 'datasets': [], 'metainfo': CROWDPOSE},
            14,
        ),
    ],
)
def test_annotations_are_read_in_the_format_of_the_data_set(name, kind, count):
    path = shared_path('data', 'mmpose_samples', *name.split('/'))
    infos = read_instances(path, path.parent, kind=kind)
    assert infos
    for persons in infos.values():
        for person in persons:
            assert person['keypoints'].shape == (1, count, 2)


@pytest.mark.parametrize(
    'name', [SELFVERIFY, 'configs/zoo/trust_rle-res50_coco-256x192.py']
)
def test_plain_crops_are_those_of_validation_with_targets(name):
    config = load_config(name)
    validation = config.val_dataloader.dataset.pipeline
    *crops, target, pack = plain_crops(config)
    assert crops == validation[:-1]
    assert [target, pack] == config.train_dataloader.dataset.pipeline[-2:]
    assert target['type'] == 'GenerateTarget'


def test_the_named_config_has_the_plain_crops_already():
    config = load_config(CACHEGEN)
    pipeline = config.train_dataloader.dataset.pipeline
    assert plain_crops(config) == pipeline


def test_plain_crops_need_the_targets_of_the_training():
    config = load_config(SELFVERIFY)
    del config.train_dataloader.dataset.pipeline[-2]
    with pytest.raises(ValueError, match='expected GenerateTarget, found L'):
        plain_crops(config)
