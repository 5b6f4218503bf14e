"""What users of plain MMPose do with a model keeps working."""

import json

import cv2
import numpy as np
import pytest
from helpers import SELFVERIFY, build_estimator, load_config, packed_batch
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.registry import VISUALIZERS

from self_verify_pose.apis import as_dicts, inference_trust, init_trust_model
from self_verify_pose.datasets.synthetic import draw_scene


@pytest.fixture(scope='module')
def model():
    return init_model(load_config(SELFVERIFY), device='cpu')


@pytest.fixture(scope='module')
def drawing():
    return draw_scene(seed=0, split='val', index=0)


def test_inference_topdown_brings_trust_along(model, drawing):
    boxes = np.array([a['bbox'] for a in drawing.annotations], float)
    boxes[:, 2:] += boxes[:, :2]
    results = inference_topdown(model, drawing.image, boxes)
    assert len(results) == len(boxes)
    for result in results:
        found = result.pred_instances
        assert found.keypoint_trust.shape == found.keypoint_scores.shape
        assert (
            (found.keypoint_trust >= 0) & (found.keypoint_trust <= 1)
        ).all()
    (whole,) = inference_topdown(model, drawing.image)
    assert whole.pred_instances.keypoint_trust.shape == (1, 17)


def test_the_visualizer_draws_its_predictions(model, drawing, tmp_path):
    (result,) = inference_topdown(model, drawing.image)
    visualizer = VISUALIZERS.build(
        {'type': 'PoseLocalVisualizer', 'name': str(tmp_path)}
    )
    visualizer.set_dataset_meta(model.dataset_meta)
    out = tmp_path / 'out.png'
    visualizer.add_datasample(
        'out', drawing.image, result, draw_gt=False, out_file=str(out)
    )
    assert out.stat().st_size > 1000


def test_prediction_without_flip_needs_no_flip_indices():
    model = build_estimator().eval()
    model.test_cfg.flip_test = False
    batch = packed_batch(model, training=False)
    for sample in batch['data_samples']:
        sample.set_metainfo({'flip_indices': None})
    assert 'keypoint_trust' in model.predict(**batch)[0].pred_instances


def test_the_inferencer_of_mmpose_works(tiny_files, drawing, tmp_path):
    photo = tmp_path / 'photo.png'
    cv2.imwrite(str(photo), drawing.image)
    config, checkpoint = map(str, tiny_files)
    inferencer = MMPoseInferencer(
        config, checkpoint, device='cpu', det_model='whole_image'
    )
    arguments = {'out_dir': str(tmp_path), 'kpt_thr': 0.0}
    (plain,) = inferencer(str(photo), **arguments)
    (person,) = plain['predictions'][0]
    assert set(person) >= {'keypoints', 'keypoint_scores', 'bbox'}
    written = tmp_path / 'predictions' / 'photo.json'
    assert json.loads(written.read_text())[0]['keypoints'] == pytest.approx(
        np.array(person['keypoints'])
    )
    assert (tmp_path / 'visualizations' / 'photo.png').stat().st_size > 1000
    # its JSON leaves out the trust, its samples hold it
    assert 'keypoint_trust' not in person
    (full,) = inferencer(str(photo), return_datasamples=True)
    (found,) = as_dicts(full['predictions'])
    model = init_trust_model(config, checkpoint, 'cpu')
    (expected,) = as_dicts(inference_trust(model, photo))
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
