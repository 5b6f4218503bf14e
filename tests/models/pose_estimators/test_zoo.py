"""The estimator around pose networks of MMPose's zoo, with random weights."""

import copy

import numpy as np
import pytest
import torch
from helpers import load_mmpose_config
from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS, MODELS
from training_steps import with_random_residual

from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.pose_estimators.inspection import num_keypoints
from self_verify_pose.models.sample_fields import person_sizes

HEATMAP = 'topdown_heatmap/coco/td-hm_'
# at least one for each family of heads, codec and form of feature maps
ZOO = {
    'mobilenetv2': f'{HEATMAP}mobilenetv2_8xb64-210e_coco-256x192.py',
    'litehrnet': f'{HEATMAP}litehrnet-18_8xb64-210e_coco-256x192.py',
    'hrnet-dark': f'{HEATMAP}hrnet-w32_dark-8xb64-210e_coco-256x192.py',
    'hrnet-udp': f'{HEATMAP}hrnet-w32_udp-8xb64-210e_coco-256x192.py',
    'hrnet-combined': (
        f'{HEATMAP}hrnet-w32_udp-regress-8xb64-210e_coco-256x192.py'
    ),
    'vitpose': f'{HEATMAP}ViTPose-small_8xb64-210e_coco-256x192.py',
    'hourglass': f'{HEATMAP}hourglass52_8xb32-210e_coco-256x256.py',
    'vipnas': f'{HEATMAP}vipnas-mbv3_8xb64-210e_coco-256x192.py',
    'mspn': f'{HEATMAP}mspn50_8xb32-210e_coco-256x192.py',
    'simcc': (
        'simcc/coco/simcc_mobilenetv2_wo-deconv-8xb64-210e_coco-256x192.py'
    ),
    'rle': (
        'topdown_regression/coco/'
        'td-reg_mobilenetv2_rle-pretrained-8xb64-210e_coco-256x192.py'
    ),
    'rtmpose-t': 'rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
}
# beside the first one the pose network stays as it is, which is quicker
SOURCES = {
    'consistency': {'full_param_train': True},
    'strong': {'consistency_cfg': {'hard_view': {}}},
    'solvability': {'trust_cfg': {'source': 'solvability'}},
    'unified': {'trust_cfg': {'source': 'unified'}},
    'annotation': {'trust_cfg': {'source': 'annotation'}},
    'cached': {'trust_cfg': {'source': 'cached'}},
}


# these run with --all
SLOW = ('mobilenetv2', 'litehrnet', 'hrnet-dark', 'hrnet-udp')
SLOW += ('hrnet-combined', 'hourglass')


@pytest.fixture(
    scope='module',
    params=[
        pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
        for name in ZOO
    ],
)
def zoo(request, synthetic_coco):
    """Config of the model, and a batch of two persons with targets."""
    if request.param == 'vitpose':
        pytest.importorskip('mmpretrain', reason='ViTPose needs mmpretrain')
    config = load_mmpose_config(f'body_2d_keypoint/{ZOO[request.param]}')
    if request.param == 'hourglass':  # as slow as all others together
        config.model.backbone.update(
            stage_channels=(256, 32, 32, 32, 32, 32), feat_channel=256
        )
    target = next(
        t for t in config.train_pipeline if t.type == 'GenerateTarget'
    )
    pipeline = [*config.val_pipeline[:-1], target, config.train_pipeline[-1]]
    dataset = DATASETS.build(
        {
            'type': 'CheckedCocoDataset',
            'data_root': str(synthetic_coco),
            'ann_file': 'annotations/person_keypoints_train2017.json',
            'data_prefix': {'img': 'train2017/'},
            'pipeline': pipeline,
            'indices': 2,
        }
    )
    batch = pseudo_collate([dataset[i] for i in range(2)])
    for sample in batch['data_samples']:
        trust = np.linspace(0, 1, 17, dtype=np.float32)[None]
        sample.gt_instances.pseudo_trust_sol = trust
    return config.model, batch


def build(config, **changes):
    config = copy.deepcopy(config)
    config.update(changes)
    torch.manual_seed(0)
    return MODELS.build(config)


def wrap(config, **changes):
    changes = {'trust_head': {'type': 'TrustHead'}, **changes}
    return build(config, type='SelfVerifyTopdown', **changes)


