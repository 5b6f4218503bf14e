"""Results and annotations of made-up persons, as files."""

import json

import numpy as np


def write_persons(folder, known, name='results'):
    """Write persons of ``make_persons`` as results, and their annotations.

    Correct joints lie at the annotated place, wrong ones far from it.
    """
    points, scores, boxes, _ = known.persons
    truth = points + np.where(known.correct, 0, 50)[..., None]
    results, annotations = [], []
    for row, image in enumerate(known.images.tolist()):
        x1, y1, x2, y2 = boxes[row].tolist()
        shared = {'image_id': image, 'bbox': [x1, y1, x2 - x1, y2 - y1]}
        joints = np.column_stack([points[row], scores[row]])
        flags = 2 * known.labeled[row]
        results.append(
            {**shared, 'category_id': 1, 'score': 1.0, 'ann_id': row}
            | {'keypoints': joints.ravel().tolist()}
        )
        labels = np.column_stack([truth[row], flags])
        annotations.append(
            {**shared, 'category_id': 1, 'id': row, 'iscrowd': 0}
            | {'area': 8000.0, 'num_keypoints': int(flags.sum()) // 2}
            | {'keypoints': labels.ravel().tolist()}
        )
    images = [
        {'id': image, 'width': 2000, 'height': 2000, 'file_name': f'{image}'}
        for image in np.unique(known.images).tolist()
    ]
    joints = [f'joint {k}' for k in range(points.shape[1])]
    content = {
        'images': images,
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person', 'keypoints': joints}],
    }
    for stem, one in ((name, results), (f'{name}_ann', content)):
        (folder / f'{stem}.json').write_text(json.dumps(one))
    return folder / f'{name}.json', folder / f'{name}_ann.json'


def result_entries(count=4, joints=3):
    """Results of persons, two of whom share an image, as a list."""
    return [
        {
            'image_id': row // 2,
            'category_id': 1,
            'ann_id': row,
            'score': 1.0,
            'bbox': [100 * row, 0, 80, 80],
            'keypoints': [float(row), 1.0, 0.5] * joints,
        }
        for row in range(count)
    ]
