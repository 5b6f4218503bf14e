"""Runs and data that the tests here share."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers import BASELINE, NARROW, SELFVERIFY, SHARED
from integration_runs import train_once

from self_verify_pose.datasets.synthetic import make_dataset


@pytest.fixture(scope='session')
def data_root(tmp_path_factory) -> Path:
    """Return real COCO images, or drawn ones where there are none."""
    real = SHARED / 'data' / 'coco_mini'
    if real.exists():
        return real
    root = tmp_path_factory.mktemp('data') / 'drawn'
    make_dataset(root, train=24, val=16)
    return root


@pytest.fixture(scope='session')
def baseline_run(tmp_path_factory, data_root):
    """Return a finished training of a narrow baseline, to read only."""
    return train_once(
        tmp_path_factory, 'baseline', BASELINE, data_root, *NARROW
    )


@pytest.fixture(scope='session')
def selfverify_run(tmp_path_factory, data_root):
    """Return a finished self-verify training, logged everywhere."""
    return train_once(
        tmp_path_factory,
        'selfverify',
        SELFVERIFY,
        data_root,
        USE_TENSORBOARD='1' if find_spec('tensorboard') else '0',
        USE_WANDB='1',
        WANDB_MODE='offline',
        WANDB_PROJECT='self-verify-test',
        WANDB_NAME='short',
    )
