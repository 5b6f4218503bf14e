import pytest
import torch
from study_columns import CHANNELS, LAYOUT, SCALAR_NAMES, K, N

from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.tools.study.head_variants import HeadVariant
from self_verify_pose.tools.study.training_targets import annotation_targets


@pytest.mark.parametrize('levels', [(), (1,), (0, 2), (0, 1, 2)])
def test_a_head_is_shown_its_levels_only(columns, levels):
    row = HeadVariant(
        annotation_targets,
        True,
        {'levels': levels},
        hidden=(SCALAR_NAMES[3], SCALAR_NAMES[26]),
    )
    features = columns['features'][:, 0]
    seen = row.select(features, LAYOUT)
    given = [CHANNELS[level] for level in levels]
    unpacked, free_scores = TrustFeatures.unpacked(seen, sum(given), K, 27)
    full, expected = LAYOUT.unpack(features)
    torch.testing.assert_close(free_scores, expected)
    at = 0
    for level, width in zip(levels, given, strict=True):
        first = sum(CHANNELS[:level])
        torch.testing.assert_close(
            unpacked.joint_features[..., at : at + width],
            full.joint_features[..., first : first + width],
        )
        at += width
    assert (unpacked.scalar_features[..., [3, 26]] == 0).all()
    kept = [c for c in range(len(SCALAR_NAMES)) if c not in (3, 26)]
    assert torch.equal(
        unpacked.scalar_features[..., kept], full.scalar_features[..., kept]
    )
    head = row.build(LAYOUT).eval()
    assert head.forward_packed(seen).shape == (N, K)
