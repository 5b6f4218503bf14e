"""Predictions of a file beside their annotations, with bone-length scores."""

from dataclasses import replace
from pathlib import Path

from ..metrics.evaluation.evaluation_input import EvaluationInput
from ..metrics.evaluation.io.reading import _NO_LOGITS, SIMCC_SCORES, _read
from ..models.kinematics.bone_lengths import bone_scores
from ..skeleton import NUM_JOINTS

BONES = 'bone_lengths'


def read_joints(path: Path, ann: Path | None = None) -> EvaluationInput:
    """Read predictions beside their truth, and score the bone lengths.

    Args:
        path: A dump of ``mim test`` (``.pkl``, ``.pickle``) or COCO-format
            keypoint results (``.json``).
        ann: COCO annotation file; needed for results, and for dumps of
            detected boxes.

    Returns:
        The predictions beside the truth.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not as described; the message names it.
    """
    try:
        joints = _read(path, ann)
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f'{path}: {error}') from error
    notes = list(joints.notes)
    if not any(name in joints.scores for name in SIMCC_SCORES):
        notes.append(_NO_LOGITS)
    scores = dict(joints.scores)
    if joints.keypoints.shape[1] == NUM_JOINTS:
        scores[BONES] = bone_scores(joints.keypoints)
    else:
        notes.append(
            'There is no test of bone lengths: the joints are not the 17 of '
            'COCO.'
        )
    return replace(joints, scores=scores, notes=tuple(notes))
