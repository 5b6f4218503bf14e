"""Read any file of predictions, and add what key points alone tell."""

from dataclasses import replace
from pathlib import Path

from ...models.kinematics.skeleton import NUM_JOINTS
from .bones import bone_scores
from .coco_results import read_annotations, read_results
from .dump import dump_predictions, judge_dump, read_dump
from .joints import JudgedJoints
from .placing import judge_predictions

BONES = 'bone_lengths'
# names that SelfVerifyTopdown gives the scores that need SimCC logits
SIMCC_SCORES = (
    'simcc_mean',
    'simcc_peak',
    'simcc_certainty',
    'simcc_expected',
)
_NO_LOGITS = (
    'The scores that need SimCC logits (mean of the axes, peak, certainty, '
    'expected correctness) are not in this file. A dump of SelfVerifyTopdown '
    'holds them with --cfg-options model.test_cfg.extra_scores=True.'
)


def read_joints(path: Path, ann: Path | None = None) -> JudgedJoints:
    """Read predictions beside their truth, and score the bone lengths.

    Args:
        path: A dump of ``mim test`` (``.pkl``, ``.pickle``) or COCO-format
            key-point results (``.json``).
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


def _read(path: Path, ann: Path | None) -> JudgedJoints:
    suffix = path.suffix.lower()
    if suffix in ('.pkl', '.pickle'):
        samples = read_dump(path)
        if ann is None:
            return judge_dump(samples)
        return judge_predictions(
            dump_predictions(samples), read_annotations(ann)
        )
    if suffix != '.json':
        raise ValueError(
            f'{path}: expected a dump (.pkl, .pickle) or COCO-format results '
            f"(.json), found the ending '{suffix}'."
        )
    predictions = read_results(path)
    if ann is None:
        raise ValueError(
            f'{path}: expected an annotation file beside COCO-format results, '
            'found none; give it with --ann.'
        )
    return judge_predictions(predictions, read_annotations(ann))


def report_names(paths: list[Path]) -> dict[str, Path]:
    """Name files of predictions for a report.

    Args:
        paths: The files.

    Returns:
        Each path by its name without ending; where names repeat, with the
        folder in front.

    Raises:
        ValueError: If a file is given twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError('expected each file once, found one repeated.')
    stems = [path.stem for path in paths]
    names = [
        stem
        if stems.count(stem) == 1
        else '_'.join(path.resolve().with_suffix('').parts[-2:])
        for stem, path in zip(stems, paths, strict=True)
    ]
    return {
        name if names.count(name) == 1 else f'{name}_{k + 1}': path
        for k, (name, path) in enumerate(zip(names, paths, strict=True))
    }
