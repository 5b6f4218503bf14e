"""Annotations and predictions of made-up persons, as files."""

import json
from pathlib import Path

import numpy as np
from mmengine.fileio import dump


def write_files(folder: Path, count: int) -> None:
    """Write made-up persons, two in each image, and predictions of them.

    Args:
        folder: Existing folder, which gets ``ann.json`` and ``results.json``.
        count: Number of persons.
    """
    rng = np.random.default_rng(0)
    images, persons, found = [], [], []
    for n in range(count):
        points = rng.uniform(20, 400, (17, 2)).round(1)
        flags = rng.choice([0, 1, 2], (17, 1), p=[0.2, 0.2, 0.6])
        flags[0] = 2
        spread = rng.choice([4, 40], (17, 1), p=[0.7, 0.3])
        score = np.exp(-spread / 30) + rng.normal(0, 0.2, (17, 1))
        predicted = points + rng.normal(0, 1, (17, 2)) * spread
        entry = {'id': n, 'image_id': n // 2, 'category_id': 1}
        persons.append({
            **entry, 'iscrowd': 0, 'bbox': [10, 10, 400, 400], 'area': 8e4,
            'keypoints': np.hstack([points, flags]).ravel().tolist(),
        })  # fmt: skip
        found.append({
            'image_id': n // 2, 'ann_id': n, 'category_id': 1, 'score': 0.5,
            'keypoints': np.hstack([predicted, score]).round(3).ravel()
            .tolist(),
            'keypoint_trust': score.clip(0, 1).ravel().round(4).tolist(),
        })  # fmt: skip
        if n % 2 == 0:
            images.append({'id': n // 2, 'width': 480, 'height': 480})
    annotations = {'images': images, 'annotations': persons}
    (folder / 'ann.json').write_text(json.dumps(annotations))
    (folder / 'results.json').write_text(json.dumps(found))


def write_dump(folder: Path) -> None:
    """Write the same predictions as ``mim test --dump`` does.

    Each sample has the fields that MMPose's packing keeps by default, among
    them its annotation with an outline of 30 corners.

    Args:
        folder: Folder of :func:`write_files`, which gets ``dump.pkl``.
    """
    persons = json.loads((folder / 'ann.json').read_text())['annotations']
    found = json.loads((folder / 'results.json').read_text())
    outline = np.linspace(10, 410, 60)
    samples = []
    for person, entry in zip(persons, found, strict=True):
        truth, points = (
            np.array(e['keypoints'], np.float32).reshape(1, 17, 3)
            for e in (person, entry)
        )
        box = np.array([[10, 10, 410, 410]], np.float32)
        one = np.ones(1, np.float32)
        trust = np.array([entry['keypoint_trust']], np.float32)
        samples.append({
            'id': person['id'], 'img_id': person['image_id'],
            'img_path': f'data/coco/val2017/{person["image_id"]:012d}.jpg',
            'ori_shape': (480, 480), 'input_size': (192, 256),
            'input_center': box[0, :2], 'input_scale': box[0, 2:],
            'flip_indices': list(range(17)), 'category_id': 1,
            'dataset_name': 'coco',
            'raw_ann_info': {**person, 'segmentation': [outline.tolist()]},
            'gt_instances': {
                'keypoints': truth[..., :2],
                'keypoints_visible': (truth[..., 2] > 0).astype(np.float32),
                'bboxes': box, 'bbox_scores': one,
            },
            'pred_instances': {
                'keypoints': points[..., :2], 'keypoint_trust': trust,
                'keypoint_scores': points[..., 2],
                'keypoints_visible': points[..., 2].copy(),
                'bboxes': box.copy(), 'bbox_scores': one.copy(),
            },
        })  # fmt: skip
    dump(samples, folder / 'dump.pkl')
