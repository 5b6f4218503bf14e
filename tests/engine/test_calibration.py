import numpy as np
import pytest
import torch
from helpers import SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.calibration import (
    CalibrationResult,
    JointTrust,
    calibrate,
    comparison_table,
    store_calibration,
)
from self_verify_pose.metrics.functional import auroc, brier, ece
from self_verify_pose.models.heads.calibration import (
    PiecewiseLinearMap,
    TrustCalibration,
    identity_map,
)

METADATA = {'method': 'temperature', 'joints': 4}


def scaled_map(scale):
    inputs = identity_map().inputs
    return PiecewiseLinearMap(inputs, scale * inputs)


@pytest.fixture
def result():
    """Return a result whose map halves all logits."""
    calibration = TrustCalibration()
    calibration.set(scaled_map(0.5))
    joints = JointTrust(
        np.array([0.9, 0.8, 0.3, 0.6], np.float32),
        np.array([True, False, False, True]),
    )
    return CalibrationResult(calibration, joints, joints, METADATA)


def test_table_compares_metrics_before_and_after(result):
    table = comparison_table(result)
    rows = {
        name: (float(before), float(after))
        for name, before, after in zip(
            *(column.cells for column in table.columns), strict=True
        )
    }
    trust, correct = result.reported
    calibrated = 1 / (1 + np.sqrt(1 / trust - 1))
    assert table.title == 'temperature'
    for name, metric in (
        ('Brier', brier),
        ('AUROC', auroc),
        ('ECE, 15 bins of equal width', lambda t, c: ece(t, c, 15)),
        ('mean trust', lambda t, c: t.mean()),
        ('fraction of correct joints', lambda t, c: c.mean()),
    ):
        expected = metric(trust, correct), metric(calibrated, correct)
        assert rows[name] == pytest.approx(expected, abs=6e-4), name


def test_bare_state_dict_takes_the_map(result):
    checkpoint = {'trust_head.weight': torch.ones(2)}
    store_calibration(checkpoint, result)
    assert set(checkpoint) == {
        'trust_head.weight',
        'trust_head.calibration.inputs',
        'trust_head.calibration.outputs',
    }
    outputs = checkpoint['trust_head.calibration.outputs']
    torch.testing.assert_close(outputs, result.calibration.outputs)


def test_metadata_and_averaged_weights_are_stored(result):
    checkpoint = {'state_dict': {}, 'ema_state_dict': {}, 'meta': {'epoch': 3}}
    store_calibration(checkpoint, result)
    assert checkpoint['meta'] == {'epoch': 3, 'trust_calibration': METADATA}
    for key, value in checkpoint['state_dict'].items():
        assert torch.equal(
            checkpoint['ema_state_dict'][f'module.{key}'], value
        )


@pytest.fixture
def splits(synthetic_coco):
    config = load_config(SELFVERIFY, synthetic_coco)
    narrow(config.model)
    train = synthetic_coco / 'annotations/person_keypoints_train2017.json'
    fitted = build_split(config, 'val', train, synthetic_coco / 'train2017')
    return fitted, build_split(config, 'val')


def test_fit_ignores_an_earlier_map(splits):
    fitted, reported = splits
    model = build_estimator().eval()
    processed = []
    options = {'dist_thr': 0.3, 'method': 'isotonic'}
    first = calibrate(model, *splits, **options, advance=processed.append)
    assert sum(processed) == len(fitted) + len(reported)
    assert first.metadata == {
        'method': 'isotonic',
        'dist_thr': 0.3,
        'joints': len(first.fitted.trust),
        'annotation_sha256': file_sha256(fitted.ann_file),
    }
    assert not first.calibration.is_identity
    model.trust_head.calibration.set(scaled_map(0.5))
    second = calibrate(model, *splits, **options)
    for name in ('fitted', 'reported'):
        np.testing.assert_array_equal(
            getattr(first, name).trust, getattr(second, name).trust
        )


def test_overlapping_data_sets_raise(splits):
    model = build_estimator().eval()
    with pytest.raises(ValueError, match='the same annotations'):
        calibrate(model, splits[0], splits[0])
