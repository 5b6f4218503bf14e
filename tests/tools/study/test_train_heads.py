import numpy as np
import pytest
import torch
from study_columns import CHANNELS, LAYOUT, SCALAR_NAMES, K, N, V

from self_verify_pose.engine.trust_selection import NOTHING
from self_verify_pose.tools.study.head_variants import HeadVariant
from self_verify_pose.tools.study.held_out import HeldOut
from self_verify_pose.tools.study.train_heads import predict, train_head
from self_verify_pose.tools.study.training_targets import annotation_targets

VARIANT = HeadVariant(annotation_targets, True)


def select(rows):
    return VARIANT.select(rows, LAYOUT)


def show_correctness(columns):
    """Let a scalar feature tell which keypoints are correct."""
    columns['features'] = columns['features'].clone()
    numbers = columns['features'][..., K * sum(CHANNELS) : -K]
    shown = columns['correct'].float()
    numbers.view(N, V, K, len(SCALAR_NAMES))[..., 4] = shown
    columns['labeled'][:] = True
    return columns


def train(sets, epochs, lr, seed=0):
    torch.manual_seed(seed)
    held_out = HeldOut.choose(sets, LAYOUT, True, seed)
    targets = [annotation_targets(one) for one in sets]
    head = VARIANT.build(LAYOUT)
    return train_head(head, targets, held_out, select, epochs, lr)


def test_a_trained_head_tells_what_it_was_taught(columns):
    show_correctness(columns)
    head, kept = train([columns], 30, 1e-2)
    assert kept.shares == (head.anchor.share,)
    assert kept.shares > (0,)
    assert kept.gain > 0.3
    trust = predict(head, columns['features'][:, 0], select, LAYOUT)
    assert ((trust > 0.5) == columns['correct'][:, 0].numpy()).mean() > 0.95


def test_nothing_is_kept_beside_a_free_score_that_knows_all(columns):
    columns['features'] = columns['features'].clone()
    columns['features'][..., -K:] = columns['correct'] * 0.6 + 0.2
    head, kept = train([columns], 3, 1e-3)
    assert kept.shares == (0,)
    rows = columns['features'][:, 0]
    free = LAYOUT.unpack(rows)[1]
    trust = predict(head, rows, select, LAYOUT)
    expected = torch.special.logit(free) * head.anchor.scale
    expected = (expected + head.anchor.shift).sigmoid().numpy()
    np.testing.assert_allclose(trust, expected, rtol=1e-4)


def test_the_best_epoch_is_taken(columns, monkeypatch):
    gains = iter([0.1, 0.3, 0.2])
    states = []
    decide = HeldOut.decide

    def fake(self, head, select):
        states.append({k: v.clone() for k, v in head.state_dict().items()})
        return decide(self, head, select)._replace(gain=next(gains))

    monkeypatch.setattr(HeldOut, 'decide', fake)
    head, kept = train([columns], 3, 1e-2)
    assert kept.gain == pytest.approx(0.3)
    name = 'joint_embedding'
    assert torch.equal(head.state_dict()[name], states[1][name])
    assert not torch.equal(head.state_dict()[name], states[2][name])


def test_held_out_persons_teach_nothing_and_the_others_count_the_same(
    columns, monkeypatch
):
    show_correctness(columns)
    few = {name: values[:10].clone() for name, values in columns.items()}
    for values, mark in ((columns, 0.0), (few, 1.0)):
        values['features'] = values['features'].clone()
        values['features'][..., 0] = mark
        values['features'][..., 1] = torch.arange(len(values['ids']))[:, None]
    seen = []

    def watch(rows):
        seen.append(rows[:, :2])
        return select(rows)

    held_out = HeldOut.choose([columns, few], LAYOUT, True, 0)
    targets = [annotation_targets(one) for one in (columns, few)]
    monkeypatch.setattr(HeldOut, 'decide', lambda *_: NOTHING)
    train_head(VARIANT.build(LAYOUT), targets, held_out, watch, 1)
    marks, persons = torch.cat(seen).T
    assert len(marks) == sum(V * (~held).sum() for held in held_out.persons)
    for mark, held in enumerate(held_out.persons):
        taught = set(persons[marks == mark].long().tolist())
        assert taught == set(np.flatnonzero(~held))
