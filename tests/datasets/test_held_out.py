import itertools
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import SELFVERIFY, load_config
from mmpose.registry import DATASETS
from torch.utils.data import Dataset
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.held_out import hold_out
from self_verify_pose.datasets.trust_cache.cache_file import save_cache
from self_verify_pose.datasets.trust_cache.feature_file import features_digest
from self_verify_pose.datasets.trust_cache.features import (
    StoredFeaturesDataset,
)

ALL = 10**9


@pytest.fixture(scope='module')
def config(synthetic_coco):
    return load_config(SELFVERIFY, synthetic_coco)


@pytest.fixture(scope='module')
def dataset(config):
    return DATASETS.build(config.train_dataloader.dataset)


@pytest.fixture(scope='module')
def val(config):
    return config.val_dataloader.dataset


def image_of(dataset):
    """Image of each person, by the person's id."""
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return {info['id']: info['img_id'] for info in infos}


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_all_persons_of_an_image_are_together(dataset, val, seed):
    (chosen,) = hold_out(dataset, val, 0.5, ALL, seed)
    images = image_of(dataset)
    held = {images[person] for person in chosen.ids}
    others = {images[person] for person in images.keys() - chosen.ids}
    assert held
    assert held.isdisjoint(others)
    assert len(set(images.values())) < len(images)  # some show several
    numbers = {}
    for number, sample in zip(chosen.images, chosen.persons, strict=True):
        meta = sample['data_samples'].metainfo
        assert meta['id'] in chosen.ids
        numbers.setdefault(meta['img_id'], set()).add(number)
    assert numbers.keys() == held
    assert all(len(number) == 1 for number in numbers.values())
    assert len(set.union(*numbers.values())) == len(held)


def test_the_choice_follows_the_seed_alone(config, dataset, val):
    found = [
        hold_out(dataset, val, 0.5, ALL, seed)[0].ids for seed in (3, 3, 4)
    ]
    again = DATASETS.build(config.train_dataloader.dataset)
    assert found[0] == found[1]
    assert found[0] == hold_out(again, val, 0.5, ALL, 3)[0].ids
    assert found[0] != found[2]


def test_seeds_give_choices_that_are_independent(dataset, val):
    """Half of the images each: any two seeds share half of the choices."""
    images, chosen = image_of(dataset), []
    for seed in range(40):
        found = hold_out(dataset, val, 0.5, ALL, seed)
        held = {images[person] for one in found for person in one.ids}
        chosen.append([image in held for image in set(images.values())])
    assert np.mean(chosen) == pytest.approx(0.5, abs=0.08)
    same = np.corrcoef(chosen)[np.triu_indices(40, 1)]
    assert abs(np.nanmean(same)) < 0.05
    assert np.nanmax(same) < 1 - 1e-9


def test_a_larger_share_holds_out_more_of_the_same(dataset, val):
    shares = (0.2, 0.5, 0.9, 1.0)
    ids = [
        frozenset().union(
            *(one.ids for one in hold_out(dataset, val, share, ALL, 0))
        )
        for share in shares
    ]
    for smaller, larger in itertools.pairwise(ids):
        assert smaller <= larger
    assert ids[-1] == image_of(dataset).keys()
    assert len(ids[0]) < len(ids[2])


def test_crops_are_those_of_the_given_pipeline(dataset, val, config):
    (chosen,) = hold_out(dataset, val, 0.5, ALL, 0)
    one, again = chosen.persons[0], chosen.persons[0]
    assert (one['inputs'] == again['inputs']).all()  # nothing is drawn
    assert one['data_samples'].gt_instances.keypoints.shape == (1, 17, 2)
    training = dataset[0]['data_samples']
    assert 'keypoint_x_labels' in training.gt_instance_labels  # as before
    assert not dataset.test_mode
    plain = {**config.train_dataloader.dataset, 'pipeline': val.pipeline}
    plain = DATASETS.build({**plain, 'test_mode': True})
    index = chosen.persons.indices[0]
    assert (plain[index]['inputs'] == one['inputs']).all()


def test_the_number_of_persons_is_limited(dataset, val):
    counts = [
        sum(len(one.ids) for one in hold_out(dataset, val, 0.9, 5, seed))
        for seed in range(40)
    ]
    assert 3 < np.mean(counts) < 7
    assert not hold_out(dataset, val, 0.9, 0, 0)


def test_of_several_data_sets_images_of_each_are_held_out(
    config, dataset, val, synthetic_coco
):
    train = config.train_dataloader.dataset
    other = {
        **train,
        'ann_file': 'annotations/person_keypoints_val2017.json',
        'data_prefix': {'img': 'val2017/'},
    }
    combined = DATASETS.build(
        {
            'type': 'CombinedDataset',
            'metainfo': train.get('metainfo')
            or {'from_file': 'configs/_base_/datasets/coco.py'},
            'datasets': [train, other],
            'pipeline': [],
        }
    )
    repeated = SimpleNamespace(dataset=combined)
    first, second = hold_out(repeated, val, 0.5, ALL, 0)
    assert first.ids == hold_out(dataset, val, 0.5, ALL, 0)[0].ids
    path = synthetic_coco / 'annotations' / 'person_keypoints_val2017.json'
    known = {row['id'] for row in json.loads(path.read_text())['annotations']}
    assert second.ids <= known
    assert second.persons[0]['inputs'].shape == (3, 256, 192)


def test_stored_features_stand_for_their_images(
    config, dataset, val, tmp_path
):
    train = config.train_dataloader.dataset
    cache, features = tmp_path / 'c.npz', tmp_path / 'c.features.npy'
    rows = np.zeros((5, 7), np.float16)
    np.save(features, rows)
    header = example_header(features=features_digest(rows))
    save_cache(cache, header, example_columns())
    stored = StoredFeaturesDataset(
        str(cache),
        str(features),
        **{k: v for k, v in train.items() if k not in ('type', '_scope_')},
    )
    (found,) = hold_out(stored, val, 0.5, ALL, 0)
    (expected,) = hold_out(dataset, val, 0.5, ALL, 0)
    assert found.ids == expected.ids
    assert found.images == expected.images
    one, other = found.persons[0], expected.persons[0]
    assert (one['inputs'] == other['inputs']).all()


def test_a_data_set_without_known_images_is_refused_in_one_sentence(val):
    class Mine(Dataset):
        pass

    with pytest.raises(TypeError) as caught:
        hold_out(Mine(), val, 0.5, ALL, 0)
    message = str(caught.value)
    assert re.match(r'train_dataloader\.dataset: .* found Mine,', message)
    assert message.endswith('or remove TrustSelectionHook')
    assert '. ' not in message
