"""Scored results of persons in images, with files of these."""

import json

import cv2
import numpy as np


def scored_results(folder, joints=17, images=6, persons=2, seed=0):
    """Write scored.json, images.json and the images; return the entries.

    The persons of image n are wrong with a probability that grows with n.
    """
    rng = np.random.default_rng(seed)
    found = []
    for image in range(images):
        for _ in range(persons):
            corner = rng.uniform(0, 60, 2)
            points = corner + rng.uniform(0, 80, (joints, 2))
            trust = rng.uniform(0, 1, joints) * (1 - image / images)
            rows = np.column_stack([points, rng.random(joints)])
            found.append(
                {
                    'image_id': image + 1,
                    'category_id': 1,
                    'bbox': [*corner.tolist(), 80.0, 80.0],
                    'keypoints': rows.round(2).ravel().tolist(),
                    'keypoint_trust': trust.round(4).tolist(),
                }
            )
    names = [f'{image + 1:012d}.jpg' for image in range(images)]
    category = {'id': 1, 'name': 'person'}
    category['keypoints'] = [f'joint {k}' for k in range(joints)]
    category['skeleton'] = [[k, k + 1] for k in range(1, joints)]
    content = {
        'images': [
            {'id': n + 1, 'file_name': name, 'width': 160, 'height': 150}
            for n, name in enumerate(names)
        ],
        'annotations': [],
        'categories': [category],
    }
    (folder / 'scored.json').write_text(json.dumps(found))
    (folder / 'images.json').write_text(json.dumps(content))
    (folder / 'images').mkdir()
    for name in names:
        blank = rng.integers(0, 255, (150, 160, 3), np.uint8)
        cv2.imwrite(str(folder / 'images' / name), blank)
    return found
