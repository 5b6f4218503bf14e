import numpy as np
import pytest
import torch
from training_steps import random_distribution, training_step

from self_verify_pose.models.trust_targets import CachedTargets
from self_verify_pose.models.trust_targets.cached import read_cached


@pytest.fixture
def rows(samples):
    """Targets that samples bring along, some of them NaN."""
    rows = np.random.default_rng(0).random((3, 17), np.float32)
    rows[1, 4] = rows[2] = np.nan
    for sample, row in zip(samples, rows, strict=True):
        sample.gt_instances.pseudo_trust_sol = row[None]
    return rows


def test_cached_values_are_targets_and_nan_is_none(samples, rows):
    step = training_step(random_distribution(3), samples)
    (target,) = CachedTargets().targets(step)
    assert target.view is step.view
    assert torch.equal(target.mask, torch.from_numpy(np.isfinite(rows)))
    np.testing.assert_array_equal(target.values, np.nan_to_num(rows))


def test_missing_targets_name_the_remedy(samples):
    with pytest.raises(KeyError, match='add LoadPseudoTrust'):
        read_cached(samples, torch.device('cpu'))
