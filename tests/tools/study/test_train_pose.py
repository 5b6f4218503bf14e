import pytest
import torch
from helpers import BASELINE, load_config, narrow, save_tiny

from self_verify_pose.tools.study.image_sets import find_set
from self_verify_pose.tools.study.train_pose import train_pose


@pytest.fixture(scope='module')
def trained(tmp_path_factory, synthetic_coco):
    """A narrow pose network after one epoch, and its first weights."""
    folder = tmp_path_factory.mktemp('pose')
    _, first = save_tiny(folder, BASELINE)
    config = load_config(BASELINE, synthetic_coco)
    narrow(config.model)
    config.train_dataloader.batch_size = 16
    sets = [find_set(synthetic_coco, 'train')]

    def train():
        return train_pose(config, sets, str(first), 1, 1e-3, folder / 'run', 0)

    return train, train(), first


def test_one_epoch_changes_the_weights(trained):
    _, path, first = trained
    assert path.name == 'epoch_1.pth'
    after = torch.load(path, weights_only=True)['state_dict']
    before = torch.load(first, weights_only=True)['state_dict']
    assert after.keys() >= before.keys()
    changed = [n for n in before if not torch.equal(before[n], after[n])]
    assert any(name.endswith('weight') for name in changed)
    assert all(value.isfinite().all() for value in after.values())


def test_a_finished_training_is_not_repeated(trained):
    train, path, _ = trained
    written = path.stat().st_mtime_ns
    assert train() == path
    assert path.stat().st_mtime_ns == written
