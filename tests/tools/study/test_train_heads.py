import numpy as np
import pytest
import torch

from self_verify_pose.models.heads.trust_features import (
    NUM_SCALARS,
    TrustFeatures,
)
from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    describe_joints,
    fit_learner,
)
from self_verify_pose.tools.study.train_heads import (
    HeadVariant,
    build_head,
    on_annotation,
    on_easy_annotation,
    on_hard_views,
    on_mixture,
    on_rotation,
    on_solvability,
    on_unified,
    predict,
    shown,
    train_head,
)

CHANNELS = [4, 8, 16]
N, V, K = 40, 3, 17


@pytest.fixture
def found():
    """What looking at persons returns, made up."""
    generator = torch.Generator().manual_seed(0)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    evidence = TrustFeatures(rand(N, V, K, sum(CHANNELS)), rand(N, V, K, 27))
    packed = torch.cat([part.flatten(2) for part in evidence], 2)
    teacher = rand(N, K)
    teacher[:3] = torch.nan
    return {
        'evidence': packed,
        'right': rand(N, V, K) > 0.5,
        'known': rand(N, V, K) > 0.3,
        'distance': rand(N, V, K) * 0.2,
        'inside': rand(N, V, K) > 0.1,
        'expected': rand(N, V, K),
        'rotation': rand(N, K),
        'rotation_inside': rand(N, K) > 0.1,
        'free_trust': teacher,
    }


def test_annotation_teaches_every_view_and_the_easy_one_alone(found):
    everything = on_annotation(found)
    assert everything.targets.shape == (N * V, K)
    easy = on_easy_annotation(found)
    assert torch.equal(easy.targets, found['right'][:, 0].float())
    assert torch.equal(easy.mask, found['known'][:, 0])
    assert torch.equal(easy.evidence, found['evidence'][:, 0])
    assert torch.equal(everything.evidence[V], found['evidence'][1, 0])


def test_hard_views_teach_the_view_that_moved_without_labels(found):
    lessons = on_hard_views(found, 'decay')
    assert lessons.targets.shape == (N * (V - 1), K)
    assert lessons.targets[0, 0] == pytest.approx(
        np.exp(-10 * found['distance'][0, 1, 0].item())
    )
    torch.testing.assert_close(lessons.evidence[1], found['evidence'][0, 2])
    del found['right'], found['known']
    for target in ('agreement', 'self_estimate'):
        on_hard_views(found, target)


def test_the_mixture_prefers_labels(found):
    lessons = on_mixture(found)
    for person, view, joint in [(0, 0, 0), (1, 1, 5), (7, 2, 16), (9, 0, 3)]:
        row = person * V + view
        known = found['known'][person, view, joint]
        inside = found['inside'][person, view, joint]
        expected = known or (inside and view > 0)
        assert lessons.mask[row, joint] == expected
        agree = found['distance'][person, view, joint] <= 0.05
        target = (agree.float() + found['expected'][person, view, joint]) / 2
        if known:
            target = found['right'][person, view, joint].float()
        assert lessons.targets[row, joint] == target


def test_unified_takes_the_smaller_opinion(found):
    rotation, solvability = on_rotation(found), on_solvability(found)
    assert not solvability.mask[:3].any()
    lessons = on_unified(found)
    both = rotation.mask & solvability.mask
    assert both.any()
    smaller = torch.minimum(rotation.targets, solvability.targets)
    assert torch.equal(lessons.targets[both], smaller[both])
    assert torch.equal(lessons.mask, rotation.mask | solvability.mask)


@pytest.mark.parametrize('levels', [(), (1,), (0, 2), (0, 1, 2)])
def test_a_head_is_shown_its_levels_only(found, levels):
    row = HeadVariant(on_annotation, True, {'levels': levels}, hide=(3, 26))
    evidence = found['evidence'][:, 0]
    seen = shown(evidence, CHANNELS, K, row)
    given = [CHANNELS[level] for level in levels]
    unpacked = TrustFeatures.unpacked(seen, sum(given), K)
    full = TrustFeatures.unpacked(evidence, sum(CHANNELS), K)
    at = 0
    for level, width in zip(levels, given, strict=True):
        first = sum(CHANNELS[:level])
        torch.testing.assert_close(
            unpacked.local[..., at : at + width],
            full.local[..., first : first + width],
        )
        at += width
    assert (unpacked.numbers[..., [3, 26]] == 0).all()
    kept = [c for c in range(NUM_SCALARS) if c not in (3, 26)]
    assert torch.equal(unpacked.numbers[..., kept], full.numbers[..., kept])
    head = build_head(CHANNELS, K, row).eval()
    assert head.judge_packed(seen).shape == (N, K)


def test_a_trained_head_tells_what_it_was_taught(found):
    row = HeadVariant(on_annotation, True)
    found['evidence'] = found['evidence'].clone()
    numbers = found['evidence'][..., K * sum(CHANNELS) :]
    numbers.view(N, V, K, NUM_SCALARS)[..., 4] = found['right'].float()

    def view(evidence):
        return shown(evidence, CHANNELS, K, row)

    torch.manual_seed(0)
    head = build_head(CHANNELS, K, row)
    train_head(head, on_annotation(found), view, 40, 0, lr=1e-2)
    trust = predict(head, found['evidence'][:, 0], view)
    assert ((trust > 0.5) == found['right'][:, 0].numpy()).mean() > 0.95


@pytest.mark.parametrize('name', LEARNERS)
def test_learners_find_what_the_description_tells(found, name):
    evidence = TrustFeatures.unpacked(
        found['evidence'][:, 0], sum(CHANNELS), K
    )
    right = evidence.numbers[..., 4].numpy() > 0.5
    described = describe_joints(evidence)
    assert described.shape[:2] == (N, K)
    known = np.ones_like(right)
    fitted = fit_learner(name, described, right, known, 0)(described)
    assert ((fitted > 0.5) == right).mean() > 0.9
