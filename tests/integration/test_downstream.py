"""What users of plain MMPose do with a model keeps working."""

import numpy as np
import pytest
from helpers import SELFVERIFY, build_estimator, load_config, packed_batch
from mmpose.apis import inference_topdown, init_model
from mmpose.registry import VISUALIZERS

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


def test_the_visualiser_draws_its_predictions(model, drawing, tmp_path):
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
