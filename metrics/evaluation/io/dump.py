"""Reading of the predictions that ``mim test … --dump FILE`` writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....coco_fields import (
    check_file,
    check_number,
    check_numbers,
    check_unique,
    one_line,
)
from ....constants import RAW_SCORE
from ....skeleton import links_in, names_in
from ..evaluation_input import EvaluationInput, Floats, GroundTruth
from .coco import Predictions
from .dump_pickle import read_pickle

Samples = list[Mapping[str, Any]]


def read_dump(path: Path) -> Samples:
    """Read a dump of ``mim test``.

    A dump is a pickle; nothing that it names is run, see
    :mod:`~.dump_pickle`.

    Args:
        path: Path of a file that ``mim test … --dump`` wrote.

    Returns:
        One mapping per sample.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no predictions.

    Example:
        >>> import pickle
        >>> sample = {'id': 1, 'pred_instances': {'keypoint_scores': [[0.9]]}}
        >>> path = Path('preds.pkl')
        >>> _ = path.write_bytes(pickle.dumps([sample]))
        >>> read_dump(path)
        [{'id': 1, 'pred_instances': {'keypoint_scores': [[0.9]]}}]
    """
    check_file(path)
    try:
        samples = read_pickle(path)
    except Exception as error:  # the file decides what it raises
        raise ValueError(
            f'{path}: expected a dump of mim test, found a file that '
            f'cannot be read as one ({one_line(error)}); '
            'write it with mim test … --dump preds.pkl.'
        ) from error
    if not isinstance(samples, list) or not all(
        isinstance(s, Mapping) and 'pred_instances' in s for s in samples
    ):
        raise ValueError(
            f"{path}: expected a list of samples with 'pred_instances', found "
            f'a {type(samples).__name__} without; write it with mim test … '
            '--dump preds.pkl.'
        )
    if not samples:
        raise ValueError(f'{path}: expected predictions, found an empty dump.')
    return samples


def from_dump(samples: Samples) -> EvaluationInput:
    """Pair the predictions of a dump with the ground truth in the dump.

    Args:
        samples: Samples as returned by :func:`read_dump`.

    Returns:
        The predictions with their ground truth.

    Raises:
        ValueError: If a field is missing or shapes do not fit; the message
            names the sample.

    Example:
        >>> predicted = {
        ...     'keypoints': [[[25.0, 30.0]]],
        ...     'keypoint_scores': [[0.9]],
        ... }
        >>> true = {
        ...     'keypoints': [[[20.0, 30.0]]],
        ...     'keypoints_visible': [[1]],
        ...     'bboxes': [[0.0, 0.0, 100.0, 100.0]],
        ... }
        >>> sample = {'id': 1, 'img_id': 7}
        >>> sample |= {'pred_instances': predicted, 'gt_instances': true}
        >>> from_dump([sample]).errors
        array([[0.05]])
    """
    return EvaluationInput(
        scores=_scores(samples),
        keypoints=_stack(samples, 'pred_instances', 'keypoints')[..., :2],
        truth=_ground_truth(samples),
    )


def predictions_from_dump(samples: Samples) -> Predictions:
    """Take the predictions of a dump, without its ground truth.

    Args:
        samples: Samples as returned by :func:`read_dump`.

    Returns:
        The predictions, to be matched to an annotation file.

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
        >>> predictions_from_dump([sample]).scores
        {'keypoint_scores': array([[0.9]])}
    """
    scores = _scores(samples)
    raw = _raw_annotations(samples)
    by_id = all('id' in info for info in raw)
    return Predictions(
        scores=scores,
        keypoints=_stack(samples, 'pred_instances', 'keypoints')[..., :2],
        image_ids=_ids(samples, 'img_id'),
        person_ids=_ids(raw, 'id') if by_id else None,
        boxes=None if by_id else _stack(samples, 'pred_instances', 'bboxes'),
        confidence=np.nan_to_num(scores[RAW_SCORE]).mean(1),
    )


def _raw_annotations(samples: Samples) -> Samples:
    """Annotations of the samples; empty where there are none."""
    raw = [sample.get('raw_ann_info') or {} for sample in samples]
    for sample, info in zip(samples, raw, strict=True):
        if not isinstance(info, Mapping):
            raise ValueError(
                f'{_name(sample)}: expected the annotation of one person in '
                f"'raw_ann_info', found a {type(info).__name__}; give "
                'top-down predictions.'
            )
    return raw


def _ground_truth(samples: Samples) -> GroundTruth:
    points = _stack(samples, 'gt_instances', 'keypoints')[..., :2]
    visible = _stack(samples, 'gt_instances', 'keypoints_visible')
    labeled = visible.reshape(*points.shape[:2], -1)[..., 0] > 0
    if labeled.size > 1 and labeled.all() and not points.any():
        raise ValueError(
            'expected annotated keypoints in gt_instances, found all of them '
            'visible at (0, 0), as MMPose fills them in for detected boxes; '
            'give the annotation file (--ann).'
        )
    person_ids = _ids(samples, 'id')
    check_unique(
        person_ids.tolist(),
        'samples: id',
        'dump one test of one data set, and give new ids where files were '
        'merged whose ids begin anew',
    )
    raw = _raw_annotations(samples)
    names = names_in(samples[0])  # where the model has metainfo of its own
    return GroundTruth(
        keypoints=points,
        labeled=labeled,
        boxes=_stack(samples, 'gt_instances', 'bboxes'),
        image_ids=_ids(samples, 'img_id'),
        person_ids=person_ids,
        occluded=_occluded(raw, labeled),
        areas=np.array([_area(info) for info in raw], float),
        joint_names=names,
        dataset_name='' if names else samples[0].get('dataset_name', ''),
        limbs=links_in(samples[0]) if names else (),
    )


def _occluded(
    raw: Samples, labeled: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Labeled joints that the annotations call hidden, (N, K)."""
    if not all(
        isinstance(info.get('keypoints'), list)
        and len(info['keypoints']) == 3 * labeled.shape[1]
        for info in raw
    ):
        return None
    flags = [
        check_numbers(info, 'keypoints', _where(info))[2::3] for info in raw
    ]
    occluded: NDArray[np.bool_] = labeled & (np.array(flags) == 1)
    return occluded