def test_the_pose_is_that_of_plain_mmpose_bit_for_bit(zoo):
    config, batch = zoo
    plain = build(config).eval()
    # torch computes attention otherwise where weights take no gradient
    plain.requires_grad_(False)
    ours = wrap(config, full_param_train=False).eval()
    ours.load_state_dict(plain.state_dict(), strict=False)
    data = plain.data_preprocessor(copy.deepcopy(batch))
    for flip in (False, True):
        found = []
        for model in (plain, ours):
            model.test_cfg['flip_test'] = flip
            with torch.no_grad():
                found.append(
                    model.predict(
                        data['inputs'], copy.deepcopy(data['data_samples'])
                    )
                )
        for one, other in zip(*found, strict=True):
            for name in ('keypoints', 'keypoint_scores'):
                np.testing.assert_array_equal(
                    one.pred_instances[name], other.pred_instances[name]
                )
            assert num_keypoints(ours.head) == 17
            trust = other.pred_instances.keypoint_trust
            assert trust.shape == (1, 17)
            assert ((trust >= 0) & (trust <= 1)).all()


def test_heatmaps_are_those_of_plain_mmpose_where_there_are_some(zoo):
    config, batch = zoo
    ours = wrap(config, full_param_train=False).eval()
    ours.test_cfg.update(output_heatmaps=True, flip_test=False)
    data = ours.data_preprocessor(copy.deepcopy(batch))
    runs = []
    ours.backbone.register_forward_hook(lambda *_: runs.append(1))
    with torch.no_grad():
        samples = ours.predict(data['inputs'], data['data_samples'])
    assert len(runs) == 1
    has_maps = type(ours.head).__name__ != 'RLEHead'
    for sample in samples:
        assert ('pred_fields' in sample) == has_maps
        assert np.isfinite(sample.pred_instances.keypoint_trust).all()


def test_crops_of_another_size_are_refused(zoo):
    config, _ = zoo
    model = wrap(config, full_param_train=False).eval()
    width, height = model.reader.input_size
    with pytest.raises(ValueError, match=r'TopdownAffine\.input_size: exp'):
        model.pose_output(torch.zeros(1, 3, height * 2, width), torch.ones(1))


def test_the_pose_loss_is_that_of_plain_mmpose(zoo):
    config, batch = zoo
    plain = build(config).eval()
    ours = wrap(config).eval()
    ours.load_state_dict(plain.state_dict(), strict=False)
    data = plain.data_preprocessor(copy.deepcopy(batch), training=True)
    expected = plain.loss(data['inputs'], data['data_samples'])
    losses = ours.loss(data['inputs'], data['data_samples'])
    assert expected.keys() <= losses.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item())


def test_every_trust_source_trains_the_head(zoo):
    config, batch = zoo
    for name, changes in SOURCES.items():
        model = wrap(config, **{'full_param_train': False, **changes}).train()
        data = model.data_preprocessor(copy.deepcopy(batch), training=True)
        losses = model.loss(data['inputs'], data['data_samples'])
        assert losses['loss_trust'].isfinite(), name
        model.parse_losses(losses)[0].backward()
        head = model.trust_head.classifier[1].weight.grad
        assert head is not None, name
        assert head.isfinite().all(), name
        pose = [p.grad for p in model.head.parameters()]
        assert any(g is not None for g in pose) == model.full_param_train


def test_features_are_packed_and_read_back(zoo):
    config, batch = zoo
    model = wrap(config, full_param_train=False).eval()
    data = model.data_preprocessor(copy.deepcopy(batch))
    sizes = person_sizes(data['data_samples'], torch.device('cpu'))
    with torch.no_grad():
        output = model.pose_output(data['inputs'], sizes)
        rows = model.packed_features(output)
        keypoints = output.distribution.hard_decode()
        head = with_random_residual(model.trust_head)
        features = TrustFeatures.collect(
            [output.features[level] for level in head.levels],
            output.distribution,
            keypoints,
        )
        read, free_scores = TrustFeatures.unpacked(
            rows,
            sum(head.in_channels),
            head.num_keypoints,
            head.num_scalars,
        )
        for one, other in zip(features, read, strict=True):
            torch.testing.assert_close(one, other)
        free = output.distribution.free_score()
        torch.testing.assert_close(free_scores, free.clamp(1e-4, 0.9999))
        expected = head.logits(output.features, output.distribution, keypoints)
        torch.testing.assert_close(head.forward_packed(rows), expected)
