import json

import numpy as np
import pytest
from helpers import shared_path
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, TRANSFORMS

from self_verify_pose.datasets.transforms.load_other_pose import LoadOtherPose
from self_verify_pose.skeleton import FLIP


def annotated(root, *fields):
    """Annotations as results, with some more fields of theirs."""
    path = root / 'annotations' / 'person_keypoints_train2017.json'
    return [
        {
            'image_id': person['image_id'],
            'keypoints': person['keypoints'],
            **{field: person[field] for field in fields},
        }
        for person in json.loads(path.read_text())['annotations']
    ]


@pytest.fixture
def save(tmp_path):
    def save(entries):
        path = tmp_path / 'other.json'
        path.write_text(json.dumps(entries))
        return str(path)

    return save


def dataset_of(root, path, use_udp=False, direction='horizontal', **options):
    init_default_scope('mmpose')
    size = (192, 256)
    return DATASETS.build(
        {
            'type': 'CocoDataset',
            'data_root': str(root),
            'ann_file': 'annotations/person_keypoints_train2017.json',
            'data_prefix': {'img': 'train2017/'},
            'pipeline': [
                {'type': 'LoadImage'},
                {'type': 'GetBBoxCenterScale'},
                {'type': 'RandomFlip', 'direction': direction},
                {'type': 'RandomHalfBody'},
                {'type': 'RandomBBoxTransform', 'rotate_prob': 0.8},
                {'type': 'TopdownAffine', 'input_size': size}
                | {'use_udp': use_udp},
                {
                    'type': 'GenerateTarget',
                    'encoder': {
                        'type': 'SimCCLabel',
                        'input_size': size,
                        'sigma': 6.0,
                    },
                },
                {'type': 'LoadOtherPose', 'path': path, **options},
                {'type': 'PackPoseInputs', 'pack_transformed': True},
            ],
        }
    )


def assert_equals_the_annotation(sample):
    truth = sample.gt_instances
    labeled = truth.keypoints_visible[0] > 0
    assert truth.other_keypoints.shape == (1, len(labeled), 2)
    assert truth.other_keypoints.dtype == np.float32
    known = np.isfinite(truth.other_keypoints).all(-1)
    np.testing.assert_array_equal(known[0], labeled)
    np.testing.assert_allclose(
        truth.other_keypoints[known],
        truth.transformed_keypoints[known],
        atol=2e-3,
    )


@pytest.mark.parametrize('use_udp', [False, True])
@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
@pytest.mark.parametrize('fields', [['id'], ['bbox']])
def test_annotated_keypoints_go_where_mmpose_moves_them(
    synthetic_coco, save, use_udp, direction, fields
):
    path = save(annotated(synthetic_coco, *fields))
    dataset = dataset_of(synthetic_coco, path, use_udp, direction)
    np.random.seed(0)
    flipped = set()
    for index in range(2 * len(dataset)):
        sample = dataset[index % len(dataset)]['data_samples']
        flipped.add(sample.metainfo['flip'])
        assert_equals_the_annotation(sample)
    assert flipped == {True, False}


def test_real_persons_are_found_with_and_without_ids(coco_mini, save):
    for fields in (['id'], ['bbox']):
        path = save(annotated(coco_mini, *fields))
        dataset = dataset_of(coco_mini, path)
        np.random.seed(1)
        for index in range(0, len(dataset), 12):
            assert_equals_the_annotation(dataset[index]['data_samples'])


def test_predictions_of_a_real_network_lie_near_the_labels(coco_mini):
    name = 'movenet_coco_mini_train2017.json'
    path = str(shared_path('data', 'predictions', name))
    dataset = dataset_of(coco_mini, path)
    near, count = 0, 0
    for index in range(0, len(dataset), 6):
        sample = dataset[index]['data_samples']
        truth = sample.gt_instances
        labeled = truth.keypoints_visible > 0
        offsets = truth.other_keypoints - truth.transformed_keypoints
        distances = np.linalg.norm(offsets[labeled], axis=-1)
        near += (distances < 20).sum()
        count += len(distances)
    assert near / count > 0.6  # of MoveNet, 60 % are correct


def sample_of(**changes):
    points = np.arange(34, dtype=np.float32).reshape(1, 17, 2) ** 1.2
    return {
        'id': 5,
        'img_id': 7,
        'img_shape': (100, 80),
        'bbox': np.array([[0, 0, 50, 60]], np.float32),
        'keypoints': points,
        'transformed_keypoints': points * 2 + np.float32([6, 8]),
        'input_size': (192, 256),
        'input_center': np.array([45, 60]),
        'input_scale': np.array([96, 128]),
        'flip_indices': FLIP,
        **changes,
    }


def results_of(keypoints=17, **changes):
    return [
        {'image_id': 7, 'ann_id': 5, 'keypoints': [3.0] * 3 * keypoints}
        | changes
    ]


def load(path, results, **options):
    config = {'type': 'LoadOtherPose', 'path': path, **options}
    return TRANSFORMS.build(config)(results)


def test_points_of_the_image_are_moved_into_the_crop(save):
    # (192, 256) / (96, 128) magnifies twice about the center
    found = load(save(results_of()), sample_of())['other_keypoints']
    np.testing.assert_allclose(
        found, np.full((1, 17, 2), [96 + 2 * (3 - 45), 128 + 2 * (3 - 60)])
    )


def test_a_missing_person(save):
    path = save(results_of())
    with pytest.raises(
        KeyError, match=r'other\.json: .* annotation 6 in image 7, found none'
    ):
        load(path, sample_of(id=6))
    assert load(path, sample_of(id=6), missing='skip') is None
    ignored = load(path, sample_of(id=6), missing='ignore')
    assert ignored['other_keypoints'].shape == (1, 17, 2)
    assert np.isnan(ignored['other_keypoints']).all()
    assert 'other_keypoints' in ignored['instance_mapping_table']


def test_what_does_not_fit_is_refused(save, tmp_path):
    path = save(results_of())
    with pytest.raises(ValueError, match=r"'error'.*found 'zero'"):
        LoadOtherPose(path, missing='zero')
    with pytest.raises(FileNotFoundError, match='found nothing at'):
        LoadOtherPose(str(tmp_path / 'none.json'))
    early = sample_of()
    del early['input_center']
    with pytest.raises(ValueError, match='right before PackPoseInputs'):
        load(path, early)
    with pytest.raises(
        ValueError, match=r'other\.json: keypoints: expected 17 .* found 16'
    ):
        load(save(results_of(keypoints=16)), sample_of())
