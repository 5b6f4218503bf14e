"""Predict persons and draw them: images, videos and contact sheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..inference import as_dicts, inference_trust, load_image

# isort: split
import cv2
import numpy as np
from matplotlib.figure import Figure
from mmcv import VideoReader
from mmpose.structures import PoseDataSample
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD
from ...datasets.coco_instances import has_label
from ...metrics.functional import brier, is_correct, joint_errors, person_size
from ...models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from .drawing import Links, crop_around
from .panels import ContactSheetTile, Pose, SideBySide, contact_sheet


class EvaluatedPerson(NamedTuple):
    """A predicted person of a data set.

    Args:
        path: The image.
        bbox: ``(4,)`` box in pixels.
        pose: Prediction, in pixels of the image.
        labeled: Number of joints with a true position.
        brier: Brier scores of trust and of raw score, capped at 1.
    """

    path: Path
    bbox: NDArray
    pose: Pose
    labeled: int
    brier: tuple[float, float]


def to_pose(sample: PoseDataSample, info: dict | None = None) -> Pose:
    """Take the pose out of a prediction.

    Args:
        sample: A sample of one person.
        info: MMPose's description of the true person, where there is one.

    Returns:
        The pose; it says which joints are wrong where the truth is known.
    """
    found = sample.pred_instances
    wrong = None
    if info is not None:
        size = person_size(info['bbox'])
        errors = joint_errors(found.keypoints, info['keypoints'], size)[0]
        wrong = has_label(info) & ~is_correct(errors, PCK_THRESHOLD)
    return Pose(
        found.keypoints[0],
        found.keypoint_trust[0],
        found.keypoint_scores[0],
        wrong,
    )


def draw_image(
    model: SelfVerifyTopdown,
    path: Path,
    boxes: NDArray | None = None,
    infos: Sequence[dict] | None = None,
    numbers: bool = False,
) -> tuple[NDArray[np.uint8], list[PoseDataSample]]:
    """Predict and draw the persons of an image, trust beside raw score.

    Args:
        model: What ``init_trust_model`` returns.
        path: The image.
        boxes: ``(N, 4)`` boxes in pixels; None takes the whole image.
        infos: True persons, whose boxes are then used.
        numbers: Write the values beside the joints.

    Returns:
        The ``(H, W, 3)`` RGB picture and the predictions.
    """
    image = load_image(path)
    if infos is not None:
        boxes = _boxes(infos)
    samples = inference_trust(model, image, boxes)
    painter = SideBySide(
        *image.shape[:2], _links(model), numbers, truth=infos is not None
    )
    truths = infos or [None] * len(samples)
    poses = [to_pose(*pair) for pair in zip(samples, truths, strict=True)]
    return painter.draw(image[..., ::-1], poses), samples


def draw_video(
    model: SelfVerifyTopdown,
    path: Path,
    target: Path,
    boxes: Sequence[NDArray] | None = None,
    numbers: bool = False,
) -> Iterator[dict]:
    """Predict and draw the persons of a video, trust beside raw score.

    Args:
        model: What ``init_trust_model`` returns.
        path: The video.
        target: MP4 file to write, with the frame rate of the video.
        boxes: ``(N, 4)`` boxes in pixels of each frame; None takes each
            frame whole.
        numbers: Write the values beside the joints.

    Yields:
        After each frame its number and persons, ready for JSON, with the
        keys of MMPose's inferencers.

    Raises:
        OSError: If OpenCV cannot write the video.
    """
    video, count = VideoReader(str(path)), 0
    painter = writer = None
    try:
        for count, frame in enumerate(video, 1):
            found = None if boxes is None else boxes[count - 1]
            samples = inference_trust(model, frame, found)
            if painter is None:
                painter = SideBySide(*frame.shape[:2], _links(model), numbers)
            poses = [to_pose(sample) for sample in samples]
            picture = painter.draw(frame[..., ::-1], poses)
            if writer is None:
                writer = _video_writer(target, video.fps, picture)
            writer.write(np.ascontiguousarray(picture[..., ::-1]))
            yield {'frame_id': count - 1, 'instances': as_dicts(samples)}
    finally:
        if writer is not None:
            writer.release()
    # OpenCV says nothing where the disk is full
    written = VideoReader(str(target)).frame_cnt
    if written != count:
        raise OSError(
            f'expected {count} frames in {target}, found {max(written, 0)}; '
            'make space on the disk'
        )


def _video_writer(
    target: Path, rate: float, picture: NDArray
) -> cv2.VideoWriter:
    codec = cv2.VideoWriter.fourcc(*'mp4v')
    size = picture.shape[1::-1]
    writer = cv2.VideoWriter(str(target), codec, rate, size)
    if not writer.isOpened():
        raise OSError(
            f'expected to write a video, found that OpenCV cannot make '
            f'{target}; check that the folder is writable and that OpenCV '
            'has FFmpeg'
        )
    return writer


def evaluate_image(
    model: SelfVerifyTopdown, path: Path, infos: Sequence[dict]
) -> list[EvaluatedPerson]:
    """Predict the persons of an image whose truth is known, and judge them.

    Args:
        model: What ``init_trust_model`` returns.
        path: The image.
        infos: MMPose's description of its persons.

    Returns:
        The persons.
    """
    persons = []
    samples = inference_trust(model, path, _boxes(infos))
    for sample, info in zip(samples, infos, strict=True):
        pose, known = to_pose(sample, info), has_label(info)
        right = ~pose.wrong[known]
        gaps = [
            brier(np.clip(values[known], 0, 1), right)
            for values in (pose.trust, pose.score)
        ]
        persons.append(
            EvaluatedPerson(
                path, info['bbox'][0], pose, int(known.sum()), tuple(gaps)
            )
        )
    return persons


def rank_persons(
    persons: Sequence[EvaluatedPerson], number: int
) -> dict[str, list[EvaluatedPerson]]:
    """Choose persons by the Brier score of their trust.

    Args:
        persons: At least one person.
        number: Persons of each kind; a third of all at most, at least one.

    Returns:
        The persons by kind: ``'best'``, ``'typical'``, about the median,
        and ``'worst'``, the worst one first.
    """
    ranked = sorted(persons, key=lambda person: person.brier[0])
    number = max(1, min(number, len(ranked) // 3))
    start = (len(ranked) - number) // 2
    return {
        'best': ranked[:number],
        'typical': ranked[start : start + number],
        'worst': ranked[: -number - 1 : -1],
    }


def draw_sheet(
    persons: Sequence[EvaluatedPerson],
    title: str,
    links: Links,
    numbers: bool = False,
) -> Figure:
    """Draw a contact sheet.

    Args:
        persons: At least one person.
        title: What the sheet shows.
        links: Pairs of joints that a limb connects.
        numbers: Write the values beside the joints.

    Returns:
        The figure.
    """
    return contact_sheet(list(map(_case, persons)), links, title, numbers)


def _case(person: EvaluatedPerson) -> ContactSheetTile:
    cut, corner = crop_around(load_image(person.path)[..., ::-1], person.bbox)
    wrong = int(person.pose.wrong.sum())
    trust, score = person.brier
    return ContactSheetTile(
        cut,
        person.pose.moved(corner),
        f'{person.path.name}: {wrong} of {person.labeled} wrong',
        (f'trust, Brier {trust:.2f}', f'raw score, Brier {score:.2f}'),
    )


def _links(model: SelfVerifyTopdown) -> Links:
    return model.dataset_meta['skeleton_links']


def _boxes(infos: Sequence[dict]) -> NDArray:
    return np.concatenate([info['bbox'] for info in infos])
