"""Predict poses with trust on images, in MMPose's own types."""

from .. import compat  # noqa: F401, isort: skip

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv import imread
from mmengine.config import Config
from mmengine.device import get_device
from mmpose.apis import inference_topdown, init_model
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from numpy.typing import ArrayLike, NDArray

from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from .checkpoint import load_weights, read_state_dict

__all__ = [
    'as_dicts',
    'check_boxes',
    'inference_trust',
    'init_trust_model',
    'load_image',
    'save_predictions',
]


def init_trust_model(
    config: str | Path | Config,
    checkpoint: str | Path,
    device: str | None = None,
) -> SelfVerifyTopdown:
    """Build a trained estimator that says which of its joints to trust.

    Args:
        config: Config of a ``SelfVerifyTopdown``, as a file or read already.
        checkpoint: Its weights, those of the trust head among them.
        device: Such as ``'cpu'`` or ``'cuda:0'``; by default an accelerator
            where there is one.

    Returns:
        The model, ready for :func:`inference_trust` and for MMPose's
        ``inference_topdown``.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        TypeError: If ``config`` is neither a path nor a config.
        ValueError: If the config is not one of a ``SelfVerifyTopdown`` with
            trust, or the checkpoint cannot be read, holds no trust head or
            belongs to another architecture.
    """
    cfg = _read_config(config)
    state = read_state_dict(str(checkpoint))
    model = init_model(cfg, device=device or get_device())
    load_weights(model, state, str(checkpoint), trust=True)
    return model


def _read_config(config: Any) -> Config:
    if isinstance(config, Config):
        cfg = copy.deepcopy(config)  # init_model changes it
    elif not isinstance(config, str | Path):
        raise TypeError(
            'config: expected a path or a mmengine Config, found '
            f'{type(config).__name__}; give one of them'
        )
    elif not Path(config).is_file():
        raise FileNotFoundError(
            f'config: expected a file, found nothing at {config}; correct '
            'the path'
        )
    else:
        cfg = Config.fromfile(config)
    name = cfg.get('model', {}).get('type')
    kind = MODELS.get(name) if isinstance(name, str) else name
    if not (isinstance(kind, type) and issubclass(kind, SelfVerifyTopdown)):
        raise ValueError(
            "config: expected model.type='SelfVerifyTopdown', found "
            f'{name!r}; use a config such as configs/selfverify_cycle_*.py'
        )
    return cfg


def inference_trust(
    model: SelfVerifyTopdown,
    image: str | Path | NDArray[np.uint8],
    boxes: ArrayLike | None = None,
) -> list[PoseDataSample]:
    """Find the pose in each box of an image, with a trust for each joint.

    Convention:
        Boxes are ``(x0, y0, x1, y1)`` and joints ``(x, y)``, both in pixels
        of the image, with pixel centers at integers. Arrays are BGR, as
        OpenCV and MMPose read them.

    Args:
        model: What :func:`init_trust_model` returns.
        image: A file, or an ``(H, W, 3)`` array.
        boxes: ``(N, 4)`` boxes, one per person. None takes the whole image
            as one box; an empty list means that there is nobody.

    Returns:
        N samples as of MMPose's ``inference_topdown``. In ``pred_instances``
        they hold ``keypoints`` ``(1, K, 2)``, ``keypoint_scores`` ``(1, K)``,
        the raw scores, which have no scale and can exceed 1, and
        ``keypoint_trust`` ``(1, K)`` in [0, 1].

    Raises:
        FileNotFoundError: If there is no such image.
        TypeError: If ``image`` is neither a path nor an array.
        ValueError: If the image cannot be read, or the array or a box is
            not as described.
    """
    pixels = load_image(image)
    if boxes is not None:
        boxes = check_boxes(boxes)
        if len(boxes) == 0:
            return []
    samples = inference_topdown(model, pixels, boxes)
    if isinstance(image, str | Path):
        for sample in samples:
            sample.set_metainfo({'img_path': str(image)})
    return samples


