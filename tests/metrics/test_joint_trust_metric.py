import json
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path

import mmpose
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.registry import METRICS
from mmpose.structures import PoseDataSample

from self_verify_pose.metrics import joint_trust_metric
from self_verify_pose.metrics.functional import aurc, auroc, ece
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

SHARED = Path(__file__).parents[3] / 'shared'
NAMES = [
    'AUROC',
    'AUPR',
    'AUPR_error',
    'ECE',
    'ECE_mass',
    'Brier',
    'Acc@0.5',
    'PosRate',
    'AURC',
    'AUGRC',
]


def make_sample(index, num_keypoints=17):
    """A person of size 200 whose joints err by up to a tenth of it."""
    rng = np.random.default_rng(index)
    keypoints = rng.uniform(50, 250, (1, num_keypoints, 2))
    angle = rng.uniform(0, 2 * np.pi, (1, num_keypoints, 1))
    error = rng.uniform(0, 20, (1, num_keypoints, 1))
    shift = error * np.concatenate([np.cos(angle), np.sin(angle)], axis=-1)
    trust = 1 - error[..., 0] / 40 + rng.normal(0, 0.1, (1, num_keypoints))
    visible = rng.random((1, num_keypoints)) < 0.7
    truth = InstanceData()
    truth.bboxes = np.array([[50.0, 60.0, 150.0, 260.0]], np.float32)
    truth.keypoints = keypoints.astype(np.float32)
    truth.keypoints_visible = visible.astype(np.float32)
    pred = InstanceData()
    pred.keypoints = (keypoints + shift).astype(np.float32)
    pred.keypoint_trust = torch.tensor(trust.clip(0, 1), dtype=torch.float32)
    pred.keypoint_scores = (2 * trust).astype(np.float32)
    sample = PoseDataSample(gt_instances=truth, pred_instances=pred)
    sample.set_metainfo({'id': index, 'img_id': 7})
    return sample


def evaluate(samples, **kwargs):
    metric = JointTrustMetric(**kwargs)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def by_hand(samples, field):
    """Scores and correctness of the labeled joints, one by one."""
    scores, correct = [], []
    for sample in samples:
        truth, pred = sample.gt_instances, sample.pred_instances
        for k in range(truth.keypoints.shape[1]):
            if truth.keypoints_visible[0, k] > 0:
                dx, dy = pred.keypoints[0, k] - truth.keypoints[0, k]
                scores.append(float(pred[field][0, k]))
                correct.append(math.hypot(dx, dy) <= 0.05 * 200)
    return np.array(scores), np.array(correct)


@pytest.fixture
def warnings_seen(monkeypatch):
    messages = []

    def record(message, logger, level):
        messages.append((message, logger, level))

    monkeypatch.setattr(joint_trust_metric, 'print_log', record)
    return messages


def test_built_from_config_reports_all_names():
    metric = METRICS.build({'type': 'JointTrustMetric'})
    samples = [make_sample(i) for i in range(8)]
    metric.process(None, samples)
    result = metric.evaluate(8)
    assert list(result) == [f'trust/{name}' for name in NAMES]
    assert all(type(value) is float for value in result.values())
    assert all(0 < value < 1 for value in result.values())


def test_matches_metrics_by_hand():
    samples = [make_sample(i) for i in range(20)]
    result = evaluate(samples)
    scores, correct = by_hand(samples, 'keypoint_trust')
    assert result['trust/PosRate'] == correct.mean()
    assert result['trust/AUROC'] == auroc(scores, correct) > 0.8
    assert result['trust/ECE'] == ece(scores, correct, 15)
    assert result['trust/AURC'] == aurc(scores, ~correct)
    assert result['trust/Acc@0.5'] == np.mean((scores >= 0.5) == correct)


def test_options_reach_the_metrics():
    samples = [make_sample(i) for i in range(20)]
    loose = evaluate(samples, dist_thr=0.08)
    assert loose['trust/PosRate'] > evaluate(samples)['trust/PosRate']
    one_bin = evaluate(samples, num_bins=1)
    scores, correct = by_hand(samples, 'keypoint_trust')
    gap = abs(scores.mean() - correct.mean())
    assert one_bin['trust/ECE'] == pytest.approx(gap)
    assert one_bin['trust/ECE_mass'] == pytest.approx(gap)


