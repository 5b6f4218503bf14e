import copy

import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from scipy.optimize import minimize

from self_verify_pose.metrics.functional import auroc, brier, ece, ece_mass
from self_verify_pose.models.heads.calibration import (
    NUM_KNOTS,
    PiecewiseLinearMap,
    TrustCalibration,
    fit_calibration,
    identity_map,
)

METHODS = ('temperature', 'isotonic')


def overconfident(count, seed):
    """Trust whose logit is three times the true one, shifted by one."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.5, 1.2, count)
    correct = rng.random(count) < 1 / (1 + np.exp(-logits))
    return 1 / (1 + np.exp(-3 * logits - 1)), correct


def calibrated(fitted, trust):
    calibration = TrustCalibration()
    calibration.set(fitted)
    return calibration(torch.tensor(trust)).double().numpy()


def test_default_map_returns_trust_unchanged():
    trust = torch.tensor([[0.0, 1e-9, 0.3, 1.0]])
    calibration = TrustCalibration()
    assert calibration.is_identity
    assert calibration(trust) is trust
    assert not list(calibration.parameters())


@pytest.mark.parametrize('method', METHODS)
def test_calibration_improves_held_out_overconfident_trust(method):
    trust, correct = overconfident(4000, 0)
    held_out, truth = overconfident(4000, 1)
    after = calibrated(fit_calibration(trust, correct, method), held_out)
    for error in (ece, ece_mass):
        assert error(held_out, truth, 15) > 0.12
        assert error(after, truth, 15) < 0.04
    assert brier(after, truth) < brier(held_out, truth) - 0.02
    assert auroc(after, truth) == pytest.approx(
        auroc(held_out, truth), abs=1e-4
    )


def test_temperature_minimizes_cross_entropy():
    trust, correct = overconfident(500, 2)
    logits = np.log(trust / (1 - trust))
    hits, misses = correct.sum(), (~correct).sum()
    target = np.where(correct, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def entropy(line):
        z = line[0] * logits + line[1]
        return np.logaddexp(0, z).sum() - (target * z).sum()

    scale, shift = minimize(entropy, [1, 0]).x
    expected = 1 / (1 + np.exp(-(scale * logits + shift)))
    found = calibrated(fit_calibration(trust, correct, 'temperature'), trust)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_isotonic_matches_the_fractions_of_correct_joints():
    """Four distinct values of trust with many joints each."""
    levels = np.array([0.1, 0.4, 0.6, 0.95])
    fractions = np.array([0.2, 0.3, 0.7, 0.8])
    trust = np.repeat(levels, 1000)
    correct = np.concatenate([np.arange(1000) < 1000 * s for s in fractions])
    found = calibrated(fit_calibration(trust, correct, 'isotonic'), levels)
    np.testing.assert_allclose(found, fractions, atol=0.01)


def test_isotonic_pools_adjacent_violators():
    levels = np.array([0.2, 0.5, 0.8])
    trust = np.repeat(levels, 1000)
    correct = np.concatenate([np.arange(1000) < n for n in (600, 400, 900)])
    found = calibrated(fit_calibration(trust, correct, 'isotonic'), levels)
    assert found[1] > found[0]
    assert found[2] == pytest.approx(0.9, abs=0.01)
    # the center of the pooled step lies between its two trusts
    assert found[0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('seed', range(5))
def test_map_is_monotone_and_inside_zero_one(method, seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 200))
    correct = np.arange(count) % 2 == 0
    trust = np.clip(rng.normal(0.5 + 0.2 * correct, 0.4), 0, 1).round(2)
    if auroc(trust, correct) <= 0.5:
        trust = 1 - trust
    found = calibrated(
        fit_calibration(trust, correct, method), np.linspace(0, 1, 1001)
    )
    assert (np.diff(found) >= 0).all()
    assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize('method', METHODS)
def test_perfect_trust_stays_inside_zero_one(method):
    trust = np.repeat([0.2, 0.8], 20)
    found = calibrated(fit_calibration(trust, trust > 0.5, method), trust)
    assert 0.001 < found.min() < 0.06
    assert 0.94 < found.max() < 0.999


@pytest.mark.parametrize(
    ('trust', 'correct', 'method', 'part'),
    [
        ([0.1, 0.9], [1, 0], 'temperature', 'order'),
        ([0.5, 0.5], [0, 1], 'isotonic', 'differs'),
        ([0.1, 0.9], [1, 1], 'isotonic', '2 correct ones of 2'),
        ([], [], 'isotonic', '0 correct ones of 0'),
        ([0.1, 1.9], [0, 1], 'isotonic', r'\[0, 1\]'),
        ([0.1, np.nan], [0, 1], 'isotonic', 'NaN'),
        ([0.1, 0.2], [0, 2], 'isotonic', '0 and 1'),
        ([0.1, 0.2], [0], 'isotonic', r'\(2,\) and \(1,\)'),
        ([0.1, 0.9], [0, 1], 'magic', "'magic'"),
    ],
)
def test_invalid_fitting_data_raises(trust, correct, method, part):
    with pytest.raises(ValueError, match=part) as caught:
        fit_calibration(trust, correct, method)
    assert 'expected' in str(caught.value)
    assert 'found' in str(caught.value)


@pytest.mark.parametrize(
    'change',
    [
        lambda x, y: (x[::-1], y),
        lambda x, y: (x, y[::-1]),
        lambda x, y: (x[:5], y[:5]),
        lambda x, y: (x, y * np.nan),
    ],
)
def test_set_rejects_invalid_maps(change):
    calibration = TrustCalibration()
    changed = PiecewiseLinearMap(*map(np.array, change(*identity_map())))
    with pytest.raises(ValueError, match=f'expected {NUM_KNOTS} finite'):
        calibration.set(changed)
    assert calibration.is_identity


def test_state_dict_contains_the_map():
    calibration = TrustCalibration()
    calibration.set(fit_calibration(*overconfident(500, 3), 'isotonic'))
    other = TrustCalibration()
    other.load_state_dict(calibration.state_dict())
    trust = torch.rand(50)
    assert torch.equal(other(trust), calibration(trust))
    assert not torch.equal(other(trust), trust)


def test_checkpoint_without_a_map_loads_the_identity():
    model = build_estimator()
    state = {
        name: value
        for name, value in copy.deepcopy(model.state_dict()).items()
        if 'calibration' not in name
    }
    assert len(state) == len(model.state_dict()) - 2
    model.trust_head.calibration.set(
        fit_calibration(*overconfident(500, 3), 'temperature')
    )
    model.load_state_dict(state, strict=True)
    assert model.trust_head.calibration.is_identity


@pytest.mark.parametrize('flip', [False, True])
def test_prediction_calibrates_once_after_averaging_views(flip):
    model = build_estimator().eval()
    model.test_cfg.flip_test = flip
    batch = packed_batch(model, training=False)

    def predict():
        with torch.no_grad():
            samples = model.predict(**batch)
        trust = [s.pred_instances.keypoint_trust for s in samples]
        return torch.from_numpy(np.concatenate(trust))

    before = predict()
    model.trust_head.calibration.set(
        fit_calibration(*overconfident(500, 3), 'temperature')
    )
    after = predict()
    torch.testing.assert_close(after, model.trust_head.calibration(before))
    assert (after - before).abs().max() > 0.01


def test_training_ignores_the_map():
    losses = []
    for fitted in (
        None,
        fit_calibration(*overconfident(500, 3), 'temperature'),
    ):
        model = build_estimator().eval()
        if fitted is not None:
            model.trust_head.calibration.set(fitted)
        batch = packed_batch(model)
        torch.manual_seed(0)
        losses.append(model.loss(**batch)['loss_trust'])
    assert torch.equal(*losses)
