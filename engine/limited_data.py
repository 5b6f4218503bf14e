"""AP of data of which only the first persons are used."""

import contextlib
import io

from mmengine.dataset import BaseDataset
from mmpose.evaluation.metrics import CocoMetric
from xtcocotools.coco import COCO


def limit_ap(metric: CocoMetric, dataset: BaseDataset, where: str) -> int:
    """Let AP be over the persons of a data set whose ``indices`` are set.

    MMPose counts every annotated person that is not predicted as missed, also
    those that ``indices`` leaves out. Persons who never count, crowds and
    those without keypoints, stay as they are in the images that are used.

    Args:
        metric: Metric of the data set; its annotations are replaced.
        dataset: The data set.
        where: Config key of the data set, for messages.

    Returns:
        Number of persons that AP is over; 0 where all are used, and nothing
        is changed.

    Raises:
        ValueError: If the boxes are detected ones, which do not tell which
            annotated persons are used.
    """
    indices = getattr(dataset, '_indices', None)
    if indices is None or metric.coco is None:
        return 0
    if getattr(dataset, 'bbox_file', None):
        raise ValueError(
            f'{where}.indices: expected all detected boxes of '
            f'{dataset.bbox_file}, since AP counts every annotated person, '
            f'found indices={indices}; remove indices, or set bbox_file=None'
        )
    infos = [
        BaseDataset.get_data_info(dataset, index)
        for index in range(len(dataset))
    ]
    persons = {info['id'] for info in infos}
    images = {info['img_id'] for info in infos}
    content = metric.coco.dataset
    limited = COCO()
    limited.dataset = {
        **content,
        'images': [one for one in content['images'] if one['id'] in images],
        'annotations': [
            one
            for one in content['annotations']
            if one['image_id'] in images
            and (one['id'] in persons or _never_counts(one))
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress
        limited.createIndex()
    metric.coco = limited
    return len(persons)


def _never_counts(annotation: dict) -> bool:
    """Tell whether COCO's evaluation ignores an annotation."""
    visible = annotation.get('keypoints', [0, 0, 0])[2::3]
    return bool(annotation.get('iscrowd')) or not any(visible)
