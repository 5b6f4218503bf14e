"""Makes a synthetic data set in COCO's layout, with several processes."""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...output_files import (
    explaining,
    locked,
    make_output_folder,
    replacing,
    write_text,
)
from .coco_format import assemble
from .drawing import SPLITS, SyntheticImage, draw_scene, encode_jpeg

GENERATOR_VERSION = 1
"""Increased whenever the same settings give other data."""

SETTINGS_FILE = 'synthetic.json'
"""Written last: a data set without it is incomplete."""

_MARKER_FILE = 'synthetic.incomplete'


@dataclass(frozen=True)
class DatasetReport:
    """Size of a data set.

    Attributes:
        images: Number of images by split.
        people: Number of annotated persons by split.
        seconds: Time taken.
        made: False if the same data set existed already.
        corrupted: Whether it existed, but files were missing or changed.
    """

    images: dict[str, int]
    people: dict[str, int]
    seconds: float
    made: bool
    corrupted: bool = False


def make_dataset(
    out: str | os.PathLike[str],
    train: int,
    val: int,
    seed: int = 0,
    workers: int = 1,
    on_image: Callable[[], None] | None = None,
) -> DatasetReport:
    """Make a synthetic data set, unless the same one exists already.

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
        Size of the data set.

    Raises:
        ValueError: If a number is out of range.
        FileExistsError: If ``out`` holds another data set, or anything that
            this function did not make.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     make_dataset(folder, train=1, val=1).images
        ...     sorted(os.listdir(f'{folder}/train2017'))
        ...
        {'train': 1, 'val': 1}
        ['000001000000.jpg']
    """
    counts = {'train': train, 'val': val}
    settings = {'generator_version': GENERATOR_VERSION, **counts, 'seed': seed}
    for name, value in {**counts, 'workers': workers, 'seed': seed}.items():
        least = 0 if name == 'seed' else 1
        if value < least:
            raise ValueError(f'expected {name} >= {least}, found {value}')
    start, root = time.perf_counter(), Path(out)
    _check_ours(root)
    make_output_folder(root)
    with locked(root), explaining(root):
        existing = _same_dataset(root, settings)
        if existing and existing.get('sha256') == _sha256(root):
            people, made = existing['people'], False
        else:
            made = True
            people = _make_all(root, settings, workers, on_image)
    seconds = time.perf_counter() - start
    corrupted = made and existing is not None
    return DatasetReport(counts, people, seconds, made, corrupted)


def _make_all(
    root: Path,
    settings: dict[str, int],
    workers: int,
    on_image: Callable[[], None] | None,
) -> dict[str, int]:
    """Make the data set anew; return its persons."""
    _clear(root)
    people = {
        split: _make_split(
            root, split, settings[split], settings['seed'], workers, on_image
        )
        for split in SPLITS
    }
    with replacing(root / SETTINGS_FILE) as file:
        rest = {'people': people, 'sha256': _sha256(root)}
        content = json.dumps(settings | rest, indent=2)
        file.write(content.encode())
    (root / _MARKER_FILE).unlink()
    return people


def _sha256(root: Path) -> str:
    """Hash names and contents of all images and annotations."""
    digest = hashlib.sha256()
    for path in sorted([*root.glob('*/*.jpg'), *root.glob('annotations/*')]):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _same_dataset(
    root: Path, settings: dict[str, int]
) -> dict[str, Any] | None:
    """Read the record of a data set with these settings, None if none."""
    path = root / SETTINGS_FILE
    if not path.is_file():
        return None
    existing: dict[str, Any] = json.loads(path.read_text())
    changed = ', '.join(
        f'{key}={existing.get(key)} (wanted {value})'
        for key, value in settings.items()
        if existing.get(key) != value
    )
    if changed:
        raise FileExistsError(
            f'{root} holds a complete data set made with other settings: '
            f'{changed}. Remove that folder or choose another one.'
        )
    return existing


def _check_ours(root: Path) -> None:
    """Raise if the folder holds files of others."""
    ours = (root / _MARKER_FILE).is_file() or (root / SETTINGS_FILE).is_file()
    if not ours and root.is_dir() and any(root.iterdir()):
        raise FileExistsError(
            f'{root} is not empty and was not made by this generator: choose '
            'an empty or a new folder'
        )


def _clear(root: Path) -> None:
    """Make ``root`` an empty, marked folder."""
    (root / _MARKER_FILE).touch()
    (root / SETTINGS_FILE).unlink(missing_ok=True)
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
    """Make images and annotations; return the number of persons."""
    folder = root / f'{split}2017'
    task = partial(_make_image, folder, seed, split)
    made = []
    for synthetic in _map(task, count, workers):
        made.append(synthetic)
        if on_image is not None:
            on_image()
    annotations = [a for image in made for a in image.annotations]
    content = assemble(
        [image.record for image in made],
        annotations,
        f'Synthetic persons, {split} split, seed {seed}, '
        f'generator version {GENERATOR_VERSION}',
    )
    notes = root / 'annotations'
    write_text(
        notes / f'person_keypoints_{split}2017.json',
        json.dumps(content, separators=(',', ':')),
    )
    with replacing(notes / f'joints_3d_{split}2017.npz') as file:
        np.savez(
            file,
            ids=np.array([a['id'] for a in annotations]),
            joints=np.concatenate([m.joints for m in made]).astype(np.float32),
            intrinsics=np.repeat(
                [(m.camera.focal, *m.camera.center) for m in made],
                [len(m.annotations) for m in made],
                axis=0,
            ),
        )
    return len(annotations)


def _map(
    task: Callable[[int], SyntheticImage], count: int, workers: int
) -> Iterator[SyntheticImage]:
    if workers == 1:
        yield from map(task, range(count))
        return
    pool = ProcessPoolExecutor(
        min(workers, count),
        mp_context=multiprocessing.get_context('spawn'),
        initializer=_begin_worker,
    )
    try:
        yield from pool.map(task, range(count), chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Let a worker use one thread, and end with the process that began it."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent cancels
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _make_image(
    folder: Path, seed: int, split: str, index: int
) -> SyntheticImage:
    """Write an image; return it without its pixels."""
    made = draw_scene(seed, split, index)
    path = folder / made.record['file_name']
    path.write_bytes(encode_jpeg(made.image))
    return replace(made, image=made.image[:0].copy())
