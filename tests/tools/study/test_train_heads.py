import numpy as np
import pytest
import torch

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.trust_features import (
    TrustFeatures,
    scalar_names,
)
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    describe_joints,
    fit_learner,
)
from self_verify_pose.tools.study.train_heads import (
    FeatureLayout,
    HeadVariant,
    annotation_targets,
    crop_annotation_targets,
    mixed_targets,
    predict,
    rotation_targets,
    solvability_targets,
    strong_view_targets,
    train_head,
    unified_targets,
)

CHANNELS = [4, 8, 16]
SCALAR_NAMES = scalar_names(SimCCDistribution.statistic_names)
LAYOUT = FeatureLayout(CHANNELS, (0, 1), JOINTS, SCALAR_NAMES)
N, V, K = 40, 3, 17


@pytest.fixture
def columns():
    """What looking at persons returns, made up."""
    generator = torch.Generator().manual_seed(0)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    features = TrustFeatures(rand(N, V, K, sum(CHANNELS)), rand(N, V, K, 27))
    packed = torch.cat([part.flatten(2) for part in features], 2)
    teacher = rand(N, K)
    teacher[:3] = torch.nan
    return {
        'features': packed,
        'correct': rand(N, V, K) > 0.5,
        'has_label': rand(N, V, K) > 0.3,
        'distance': rand(N, V, K) * 0.2,
        'inside': rand(N, V, K) > 0.1,
        'expected': rand(N, V, K),
        'rotation': rand(N, K),
        'rotation_inside': rand(N, K) > 0.1,
        'free_trust': teacher,
    }


def test_annotation_teaches_every_view_and_the_easy_one_alone(columns):
    everything = annotation_targets(columns)
    assert everything.targets.shape == (N * V, K)
    easy = crop_annotation_targets(columns)
    assert torch.equal(easy.targets, columns['correct'][:, 0].float())
    assert torch.equal(easy.mask, columns['has_label'][:, 0])
    assert torch.equal(easy.features, columns['features'][:, 0])
    assert torch.equal(everything.features[V], columns['features'][1, 0])


def test_strong_views_teach_the_view_that_moved_without_labels(columns):
    data = strong_view_targets(columns, 'decay')
    assert data.targets.shape == (N * (V - 1), K)
    assert data.targets[0, 0] == pytest.approx(
        np.exp(-10 * columns['distance'][0, 1, 0].item())
    )
    torch.testing.assert_close(data.features[1], columns['features'][0, 2])
    del columns['correct'], columns['has_label']
    for target in ('agreement', 'self_estimate'):
        strong_view_targets(columns, target)


def test_the_mixture_prefers_labels(columns):
    data = mixed_targets(columns)
    for person, view, joint in [(0, 0, 0), (1, 1, 5), (7, 2, 16), (9, 0, 3)]:
        row = person * V + view
        known = columns['has_label'][person, view, joint]
        inside = columns['inside'][person, view, joint]
        expected = known or (inside and view > 0)
        assert data.mask[row, joint] == expected
        agree = columns['distance'][person, view, joint] <= 0.05
        target = (agree.float() + columns['expected'][person, view, joint]) / 2
        if known:
            target = columns['correct'][person, view, joint].float()
        assert data.targets[row, joint] == target


def test_unified_takes_the_smaller_opinion(columns):
    rotation, solvability = (
        rotation_targets(columns),
        solvability_targets(columns),
    )
    assert not solvability.mask[:3].any()
    data = unified_targets(columns)
    both = rotation.mask & solvability.mask
    assert both.any()
    smaller = torch.minimum(rotation.targets, solvability.targets)
    assert torch.equal(data.targets[both], smaller[both])
    assert torch.equal(data.mask, rotation.mask | solvability.mask)


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
    unpacked = TrustFeatures.unpacked(seen, sum(given), K, 27)
    full = TrustFeatures.unpacked(features, sum(CHANNELS), K, 27)
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


def test_a_trained_head_tells_what_it_was_taught(columns):
    row = HeadVariant(annotation_targets, True)
    columns['features'] = columns['features'].clone()
    numbers = columns['features'][..., K * sum(CHANNELS) :]
    numbers.view(N, V, K, len(SCALAR_NAMES))[..., 4] = columns[
        'correct'
    ].float()

    def view(features):
        return row.select(features, LAYOUT)

    torch.manual_seed(0)
    head = row.build(LAYOUT)
    train_head(head, annotation_targets(columns), view, 40, 0, lr=1e-2)
    trust = predict(head, columns['features'][:, 0], view)
    assert ((trust > 0.5) == columns['correct'][:, 0].numpy()).mean() > 0.95


@pytest.mark.parametrize('name', LEARNERS)
def test_learners_find_what_the_description_tells(columns, name):
    rows = columns['features'][:, 0]
    scalars = LAYOUT.unpack(rows).scalar_features
    right = scalars[..., 4].numpy() > 0.5
    described = describe_joints(rows, scalars[..., 4], LAYOUT)
    assert described.shape[:2] == (N, K)
    known = np.ones_like(right)
    fitted = fit_learner(name, described, right, known, 0)(described)
    assert ((fitted > 0.5) == right).mean() > 0.9


def test_without_the_bones_of_coco_no_bones_are_described(columns):
    rows, raw = columns['features'][:, 0], torch.rand(N, K)
    other = LAYOUT._replace(keypoints=tuple(f'point {k}' for k in range(K)))
    lengths = [
        describe_joints(rows, raw, layout).shape[-1]
        for layout in (other, LAYOUT)
    ]
    assert lengths[0] == len(SCALAR_NAMES) + K + K + 2 * K
    assert lengths[1] > lengths[0]


def test_learners_need_correct_and_wrong_keypoints(columns):
    rows, raw = columns['features'][:, 0], torch.rand(N, K)
    described = describe_joints(rows, raw, LAYOUT)
    known, none = np.ones((N, K), bool), np.zeros((N, K), bool)
    with pytest.raises(ValueError, match=r'--train: .* 0 correct of 680'):
        fit_learner('logistic regression', described, none, known, 0)
