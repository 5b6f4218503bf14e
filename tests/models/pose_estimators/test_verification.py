import copy

import numpy as np
import pytest
import torch
from helpers import BASELINE, build_estimator, packed_batch

from self_verify_pose.models.augmentations.verification import (
    DEFAULT_VIEWS,
    VerificationView,
)
from self_verify_pose.models.pose_estimators.inspection import normalized_fill
from self_verify_pose.models.pose_estimators.verification import verified_mass
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.skeleton import FLIP

VIEWS = (*DEFAULT_VIEWS, VerificationView(scale=1.2))


@pytest.fixture(scope='module')
def parts():
    """An estimator, its crops, sizes, output and keypoints."""
    model = build_estimator().eval()
    inputs = packed_batch(model, training=False)['inputs']
    sizes = torch.tensor([80.0, 120.0, 200.0])
    with torch.no_grad():
        output = model.pose_output(inputs, sizes)
    return model, inputs, sizes, output, output.distribution.hard_decode()


@pytest.mark.parametrize('flip', [False, True])
def test_mass_is_the_mean_over_the_views_one_after_the_other(parts, flip):
    model, inputs, sizes, output, keypoints = parts
    fill = normalized_fill(model.data_preprocessor)
    calls = []

    def pose_output(crops, sizes):
        calls.append(len(crops))
        return model.pose_output(crops, sizes)

    with torch.no_grad():
        outputs = [output]
        if flip:
            outputs.append(model.pose_output(inputs.flip(-1), sizes))
        found = verified_mass(
            pose_output, inputs, outputs, keypoints, VIEWS, FLIP, fill
        )
        expected = output.distribution.mass_within(keypoints, 0.05)
        for view in VIEWS:
            crops = view.apply_to_images(inputs, fill)
            one = model.pose_output(crops, sizes * view.scale).distribution
            points = view.apply_to_points(keypoints, (192, 256), FLIP)
            mass = one.mass_within(points, 0.05)
            expected = expected + (mass[:, FLIP] if view.mirrored else mass)
    torch.testing.assert_close(found, expected / 5)
    # one pass for all views; with flip test the mirrored one is there
    assert calls == [3 * (3 if flip else 4)]


def test_the_mirrored_view_alone_is_free_with_flip_test(parts):
    model, inputs, sizes, output, keypoints = parts
    with torch.no_grad():
        mirrored = model.pose_output(inputs.flip(-1), sizes)
    views = [VerificationView(mirrored=True)]
    found = verified_mass(
        None, inputs, [output, mirrored], keypoints, views, FLIP, None
    )
    assert found.shape == (3, 17)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('with_head', [False, True])
def test_predictions_hold_verified_trust_and_the_same_pose(flip, with_head):
    changes = {'trust_cfg__enable': with_head}
    plain = build_estimator(BASELINE).eval()
    model = build_estimator(**changes, test_cfg__verify={}).eval()
    model.load_state_dict(plain.state_dict(), strict=False)
    assert model.gives_trust
    batch = packed_batch(plain, training=False)
    found = []
    for one in (plain, model):
        one.test_cfg['flip_test'] = flip
        samples = copy.deepcopy(batch['data_samples'])
        with torch.no_grad():
            found.append(one.predict(batch['inputs'], samples))
    for expected, sample in zip(*found, strict=True):
        for name in ('keypoints', 'keypoint_scores'):
            np.testing.assert_array_equal(
                sample.pred_instances[name], expected.pred_instances[name]
            )
        trust = sample.pred_instances.keypoint_trust
        assert trust.shape == (1, 17)
        assert ((trust >= 0) & (trust <= 1)).all()
    sizes = person_sizes(batch['data_samples'], torch.device('cpu'))
    if not with_head:
        with torch.no_grad():
            outputs = [model.pose_output(batch['inputs'], sizes)]
            if flip:
                mirrored = batch['inputs'].flip(-1)
                outputs.append(model.pose_output(mirrored, sizes))
            distribution = outputs[0].distribution
            if flip:
                other = outputs[1].distribution.mirrored(FLIP)
                distribution = distribution.averaged(other)
            expected = verified_mass(
                model.pose_output,
                batch['inputs'],
                outputs,
                distribution.hard_decode(),
                model.verification,
                FLIP,
                normalized_fill(model.data_preprocessor),
            )
        trust = [s.pred_instances.keypoint_trust[0] for s in found[1]]
        np.testing.assert_allclose(np.stack(trust), expected, atol=1e-6)


def test_without_views_and_head_there_is_no_trust():
    model = build_estimator(trust_cfg__enable=False)
    assert not model.gives_trust
    with pytest.raises(ValueError, match=r'test_cfg\.verify\.views: expected'):
        build_estimator(test_cfg__verify={'views': []})
