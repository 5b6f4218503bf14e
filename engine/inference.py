"""Inference of poses with trust, in the types of MMPose."""

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
from mmpose.apis.inference import dataset_meta_from_config
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from numpy.typing import ArrayLike, NDArray

from ..constants import ACCEPTED, TRUST
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..output_files import write_text
from .certification import certificate_of
from .checkpoint import load_weights, read_checkpoint, state_dict_of
from .config_file import load_config
from .skeleton_check import check_skeleton


def init_trust_model(
    config: str | Path | Config,
    checkpoint: str | Path,
    device: str | None = None,
) -> SelfVerifyTopdown:
    """Build a trained estimator that predicts the trust of its joints.

    Args:
        config: Config of a ``SelfVerifyTopdown``, or the path of one.
        checkpoint: Path of its weights, including those of the trust head.
        device: Device such as ``'cpu'`` or ``'cuda:0'``; by default an
            accelerator if there is one.

    Returns:
        The model, ready for :func:`inference_trust` and for MMPose's
        ``inference_topdown``; its ``trust_certificate`` is that of the
        checkpoint, None if there is none.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        TypeError: If ``config`` is neither a path nor a config.
        ValueError: If the config is not one of a ``SelfVerifyTopdown`` with
            trust, its model and data differ in their keypoints, or the
            checkpoint cannot be read, holds no trust head or belongs to
            another architecture.
    """
    cfg = read_config(config)
    content = read_checkpoint(str(checkpoint))
    certificate = certificate_of(content, checkpoint)
    state = state_dict_of(content)
    model = init_model(cfg, device=device or get_device())
    load_weights(model, state, str(checkpoint), trust=True)
    for meta in (model.metainfo, dataset_meta_from_config(cfg, 'test')):
        if meta is not None:
            model.dataset_meta = meta
            break
    check_skeleton(model, model.dataset_meta, 'test_dataloader.dataset')
    model.trust_certificate = certificate
    return model


def read_config(config: str | Path | Config) -> Config:
    """Read the config of an estimator that can predict trust.

    Args:
        config: Config of a ``SelfVerifyTopdown``, or the path of one.

    Returns:
        The config, to change freely.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If it is neither a path nor a config.
        ValueError: If it cannot be read, or is not one of a
            ``SelfVerifyTopdown``.
    """
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
        cfg = load_config(config)
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
    """Predict the pose in each box of an image, with the trust of each joint.

    Convention:
        Boxes are ``(x0, y0, x1, y1)`` and joints ``(x, y)``, both in pixels
        of the image, with pixel centers at integers. Arrays are BGR, as
        OpenCV and MMPose read them.

    Args:
        model: Estimator built by :func:`init_trust_model`.
        image: Path of an image, or an ``(H, W, 3)`` array.
        boxes: ``(N, 4)`` boxes, one per person. None takes the whole image
            as one box; an empty list predicts nobody.

    Returns:
        N samples as returned by MMPose's ``inference_topdown``. Their
        ``pred_instances`` hold ``keypoints`` ``(1, K, 2)``,
        ``keypoint_scores`` ``(1, K)``, the raw scores, which are not
        calibrated and can exceed 1, and ``keypoint_trust`` ``(1, K)`` in
        [0, 1]. Where the checkpoint holds a certificate of
        ``choose_threshold.py``, ``keypoints_accepted`` ``(1, K)`` tells
        which joints it keeps.

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
    mark_accepted(model, samples)
    if isinstance(image, str | Path):
        for sample in samples:
            sample.set_metainfo({'img_path': str(image)})
    return samples


def mark_accepted(
    model: SelfVerifyTopdown, samples: Sequence[PoseDataSample]
) -> None:
    """Add which joints the certificate of a model keeps, if it has one.

    Args:
        model: Estimator built by :func:`init_trust_model`.
        samples: Its predictions; their ``pred_instances`` get
            ``keypoints_accepted`` ``(N, K)``.
    """
    certificate = getattr(model, 'trust_certificate', None)
    if certificate is None:
        return
    for instances in (sample.pred_instances for sample in samples):
        scores = np.asarray(instances[certificate.score])
        instances[ACCEPTED] = certificate.accept(scores)


def load_image(image: str | Path | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Read an image, or check an image in memory.

    Args:
        image: Path of an image, or an ``(H, W, 3)`` BGR array.

    Returns:
        ``(H, W, 3)`` BGR array.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If ``image`` is neither a path nor an array.
        ValueError: If the file or the array is not an image.
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
                f'image: expected an image, found {image}, which OpenCV '
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
        where: Name of the boxes in error messages.

    Returns:
        ``(N, 4)`` array; ``(0, 4)`` for an empty list.

    Raises:
        ValueError: If they are not N rows of four finite numbers with
            x0 < x1 and y0 < y1.
    """
    try:
        array = np.asarray(boxes, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'{where}: expected N rows of numbers x0, y0, x1, y1, found '
            f'something else ({error}); correct them'
        ) from error
    if array.size == 0 and array.ndim <= 2:
        return array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f'{where}: expected N rows of x0, y0, x1, y1, found shape '
            f'{array.shape}; give one row of four numbers for each person'
        )
    valid = np.isfinite(array).all(1) & (array[:, :2] < array[:, 2:]).all(1)
    if not valid.all():
        row = int(np.flatnonzero(~valid)[0])
        raise ValueError(
            f'{where}: expected finite pixels with x0 < x1 and y0 < y1, '
            f'found {array[row].tolist()} in row {row}; boxes are corners, '
            'not a corner and a size'
        )
    return array


def as_dicts(samples: Sequence[PoseDataSample]) -> list[dict[str, Any]]:
    """Convert predictions to plain numbers, ready for JSON.

    The keys are those of MMPose's inferencers, with ``keypoint_trust`` added.

    Args:
        samples: Samples as returned by :func:`inference_trust`, by MMPose's
            ``inference_topdown`` or, with ``return_datasamples=True``, by
            ``MMPoseInferencer``.

    Returns:
        One dictionary per person: ``bbox`` (4 numbers x0, y0, x1, y1) and
        ``keypoints`` (K pairs) in pixels of the image, ``keypoint_scores``
        and ``keypoint_trust`` (K numbers each), and ``keypoints_accepted`` (K
        booleans) where the model has a certificate.

    Raises:
        ValueError: If a sample holds no trust.
    """
    return [
        dict(zip(names, map(np.ndarray.tolist, values), strict=True))
        for sample in samples
        for names, fields in [_predicted(sample)]
        for values in zip(*fields, strict=True)
    ]


def _predicted(
    sample: PoseDataSample,
) -> tuple[tuple[str, ...], list[NDArray[Any]]]:
    """Names in the JSON and values of the fields of a sample."""
    instances = sample.pred_instances
    if TRUST not in instances:
        raise ValueError(
            'expected predictions with keypoint_trust, found '
            f'{", ".join(instances.keys())}; predict with a SelfVerifyTopdown '
            'whose trust is enabled'
        )
    fields = ['bboxes', 'keypoints', 'keypoint_scores', TRUST]
    if ACCEPTED in instances:
        fields.append(ACCEPTED)
    values = [np.asarray(instances[name]) for name in fields]
    return ('bbox', *fields[1:]), values


def save_predictions(
    samples: Sequence[PoseDataSample], path: str | Path
) -> None:
    """Write the predictions of one image as JSON, with the trust.

    Args:
        samples: Samples as of :func:`as_dicts`.
        path: Path of the file, which is overwritten.

    Raises:
        ValueError: If a sample holds no trust.
        OSError: If the file cannot be written.
    """
    write_text(path, json.dumps(as_dicts(samples)))
