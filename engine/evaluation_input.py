"""Reading of stored predictions with the bone-length score added."""

import runpy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..metrics.evaluation.evaluation_input import EvaluationInput
from ..metrics.evaluation.io.reading import read_predictions
from ..models.kinematics.bone_lengths import bone_scores
from ..skeleton import JOINTS

BONES = 'bone_lengths'


def read_evaluation_input(
    path: Path, ann: Path | None = None, allow_partial: bool = False
) -> EvaluationInput:
    """Read predictions with their ground truth, and score bone lengths.

    Args:
        path: Path of a dump of ``mim test`` or of COCO-format keypoint
            results, see :func:`read_predictions`.
        ann: Path of a COCO annotation file.
        allow_partial: Whether a large share may have no match.

    Returns:
        The predictions with their ground truth and, for the 17 joints of
        COCO, the further score ``BONES``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not in the expected format; the message names
            it.
    """
    predictions = _add_skeleton(read_predictions(path, ann, allow_partial))
    if predictions.truth.joint_names != JOINTS:
        note = (
            'There is no test of bone lengths: the joints are not the 17 of '
            'COCO.'
        )
        return replace(predictions, notes=(*predictions.notes, note))
    scores = {**predictions.scores, BONES: bone_scores(predictions.keypoints)}
    return replace(predictions, scores=scores)


def _add_skeleton(predictions: EvaluationInput) -> EvaluationInput:
    """Add the joints and limbs of MMPose, where it knows the data set."""
    spec = find_spec('mmpose')  # found, not imported: that takes seconds
    if spec is None or spec.origin is None:
        return predictions
    folder = Path(spec.origin).parent / '.mim/configs/_base_/datasets'
    file = folder / f'{predictions.truth.dataset_name}.py'
    if not file.is_file():
        return predictions
    info = runpy.run_path(str(file))['dataset_info']
    joints, links = info['keypoint_info'], info['skeleton_info'].values()
    names = tuple(joints[k]['name'] for k in range(len(joints)))
    limbs = tuple(
        (names.index(first), names.index(last))
        for first, last in (link['link'] for link in links)
    )
    skeleton: dict[str, Any] = {'joint_names': names, 'limbs': limbs}
    return replace(
        predictions,
        truth=replace(predictions.truth, **skeleton),
        everyone=replace(predictions.everyone, **skeleton),
    )
