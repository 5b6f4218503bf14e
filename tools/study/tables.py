"""The tables of a comparison."""

import contextlib
import io
import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    format_difference as signed,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    format_estimate as with_interval,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    format_number as number,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    markdown_table,
)
from self_verify_pose.tools.study.free_scores import Score
from self_verify_pose.tools.study.image_sets import ImageSet
from self_verify_pose.tools.study.row_evaluation import Row

LARGEST_LOSS = 0.002  # AUROC below the best free score of the same passes
LARGEST_ECE = 0.03


class ThresholdCheck(NamedTuple):
    """A threshold and the value that is compared with it.

    Args:
        text: The condition.
        found: The value.
        holds: Whether the condition holds.
    """

    text: str
    found: str
    holds: bool


def score_table(rows: Mapping[str, Row], scores: Mapping[str, Score]) -> str:
    """Return the Markdown table of one set.

    Args:
        rows: What is found of each score.
        scores: The scores that get a row.

    Returns:
        The table.
    """
    header = ['score', 'labels', 'extra passes', 'AUROC', 'against best free']
    header += ['over seeds', 'macro AUROC', 'AURC', 'ECE of equal mass']
    header += ['Brier']
    lines = []
    for name, score in scores.items():
        row = rows[name]
        seeds = '–'
        if len(score.runs) > 1:
            seeds = ' … '.join(f'{gain:+.3f}' for gain in row.gains)
        lines.append(
            [
                name,
                score.labels,
                str(score.passes),
                with_interval(row.auroc),
                'best free' if name == row.rival else signed(row.gain),
                seeds,
                number(row.macro_auroc),
                with_interval(row.aurc),
                number(row.ece),
                number(row.brier),
            ]
        )
    return markdown_table(header, lines)


def checks_of(
    rows: Mapping[str, Row], groups: Mapping[str, Collection[str]]
) -> list[ThresholdCheck]:
    """Compare the trained rows of one set with the thresholds.

    Args:
        rows: What is found of each score.
        groups: Names of trained rows, by what they are.

    Returns:
        Two checks for each group: no seed is far below the best free score
        with as many passes, and every row is calibrated.
    """
    checks = []
    for group, names in groups.items():
        worst = min(names, key=lambda name: _or(rows[name].gains[0], -1))
        gain = rows[worst].gains[0]
        checks.append(
            ThresholdCheck(
                f'{group}: no seed more than {LARGEST_LOSS} below the best '
                'free score',
                f'{worst} {gain:+.4f} against {rows[worst].rival}',
                gain >= -LARGEST_LOSS,
            )
        )
        worst = max(names, key=lambda name: _or(rows[name].ece, 1))
        ece = rows[worst].ece
        checks.append(
            ThresholdCheck(
                f'{group}: ECE of equal mass at most {LARGEST_ECE}',
                f'{worst} {number(ece)}',
                ece <= LARGEST_ECE,
            )
        )
    return checks


def _or(value: float, missing: float) -> float:
    return missing if math.isnan(value) else value


def check_table(checks: list[ThresholdCheck]) -> str:
    """Return the checks as a Markdown table.

    Args:
        checks: The checks.

    Returns:
        The table.
    """
    return markdown_table(
        ['threshold', 'found', 'holds'],
        [[c.text, c.found, 'yes' if c.holds else 'no'] for c in checks],
    )


def pose_accuracy(
    images: ImageSet,
    joints: EvaluationInput,
    scores: np.ndarray,
    sigmas: Sequence[float] | None = None,
) -> dict[str, float]:
    """Return AP and the share of labeled keypoints near their place.

    Args:
        images: The set, for its annotation file.
        joints: The predictions.
        scores: ``(N, K)`` raw scores, whose mean ranks the persons.
        sigmas: ``(K,)`` spread of the annotations of each keypoint as a
            share of the person; None for those of COCO.

    Returns:
        ``AP`` (object keypoint similarity .5 to .95) and ``AP50``, where
        every person has an area, ``PCK@0.05`` and ``PCK@0.1`` (in person
        sizes).
    """
    labeled = joints.truth.labeled
    found = {
        f'PCK@{thr}': float(joints.correct(thr)[labeled].mean())
        for thr in (0.05, 0.1)
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(images.annotations))
    if not all('area' in one for one in truth.dataset['annotations']):
        return found  # as in CrowdPose
    results = [
        {
            'image_id': int(image),
            'category_id': 1,
            'keypoints': np.column_stack([points, row]).ravel().tolist(),
            'score': float(row.mean()),
        }
        for image, points, row in zip(
            joints.truth.image_ids, joints.keypoints, scores, strict=True
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco_eval = COCOeval(truth, truth.loadRes(results), 'keypoints')
        if sigmas is not None:
            coco_eval.params.kpt_oks_sigmas = np.array(sigmas)
        coco_eval.params.imgIds = sorted(
            {int(i) for i in joints.truth.image_ids}
        )
        coco_eval.evaluate()
        coco_eval.accumulate()
        coco_eval.summarize()
    return {
        'AP': float(coco_eval.stats[0]),
        'AP50': float(coco_eval.stats[1]),
        **found,
    }
