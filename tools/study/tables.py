"""The tables of a comparison."""

import contextlib
import io
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    Floats,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    format_difference as signed,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    format_estimate as with_interval,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    markdown_table,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    Evaluation,
)
from self_verify_pose.tools.study.image_sets import ImageSet


class Score(NamedTuple):
    """A score and its cost.

    Args:
        values: ``(N, K)``, larger where a keypoint is rather correct.
        labels: Labels that its training needs.
        passes: Extra forward passes at test time.
    """

    values: Floats
    labels: str = 'none'
    passes: int = 0


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


def score_table(evaluation: Evaluation, scores: dict[str, Score]) -> str:
    """Return the Markdown table of one set.

    Args:
        evaluation: Metrics of all scores, with the raw score as reference.
        scores: The scores that get a row.

    Returns:
        The table.
    """
    header = ['score', 'labels', 'extra passes', 'AUROC', 'against raw']
    header += ['AUPR of errors', 'AURC', 'ECE of equal mass', 'Brier']
    rows = []
    for name, score in scores.items():
        found = evaluation.scorers[name]
        difference = '–'
        if name != evaluation.reference:
            difference = signed(evaluation.differences[name]['AUROC'])
        rows.append(
            [
                name,
                score.labels,
                str(score.passes),
                with_interval(found['AUROC']),
                difference,
                f'{found["AUPR_error"].value:.3f}',
                with_interval(found['AURC']),
                f'{found["ECE_mass"].value:.3f}',
                f'{found["Brier"].value:.3f}',
            ]
        )
    return markdown_table(header, rows)


def checks_of(
    evaluation: Evaluation, scores: dict[str, Score], heads: Collection[str]
) -> list[ThresholdCheck]:
    """Compare the results of one set with the thresholds.

    Args:
        evaluation: Metrics of all scores, with the raw score as reference.
        scores: The scores that are compared.
        heads: Those of the trust heads.

    Returns:
        One check per threshold.
    """
    auroc = {n: e['AUROC'].value for n, e in evaluation.scorers.items()}
    reference = evaluation.reference
    raw = evaluation.scorers[reference]
    best = max(heads, key=auroc.__getitem__)
    without = [name for name in heads if scores[name].labels == 'none']
    free = max(without, key=auroc.__getitem__)
    others = {
        n: auroc[n]
        for n, score in scores.items()
        if n not in heads and not score.passes
    }
    rival = max(others, key=others.__getitem__)
    gain = auroc[best] - others[rival]
    ratio = evaluation.scorers[best]['AURC'].value / raw['AURC'].value
    mass = evaluation.scorers[best]['ECE_mass'].value
    free_gain = auroc[free] - auroc[reference]
    return [
        ThresholdCheck(
            'best head: AUROC .03 above every row without an extra pass',
            f'{best} {auroc[best]:.3f}, {gain:+.3f} against {rival}, '
            f'{auroc[best] - auroc[reference]:+.3f} against the raw score',
            gain >= 0.03,
        ),
        ThresholdCheck(
            'best head: AURC at most .85 of the raw score',
            f'{ratio:.3f}',
            ratio <= 0.85,
        ),
        ThresholdCheck(
            'best head: ECE of equal mass at most .03',
            f'{mass:.3f}',
            mass <= 0.03,
        ),
        ThresholdCheck(
            'best head without labels: AUROC .01 above the raw score',
            f'{free} {auroc[free]:.3f}, {free_gain:+.3f}',
            free_gain >= 0.01,
        ),
    ]


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
