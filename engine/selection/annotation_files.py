"""Files of selected images for labeling tools, with predictions inside."""

import csv
import io
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np

from ...coco_fields import Id
from .scored_file import ImageEntry, ScoredPersons, Skeleton

DOUBTFUL = 0.5  # trust below which a joint is marked as occluded
_POINT = 0.6  # width of a keypoint of Label Studio, in percent of the image
_DIGITS = 3


class SelectedImage(NamedTuple):
    """An image to label.

    Args:
        image_id: Its id in the results.
        entry: Its file and size.
        persons: Positions of its persons.
        expected_wrong: Expected number of wrong joints.
    """

    image_id: Id
    entry: ImageEntry
    persons: list[int]
    expected_wrong: float


def as_records(selected: list[SelectedImage]) -> list[dict[str, Any]]:
    """List the images with plain values.

    Args:
        selected: The images in order.

    Returns:
        One record for each image.
    """
    return [
        {
            'rank': rank,
            'image_id': one.image_id,
            'file_name': one.entry.name,
            'persons': len(one.persons),
            'expected_wrong_joints': round(one.expected_wrong, _DIGITS),
        }
        for rank, one in enumerate(selected, 1)
    ]


def as_csv(selected: list[SelectedImage]) -> str:
    """List the images as comma-separated values.

    Args:
        selected: The images in order.

    Returns:
        The text, with a head.
    """
    records = as_records(selected)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*records[0]], lineterminator='\n')
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def as_coco(
    selected: list[SelectedImage], scored: ScoredPersons
) -> dict[str, Any]:
    """Write the predictions as annotations, which CVAT imports.

    Convention: visibility is 2, or 1 (occluded) where trust is below
    ``DOUBTFUL``. Joints beside the image are moved to its edge. Ids of images
    are kept where they are integers, else counted from 1.

    Args:
        selected: The images in order.
        scored: Their persons.

    Returns:
        Annotations in COCO format (CVAT: *COCO Keypoints 1.0*), with
        ``keypoint_trust``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, one in enumerate(selected, 1):
        name, width, height = one.entry
        image_id = one.image_id if isinstance(one.image_id, int) else number
        images.append(
            {
                'id': image_id,
                'file_name': name,
                'width': width,
                'height': height,
            }
        )
        for person in one.persons:
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': image_id,
                    **_annotation(scored, person, one.entry),
                }
            )
    skeleton = scored.skeleton
    category = {
        'id': 1,
        'name': 'person',
        'supercategory': 'person',
        'keypoints': list(skeleton.joints),
        'skeleton': [[a + 1, b + 1] for a, b in skeleton.links],
    }
    return {
        'info': {'description': 'selected images with predictions'},
        'licenses': [],
        'images': images,
        'annotations': annotations,
        'categories': [category],
    }


def _annotation(
    scored: ScoredPersons, person: int, entry: ImageEntry
) -> dict[str, Any]:
    """One person as an annotation in COCO format, without its ids."""
    trust = scored.trust[person]
    points = _inside(scored, person, entry).round(_DIGITS)
    flags = np.where(trust < DOUBTFUL, 1, 2)
    x0, y0, x1, y1 = scored.persons.boxes[person].tolist()
    return {
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [x0, y0, x1 - x0, y1 - y0],
        'area': (x1 - x0) * (y1 - y0),
        'segmentation': [],
        'num_keypoints': len(trust),
        'keypoints': [
            value
            for (x, y), flag in zip(
                points.tolist(), flags.tolist(), strict=True
            )
            for value in (x, y, flag)
        ],
        'keypoint_trust': trust.round(_DIGITS).tolist(),
    }


def as_label_studio(
    selected: list[SelectedImage], scored: ScoredPersons, prefix: str
) -> list[dict[str, Any]]:
    """Write the predictions as tasks of Label Studio.

    Args:
        selected: The images in order.
        scored: Their persons.
        prefix: What the address of an image begins with, before its name.

    Returns:
        Tasks for a project with :func:`label_studio_config`. The score of a
        joint is its trust.
    """
    return [
        {
            'data': {'image': f'{prefix}{one.entry.name}'},
            'meta': {'image_id': one.image_id},
            'predictions': [
                {
                    'model_version': 'keypoint_trust',
                    'score': float(scored.trust[one.persons].mean()),
                    'result': [*_regions(one, scored)],
                }
            ],
        }
        for one in selected
    ]


def label_studio_config(skeleton: Skeleton) -> str:
    """Write the labeling interface that the tasks of Label Studio need.

    Args:
        skeleton: Names of the joints.

    Returns:
        XML.
    """
    labels = '\n'.join(
        f'    <Label value={quoteattr(joint)}/>' for joint in skeleton.joints
    )
    return (
        '<View>\n'
        '  <Image name="image" value="$image" zoom="true"/>\n'
        '  <RectangleLabels name="box" toName="image">\n'
        '    <Label value="person"/>\n'
        '  </RectangleLabels>\n'
        '  <KeyPointLabels name="keypoint" toName="image">\n'
        f'{labels}\n'
        '  </KeyPointLabels>\n'
        '</View>\n'
    )


def _regions(
    one: SelectedImage, scored: ScoredPersons
) -> Iterator[dict[str, Any]]:
    """A rectangle for each person, with its keypoints, in percent."""
    _, width, height = one.entry
    percent = 100 / np.array([width, height])
    shared = {
        'to_name': 'image',
        'original_width': width,
        'original_height': height,
        'image_rotation': 0,
    }
    for person in one.persons:
        box = f'person-{person}'
        corners = scored.persons.boxes[person].reshape(2, 2) * percent
        yield {**shared, 'id': box, **_rectangle(*corners)}
        points = _inside(scored, person, one.entry) * percent
        for joint, (x, y), trust in zip(
            scored.skeleton.joints, points, scored.trust[person], strict=True
        ):
            yield {
                **shared,
                'id': f'{box}-{joint}',
                'parentID': box,
                'from_name': 'keypoint',
                'type': 'keypointlabels',
                'score': round(float(trust), _DIGITS),
                'value': {
                    **_rounded(x=x, y=y, width=_POINT),
                    'keypointlabels': [joint],
                },
            }


def _rectangle(
    first: np.ndarray[Any, Any], last: np.ndarray[Any, Any]
) -> dict[str, Any]:
    """The box of a person by two corners in percent."""
    (x, y), (width, height) = first, last - first
    return {
        'from_name': 'box',
        'type': 'rectanglelabels',
        'value': {
            **_rounded(x=x, y=y, width=width, height=height),
            'rotation': 0,
            'rectanglelabels': ['person'],
        },
    }


def _inside(
    scored: ScoredPersons, person: int, entry: ImageEntry
) -> np.ndarray[Any, Any]:
    limits = entry.width - 1, entry.height - 1
    return np.clip(scored.persons.keypoints[person], 0, limits)


def _rounded(**values: float) -> dict[str, float]:
    return {name: round(float(one), _DIGITS) for name, one in values.items()}
