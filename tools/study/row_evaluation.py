"""The same evaluation of every row of a comparison."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from self_verify_pose.constants import NUM_BINS
from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    Floats,
    Mask,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    METRICS,
    Estimate,
    bootstrap_metrics,
    make_estimate,
)
from self_verify_pose.metrics.evaluation.statistics.resampling import (
    draw_images,
)
from self_verify_pose.metrics.functional import auroc, brier, ece_mass
from self_verify_pose.metrics.functional.score_groups import SortedScores
from self_verify_pose.models.heads.calibration import (
    TrustCalibration,
    fit_calibration,
)
from self_verify_pose.tools.study.free_scores import Score

Calibrate = Callable[[Floats], Floats]


class Labels(NamedTuple):
    """Labeled keypoints of a set.

    Args:
        known: ``(N, K)`` True where there is a label.
        correct: ``(N, K)`` whether each keypoint is correct.
    """

    known: Mask
    correct: Mask

    def auroc(self, values: Floats) -> float:
        """Measure how scores rank all keypoints.

        Args:
            values: ``(N, K)`` scores.

        Returns:
            The AUROC, NaN where there is one class only.
        """
        if not self.known.any():
            return float('nan')
        return auroc(values[self.known], self.correct[self.known])

    def macro_auroc(self, values: Floats) -> float:
        """Measure how scores rank keypoints of the same name.

        Args:
            values: ``(N, K)`` scores.

        Returns:
            The mean AUROC of those that have both classes, NaN without any.
        """
        found = [
            Labels(known, correct).auroc(column)
            for known, correct, column in zip(
                self.known.T, self.correct.T, values.T, strict=True
            )
        ]
        defined = [value for value in found if not np.isnan(value)]
        return float(np.mean(defined)) if defined else float('nan')


class Row(NamedTuple):
    """What is found of one score on one set; means over the seeds.

    Args:
        auroc: AUROC of all keypoints.
        rival: The best free score with at most as many passes.
        gain: AUROC minus that of the rival, on the same draws of images.
        gains: Smallest and largest gain of a seed.
        macro_auroc: Mean AUROC of each keypoint.
        aurc: Area under the risk-coverage curve.
        ece: Expected calibration error with bins of equal mass, after the
            calibration; NaN where there is none.
        brier: Brier score after the calibration; NaN where there is none.
    """

    auroc: Estimate
    rival: str
    gain: Estimate
    gains: tuple[float, float]
    macro_auroc: float
    aurc: Estimate
    ece: float
    brier: float


def calibrate(values: Floats, labels: Labels) -> Calibrate | None:
    """Fit Platt's map from scores to the probability of being correct.

    Args:
        values: ``(N, K)`` scores of the calibration set. Scores beyond
            [0, 1] are first squashed by their range.
        labels: Labels of the calibration set.

    Returns:
        A function from scores to probabilities; None where the scores have
        no increasing map.
    """
    known = values[labels.known]
    low, high = min(known.min(initial=0), 0), max(known.max(initial=1), 1)

    def squash(scores: Floats) -> Floats:
        return np.clip((scores - low) / (high - low), 0, 1)

    calibration = TrustCalibration()
    try:
        calibration.set(
            fit_calibration(
                squash(known), labels.correct[labels.known], 'temperature'
            )
        )
    except ValueError:  # one class, a constant score, or the wrong order
        return None

    def apply(scores: Floats) -> Floats:
        squashed = torch.from_numpy(squash(scores)).float()
        return np.asarray(calibration(squashed).double())

    return apply


def choose_rivals(
    scores: Mapping[str, Score], labels: Labels
) -> dict[int, str]:
    """Choose the best free score for each number of extra passes.

    Args:
        scores: All rows on the calibration set, the raw score first.
        labels: Labels of the calibration set.

    Returns:
        The free score of the highest AUROC with at most that many passes.
    """
    free = {k: score for k, score in scores.items() if not score.is_trained}
    found = {
        name: np.nan_to_num(labels.auroc(score.runs[0]))
        for name, score in free.items()
    }
    rivals = {}
    for passes in sorted({score.passes for score in free.values()}):
        names = [name for name in free if free[name].passes <= passes]
        rivals[passes] = max(names, key=found.__getitem__)
    return rivals


def evaluate_rows(
    joints: EvaluationInput,
    scores: Mapping[str, Score],
    calibrations: Mapping[str, tuple[Calibrate | None, ...]],
    rivals: Mapping[int, str],
    n_bootstrap: int,
    seed: int,
) -> dict[str, Row]:
    """Evaluate all rows on one set.

    Args:
        joints: Predictions beside the truth.
        scores: The rows by name.
        calibrations: Results of :func:`calibrate` for the runs of each row.
        rivals: Result of :func:`choose_rivals`.
        n_bootstrap: Draws of images.
        seed: Seed of the draws.

    Returns:
        What is found of each row.
    """
    labels = Labels(joints.truth.labeled, joints.correct())
    correct = labels.correct[labels.known]
    draws = draw_images(joints, n_bootstrap, seed)
    at = list(METRICS).index('AUROC'), list(METRICS).index('AURC')

    def drawn(values: Floats) -> Floats:
        ranked = SortedScores(values[labels.known], ~correct)
        return bootstrap_metrics(ranked, draws)[:, at]

    found = {
        name: np.stack([drawn(values) for values in score.runs])
        for name, score in scores.items()
    }
    rows = {}
    for name, score in scores.items():
        rival = rivals[score.passes]
        aurocs, aurcs = found[name].mean(0).T
        gains = found[name][..., 0] - found[rival][..., 0]
        gain = gains.mean(0)
        rows[name] = Row(
            auroc=make_estimate(aurocs[0], aurocs[1:]),
            rival=rival,
            gain=make_estimate(gain[0], gain[1:]),
            gains=(float(gains[:, 0].min()), float(gains[:, 0].max())),
            macro_auroc=_mean(labels.macro_auroc(v) for v in score.runs),
            aurc=make_estimate(aurcs[0], aurcs[1:]),
            **_calibration_errors(labels, score, calibrations[name]),
        )
    return rows


def _calibration_errors(
    labels: Labels,
    score: Score,
    calibrations: tuple[Calibrate | None, ...],
) -> dict[str, float]:
    if None in calibrations:
        return {'ece': float('nan'), 'brier': float('nan')}
    correct = labels.correct[labels.known]
    trust = [
        apply(values)[labels.known]
        for apply, values in zip(calibrations, score.runs, strict=True)
        if apply is not None
    ]
    return {
        'ece': _mean(ece_mass(one, correct, NUM_BINS) for one in trust),
        'brier': _mean(brier(one, correct) for one in trust),
    }


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
