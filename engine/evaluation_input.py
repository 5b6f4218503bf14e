"""Reading of stored predictions with the bone-length score added."""

from dataclasses import replace
from pathlib import Path

from ..metrics.evaluation.evaluation_input import EvaluationInput
from ..metrics.evaluation.io.reading import read_predictions
from ..models.kinematics.bone_lengths import bone_scores
from ..skeleton import NUM_JOINTS

BONES = 'bone_lengths'


def read_evaluation_input(
    path: Path, ann: Path | None = None
) -> EvaluationInput:
    """Read predictions with their ground truth, and score bone lengths.

    Args:
        path: Path of a dump of ``mim test`` or of COCO-format keypoint
            results, see :func:`read_predictions`.
        ann: Path of a COCO annotation file.

    Returns:
        The predictions with their ground truth and, for the 17 joints of
        COCO, the further score ``BONES``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not in the expected format; the message names
            it.
    """
    predictions = read_predictions(path, ann)
    if predictions.keypoints.shape[1] != NUM_JOINTS:
        note = (
            'There is no test of bone lengths: the joints are not the 17 of '
            'COCO.'
        )
        return replace(predictions, notes=(*predictions.notes, note))
    scores = {**predictions.scores, BONES: bone_scores(predictions.keypoints)}
    return replace(predictions, scores=scores)
