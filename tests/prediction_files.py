"""Files of predictions and annotations of the same random persons."""

import json
import pickle

import numpy as np
import torch

IMAGE = {'width': 400, 'height': 300}


def annotations(persons=6, seed=0):
    """Persons of three images in COCO format, some boxes over the edge."""
    rng = np.random.default_rng(seed)
    people = []
    for n in range(persons):
        x, y = rng.uniform(0, 200, 2).round(2).tolist()
        width, height = rng.uniform(60, 260, 2).round(2).tolist()
        points = rng.uniform((x, y), (x + width, y + height), (17, 2))
        visible = rng.choice([0, 1, 2], (17, 1), p=[0.2, 0.2, 0.6])
        rows = np.hstack([points.round(1), visible]) * (visible > 0)
        people.append(
            {
                'id': 500 + n,
                'image_id': 10 + n // 2,
                'category_id': 1,
                'iscrowd': 0,
                'bbox': [x, y, width, height],
                'area': width * height / 2,
                'keypoints': rows.ravel().tolist(),
                'num_keypoints': int((visible > 0).sum()),
            }
        )
    return {
        'images': [
            {'id': 10 + n, 'file_name': f'{n}.jpg', **IMAGE}
            for n in range((persons + 1) // 2)
        ],
        'annotations': people,
        'categories': [{'id': 1, 'name': 'person'}],
    }


def results(truth, seed=1, noise=8.0):
    """One prediction per person, with the id of its annotation."""
    rng = np.random.default_rng(seed)
    found = []
    for person in truth['annotations']:
        rows = np.reshape(person['keypoints'], (17, 3)).astype(float)
        rows[:, :2] += rng.normal(0, noise, (17, 2))
        rows[:, 2] = rng.random(17)
        found.append(
            {
                'image_id': person['image_id'],
                'ann_id': person['id'],
                'category_id': 1,
                'keypoints': rows.round(3).ravel().tolist(),
                'keypoint_trust': rng.random(17).round(3).tolist(),
                'score': 0.5,
            }
        )
    return found


def dump(truth, found, folder):
    """The same predictions as mim test dumps them, read by MMPose itself."""
    from mmpose.datasets import CocoDataset

    path = folder / 'dump_annotations.json'
    path.write_text(json.dumps(truth))
    dataset = CocoDataset(ann_file=str(path), pipeline=[], test_mode=True)
    by_id = {f['ann_id']: f for f in found}
    samples = []
    for n in range(len(dataset)):
        info = dataset.get_data_info(n)
        rows = np.reshape(by_id[info['id']]['keypoints'], (1, 17, 3))
        trust = torch.tensor(by_id[info['id']]['keypoint_trust'])
        samples.append(
            {
                'id': info['id'],
                'img_id': info['img_id'],
                'raw_ann_info': info['raw_ann_info'],
                'gt_instances': {
                    'keypoints': info['keypoints'],
                    'keypoints_visible': info['keypoints_visible'],
                    'bboxes': info['bbox'],
                },
                'pred_instances': {
                    'keypoints': rows[..., :2],
                    'keypoint_scores': rows[..., 2],
                    'keypoints_visible': rows[..., 2],
                    'keypoint_trust': trust[None],
                    'bboxes': info['bbox'],
                    'bbox_scores': info['bbox_score'],
                },
            }
        )
    return samples


def write(path, content):
    if path.suffix == '.pkl':
        path.write_bytes(pickle.dumps(content))
    else:
        path.write_text(json.dumps(content))
    return path


def write_all(folder):
    """Write annotations, results and a dump of the same persons."""
    truth = annotations()
    predicted = results(truth)
    return {
        'ann': write(folder / 'ann.json', truth),
        'json': write(folder / 'results.json', predicted),
        'pkl': write(folder / 'preds.pkl', dump(truth, predicted, folder)),
    }
