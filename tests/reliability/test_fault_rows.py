"""Each row of fault_rows.py."""

import types
from pathlib import Path

import pytest
import torch
from fault_rows import ROWS
from mmengine.hooks import CheckpointHook
from mmpose.structures import PoseDataSample
from row import check_message
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.datasets.transforms.load_image import CheckedLoadImage
from self_verify_pose.engine.hooks.finite_training import FiniteTrainingHook
from self_verify_pose.engine.hooks.preflight import check_hooks

NAN, INFINITE = float('nan'), float('inf')


def stand_in(**attributes):
    """Return a runner with what a hook reads."""
    loop = types.SimpleNamespace(iter=4)
    return types.SimpleNamespace(work_dir='.', _train_loop=loop, **attributes)


def batch(value):
    sample = PoseDataSample(metainfo={'id': 3})
    return {'inputs': [torch.full((3, 2, 2), value)], 'data_samples': [sample]}


def loss(name, value):
    def step():
        hook = FiniteTrainingHook()
        hook.before_train_iter(stand_in(), 0, batch(0.0))
        value_of = dict.fromkeys((name, 'loss'), torch.tensor(value))
        hook.after_train_iter(stand_in(), 0, batch(0.0), value_of)

    return step


def pixel(mode, value):
    def step():
        before = getattr(FiniteTrainingHook(), f'before_{mode}_iter')
        before(stand_in(), 0, batch(value))

    return step


def weight():
    state = {'weight': torch.tensor([NAN])}
    hook = FiniteTrainingHook()
    hook.before_save_checkpoint(stand_in(), {'state_dict': state})


class Image(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return CheckedLoadImage().transform({'img_path': 'broken.jpg'})


def image(content, workers=0):
    def read():
        if content is not None:
            Path('broken.jpg').write_bytes(content)
        list(DataLoader(Image(), num_workers=workers))

    return read


def unknown_key():
    check_hooks(stand_in(_hooks=[CheckpointHook(intervall=2)]))


CASES = {
    'a loss that is NaN': loss('loss_trust', NAN),
    'a loss that is infinite': loss('loss_kpt', INFINITE),
    'a pixel that is NaN': pixel('train', NAN),
    'a pixel that is infinite in a validation': pixel('val', INFINITE),
    'a weight that is NaN when it is saved': weight,
    'an image that is missing': image(None),
    'an image that is empty': image(b''),
    'an image that is none': image(b'not an image'),
    'a broken image in a loader worker': image(b'', workers=1),
    'an unknown key of the checkpoint hook': unknown_key,
}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as raised:
        CASES[row.case]()
    check_message(row, str(raised.value))
