"""Reading of any file of predictions with its ground truth."""

from dataclasses import replace
from pathlib import Path

from ..evaluation_input import EvaluationInput
from .coco import read_annotations, read_results
from .dump import from_dump, predictions_from_dump, read_dump
from .matching import match_to_annotations

# Fields of the scores that SelfVerifyTopdown computes from SimCC logits.
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


def read_predictions(
    path: Path, ann: Path | None = None, allow_partial: bool = False
) -> EvaluationInput:
    """Read predictions with their ground truth.

    Args:
        path: Path of a dump of ``mim test`` (``.pkl``, ``.pickle``) or of
            COCO-format keypoint results (``.json``).
        ann: Path of a COCO annotation file; needed for results, and for dumps
            of detected boxes.
        allow_partial: Whether a large share may have no match, see
            :func:`match_to_annotations`.

    Returns:
        The predictions with their ground truth.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not in the expected format; the message names
            it.

    Example:
        >>> import json
        >>> person = {'id': 1, 'image_id': 7, 'category_id': 1, 'iscrowd': 0}
        >>> person |= {'bbox': [0, 0, 100, 100], 'keypoints': [20, 30, 2]}
        >>> image = {'id': 7, 'width': 640, 'height': 480}
        >>> truth = {'images': [image], 'annotations': [person]}
        >>> entry = {'image_id': 7, 'ann_id': 1, 'keypoints': [25, 30, 0.9]}
        >>> results, ann = Path('results.json'), Path('annotations.json')
        >>> _ = results.write_text(json.dumps([entry]))
        >>> _ = ann.write_text(json.dumps(truth))
        >>> read_predictions(results, ann).errors
        array([[0.05]])
    """
    try:
        predictions = _read(path, ann, allow_partial)
    except ValueError as error:
        if any(str(one) in str(error) for one in (path, ann) if one):
            raise
        raise ValueError(f'{path}: {error}') from error
    if any(name in predictions.scores for name in SIMCC_SCORES):
        return predictions
    return replace(predictions, notes=(*predictions.notes, _NO_LOGITS))


def _read(
    path: Path, ann: Path | None, allow_partial: bool
) -> EvaluationInput:
    suffix = path.suffix.lower()
    if suffix in ('.pkl', '.pickle'):
        samples = read_dump(path)
        if ann is None:
            return from_dump(samples)
        predictions = predictions_from_dump(samples)
    elif suffix == '.json':
        predictions = read_results(path)
    else:
        raise ValueError(
            f'{path}: expected a dump (.pkl, .pickle) or COCO-format results '
            f"(.json), found the ending '{suffix}'."
        )
    if ann is None:
        raise ValueError(
            f'{path}: expected an annotation file beside COCO-format results, '
            'found none; give it with --ann.'
        )
    count = predictions.keypoints.shape[1]
    return match_to_annotations(
        predictions, read_annotations(ann, count), allow_partial
    )


def report_names(paths: list[Path]) -> dict[str, Path]:
    """Return unique names of files of predictions for a report.

    Args:
        paths: Paths of the files.

    Returns:
        The paths by file name without suffix; repeated names are prefixed
        with their folder.

    Raises:
        ValueError: If a file is given twice.

    Example:
        >>> list(report_names([Path('a/preds.pkl'), Path('b/preds.pkl')]))
        ['a_preds', 'b_preds']
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
