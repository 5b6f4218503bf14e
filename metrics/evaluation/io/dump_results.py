"""Conversion of a dump of ``mim test`` to results in COCO format."""

from typing import Any

import numpy as np

from ....constants import RAW_SCORE
from .dump import Samples, predictions_from_dump


def results_from_dump(samples: Samples) -> list[dict[str, Any]]:
    """Convert the predictions of a dump to results in COCO format.

    Args:
        samples: Samples as returned by :func:`read_dump`.

    Returns:
        One entry per person with every score of the dump;
        :func:`~.coco.read_results` reads the same predictions from them.

    Raises:
        ValueError: If a field is missing or shapes do not fit; the message
            names the sample.

    Example:
        >>> predicted = {
        ...     'keypoints': [[[20.0, 30.0]]],
        ...     'keypoint_scores': [[0.9]],
        ...     'bboxes': [[0.0, 0.0, 100.0, 100.0]],
        ... }
        >>> sample = {'id': 1, 'img_id': 7, 'pred_instances': predicted}
        >>> results_from_dump([sample])
        [{'image_id': 7, 'category_id': 1, 'keypoints': [20.0, 30.0, 0.9],
        'score': 0.9, 'bbox': [0.0, 0.0, 100.0, 100.0]}]
    """
    predictions = predictions_from_dump(samples)
    further = {k: v for k, v in predictions.scores.items() if k != RAW_SCORE}
    rows = np.concatenate(
        [predictions.keypoints, predictions.scores[RAW_SCORE][..., None]], -1
    )
    entries = []
    for n, points in enumerate(rows):
        entry = {
            'image_id': predictions.image_ids[n].item(),
            # a list of one in MMPose's data sets of MPII
            'category_id': int(np.ravel(samples[n].get('category_id', 1))[0]),
            'keypoints': points.ravel().tolist(),
            'score': float(predictions.confidence[n]),
            **{name: scores[n].tolist() for name, scores in further.items()},
        }
        if predictions.person_ids is not None:
            entry['ann_id'] = predictions.person_ids[n].item()
        if predictions.boxes is not None:
            x0, y0, x1, y1 = predictions.boxes[n].tolist()
            entry['bbox'] = [x0, y0, x1 - x0, y1 - y0]
        entries.append(entry)
    return entries
