import copy

import numpy as np
import pytest
import torch
from helpers import SELFVERIFY, build_estimator, load_config

from self_verify_pose.models.augmentations.verification import DEFAULT_VIEWS
from self_verify_pose.tools.study.extract_features import (
    ExtractionConfig,
    extract_features,
)
from self_verify_pose.tools.study.extract_regimes import (
    FLIP_TEST,
    ONE_VIEW,
    extract_regimes,
)
from self_verify_pose.tools.study.extraction import read_batches
from self_verify_pose.tools.study.head_variants import (
    FeatureLayout,
    HeadVariant,
)
from self_verify_pose.tools.study.image_sets import find_set, plain_crops


@pytest.fixture(scope='module')
def extracted(synthetic_coco):
    """A narrow estimator, its crops, and what is extracted of them."""
    config = load_config(SELFVERIFY, synthetic_coco)
    model = build_estimator(SELFVERIFY).eval()
    torch.nn.init.normal_(model.trust_head.classifier[1].weight)
    sets = [find_set(synthetic_coco, 'val')]
    dataset = plain_crops(config, sets, model)
    seen = []
    columns = extract_regimes(model, dataset, 0, seen.append)
    assert sum(seen) == len(dataset) == len(columns[ONE_VIEW]['ids'])
    return model, dataset, columns


@torch.no_grad()
def predict(model, dataset, **test_cfg):
    """Predict as the estimator does, keypoints and trust."""
    model.test_cfg.update(test_cfg)
    found = [
        sample.pred_instances
        for batch in read_batches(model, dataset, 0)
        for sample in model.predict(batch.crops, batch.samples)
    ]
    return tuple(
        np.concatenate([one[name] for one in found])
        for name in ('keypoints', 'keypoint_scores', 'keypoint_trust')
    )


@pytest.mark.parametrize('regime', [ONE_VIEW, FLIP_TEST])
def test_a_regime_is_what_the_estimator_predicts(extracted, regime):
    model, dataset, columns = extracted
    found = columns[regime]
    keypoints, scores, trust = predict(
        model, dataset, flip_test=regime == FLIP_TEST
    )
    np.testing.assert_allclose(found['keypoints'], keypoints, atol=1e-3)
    np.testing.assert_allclose(found['raw_score'], scores, atol=1e-5)
    layout = FeatureLayout.of_model(model)
    rows = HeadVariant(lambda _: None, True).select(found['features'], layout)
    with torch.no_grad():
        packed = model.trust_head.forward_packed(rows).sigmoid()
    np.testing.assert_allclose(packed, trust, atol=1e-4)


@pytest.mark.parametrize('regime', [ONE_VIEW, FLIP_TEST])
def test_the_mass_of_all_views_is_the_trust_without_a_head(extracted, regime):
    model, dataset, columns = extracted
    model = copy.deepcopy(model)
    model.trust_head, model.verification = None, DEFAULT_VIEWS
    flip = regime == FLIP_TEST
    _, _, trust = predict(model, dataset, flip_test=flip)
    mass = columns[regime]['mass'].mean(1)
    np.testing.assert_allclose(mass, trust, atol=1e-5)


def test_the_first_view_is_the_crop_itself(extracted):
    found = extracted[2][ONE_VIEW]
    expected = found['score_expected']
    torch.testing.assert_close(found['mass'][:, 0], expected)
    torch.testing.assert_close(found['peak'][:, 0], found['raw_score'])
    fused = extracted[2][FLIP_TEST]
    torch.testing.assert_close(
        fused['fused_expected'], fused['score_expected']
    )


def test_the_crop_of_a_training_set_is_one_view(extracted):
    model, dataset, columns = extracted
    views = ExtractionConfig(strong_views=1, workers=0)
    train = extract_features(model, dataset, views, lambda _: None)
    test = columns[ONE_VIEW]
    assert train['features'].shape[1] == 2
    torch.testing.assert_close(
        train['features'][:, 0], test['features'].half(), rtol=0.01, atol=0.01
    )
    for name in ('keypoints', 'truth', 'labeled', 'ids'):
        assert torch.equal(train[name], test[name])