@pytest.mark.parametrize(
    ('kwargs', 'prefix'),
    [
        ({}, 'trust'),
        ({'score_field': 'keypoint_scores'}, 'score'),
        ({'score_field': 'keypoint_trust', 'prefix': 'head'}, 'head'),
        ({'score_field': 'other'}, 'other'),
    ],
)
def test_prefix(kwargs, prefix):
    assert JointTrustMetric(**kwargs).prefix == prefix


def test_evaluator_runs_trust_beside_raw_score():
    evaluator = Evaluator(
        [
            {'type': 'mmpose.JointTrustMetric'},
            {
                'type': 'mmpose.JointTrustMetric',
                'score_field': 'keypoint_scores',
            },
        ]
    )
    samples = [make_sample(i) for i in range(8)]
    for start in range(0, 8, 3):
        evaluator.process(samples[start : start + 3])
    result = evaluator.evaluate(8)
    assert len(result) == 2 * len(NAMES)
    assert result['trust/PosRate'] == result['score/PosRate']


@pytest.mark.parametrize('to_dict', [True, False])
@pytest.mark.parametrize('visible', ['NK', 'NK1', 'NK2'])
def test_sample_and_visibility_forms_agree(to_dict, visible):
    samples = [make_sample(i) for i in range(4)]
    expected = evaluate(samples)
    for sample in samples:
        truth = sample.gt_instances
        seen = truth.keypoints_visible
        if visible == 'NK1':
            truth.keypoints_visible = seen[..., None]
        if visible == 'NK2':
            truth.keypoints_visible = np.stack([seen, seen * 0 + 1], axis=-1)
    if to_dict:
        samples = [sample.to_dict() for sample in samples]
    assert evaluate(samples) == expected


def test_only_labeled_joints_count():
    sample = make_sample(0)
    expected = evaluate([sample])
    hidden = sample.gt_instances.keypoints_visible == 0
    sample.pred_instances.keypoints[hidden] += 1000
    sample.gt_instances.keypoints[hidden] = 0
    assert evaluate([sample]) == expected


def test_crop_space_keypoints_are_ignored():
    sample = make_sample(0)
    expected = evaluate([sample])
    points = sample.gt_instances.keypoints
    sample.gt_instances.transformed_keypoints = points * 0.5 + 9
    assert evaluate([sample]) == expected


def test_joint_at_the_threshold_is_correct():
    sample = make_sample(0, num_keypoints=2)
    sample.gt_instances.keypoints_visible[:] = 1
    sample.gt_instances.bboxes[:] = [0, 0, 200, 100]
    sample.gt_instances.keypoints[:] = 100
    sample.pred_instances.keypoints[:] = [[110, 100], [100, 110.01]]
    assert evaluate([sample])['trust/PosRate'] == 0.5


@pytest.mark.parametrize('all_correct', [True, False])
def test_one_class_is_nan_and_one_warning(all_correct, warnings_seen):
    sample = make_sample(0)
    shift = 0 if all_correct else 50
    sample.pred_instances.keypoints = sample.gt_instances.keypoints + shift
    result = evaluate([sample])
    for name in ('AUROC', 'AUPR', 'AUPR_error'):
        assert math.isnan(result[f'trust/{name}'])
    for name in NAMES[3:]:
        assert math.isfinite(result[f'trust/{name}'])
    assert result['trust/PosRate'] == float(all_correct)
    assert len(warnings_seen) == 1
    message, logger, level = warnings_seen[0]
    assert ('are correct' if all_correct else 'are wrong') in message
    assert (logger, level) == ('current', 30)


def test_scores_outside_unit_range_are_clipped_for_calibration(warnings_seen):
    samples = [make_sample(i) for i in range(6)]
    result = evaluate(samples, score_field='keypoint_scores')
    scores, correct = by_hand(samples, 'keypoint_scores')
    assert scores.max() > 1
    assert result['score/AUROC'] == auroc(scores, correct)
    assert result['score/AURC'] == aurc(scores, ~correct)
    clipped = np.clip(scores, 0, 1)
    assert result['score/ECE'] == ece(clipped, correct, 15)
    assert result['score/Brier'] == pytest.approx(
        np.mean((clipped - correct) ** 2)
    )
    assert len(warnings_seen) == 1
    message = warnings_seen[0][0]
    assert f'{scores.max():.4g}]' in message
    assert f'{(scores > 1).mean():.2%}' in message
    assert 'keypoint_scores' in message


