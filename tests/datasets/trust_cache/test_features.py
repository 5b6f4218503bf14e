import numpy as np
import pytest
import torch
from helpers import CACHED, build_estimator, packed_batch
from mmengine.dataset import pseudo_collate
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.trust_cache.features import (
    StoredFeaturesDataset,
)
from self_verify_pose.datasets.trust_cache.schema import (
    CacheError,
    evidence_digest,
    save_cache,
)
from self_verify_pose.models.sample_fields import person_sizes

TRUST = example_columns()['pseudo_trust']


@pytest.fixture(scope='module')
def model():
    return build_estimator(CACHED)


@pytest.fixture(scope='module')
def batch(model):
    batch = packed_batch(model, 5)
    for row, sample in enumerate(batch['data_samples']):
        sample.gt_instances.pseudo_trust_sol = TRUST[row : row + 1]
    return batch


@pytest.fixture
def files(tmp_path, model, batch):
    with torch.no_grad():
        rows = model.evidence(
            model.eval().view(batch['inputs']),
            person_sizes(batch['data_samples'], 'cpu'),
        )
    rows = rows.half().numpy()
    evidence, cache = tmp_path / 'c.features.npy', tmp_path / 'c.npz'
    np.save(evidence, rows)
    header = example_header(evidence=evidence_digest(rows))
    save_cache(cache, header, example_columns())
    return str(cache), str(evidence)


def test_stored_evidence_gives_the_loss_of_the_images(files, model, batch):
    dataset = StoredFeaturesDataset(*files, ann_file='')
    stored = model.data_preprocessor(pseudo_collate(list(dataset)), True)
    model.train()
    losses = model.loss(**stored)
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
    trained = {n for n, p in model.named_parameters() if p.grad is not None}
    head = {n for n, _ in model.named_parameters() if n.startswith('trust')}
    assert trained == head
    model.zero_grad()


def test_only_the_first_rows(files):
    assert len(StoredFeaturesDataset(*files, ann_file='', indices=2)) == 2
    assert len(StoredFeaturesDataset(*files, ann_file='', indices=99)) == 5


def test_evidence_of_another_cache_is_refused(files):
    np.save(files[1], np.load(files[1]) + 1)
    with pytest.raises(CacheError, match='stored with the cache'):
        StoredFeaturesDataset(*files, ann_file='')


def test_missing_and_truncated_evidence(files, tmp_path):
    missing = str(tmp_path / 'none.npy')
    with pytest.raises(FileNotFoundError, match='--with-features'):
        StoredFeaturesDataset(files[0], missing, ann_file='')
    with open(files[1], 'r+b') as file:
        file.truncate(300)
    with pytest.raises(CacheError, match='cannot be read'):
        StoredFeaturesDataset(*files, ann_file='')


def test_evidence_of_another_network_is_refused(model, batch):
    rows = torch.zeros(5, 99, dtype=torch.float16)
    with pytest.raises(ValueError, match='48 channels, found 99'):
        model.loss(rows, batch['data_samples'])


def test_images_are_preprocessed_as_before(model):
    image = torch.full((3, 8, 8), 128, dtype=torch.uint8)
    sample = packed_batch(model, 1)['data_samples'][0]
    found = model.data_preprocessor(
        {'inputs': [image], 'data_samples': [sample]}
    )
    assert found['inputs'].shape == (1, 3, 8, 8)
    assert found['inputs'].abs().max() < 1
