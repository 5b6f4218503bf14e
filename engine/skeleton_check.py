"""Check that a model and its data have the same keypoints."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from mmpose.models.pose_estimators.base import BasePoseEstimator

from ..models.pose_estimators.inspection import num_keypoints
from ..skeleton import JOINTS, names_in


def check_skeleton(
    model: BasePoseEstimator, metainfo: Mapping[str, Any], where: str
) -> None:
    """Raise unless a model predicts the keypoints of a data set.

    Names are compared where the model has some: in ``model.metainfo``, or
    those of COCO that its teacher assumes without.

    Args:
        model: The estimator.
        metainfo: Meta information of the data set as MMPose parses it;
            without names, nothing is compared.
        where: Config key of the data set, for messages.

    Raises:
        ValueError: If number or names differ.
    """
    names = names_in(metainfo)
    if not names:
        return
    data = f'{where} ({metainfo.get("dataset_name")})'
    own = getattr(model, 'metainfo', None)
    counts = {'model.head': num_keypoints(getattr(model, 'head', None))}
    if own is not None:
        counts['model.metainfo'] = own['num_keypoints']
    for name, count in counts.items():
        if count not in (None, len(names)):
            raise ValueError(
                f'{name}: expected the {len(names)} keypoints of {data}, '
                f'found {count}; give both the same skeleton '
                '(model.head.out_channels, model.metainfo, metainfo of the '
                'data set)'
            )
    known: tuple[str, ...] = names
    if own is not None:
        known = names_in(own)
    elif getattr(model, 'teacher', None) is not None:
        known = JOINTS
    for k, (expected, found) in enumerate(zip_longest(names, known)):
        if expected != found:
            raise ValueError(
                f'model.metainfo: expected the keypoints of {data}, in which '
                f"number {k} is '{expected}', found '{found}'; set both to "
                'the same description of a data set'
            )
