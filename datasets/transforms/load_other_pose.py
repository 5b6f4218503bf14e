"""The keypoints of another pose estimator in the data pipeline."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS
from mmpose.structures.bbox import (
    flip_bbox,
    get_udp_warp_matrix,
    get_warp_matrix,
)
from mmpose.structures.keypoint import flip_keypoints

from ..pose_results import PoseResults
from .loaded_field import Missing, add_field, check_missing


@TRANSFORMS.register_module()
class LoadOtherPose(BaseTransform):
    """Add what another pose estimator has predicted for the same person.

    Place it right before ``PackPoseInputs``: after ``RandomFlip`` and
    ``TopdownAffine``, which it applies to the keypoints, and after
    ``GenerateTarget``, which replaces the table of what is packed.
    The file is read once, when the pipeline is built; the workers of a
    data loader share it (copy on write).

    Args:
        path: Keypoint results in COCO format, see :class:`PoseResults`.
        missing: Action for a person that is not in the file: ``'error'``
            stops, ``'skip'`` omits the sample (another one is sampled),
            ``'ignore'`` keeps it without keypoints.

    Raises:
        ValueError: If ``missing`` is none of these, or the file holds no
            such results.
        FileNotFoundError: If there is no file.
    """

    def __init__(self, path: str, missing: Missing = 'error') -> None:
        check_missing('LoadOtherPose.missing', missing)
        self.missing = missing
        self.results = PoseResults(path)

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Add ``other_keypoints``.

        Args:
            results: The sample after ``TopdownAffine``, with ``id``,
                ``img_id``, ``bbox`` ``(1, 4)`` and ``flip_indices``.

        Returns:
            The sample, with ``(1, K, 2)`` float32 points in pixels of the
            crop, NaN where there is none; None where it is omitted.

        Raises:
            KeyError: If the person is not in the file and that is an error.
            ValueError: If there is no crop yet, or the sample has another
                number of keypoints.
        """
        self._check(results)
        points = self.results.find(
            results['img_id'], results['id'], _box_in_image(results)
        )
        if points is None and self.missing == 'skip':
            return None
        if points is None and self.missing == 'error':
            raise KeyError(
                f'{self.results.path}: expected keypoints of the annotation '
                f'{results["id"]} in image {results["img_id"]}, found none; '
                'predict all persons that train, without NMS, or set '
                "LoadOtherPose.missing='skip' or 'ignore'"
            )
        if points is None:
            points = np.full(self.results.keypoints.shape[1:], np.nan)
        add_field(results, 'other_keypoints', _in_crop(points, results))
        return results

    def _check(self, results: dict[str, Any]) -> None:
        if 'input_center' not in results:
            raise ValueError(
                'LoadOtherPose: expected a crop, found a sample without '
                'TopdownAffine; place it right before PackPoseInputs'
            )
        expected = results['keypoints'].shape[-2]
        found = self.results.keypoints.shape[1]
        if found != expected:
            raise ValueError(
                f'{self.results.path}: keypoints: expected {expected} a '
                f'person, as in the data set, found {found}; give results '
                'with the same keypoints'
            )


def _image_size(results: dict[str, Any]) -> tuple[int, int]:
    height, width = results['img_shape'][:2]
    return width, height


def _box_in_image(results: dict[str, Any]) -> np.ndarray:
    """``(4,)`` box of the person in the image that is not flipped."""
    box: np.ndarray = results['bbox'][0]
    if results.get('flip'):  # a second flip undoes the first
        box = flip_bbox(
            box, _image_size(results), 'xyxy', results['flip_direction']
        )
    return box


def _in_crop(points: np.ndarray, results: dict[str, Any]) -> np.ndarray:
    """Flip ``(K, 2)`` points and move them into the crop, ``(1, K, 2)``."""
    moved = np.array(points, np.float64)[None]
    if results.get('flip'):
        moved, _ = flip_keypoints(
            moved,
            np.ones(moved.shape[:2]),
            _image_size(results),
            results['flip_indices'],
            results['flip_direction'],
        )
    matrix = _affine(results)
    return cv2.transform(moved, matrix).astype(np.float32)


def _affine(results: dict[str, Any]) -> np.ndarray:
    """``(2, 3)`` affine map from the image to the crop.

    A sample does not tell whether ``TopdownAffine`` has used UDP; its own
    keypoints do.
    """
    center, scale = (
        np.ravel(results[key]) for key in ('input_center', 'input_scale')
    )
    rotation = float(np.ravel(results.get('bbox_rotation', 0.0))[0])
    matrices = [
        warp(center, scale, rotation, output_size=results['input_size'])
        for warp in (get_warp_matrix, get_udp_warp_matrix)
    ]
    source = results['keypoints'][..., :2]
    target = results['transformed_keypoints'][..., :2]
    errors = [
        np.abs(cv2.transform(source, m) - target).max() for m in matrices
    ]
    return matrices[int(np.argmin(errors))]
