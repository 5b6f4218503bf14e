"""Scored persons in the formats of other programs.

The confidence of each joint is its trust; that of joints which a certificate
rejects is 0, which each of these programs reads as not detected.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...output_files import (
    make_output_folder,
    replacing_together,
    write_text,
)
from .export_persons import ExportPersons
from .optional import import_optional

_SCORER = 'self_verify_pose'
_EMPTY_PARTS = tuple(
    f'{part}_keypoints_{dimension}'
    for dimension in ('2d', '3d')
    for part in ('face', 'hand_left', 'hand_right')
)


def write_coco(persons: ExportPersons, out: Path) -> None:
    """Write COCO results with visibility 2 for kept, 0 for rejected joints.

    Args:
        persons: The persons.
        out: The JSON file.
    """
    flags = np.where(persons.accepted, 2, 0)
    entries = []
    for n, entry in enumerate(persons.entries):
        rows = np.column_stack([persons.points[n], flags[n]])
        number = int(persons.accepted[n].sum())
        joints = {'keypoints': rows.ravel().tolist(), 'num_keypoints': number}
        entries.append({**entry, **joints})
    write_text(out, json.dumps(entries))


def write_openpose(persons: ExportPersons, out: Path) -> None:
    """Write a JSON file for each image as OpenPose does.

    The joints keep their order; Pose2Sim and Sports2D know the 17 of COCO as
    the model ``COCO_17``.

    Args:
        persons: The persons.
        out: Folder of the files, named after the images.
    """
    make_output_folder(out)
    with replacing_together(out, []) as new:
        for image, rows in persons.rows_of_images():
            people = []
            for n in rows:
                joints = np.column_stack(
                    [persons.points[n], persons.confidence[n]]
                )
                people.append(
                    {
                        'person_id': [-1],
                        'pose_keypoints_2d': joints.ravel().tolist(),
                        'pose_keypoints_3d': [],
                        **{name: [] for name in _EMPTY_PARTS},
                    }
                )
            content = {'version': 1.3, 'people': people}
            name = f'{Path(image).stem}_keypoints.json'
            write_text(new / name, json.dumps(content))


def write_deeplabcut(persons: ExportPersons, out: Path) -> None:
    """Write a table as DeepLabCut does, a row for each image.

    With several persons in an image it has the columns of a multi-animal
    project.

    Args:
        persons: The persons.
        out: The file, ``.csv`` or ``.h5``.

    Raises:
        ValueError: If it has another ending.
    """
    if out.suffix not in ('.csv', '.h5'):
        raise ValueError(
            f'{out}: expected the ending .csv or .h5, found '
            f'{out.suffix or "none"}; give another name'
        )
    table = deeplabcut_table(persons)
    if out.suffix == '.csv':
        write_text(out, table.to_csv())
        return
    import_optional('tables', 'export')
    with replacing_together(out.parent, []) as new:
        table.to_hdf(new / out.name, key='df_with_missing', mode='w')


def deeplabcut_table(persons: ExportPersons) -> Any:
    """Arrange persons as DeepLabCut does.

    Args:
        persons: The persons.

    Returns:
        A ``pandas.DataFrame`` with one row for each image and columns for
        scorer, individual (where there are several), body part, and x, y and
        likelihood.
    """
    pandas = import_optional('pandas', 'export')
    images = [image for image, _ in persons.rows_of_images()]
    tracks = sorted({*persons.tracks}, key=str)
    several = len(tracks) > 1
    columns = pandas.MultiIndex.from_tuples(
        [
            (_SCORER, *([f'individual{t}'] if several else []), joint, coord)
            for t in tracks
            for joint in persons.joint_names
            for coord in ('x', 'y', 'likelihood')
        ],
        names=[
            'scorer',
            *(['individuals'] if several else []),
            'bodyparts',
            'coords',
        ],
    )
    shape = len(images), len(tracks), len(persons.joint_names), 3
    values = np.full(shape, np.nan)
    for row, (_, members) in enumerate(persons.rows_of_images()):
        for n in members:
            column = tracks.index(persons.tracks[n])
            values[row, column, :, :2] = persons.points[n]
            values[row, column, :, 2] = persons.confidence[n]
    return pandas.DataFrame(
        values.reshape(len(images), -1), index=images, columns=columns
    )


def write_sleap(persons: ExportPersons, out: Path) -> None:
    """Write predicted instances with sleap-io.

    Args:
        persons: The persons.
        out: The file; by its ending SLEAP (``.slp``), NWB (``.nwb``) or
            another format of ``sleap_io.save_file``.
    """
    sio = import_optional('sleap_io', 'export')
    images = persons.rows_of_images()
    skeleton = sio.Skeleton(list(persons.joint_names))
    tracks = {t: sio.Track(str(t)) for t in dict.fromkeys(persons.tracks)}
    names = [name for name, _ in images]
    files = {'type': 'ImageVideo', 'filename': names[0], 'filenames': names}
    video = sio.Video(names, open_backend=False, backend_metadata=files)
    frames = [
        sio.LabeledFrame(
            video,
            frame,
            [
                sio.PredictedInstance.from_numpy(
                    persons.points[n],
                    skeleton,
                    persons.confidence[n],
                    float(persons.confidence[n].mean()),
                    tracks[persons.tracks[n]],
                )
                for n in members
            ],
        )
        for frame, (_, members) in enumerate(images)
    ]
    labels = sio.Labels(frames, videos=[video], skeletons=[skeleton])
    with replacing_together(out.parent, []) as new:
        sio.save_file(labels, str(new / out.name), verbose=False)


def as_supervision(persons: ExportPersons) -> dict[str, Any]:
    """Convert persons for the annotators of supervision.

    Args:
        persons: The persons.

    Returns:
        ``supervision.KeyPoints`` of each image, by its name.
    """
    sv = import_optional('supervision', 'export')
    return {
        image: sv.KeyPoints(
            xy=persons.points[rows].astype(np.float32),
            keypoint_confidence=persons.confidence[rows].astype(np.float32),
            visible=persons.accepted[rows],
            class_id=np.zeros(len(rows), int),
        )
        for image, rows in persons.rows_of_images()
        if rows
    }


Writer = Callable[[ExportPersons, Path], None]
WRITERS: dict[str, Writer] = {
    'coco': write_coco,
    'openpose': write_openpose,
    'deeplabcut': write_deeplabcut,
    'sleap': write_sleap,
}
FORMATS: Sequence[str] = tuple(WRITERS)
