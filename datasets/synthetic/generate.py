"""Makes a whole data set in parallel, in COCO's layout."""

import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from .coco_format import Annotation, assemble
from .drawing import SPLITS, draw_scene, encode_jpeg

GENERATOR_VERSION = 1
"""Raised whenever the same settings draw something else."""

SETTINGS_FILE = 'synthetic.json'
"""Written last: a data set without it is incomplete."""

_MARKER_FILE = 'synthetic.incomplete'


@dataclass(frozen=True)
class DatasetReport:
    """What was made.

    Attributes:
        images: Number of images by split.
        people: Number of annotated people by split.
        seconds: Time taken.
        made: False if the same data set was there already.
    """

    images: dict[str, int]
    people: dict[str, int]
    seconds: float
    made: bool


class _Record(NamedTuple):
    image: dict[str, Any]
    annotations: list[Annotation]
    joints: np.ndarray
    intrinsics: tuple[float, float, float]


def make_dataset(
    out: str | os.PathLike[str],
    train: int,
    val: int,
    seed: int = 0,
    workers: int = 1,
    on_image: Callable[[], None] | None = None,
) -> DatasetReport:
    """Make a drawn data set, or keep the same one that is there already.

    The layout is COCO's: ``train2017/``, ``val2017/`` and
    ``annotations/person_keypoints_{train,val}2017.json``. Beside them,
    ``annotations/joints_3d_{train,val}2017.npz`` holds ``ids`` (N,), the
    annotation ids; ``joints`` (N, 17, 3) float32, the joints in COCO order in
    the camera frame; and ``intrinsics`` (N, 3) float64, focal length and
    principal point (x, y) in pixels. The files depend on the arguments alone,
    not on the number of workers.

    Convention: the camera frame has x right, y down and z away from the
    camera, in metres; ``xy_px = focal * joints_xy / joints_z + principal``.

    Args:
        out: Folder to make.
        train: Number of training images, at least 1.
        val: Number of validation images, at least 1.
        seed: Seed, not negative.
        workers: Number of processes, at least 1.
        on_image: Called after each image.

    Returns:
        What was made.

    Raises:
        ValueError: If a number is out of range.
        FileExistsError: If ``out`` holds another data set, or anything that
            this function did not make.
    """
    _check_at_least(1, train=train, val=val, workers=workers)
    _check_at_least(0, seed=seed)
    start = time.perf_counter()
    root = Path(out)
    settings = {
        'generator_version': GENERATOR_VERSION,
        'train': train,
        'val': val,
        'seed': seed,
    }
    counts = {'train': train, 'val': val}
    people = _people_of_same(root, settings)
    if people is not None and _all_images_there(root, counts):
        seconds = time.perf_counter() - start
        return DatasetReport(counts, people, seconds, made=False)
    _clear(root)
    people = {
        split: _make_split(root, split, count, seed, workers, on_image)
        for split, count in counts.items()
    }
    _write_atomic(
        root / SETTINGS_FILE,
        json.dumps(settings | {'people': people}, indent=2).encode(),
    )
    (root / _MARKER_FILE).unlink()
    return DatasetReport(
        counts, people, time.perf_counter() - start, made=True
    )


def _check_at_least(least: int, **values: int) -> None:
    for name, value in values.items():
        if value < least:
            raise ValueError(f'expected {name} >= {least}, found {value}')


def _people_of_same(
    root: Path, wanted: dict[str, int]
) -> dict[str, int] | None:
    """Read the counts of a data set with these settings, None if none."""
    path = root / SETTINGS_FILE
    if not path.is_file():
        return None
    found = json.loads(path.read_text())
    changed = ', '.join(
        f'{key}={found.get(key)} (wanted {value})'
        for key, value in wanted.items()
        if found.get(key) != value
    )
    if changed:
        raise FileExistsError(
            f'{root} holds a complete data set made with other settings: '
            f'{changed}. Remove that folder or choose another one.'
        )
    return found['people']


def _all_images_there(root: Path, counts: dict[str, int]) -> bool:
    return all(
        sum(1 for _ in (root / f'{split}2017').glob('*.jpg')) == count
        for split, count in counts.items()
    )


def _clear(root: Path) -> None:
    """Make ``root`` an empty, marked folder; keep what others made."""
    marker, settings = root / _MARKER_FILE, root / SETTINGS_FILE
    ours = marker.is_file() or settings.is_file()
    if not ours and root.exists() and (root.is_file() or any(root.iterdir())):
        raise FileExistsError(
            f'{root} is not empty and was not made by this generator: choose '
            'an empty or a new folder'
        )
    root.mkdir(parents=True, exist_ok=True)
    marker.touch()
    settings.unlink(missing_ok=True)
    for name in ('annotations', *(f'{split}2017' for split in SPLITS)):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()


def _make_split(
    root: Path,
    split: str,
    count: int,
    seed: int,
    workers: int,
    on_image: Callable[[], None] | None,
) -> int:
    """Make the images and annotations of a split; return its people."""
    folder = root / f'{split}2017'
    records = []
    for record in _draw_all(
        partial(_draw_one, folder, seed, split), count, workers
    ):
        records.append(record)
        if on_image is not None:
            on_image()
    annotations = [a for record in records for a in record.annotations]
    content = assemble(
        [record.image for record in records],
        annotations,
        f'Drawn people, {split} split, seed {seed}, '
        f'generator version {GENERATOR_VERSION}',
    )
    notes = root / 'annotations'
    (notes / f'person_keypoints_{split}2017.json').write_text(
        json.dumps(content, separators=(',', ':'))
    )
    np.savez(
        notes / f'joints_3d_{split}2017.npz',
        ids=np.array([a['id'] for a in annotations]),
        joints=np.concatenate([r.joints for r in records]).astype(np.float32),
        intrinsics=np.repeat(
            [r.intrinsics for r in records],
            [len(r.annotations) for r in records],
            axis=0,
        ),
    )
    return len(annotations)


def _draw_all(
    task: Callable[[int], _Record], count: int, workers: int
) -> Iterator[_Record]:
    if workers == 1:
        yield from map(task, range(count))
        return
    with ProcessPoolExecutor(
        min(workers, count),
        mp_context=multiprocessing.get_context('spawn'),
        initializer=cv2.setNumThreads,
        initargs=(1,),
    ) as pool:
        yield from pool.map(task, range(count), chunksize=8)


def _draw_one(folder: Path, seed: int, split: str, index: int) -> _Record:
    drawing = draw_scene(seed, split, index)
    path = folder / drawing.record['file_name']
    path.write_bytes(encode_jpeg(drawing.image))
    camera = drawing.camera
    return _Record(
        drawing.record,
        drawing.annotations,
        drawing.joints,
        (camera.focal, *camera.center),
    )


def _write_atomic(path: Path, data: bytes) -> None:
    partial_path = path.with_suffix('.tmp')
    partial_path.write_bytes(data)
    os.replace(partial_path, path)