def break_sample(sample, what):
    truth, pred = sample.gt_instances, sample.pred_instances
    if what == 'no predictions':
        del sample.pred_instances
    elif what == 'no field':
        del pred.keypoint_trust
    elif what == 'no ground truth':
        del sample.gt_instances
    elif what == 'no true keypoints':
        del truth.keypoints
    elif what == 'no boxes':
        del truth.bboxes
    elif what == 'NaN trust':
        pred.keypoint_trust[0, 3] = torch.nan
    elif what == 'NaN point':
        pred.keypoints[0, 3] = np.nan
    elif what == 'NaN truth':
        truth.keypoints[truth.keypoints_visible > 0] = np.nan
    elif what == 'empty box':
        truth.bboxes[:] = 0
    elif what == 'other joints':
        pred.keypoint_trust = pred.keypoint_trust[:, :16]
    elif what == 'detected boxes':
        truth.keypoints = np.zeros_like(truth.keypoints)
        truth.keypoints_visible = np.ones_like(truth.keypoints_visible)


@pytest.mark.parametrize(
    ('what', 'match'),
    [
        ('no predictions', r"'keypoints' in pred_instances, found \[\]"),
        ('no field', r"'keypoint_trust' in pred_instances.*set score_field"),
        ('no ground truth', r"'keypoints' in gt_instances, found \[\].*annot"),
        ('no true keypoints', r"'keypoints' in gt_instances.*annotated"),
        ('no boxes', "'bboxes' in gt_instances"),
        ('NaN trust', "'keypoint_trust' in pred_instances holds 1 NaN"),
        ('NaN point', "'keypoints' in pred_instances holds 2 NaN"),
        ('NaN truth', "'keypoints' in gt_instances holds NaN"),
        ('empty box', 'person sizes must be finite and positive'),
        ('other joints', r'expected one shape \(N, K\).*\(1, 16\)'),
        ('detected boxes', 'remove bbox_file'),
    ],
)
def test_bad_sample_is_an_error_that_names_it(what, match):
    sample = make_sample(42)
    break_sample(sample, what)
    with pytest.raises(ValueError, match=f'sample id 42: .*{match}'):
        JointTrustMetric().process(None, [sample])


def test_no_labeled_joint_at_all_is_an_error():
    sample = make_sample(0)
    sample.gt_instances.keypoints_visible[:] = 0
    with pytest.raises(ValueError, match='no labeled joint in 1 samples'):
        evaluate([sample])


def test_person_without_labeled_joint_changes_nothing():
    samples = [make_sample(0), make_sample(1)]
    expected = evaluate(samples)
    empty = make_sample(2)
    empty.gt_instances.keypoints_visible[:] = 0
    assert evaluate([*samples, empty]) == expected


@pytest.mark.parametrize('kwargs', [{'dist_thr': 0}, {'num_bins': 0}])
def test_bad_option_stops_at_construction(kwargs):
    with pytest.raises(ValueError, match=f'{next(iter(kwargs))} must be'):
        JointTrustMetric(**kwargs)


def test_second_epoch_starts_empty():
    metric = JointTrustMetric()
    metric.process(None, [make_sample(0)])
    first = metric.evaluate(1)
    metric.process(None, [make_sample(0)])
    assert metric.evaluate(1) == first


def test_coco_val_fits_in_50_megabytes():
    num_persons = 6352
    sample = make_sample(0).to_dict()
    sample['gt_instances']['keypoints_visible'][:] = 1
    metric = JointTrustMetric()
    tracemalloc.start()
    for _ in range(num_persons):
        metric.process(None, [sample])
    metric.evaluate(num_persons)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


