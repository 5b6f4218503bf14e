"""Files of predictions with trust, annotations, and certificates."""

import json

import numpy as np

from self_verify_pose.engine.decisions.certificate import Certificate
from self_verify_pose.engine.decisions.risk_control import Threshold
from self_verify_pose.skeleton import JOINTS, joint_groups


def write_files(folder, images=90, joints=4, names=None, seed=0):
    """Write scored.json and ann.json; the first images have two persons."""
    rng = np.random.default_rng(seed)
    owners = [*range(images), *range(images // 3)]
    results, annotations = [], []
    for person, image in enumerate(owners):
        trust = rng.beta(4, 0.6, joints)
        correct = rng.random(joints) < trust
        points = rng.uniform(20, 180, (joints, 2))
        moved = points + np.where(correct, 0, 60)[:, None]
        shared = {'image_id': image, 'category_id': 1}
        shared |= {'bbox': [0.0, 0.0, 200.0, 200.0]}
        results.append(
            {**shared, 'score': 0.9, 'ann_id': person}
            | {'keypoints': _flat(moved, trust**2)}
            | {'keypoint_trust': trust.round(6).tolist()}
        )
        annotations.append(
            {**shared, 'id': person, 'iscrowd': 0, 'area': 20000.0}
            | {'keypoints': _flat(points, np.full(joints, 2))}
            | {'num_keypoints': joints}
        )
    names = names or ['nose', 'left_eye', 'left_knee', 'right_knee']
    truth = {
        'images': [
            {'id': n, 'width': 400, 'height': 400, 'file_name': f'{n}.jpg'}
            for n in range(images)
        ],
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person', 'keypoints': [*names]}],
    }
    (folder / 'scored.json').write_text(json.dumps(results))
    (folder / 'ann.json').write_text(json.dumps(truth))
    return folder


def _flat(points, last):
    return np.column_stack([points, last]).round(6).ravel().tolist()


def certificate_of_coco(threshold, names=JOINTS):
    one = Threshold(threshold, '', 80, 300, 0.7, 0.02)
    return Certificate(
        'keypoint_trust',
        *(0.05, 0.9, 0.05),
        tuple(names),
        one,
        dict.fromkeys(joint_groups(names), one),
        dict.fromkeys(names, one),
        90,
        {},
        ((0.5,) * len(names),) * 20,
    )
