"""Training samples for the tests of the models."""

import copy

import numpy as np
import pytest
from helpers import (
    SOLVABILITY,
    build_estimator,
    load_config,
    packed_batch,
    shared_path,
)
from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS


@pytest.fixture(scope='session')
def packed_samples():
    """Three random samples; read only, see ``samples``."""
    return packed_batch(build_estimator())['data_samples']


@pytest.fixture
def samples(packed_samples):
    """Return three random samples to change."""
    return copy.deepcopy(packed_samples)


@pytest.fixture(scope='session')
def real_samples():
    """Real persons of the training pipeline, rotated and scaled by it."""
    root = shared_path('data', 'coco_mini')
    config = load_config(SOLVABILITY, root).train_dataloader.dataset
    np.random.seed(0)
    dataset = DATASETS.build(config)
    chosen = [
        i
        for i in range(len(dataset))
        if (dataset.get_data_info(i)['keypoints_visible'] > 0).sum() > 13
    ][:24]
    return pseudo_collate([dataset[i] for i in chosen])['data_samples']
