"""Read any file of predictions, and add what keypoints alone tell."""

from pathlib import Path

from ..evaluation_input import EvaluationInput
from .coco import read_annotations, read_results
from .dump import from_dump, predictions_from_dump, read_dump
from .matching import match_to_annotations

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


def _read(path: Path, ann: Path | None) -> EvaluationInput:
    suffix = path.suffix.lower()
    if suffix in ('.pkl', '.pickle'):
        samples = read_dump(path)
        if ann is None:
            return from_dump(samples)
        return match_to_annotations(
            predictions_from_dump(samples), read_annotations(ann)
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
    return match_to_annotations(predictions, read_annotations(ann))


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
