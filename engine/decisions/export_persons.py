"""Scored persons of a results file, as the exports need them."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...coco_annotations import read_annotation_file
from ...coco_results import read_entries, stack_keypoints, stack_scores
from ...constants import RAW_SCORE
from ...skeleton import JOINTS, joint_name
from ..posthoc.results_file import check_finite
from .certificate import Certificate, Level
from .certify import pick_score


class ExportPersons(NamedTuple):
    """N persons with K joints.

    Args:
        points: ``(N, K, 2)`` points (x, y) in pixels.
        confidence: ``(N, K)`` scores; 0 for rejected joints.
        accepted: ``(N, K)`` whether each joint is kept.
        images: Name of each person's image.
        all_images: Names of all images, in order.
        tracks: ``track_id`` of each person, else its number in the image.
        joint_names: Names of the joints.
        entries: The entries of the file.
    """

    points: NDArray[np.float64]
    confidence: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    images: tuple[str, ...]
    all_images: tuple[str, ...]
    tracks: tuple[int | str, ...]
    joint_names: tuple[str, ...]
    entries: list[dict[str, Any]]

    def rows_of_images(self) -> list[tuple[str, list[int]]]:
        """Return name and persons of each image.

        Returns:
            Names with the positions of their persons, none where an image
            has none.
        """
        rows: dict[str, list[int]] = {name: [] for name in self.all_images}
        for n, name in enumerate(self.images):
            rows[name].append(n)
        return list(rows.items())


def read_export_persons(
    results: Path,
    score: str,
    certificate: Certificate | None = None,
    level: Level = 'all',
    ann: Path | None = None,
) -> ExportPersons:
    """Read a results file with trust.

    Args:
        results: Keypoint results in COCO format.
        score: Name of the score.
        certificate: Tells which joints are kept; all by default.
        level: Which thresholds hold, see :meth:`Certificate.accept`.
        ann: Annotations with the names of images and joints; by default
            images are named by their id, and joints by the certificate, as
            those of COCO, or by numbers.

    Returns:
        The persons.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file holds something else, has other images or
            joints, or lacks the score.
    """
    entries = read_entries(results)
    rows = stack_keypoints(entries)
    scores = stack_scores(entries, rows.shape[1], results)
    try:
        values = pick_score({RAW_SCORE: rows[..., 2], **scores}, score)
    except ValueError as error:
        raise ValueError(f'{results}: {error}') from error
    check_finite(results, rows[..., :2], values)
    content = {} if ann is None else read_annotation_file(ann)
    files = {
        image['id']: image.get('file_name') or str(image['id'])
        for image in content.get('images', ())
    }
    found = [entry['image_id'] for entry in entries]
    images = _name_images(found, files, results, ann)
    accepted = np.ones(values.shape, bool)
    if certificate is not None:
        accepted = certificate.accept(values, level)
    return ExportPersons(
        rows[..., :2],
        np.where(accepted, values, 0.0),
        accepted,
        images,
        tuple(dict.fromkeys([*files.values(), *images])),
        _tracks(entries),
        _name_joints(rows.shape[1], certificate, content),
        entries,
    )


def _name_images(
    ids: list[Any], files: dict[Any, str], results: Path, ann: Path | None
) -> tuple[str, ...]:
    missing = [one for one in ids if files and one not in files]
    if missing:
        raise ValueError(
            f'{results}: expected the images of {ann}, found image_id '
            f'{missing[0]}, which it lacks; give the annotations of these '
            'images'
        )
    return tuple(files.get(one, str(one)) for one in ids)


def _tracks(entries: list[dict[str, Any]]) -> tuple[int | str, ...]:
    """Track of each person; its number in the image where one has none."""
    if all(type(entry.get('track_id')) in (int, str) for entry in entries):
        return tuple(entry['track_id'] for entry in entries)
    seen: dict[Any, int] = {}
    tracks = []
    for entry in entries:
        number = seen.get(entry['image_id'], 0) + 1
        seen[entry['image_id']] = number
        tracks.append(number)
    return tuple(tracks)


def _name_joints(
    count: int, certificate: Certificate | None, content: dict[str, Any]
) -> tuple[str, ...]:
    categories = content.get('categories') or [{}]
    for names in (
        certificate.joint_names if certificate else (),
        tuple(map(joint_name, categories[0].get('keypoints', ()))),
        JOINTS,
    ):
        if len(names) == count:
            return names
    return tuple(map(str, range(count)))