def _area(annotation: Mapping[str, Any]) -> float:
    if 'area' not in annotation:
        return np.nan
    return check_number(annotation, 'area', _where(annotation))


def _where(annotation: Mapping[str, Any]) -> str:
    return f'raw_ann_info of id {annotation.get("id", "unknown")}'


def _scores(samples: Samples) -> dict[str, Floats]:
    """Every field of the predictions with one number per joint."""
    num_joints = _stack(samples, 'pred_instances', 'keypoints').shape[1]
    scores = {RAW_SCORE: _stack(samples, 'pred_instances', RAW_SCORE)}
    # sorted: MMPose keeps fields in a set
    for name in sorted({n for s in samples for n in s['pred_instances']}):
        shapes = ((num_joints,), (1, num_joints))
        if name in scores or not any(
            value.dtype.kind in 'iuf' and value.shape in shapes
            for sample in samples
            for value in [_array(sample['pred_instances'].get(name))]
        ):
            continue
        rows = _stack(samples, 'pred_instances', name)
        # MMPose's copy of the score where a head predicts no visibility
        copied = np.array_equal(rows, scores[RAW_SCORE], equal_nan=True)
        if not (name == 'keypoints_visible' and copied):
            scores[name] = rows
    return scores


def _ids(samples: Samples, name: str) -> NDArray[np.generic]:
    for number, sample in enumerate(samples):
        if name not in sample:
            raise ValueError(
                f"sample {number}: expected '{name}' in the dump, found "
                f"{sorted(sample)}; keep '{name}' among the meta_keys of "
                'PackPoseInputs.'
            )
        kind = type(sample[name])
        if kind not in (int, str) and not issubclass(kind, np.integer):
            raise ValueError(
                f"sample {number}: expected an integer or a text in '{name}', "
                f'found {sample[name]!r}; give a dump of top-down predictions.'
            )
    return np.array([sample[name] for sample in samples])


def _stack(samples: Samples, part: str, field: str) -> Floats:
    """One field of all samples, each of one person, (N, …)."""
    first = _row(samples[0], part, field)
    rows = np.empty((len(samples), *first.shape[1:]))
    for number, sample in enumerate(samples):
        row = _row(sample, part, field)
        if row.shape != (1, *rows.shape[1:]):
            raise ValueError(
                f"{_name(sample)}: expected '{field}' of one person in "
                f'{part}, with the shape of the first sample, found '
                f'{row.shape}; give top-down predictions, or COCO-format '
                'results.'
            )
        rows[number] = row[0]
    return rows


def _row(sample: Mapping[str, Any], part: str, field: str) -> Floats:
    """One field of one sample; its first axis is that of persons."""
    instances = sample.get(part, {})
    if not isinstance(instances, Mapping):
        raise ValueError(
            f'{_name(sample)}: expected fields by name in {part}, found a '
            f'{type(instances).__name__}; write the dump with mim test '
            '… --dump preds.pkl.'
        )
    if field not in instances:
        remedy = (
            'use a model that predicts it'
            if part == 'pred_instances'
            else 'test on annotated boxes, or give the annotation file (--ann)'
        )
        raise ValueError(
            f"{_name(sample)}: expected '{field}' in {part}, found "
            f'{sorted(instances)}; {remedy}.'
        )
    row = _array(instances[field])
    if row.dtype.kind not in 'biuf':
        raise ValueError(
            f"{_name(sample)}: expected numbers in '{field}' of {part}, found "
            f'{row.dtype}; correct what wrote them.'
        )
    if field not in ('keypoints', 'bboxes') and row.ndim == 1:
        row = row[None]
    return row.astype(np.float64)


def _name(sample: Mapping[str, Any]) -> str:
    return f'sample id {sample.get("id", "unknown")}'


def _array(value: Any) -> NDArray[Any]:
    """A value as an array; of objects where it has no regular shape."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)
