"""Put predictions beside the annotations that they belong to."""

import numpy as np

from .coco_results import Predictions
from .joints import JudgedJoints, People
from .matching import match_persons


def judge_predictions(
    predictions: Predictions, everyone: People
) -> JudgedJoints:
    """Put predictions beside the annotations that they belong to.

    Persons are found by the id of their annotation where the predictions
    give it, else by :func:`match_persons`.

    Args:
        predictions: Predicted persons.
        everyone: Annotated persons of the same images.

    Returns:
        The predictions of annotated persons. A note tells how many
        predictions and how many persons are left out.

    Raises:
        ValueError: If ids do not fit, or nobody is matched.
    """
    _check_images(predictions, everyone)
    if predictions.person_ids is None:
        rows, persons, how = match_persons(
            predictions.keypoints,
            predictions.confidence,
            predictions.image_ids,
            predictions.boxes,
            everyone,
        )
    else:
        rows, persons = _match_ids(predictions, everyone)
        how = 'the id of the annotation'
    given, known = len(predictions.keypoints), len(everyone)
    notes = [f'Persons are matched by {how}.']
    if len(rows) < given or len(rows) < known:
        notes.append(
            f'{given - len(rows)} of {given} predictions and '
            f'{known - len(rows)} of {known} annotated persons are not '
            'matched and left out.'
        )
    return JudgedJoints(
        scores={n: s[rows] for n, s in predictions.scores.items()},
        keypoints=predictions.keypoints[rows],
        truth=everyone.take(persons),
        everyone=everyone,
        notes=tuple(notes),
    )


def _check_images(predictions: Predictions, everyone: People) -> None:
    if not np.isin(predictions.image_ids, everyone.image_ids).any():
        raise ValueError(
            'expected predictions of the annotated images, found no image id '
            f'in common (predicted {predictions.image_ids[0]}, annotated '
            f'{everyone.image_ids[0]}, …); give the annotation file of the '
            'images that were predicted.'
        )
    found, known = predictions.keypoints.shape[1], everyone.keypoints.shape[1]
    if found != known:
        raise ValueError(
            f'expected {known} joints per person, as in the annotations, '
            f'found {found}; give predictions of the same joints.'
        )


def _match_ids(
    predictions: Predictions, everyone: People
) -> tuple[np.ndarray, np.ndarray]:
    ids = predictions.person_ids
    where = {
        person: k for k, person in enumerate(everyone.person_ids.tolist())
    }
    missing = [i for i in ids.tolist() if i not in where]
    if missing:
        raise ValueError(
            f"expected every 'ann_id' among the annotated persons, found "
            f'{len(missing)} of {len(ids)} that are not, first {missing[0]}; '
            'give the annotation file of the images that were predicted.'
        )
    if len(np.unique(ids)) < len(ids):
        raise ValueError(
            "expected each 'ann_id' once, found some repeated; give one "
            'prediction per person.'
        )
    persons = np.array([where[i] for i in ids.tolist()])
    if (everyone.image_ids[persons] != predictions.image_ids).any():
        raise ValueError(
            "expected the 'image_id' of the annotation at every 'ann_id', "
            'found others; give the annotation file of the images that were '
            'predicted.'
        )
    return np.arange(len(ids)), persons
