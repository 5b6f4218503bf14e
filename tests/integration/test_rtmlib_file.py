"""A results file of rtmlib goes through all tools for files."""

import json

import cv2
import numpy as np
import pytest
import torch
from helpers import (
    SELFVERIFY,
    build_estimator,
    load_config,
    load_tool,
    shared_path,
)

from self_verify_pose.engine.checkpoint import read_state_dict
from self_verify_pose.engine.decisions.certificate import load_certificate


@pytest.fixture(scope='module')
def client(tmp_path_factory):
    """Return rtmlib with an ONNX file of a trained RTMPose-S."""
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    rtmlib = pytest.importorskip('rtmlib', reason='pip install rtmlib')
    weights = shared_path(
        'checkpoints', 'rtmpose-s_lspet+coco-mini_256x192_fp16.pth'
    )
    folder = tmp_path_factory.mktemp('rtmlib')
    config = load_config(SELFVERIFY, shared_path('data', 'coco_mini'))
    config.dump(folder / 'config.py')
    model = build_estimator(small=False)
    state = {k: v.float() for k, v in read_state_dict(weights).items()}
    model.load_state_dict(state, strict=False)
    checkpoint = folder / 'checkpoint.pth'
    torch.save({'state_dict': model.state_dict()}, checkpoint)
    out = folder / 'model.onnx'
    given = [folder / 'config.py', checkpoint, '--out', out, '--form', 'simcc']
    assert load_tool('export_onnx').main([*map(str, given)]) == 0
    size = (192, 256)
    return rtmlib.RTMPose(str(out), size, backend='onnxruntime')


def predict(client, ann, images, path):
    """Write results of the annotated persons of every second image."""
    truth = json.loads(ann.read_text())
    chosen = {one['id']: one['file_name'] for one in truth['images'][::2]}
    entries = []
    for person in truth['annotations']:
        if person['image_id'] not in chosen or not person['num_keypoints']:
            continue
        x, y, width, height = person['bbox']
        pixels = cv2.imread(str(images / chosen[person['image_id']]))
        rgb = np.ascontiguousarray(pixels[..., ::-1])
        points, scores = client(rgb, [[x, y, x + width, y + height]])
        joints = np.column_stack([points[0], scores[0]])
        entries.append(
            {'image_id': person['image_id'], 'category_id': 1}
            | {'bbox': person['bbox'], 'score': float(scores.mean())}
            | {'keypoints': joints.ravel().tolist()}
        )
    path.write_text(json.dumps(entries))
    return len(entries)


def call(tool, *given):
    assert load_tool(tool).main([*map(str, given)]) == 0


@pytest.mark.slow
def test_a_file_of_rtmlib_goes_through_fit_apply_threshold_and_export(
    client, tmp_path
):
    data = shared_path('data', 'coco_mini')
    anns = {
        split: data / f'annotations/person_keypoints_{split}2017.json'
        for split in ('train', 'val')
    }
    counts = {
        split: predict(
            client, ann, data / f'{split}2017', tmp_path / f'{split}.json'
        )
        for split, ann in anns.items()
    }
    trust, scored = tmp_path / 'trust.json', tmp_path / 'scored.json'
    certificate = tmp_path / 'certificate.json'
    partial = '--allow-partial'  # every second image has no prediction
    train, val = tmp_path / 'train.json', tmp_path / 'val.json'
    call('fit_trust', train, '--ann', anns['train'], '--out', trust, partial)
    call('apply_trust', val, '--trust', trust, '--out', scored)
    given = ['--ann', anns['val'], '--out', certificate, '--risk', '.5']
    call('choose_threshold', scored, *given, partial)
    found = load_certificate(certificate)
    # a weak network: a few joints keep the promise
    assert any(one.threshold is not None for one in found.joints.values())
    out = tmp_path / 'openpose'
    given = ['--certificate', certificate, '--format', 'openpose']
    given += ['--level', 'joints']
    call('export_trust', scored, *given, '--out', out)
    people = [
        person
        for path in out.iterdir()
        for person in json.loads(path.read_text())['people']
    ]
    assert len(people) == counts['val']
    flags = np.array([one['pose_keypoints_2d'][2::3] for one in people]) > 0
    assert 0 < flags.mean() < 1