WORKER = """
import importlib.util, json, sys
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader
from mmengine.dataset import DefaultSampler
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

rank, store, folder, test_file = sys.argv[1:]
torch.set_num_threads(1)
dist.init_process_group(
    'gloo', init_method='file://' + store, rank=int(rank), world_size=2)
spec = importlib.util.spec_from_file_location('helpers', test_file)
helpers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helpers)
samples = [helpers.make_sample(i) for i in range(7)]
for round_up in (True, False):
    sampler = DefaultSampler(samples, shuffle=False, round_up=round_up)
    loader = DataLoader(samples, 3, sampler=sampler, collate_fn=list)
    metric = JointTrustMetric(collect_dir=folder)
    for batch in loader:
        metric.process(None, batch)
    count = len(metric.results)
    print(json.dumps([count, metric.evaluate(len(samples))]))
dist.destroy_process_group()
"""


def test_two_processes_equal_one(tmp_path):
    """Seven samples on two ranks: the sampler pads with one, or does not."""
    script = tmp_path / 'worker.py'
    script.write_text(WORKER)
    arguments = [tmp_path / 'store', tmp_path / 'results', __file__]
    workers = [
        subprocess.Popen(
            [sys.executable, script, str(rank), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        for rank in range(2)
    ]
    try:
        outputs = [worker.communicate(timeout=180) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    expected = evaluate([make_sample(i) for i in range(7)])
    lines = [out.splitlines()[-2:] for out, _ in outputs]
    for total, parts in zip((8, 7), zip(*lines, strict=True), strict=True):
        counts, results = zip(*map(json.loads, parts), strict=True)
        assert sum(counts) == total
        assert results == (expected, expected)


@pytest.mark.skipif(
    not (SHARED / 'checkpoints').is_dir(),
    reason='needs ../shared/checkpoints and ../shared/data',
)
def test_real_validation_errors_match_the_annotation_file():
    """Run the official RTMPose-S pipeline and redo its errors by hand."""
    from mmengine.config import Config
    from mmengine.dataset import pseudo_collate
    from mmengine.registry import init_default_scope
    from mmengine.runner import load_checkpoint
    from mmpose.registry import DATASETS, MODELS

    import self_verify_pose.compat  # noqa: F401

    init_default_scope('mmpose')
    folder = 'configs/body_2d_keypoint/rtmpose/coco'
    name = 'rtmpose-s_8xb256-420e_coco-256x192.py'
    mim = Path(mmpose.__file__).parent / '.mim'
    config = Config.fromfile(mim / folder / name)
    config.model.backbone.init_cfg = None
    config.val_dataloader.dataset.data_root = str(SHARED / 'data/coco_mini')
    dataset = DATASETS.build(config.val_dataloader.dataset)
    model = MODELS.build(config.model).eval()
    checkpoint = next((SHARED / 'checkpoints').glob('rtmpose-s*.pth'))
    load_checkpoint(model, str(checkpoint), map_location='cpu', strict=True)

    indices = [0, 1, 2, 100, 200, 308]
    with torch.no_grad():
        samples = model.test_step(
            pseudo_collate([dataset[i] for i in indices])
        )
    metric = JointTrustMetric(score_field='keypoint_scores')
    metric.process(None, [sample.to_dict() for sample in samples])

    path = SHARED / 'data/coco_mini/annotations/person_keypoints_val2017.json'
    file = json.loads(path.read_text())
    annotations = {ann['id']: ann for ann in file['annotations']}
    images = {image['id']: image for image in file['images']}
    for sample, result in zip(samples, metric.results, strict=True):
        ann = annotations[sample.metainfo['id']]
        image = images[ann['image_id']]
        x, y, w, h = ann['bbox']
        width = min(x + w, image['width'] - 1) - max(x, 0)
        height = min(y + h, image['height'] - 1) - max(y, 0)
        scores, errors = [], []
        for k in range(17):
            true_x, true_y, visible = ann['keypoints'][3 * k : 3 * k + 3]
            if visible > 0:
                pred_x, pred_y = sample.pred_instances.keypoints[0, k]
                distance = math.hypot(pred_x - true_x, pred_y - true_y)
                errors.append(distance / max(width, height))
                scores.append(sample.pred_instances.keypoint_scores[0, k])
        np.testing.assert_allclose(result['errors'], errors, rtol=1e-4)
        np.testing.assert_array_equal(result['scores'], scores)
    errors = np.concatenate([result['errors'] for result in metric.results])
    assert np.median(errors) < 0.15
