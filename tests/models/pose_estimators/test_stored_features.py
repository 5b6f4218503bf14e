import numpy as np
import pytest
import torch
from helpers import CACHED, SOLVABILITY, build_estimator, packed_batch
from mmpose.models import PoseDataPreprocessor
from mmpose.registry import MODELS
from training_steps import with_random_residual

from self_verify_pose.models.heads.base import BaseTrustHead
from self_verify_pose.models.pose_estimators.stored_features import (
    StoredFeaturesPreprocessor,
    StoredFeaturesTopdown,
)
from self_verify_pose.models.sample_fields import person_sizes


def build(**changes):
    return build_estimator(CACHED, type='StoredFeaturesTopdown', **changes)


@pytest.fixture(scope='module')
def model():
    model = build()
    with_random_residual(model.trust_head)
    return model


@pytest.fixture
def batch(model):
    """Images and cached targets of five persons, some without a target."""
    batch = packed_batch(model, 5)
    rows = np.random.default_rng(0).random((5, 17), np.float32)
    rows[1, 4] = rows[2] = np.nan
    for sample, row in zip(batch['data_samples'], rows, strict=True):
        sample.gt_instances.pseudo_trust_sol = row[None]
    return batch


def packed_features(model, batch):
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        output = model.eval().pose_output(batch['inputs'], sizes)
        return model.packed_features(output)


def test_stored_features_give_the_loss_of_the_images(model, batch):
    images = build_estimator(CACHED)
    images.load_state_dict(model.state_dict())
    rows = packed_features(model, batch)
    stored = model.data_preprocessor(
        {'inputs': list(rows.half()), 'data_samples': batch['data_samples']},
        training=True,
    )
    torch.manual_seed(0)  # the same dropout
    losses = model.train().loss(**stored)
    torch.manual_seed(0)
    expected = images.train().loss(**batch)
    assert set(losses) == set(expected) == {'loss_trust', 'trust_pred_mean'}
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, atol=1e-3, rtol=1e-3)


def test_the_trust_head_alone_trains(model, batch):
    rows = packed_features(model, batch)
    model.train().zero_grad()
    model.loss(rows, batch['data_samples'])['loss_trust'].backward()
    trained = {n for n, p in model.named_parameters() if p.grad is not None}
    head = {n for n, _ in model.named_parameters() if n.startswith('trust')}
    assert trained == head
    assert not model.backbone.training


def test_features_of_another_network_are_refused(model, batch):
    rows = torch.zeros(5, 99, dtype=torch.float16)
    with pytest.raises(ValueError, match='48 channels, found 99'):
        model.loss(rows, batch['data_samples'])


def test_it_predicts_on_images(model, batch):
    images = build_estimator(CACHED).eval()
    images.load_state_dict(model.state_dict())
    inputs = packed_batch(model, training=False)
    with torch.no_grad():
        pairs = zip(
            model.eval().predict(**inputs),
            images.predict(**inputs),
            strict=True,
        )
        for one, other in pairs:
            for key in ('keypoints', 'keypoint_trust'):
                np.testing.assert_array_equal(
                    one.pred_instances[key], other.pred_instances[key]
                )


@pytest.mark.parametrize(
    'changes',
    [
        {'trust_cfg__source': 'annotation'},
        {'solvability_cfg__enable': True},
        {'consistency_cfg__enable': True},
        {'trust_cfg__source': 'solvability'},
    ],
)
def test_options_that_need_images_are_refused_in_one_sentence(changes):
    with pytest.raises(ValueError) as caught:
        build(**changes)
    message = str(caught.value)
    assert message.startswith('stored features: expected cached targets alone')
    assert "set source='cached'" in message
    assert '. ' not in message


def test_a_head_that_takes_no_stored_features_is_refused():
    @MODELS.register_module(force=True)
    class ImageHead(BaseTrustHead):
        def forward(self, features, distribution, keypoints):
            return distribution.raw_scores()

    with pytest.raises(TypeError, match=r'expected a TrustHead, .*ImageHead;'):
        build(trust_head={'type': 'ImageHead', '_delete_': True})


def test_the_pose_network_must_be_frozen():
    with pytest.raises(ValueError, match='expected False with'):
        build_estimator(
            SOLVABILITY,
            type='StoredFeaturesTopdown',
            trust_cfg__source='cached',
        )


def test_the_config_of_the_estimator_takes_the_arguments_of_its_base():
    assert isinstance(build(), StoredFeaturesTopdown)
    with pytest.raises(TypeError, match="'foo'"):
        build(foo=1)


def test_images_are_preprocessed_as_mmpose_does(model):
    image = torch.full((3, 8, 8), 128, dtype=torch.uint8)
    sample = packed_batch(model, 1)['data_samples'][0]
    options = {
        'mean': [123.675, 116.28, 103.53],
        'std': [58.395, 57.12, 57.375],
        'bgr_to_rgb': True,
    }
    data = {'inputs': [image], 'data_samples': [sample]}
    expected = PoseDataPreprocessor(**options)(dict(data))['inputs']
    inputs = model.data_preprocessor(dict(data))['inputs']
    assert inputs.shape == (1, 3, 8, 8)
    assert torch.equal(inputs, expected)


def test_features_are_stacked_and_nothing_else():
    rows = [torch.full((7,), float(i), dtype=torch.float16) for i in range(3)]
    data = {'inputs': rows, 'data_samples': ['a', 'b', 'c']}
    batch = StoredFeaturesPreprocessor()(data, training=True)
    assert torch.equal(batch['inputs'], torch.stack(rows))
    assert batch['data_samples'] == ['a', 'b', 'c']


def test_the_old_name_of_the_preprocessor_still_builds():
    with pytest.warns(DeprecationWarning, match='StoredFeaturesPreproc'):
        preprocessor = MODELS.build({'type': 'EvidencePreprocessor'})
    assert isinstance(preprocessor, StoredFeaturesPreprocessor)
