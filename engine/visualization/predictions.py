"""Prediction and drawing of the persons of images and videos."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..inference import as_dicts, inference_trust, load_image

# isort: split
import cv2
import numpy as np
from mmcv import VideoReader
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from numpy.typing import NDArray

from ...constants import TRUST
from ...datasets.coco_instances import InstanceInfo
from ...models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..smoothing import smooth_video
from .drawing import Array, Links
from .panels import SideBySideFigure
from .predicted_pose import PredictedPose


def draw_image(
    model: SelfVerifyTopdown,
    path: Path,
    boxes: Array | None = None,
    infos: Sequence[InstanceInfo] | None = None,
    numbers: bool = False,
) -> tuple[NDArray[np.uint8], list[PoseDataSample]]:
    """Predict and draw the persons of an image, trust beside raw score.

    Args:
        model: Estimator with trust, see ``init_trust_model``.
        path: Path of the image.
        boxes: ``(N, 4)`` boxes in pixels; None takes the whole image.
        infos: Annotated persons; their boxes replace ``boxes``.
        numbers: Whether to write the scores beside the joints.

    Returns:
        The ``(H, W, 3)`` RGB rendering and the predictions.
    """
    image = load_image(path)
    height, width = image.shape[:2]
    samples = inference_trust(
        model, image, boxes if infos is None else _boxes(infos)
    )
    poses = _poses(samples, infos)
    figure = SideBySideFigure(
        *(height, width, links_of(model), numbers),
        truth=infos is not None,
        certified=any(pose.rejected is not None for pose in poses),
    )
    return figure.draw(image[..., ::-1], poses), samples


def draw_video(
    model: SelfVerifyTopdown,
    path: Path,
    target: Path,
    boxes: Sequence[Array] | None = None,
    numbers: bool = False,
    smooth: bool = False,
) -> Iterator[dict[str, Any]]:
    """Predict and draw the persons of a video, trust beside raw score.

    Args:
        model: Estimator with trust, see ``init_trust_model``.
        path: Path of the video.
        target: Path of the MP4 file to write, with the frame rate of the
            video.
        boxes: ``(N, 4)`` boxes in pixels of each frame; None takes the whole
            frames.
        numbers: Whether to write the scores beside the joints.
        smooth: Whether to draw poses that are smoothed over time with the
            weights of trust; all frames are predicted before one is drawn.

    Yields:
        After each frame its index and persons, ready for JSON, with the keys
        of MMPose's inferencers; with ``smooth`` also ``keypoints_smoothed``
        and ``person``, its number in the video.

    Raises:
        OSError: If OpenCV cannot write the video.
    """
    video, count = VideoReader(str(path)), 0
    certified = getattr(model, 'trust_certificate', None) is not None
    figure = SideBySideFigure(
        *(video.height, video.width, links_of(model), numbers),
        certified=certified,
    )
    writer: cv2.VideoWriter | None = None
    try:
        frames = _predict_frames(model, video, boxes)
        if smooth:  # images are not kept: the video is read again to draw
            smoothed = _smoothed(found for _, found in frames)
            frames = zip(VideoReader(str(path)), smoothed, strict=True)
        for count, (frame, found) in enumerate(frames, 1):
            rendered = figure.draw(frame[..., ::-1], found.poses)
            if writer is None:
                writer = _open_writer(target, video.fps, rendered)
            writer.write(np.ascontiguousarray(rendered[..., ::-1]))
            yield {'frame_id': count - 1, 'instances': found.records}
    finally:
        if writer is not None:
            writer.release()
    # OpenCV reports no error on a full disk
    written = VideoReader(str(target)).frame_cnt
    if written != count:
        raise OSError(
            f'expected {count} frames in {target.name}, found '
            f'{max(written, 0)}; '
            'make space on the disk'
        )


class _Frame(NamedTuple):
    """Persons of a frame, to be drawn and to be written."""

    poses: list[PredictedPose]
    records: list[dict[str, Any]]


def _predict_frames(
    model: SelfVerifyTopdown,
    video: Iterable[Array],
    boxes: Sequence[Array] | None,
) -> Iterator[tuple[Array, _Frame]]:
    """Yield each image with its persons."""
    for count, image in enumerate(video):
        frame_boxes = None if boxes is None else boxes[count]
        samples = inference_trust(model, image, frame_boxes)
        yield image, _Frame(_poses(samples), as_dicts(samples))


def _smoothed(frames: Iterable[_Frame]) -> Iterator[_Frame]:
    """Replace the keypoints to draw, and add them to the records."""
    frames = list(frames)
    smoothed, numbers = smooth_video(
        [np.array([one.bbox for one in poses]) for poses, _ in frames],
        [np.array([one.keypoints for one in poses]) for poses, _ in frames],
        [
            np.array([one.scores[TRUST] for one in poses])
            for poses, _ in frames
        ],
    )
    for (poses, records), points, persons in zip(
        frames, smoothed, numbers, strict=True
    ):
        more = [
            {'keypoints_smoothed': pose.tolist(), 'person': number}
            for pose, number in zip(points, persons.tolist(), strict=True)
        ]
        yield _Frame(
            [
                replace(pose, keypoints=drawn)
                for pose, drawn in zip(poses, points, strict=True)
            ],
            [a | b for a, b in zip(records, more, strict=True)],
        )


def _open_writer(target: Path, rate: float, frame: Array) -> cv2.VideoWriter:
    codec = cv2.VideoWriter.fourcc(*'mp4v')
    size = frame.shape[1::-1]
    writer = cv2.VideoWriter(str(target), codec, rate, size)
    if not writer.isOpened():
        raise OSError(
            f'expected to write a video, found that OpenCV cannot make '
            f'{target}; check that the folder is writable and that OpenCV '
            'has FFmpeg'
        )
    return writer


def evaluate_image(
    model: SelfVerifyTopdown, path: Path, infos: Sequence[InstanceInfo]
) -> list[PredictedPose]:
    """Predict the annotated persons of an image.

    Args:
        model: Estimator with trust, see ``init_trust_model``.
        path: Path of the image.
        infos: Annotated persons of the image.

    Returns:
        The predicted poses, with their ground truth, in the same order.
    """
    samples = inference_trust(model, path, _boxes(infos))
    return _poses(samples, infos)


def rank_poses(
    poses: Sequence[PredictedPose], number: int
) -> dict[str, list[PredictedPose]]:
    """Select the best, typical and worst poses by the Brier score of trust.

    Args:
        poses: Poses with ground truth, at least one.
        number: Largest number of poses of each kind; at most a third of all,
            but at least one.

    Returns:
        The poses by kind: ``'best'``, ``'typical'``, about the median, and
        ``'worst'``, in descending order.
    """
    ranked = sorted(poses, key=lambda pose: pose.brier(TRUST))
    number = max(1, min(number, len(ranked) // 3))
    start = (len(ranked) - number) // 2
    return {
        'best': ranked[:number],
        'typical': ranked[start : start + number],
        'worst': ranked[: -number - 1 : -1],
    }


def links_of(model: SelfVerifyTopdown) -> Links:
    """Return the limbs of the skeleton of a model.

    Args:
        model: Estimator with the meta data of its data set.

    Returns:
        Pairs of joints that a limb connects.
    """
    return model.dataset_meta['skeleton_links']


def _poses(
    samples: Sequence[PoseDataSample],
    infos: Sequence[InstanceInfo] | None = None,
) -> list[PredictedPose]:
    if infos is None:
        return [PredictedPose.from_sample(sample) for sample in samples]
    return [
        PredictedPose.from_sample(
            sample,
            InstanceData(
                bboxes=info['bbox'],
                keypoints=info['keypoints'],
                keypoints_visible=info['keypoints_visible'],
            ),
        )
        for sample, info in zip(samples, infos, strict=True)
    ]


def _boxes(infos: Sequence[InstanceInfo]) -> Array:
    return np.concatenate([info['bbox'] for info in infos])