def load_image(image: str | Path | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Read an image, or check one that is read already.

    Args:
        image: A file, or an ``(H, W, 3)`` BGR array.

    Returns:
        ``(H, W, 3)`` BGR array.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If ``image`` is neither a path nor an array.
        ValueError: If the file holds no image, or the array is none.
    """
    if isinstance(image, str | Path):
        if not Path(image).is_file():
            raise FileNotFoundError(
                f'image: expected a file, found nothing at {image}; correct '
                'the path'
            )
        pixels = (
            imread(str(image)) if cv2.haveImageReader(str(image)) else None
        )
        if pixels is None:
            raise ValueError(
                f'image: expected a picture, found {image}, which OpenCV '
                'cannot read; convert it to JPEG or PNG'
            )
        return pixels
    if not isinstance(image, np.ndarray):
        raise TypeError(
            f'image: expected a path or an array, found '
            f'{type(image).__name__}; give one of them'
        )
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            'image: expected an (H, W, 3) uint8 array in BGR order, found '
            f'shape {image.shape} and type {image.dtype}; convert it'
        )
    return image


def check_boxes(boxes: ArrayLike, where: str = 'boxes') -> NDArray[np.float32]:
    """Check boxes of persons.

    Args:
        boxes: ``(N, 4)`` boxes ``(x0, y0, x1, y1)`` in pixels.
        where: What the message calls them.

    Returns:
        ``(N, 4)`` array; ``(0, 4)`` for an empty list.

    Raises:
        ValueError: If they are not N rows of four finite numbers with
            x0 < x1 and y0 < y1.
    """
    try:
        found = np.asarray(boxes, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'{where}: expected N rows of numbers x0, y0, x1, y1, found '
            f'something else ({error}); correct them'
        ) from error
    if found.size == 0 and found.ndim <= 2:
        return found.reshape(0, 4)
    if found.ndim != 2 or found.shape[1] != 4:
        raise ValueError(
            f'{where}: expected N rows of x0, y0, x1, y1, found shape '
            f'{found.shape}; give one row of four numbers for each person'
        )
    good = np.isfinite(found).all(1) & (found[:, :2] < found[:, 2:]).all(1)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f'{where}: expected finite pixels with x0 < x1 and y0 < y1, '
            f'found {found[row].tolist()} in row {row}; boxes are corners, '
            'not a corner and a size'
        )
    return found


def as_dicts(samples: Sequence[PoseDataSample]) -> list[dict[str, Any]]:
    """Turn predictions into plain numbers, ready for JSON.

    The keys are those of MMPose's inferencers, whose output leaves out the
    trust, and ``keypoint_trust``.

    Args:
        samples: What :func:`inference_trust` returns, or MMPose's
            ``inference_topdown`` and, with ``return_datasamples=True``,
            ``MMPoseInferencer``.

    Returns:
        One dictionary per person: ``bbox`` (4 numbers x0, y0, x1, y1) and
        ``keypoints`` (K pairs) in pixels of the image, ``keypoint_scores``
        and ``keypoint_trust`` (K numbers each).

    Raises:
        ValueError: If a sample holds no trust.
    """
    return [
        {
            'bbox': bbox.tolist(),
            'keypoints': keypoints.tolist(),
            'keypoint_scores': scores.tolist(),
            'keypoint_trust': trust.tolist(),
        }
        for sample in samples
        for bbox, keypoints, scores, trust in zip(
            *_predicted(sample), strict=True
        )
    ]


def _predicted(sample: PoseDataSample) -> tuple[NDArray, ...]:
    found = sample.pred_instances
    if 'keypoint_trust' not in found:
        raise ValueError(
            'expected predictions with keypoint_trust, found '
            f'{", ".join(found.keys())}; predict with a SelfVerifyTopdown '
            'whose trust is enabled'
        )
    names = ('bboxes', 'keypoints', 'keypoint_scores', 'keypoint_trust')
    return tuple(np.asarray(found[name]) for name in names)


def save_predictions(
    samples: Sequence[PoseDataSample], path: str | Path
) -> None:
    """Write the predictions of one image as JSON, with the trust.

    Args:
        samples: As of :func:`as_dicts`.
        path: The file, which is replaced if it is there.

    Raises:
        ValueError: If a sample holds no trust.
        OSError: If the file cannot be written.
    """
    Path(path).write_text(json.dumps(as_dicts(samples)), encoding='utf-8')
