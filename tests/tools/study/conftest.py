"""Extracted features of made-up persons."""

import pytest
import torch
from study_columns import CHANNELS, K, N, V

from self_verify_pose.models.heads.trust_features import TrustFeatures


@pytest.fixture
def columns():
    """What the extraction of training features returns, made up.

    Two persons share an image. Half of the predictions are correct.
    """
    generator = torch.Generator().manual_seed(0)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    features = TrustFeatures(rand(N * V, K, sum(CHANNELS)), rand(N * V, K, 27))
    packed = features.packed(rand(N * V, K))
    teacher = rand(N, K)
    teacher[:3] = torch.nan
    correct = rand(N, V, K) > 0.5
    truth = 100 * rand(N, K, 2)
    error = torch.where(correct[:, 0], 2.0, 20.0)  # of 100 pixels
    return {
        'features': packed.view(N, V, -1),
        'raw_score': rand(N, V, K),
        'correct': correct,
        'has_label': rand(N, V, K) > 0.3,
        'distance': rand(N, V, K) * 0.2,
        'inside': rand(N, V, K) > 0.1,
        'expected': rand(N, V, K),
        'rotation': rand(N, K),
        'rotation_inside': rand(N, K) > 0.1,
        'free_trust': teacher,
        'keypoints': truth + error[..., None] * torch.tensor([1.0, 0.0]),
        'truth': truth,
        'labeled': rand(N, K) > 0.3,
        'boxes': torch.tensor([0.0, 0.0, 80.0, 100.0]).expand(N, 4),
        'ids': torch.stack([torch.arange(N) // 2, torch.arange(N)], 1),
    }
