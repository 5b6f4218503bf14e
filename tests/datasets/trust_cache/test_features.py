import logging

import numpy as np
import pytest
import torch
from helpers import CACHED, build_estimator, packed_batch
from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS
from training_steps import with_random_residual
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.coco import CheckedCocoDataset
from self_verify_pose.datasets.trust_cache import features
from self_verify_pose.datasets.trust_cache.cache_file import save_cache
from self_verify_pose.datasets.trust_cache.feature_file import features_digest
from self_verify_pose.datasets.trust_cache.features import (
    StoredFeaturesDataset,
)
from self_verify_pose.datasets.trust_cache.schema import CacheError
from self_verify_pose.models.sample_fields import person_sizes

TRUST = example_columns()['pseudo_trust']


@pytest.fixture(scope='module')
def model():
    model = build_estimator(CACHED)
    with_random_residual(model.trust_head)
    return model


@pytest.fixture(scope='module')
def batch(model):
    batch = packed_batch(model, 5)
    for row, sample in enumerate(batch['data_samples']):
        sample.gt_instances.pseudo_trust_sol = TRUST[row : row + 1]
    return batch


@pytest.fixture
def files(tmp_path, model, batch):
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        output = model.eval().pose_output(batch['inputs'], sizes)
        rows = model.packed_features(output)
    rows = rows.half().numpy()
    path, cache = tmp_path / 'c.features.npy', tmp_path / 'c.npz'
    np.save(path, rows)
    header = example_header(features=features_digest(rows))
    save_cache(cache, header, example_columns())
    return str(cache), str(path)


def test_stored_features_give_the_loss_of_the_images(files, model, batch):
    dataset = StoredFeaturesDataset(*files, ann_file='')
    stored_model = build_estimator(CACHED, type='StoredFeaturesTopdown')
    stored_model.load_state_dict(model.state_dict())
    stored = stored_model.data_preprocessor(
        pseudo_collate(list(dataset)), True
    )
    model.train()
    torch.manual_seed(0)  # of the dropout
    losses = stored_model.train().loss(**stored)
    torch.manual_seed(0)
    expected = model.loss(**batch)
    assert (
        losses.keys()
        == expected.keys()
        == {
            'loss_trust',
            'trust_pred_mean',
        }
    )
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, atol=1e-3, rtol=1e-3)
    losses['loss_trust'].backward()
    named = dict(stored_model.named_parameters())
    trained = {n for n, p in named.items() if p.grad is not None}
    assert trained == {n for n in named if n.startswith('trust')}


def test_it_stands_for_a_data_set_of_images(files):
    dataset = StoredFeaturesDataset(
        *files, data_root='/data', ann_file='a.json', pipeline=['anything']
    )
    assert dataset.ann_file == '/data/a.json'
    with pytest.raises(TypeError, match=r'expected cache, .*, found pipelin;'):
        StoredFeaturesDataset(*files, pipelin=[])


def test_only_the_first_rows(files):
    assert len(StoredFeaturesDataset(*files, ann_file='', indices=2)) == 2
    assert len(StoredFeaturesDataset(*files, ann_file='', indices=99)) == 5


def test_features_of_another_cache_are_refused(files):
    np.save(files[1], np.load(files[1]) + 1)
    with pytest.raises(CacheError, match='stored with the cache'):
        StoredFeaturesDataset(*files, ann_file='')


@pytest.fixture
def warnings(monkeypatch):
    """Collect what is logged as a warning."""
    messages = []

    def collect(message, logger, level):
        assert level == logging.WARNING
        messages.append(message)

    monkeypatch.setattr(features, 'print_log', collect)
    return messages


def test_the_old_argument_is_an_alias_that_warns(files, warnings):
    cache, path = files
    new = StoredFeaturesDataset(cache, features=path, ann_file='a.json')
    assert not warnings
    old = StoredFeaturesDataset(cache, evidence=path, ann_file='a.json')
    assert warnings == [
        'StoredFeaturesDataset.evidence is deprecated; use features'
    ]
    assert torch.equal(old[1]['inputs'], new[1]['inputs'])


def test_the_old_type_is_an_alias_that_warns(files, warnings):
    config = {'cache': files[0], 'evidence': files[1], 'ann_file': 'a.json'}
    dataset = DATASETS.build({'type': 'TrustEvidenceDataset', **config})
    assert isinstance(dataset, StoredFeaturesDataset)
    assert len(dataset) == 5
    assert warnings[0].startswith('TrustEvidenceDataset is deprecated')
    assert len(warnings) == 2  # and that of the old argument


def test_missing_features_are_named(files):
    with pytest.raises(ValueError, match='features: expected the path'):
        StoredFeaturesDataset(files[0], ann_file='')


def test_features_of_another_network_are_refused(batch):
    model = build_estimator(CACHED, type='StoredFeaturesTopdown')
    rows = torch.zeros(5, 99, dtype=torch.float16)
    with pytest.raises(ValueError, match='48 channels, found 99'):
        model.loss(rows, batch['data_samples'])


def test_images_are_preprocessed_as_before(model):
    image = torch.full((3, 8, 8), 128, dtype=torch.uint8)
    sample = packed_batch(model, 1)['data_samples'][0]
    processed = model.data_preprocessor(
        {'inputs': [image], 'data_samples': [sample]}
    )
    assert processed['inputs'].shape == (1, 3, 8, 8)
    assert processed['inputs'].abs().max() < 1


def test_samples_have_the_ids_of_the_cache(files):
    dataset = StoredFeaturesDataset(*files, ann_file='')
    found = [dataset[i]['data_samples'].metainfo['id'] for i in range(5)]
    assert found == example_columns()['ids'].tolist()


def test_its_images_are_the_data_set_that_it_stands_for(files, synthetic_coco):
    options = {
        'data_root': str(synthetic_coco),
        'ann_file': 'annotations/person_keypoints_train2017.json',
        'data_prefix': {'img': 'train2017/'},
        'indices': 4,
        'pipeline': [{'type': 'LoadImage'}],
    }
    val = {'type': 'CheckedCocoDataset', 'pipeline': ['ignored']}
    images = StoredFeaturesDataset(*files, **options).build_images(val)
    options |= {'pipeline': [], 'test_mode': True}
    expected = CheckedCocoDataset(**options)
    assert isinstance(images, CheckedCocoDataset)
    assert len(images) == len(expected) == 4
    for index in range(4):
        one, other = images[index], expected[index]
        assert one['id'] == other['id']
        assert one['img_path'] == other['img_path']


def test_missing_images_are_named_when_they_are_needed(files):
    dataset = StoredFeaturesDataset(
        *files, ann_file='nowhere.json', data_root='/none'
    )
    with pytest.raises(FileNotFoundError, match='nowhere'):
        dataset.build_images({'type': 'CheckedCocoDataset'})
    dataset = StoredFeaturesDataset(*files)
    with pytest.raises(FileNotFoundError, match='ann_file: none'):
        dataset.build_images({'type': 'CheckedCocoDataset'})
