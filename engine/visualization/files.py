"""Files of a visualization: images, videos, JSON and contact sheets."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..inference import save_predictions

# isort: split
from matplotlib.image import imsave
from mmcv import VideoReader
from rich.console import Console
from rich.progress import track

from ...datasets.coco_instances import InstanceInfo
from ...models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ...output_files import replacing_together, write_text
from .inputs import output_path
from .panels import draw_contact_sheet
from .predictions import (
    draw_image,
    draw_video,
    evaluate_image,
    links_of,
    rank_poses,
)

T = TypeVar('T')


def write_visualizations(
    model: SelfVerifyTopdown,
    kinds: Mapping[Path, str],
    out: Path,
    boxes: Mapping[Path, Any],
    infos: Mapping[Path, Sequence[InstanceInfo]],
    numbers: bool = False,
    smooth: bool = False,
) -> Iterator[Path]:
    """Draw images and videos, and write their predictions as JSON.

    Args:
        model: Estimator with trust, see ``init_trust_model``.
        kinds: Kind of each input, ``'image'`` or ``'video'``.
        out: Existing folder to write to.
        boxes: Boxes of the inputs, see :func:`read_boxes`; inputs without
            are taken whole.
        infos: Annotated persons of the images, if known.
        numbers: Whether to write the scores beside the joints.
        smooth: Whether to smooth the poses of videos.

    Yields:
        Path of each file after both files of an input are written.
    """
    for path, kind in kinds.items():
        record = output_path(path, out, '.json')
        target = record.with_suffix('.mp4' if kind == 'video' else '.png')
        with replacing_together(out, [record.name]) as new:
            if kind == 'video':
                frames = draw_video(
                    model,
                    path,
                    new / target.name,
                    boxes.get(path),
                    numbers,
                    smooth,
                )
                count = VideoReader(str(path)).frame_cnt
                content = list(_progress(frames, path.name, count))
                write_text(new / record.name, json.dumps(content))
            else:
                rendered, samples = draw_image(
                    model, path, boxes.get(path), infos.get(path), numbers
                )
                imsave(new / target.name, rendered)
                save_predictions(samples, new / record.name)
        yield from (target, record)


def write_contact_sheets(
    model: SelfVerifyTopdown,
    infos: Mapping[Path, Sequence[InstanceInfo]],
    out: Path,
    number: int,
    numbers: bool = False,
) -> Iterator[Path]:
    """Draw the best, typical and worst persons of a data set.

    Args:
        model: Estimator with trust, see ``init_trust_model``.
        infos: Annotated persons by image.
        out: Existing folder to write to.
        number: Largest number of persons on a sheet.
        numbers: Whether to write the scores beside the joints.

    Yields:
        Path of each sheet after all are written.
    """
    poses = [
        pose
        for path, persons in _progress(infos.items(), 'evaluating', len(infos))
        for pose in evaluate_image(model, path, persons)
    ]
    sheets = {
        f'{kind}.png': (kind, ranked)
        for kind, ranked in rank_poses(poses, number).items()
    }
    with replacing_together(out, [*sheets]) as new:
        for name, (kind, ranked) in sheets.items():
            title = (
                f'{kind} {len(ranked)} of {len(poses)} persons by the Brier '
                'score of trust (mean squared gap between trust and '
                'correctness, 1 or 0; 0 is best)'
            )
            figure = draw_contact_sheet(
                ranked, links_of(model), title, numbers
            )
            figure.savefig(new / name)
    yield from (out / name for name in sheets)


def _progress(items: Iterable[T], title: str, total: int) -> Iterable[T]:
    return track(items, title, total, console=Console(stderr=True))
