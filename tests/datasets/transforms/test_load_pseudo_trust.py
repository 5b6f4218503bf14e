import numpy as np
import pytest
from mmengine.dataset import BaseDataset
from mmpose.registry import TRANSFORMS
from mmpose.structures.keypoint import flip_keypoints
from torch.utils.data import DataLoader
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.transforms.load_pseudo_trust import (
    LoadPseudoTrust,
)
from self_verify_pose.datasets.trust_cache.cache_file import save_cache
from self_verify_pose.datasets.trust_cache.schema import CacheError
from self_verify_pose.skeleton import FLIP

TRUST = example_columns()['pseudo_trust']


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'cache.npz'
    save_cache(path, example_header(), example_columns())
    return str(path)


def sample(**changes):
    return {
        'id': 993,
        'keypoints': np.zeros((1, 17, 2), np.float32),
        'flip_indices': FLIP,
        'img': np.zeros((8, 6, 3), np.uint8),
        **changes,
    }


def load(path, results, **options):
    config = {'type': 'LoadPseudoTrust', 'path': path, **options}
    return TRANSFORMS.build(config)(results)


def test_labels_reach_the_packed_instances(path):
    results = load(path, sample(bbox=np.ones((1, 4))))
    packed = TRANSFORMS.build({'type': 'PackPoseInputs'})(results)
    instances = packed['data_samples'].gt_instances
    np.testing.assert_array_equal(instances.pseudo_trust_sol, TRUST[1:2])
    assert instances.bboxes.shape == (1, 4)


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_labels_are_flipped_as_the_joints_are(path, direction):
    results = load(path, sample(flip=True, flip_direction=direction))
    marked = np.nan_to_num(TRUST[1])[None, :, None].repeat(2, 2)
    visible = np.arange(17.0)[None]
    _, order = flip_keypoints(
        marked, visible, (9, 9), FLIP, direction=direction
    )
    expected = TRUST[1][order[0].astype(int)]
    np.testing.assert_array_equal(results['pseudo_trust_sol'][0], expected)


def test_an_unflipped_sample_keeps_its_labels(path):
    results = load(path, sample(flip=False, flip_direction=None))
    np.testing.assert_array_equal(results['pseudo_trust_sol'][0], TRUST[1])


def test_a_missing_id(path):
    with pytest.raises(KeyError, match='labels of id 3, found none in'):
        load(path, sample(id=3))
    assert load(path, sample(id=3), missing='skip') is None
    ignored = load(path, sample(id=3), missing='ignore')
    assert ignored['pseudo_trust_sol'].shape == (1, 17)
    assert np.isnan(ignored['pseudo_trust_sol']).all()


def test_wrong_options_and_files(path, tmp_path):
    with pytest.raises(ValueError, match=r"'error'.*found 'zero'"):
        LoadPseudoTrust(path, missing='zero')
    with pytest.raises(FileNotFoundError):
        LoadPseudoTrust(str(tmp_path / 'none.npz'))
    results = sample(keypoints=np.zeros((1, 16, 2)))
    with pytest.raises(ValueError, match='labels of 16 joints, found 17'):
        load(path, results)


class Samples(BaseDataset):
    def load_data_list(self):
        return [sample(id=int(i)) for i in example_columns()['ids']]


def test_workers_share_what_was_read_once(path, tmp_path):
    dataset = Samples(pipeline=[LoadPseudoTrust(path)], serialize_data=False)
    (tmp_path / 'cache.npz').unlink()
    loader = DataLoader(
        dataset,
        num_workers=2,
        collate_fn=list,
        multiprocessing_context='fork',
    )
    for row, (loaded,) in enumerate(loader):
        np.testing.assert_array_equal(
            loaded['pseudo_trust_sol'][0], TRUST[row]
        )


def test_a_skipped_sample_is_replaced_by_another(path):
    columns = example_columns()
    dataset = Samples(
        pipeline=[LoadPseudoTrust(path, missing='skip')], serialize_data=False
    )
    dataset.data_list[0]['id'] = 3
    known = set(columns['ids'][1:].tolist())
    assert {dataset[0]['id'] for _ in range(10)} <= known


def test_an_unreadable_cache_is_refused(path):
    with open(path, 'r+b') as file:
        file.truncate(200)
    with pytest.raises(CacheError, match='cannot be read'):
        LoadPseudoTrust(path)
