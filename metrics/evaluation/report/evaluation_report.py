"""Evaluation of one file of predictions, as a report shows it."""

from dataclasses import asdict, dataclass
from functools import cached_property

from ....constants import NUM_BOOTSTRAP, PCK_THRESHOLD
from ..evaluation_input import (
    SIMILARITY_THR,
    Criterion,
    EvaluationInput,
    Floats,
    Mask,
)
from ..statistics.evaluate import Evaluation, evaluate_scores
from ..statistics.resampling import draw_images
from ..statistics.strata import Strata, evaluate_strata
from .labels import select_scores, sort_scores

# scores with bars, and with intervals, in the figures of strata
NUM_BARS = 3


@dataclass(frozen=True)
class EvalConfig:
    """Options of an evaluation.

    Attributes:
        dist_thr: Largest error of a correct joint in units of person size,
            for 'bbox'.
        criterion: Rule for a correct joint, see
            :meth:`EvaluationInput.correct`.
        n_bootstrap: Number of bootstrap draws of images; 0 for no intervals.
        seed: Seed of the draws.
    """

    dist_thr: float = PCK_THRESHOLD
    criterion: Criterion = 'bbox'
    n_bootstrap: int = NUM_BOOTSTRAP
    seed: int = 0

    @property
    def rule(self) -> str:
        """Condition for a correct joint as a phrase."""
        if self.criterion == 'oks':
            return (
                'its keypoint similarity, as in the OKS of COCO, is at least '
                f'{SIMILARITY_THR}'
            )
        return (
            f'it is off by at most {self.dist_thr:g} of the longer side of '
            "the person's box"
        )


@dataclass(frozen=True)
class EvaluationReport:
    """All results for one file of predictions.

    Attributes:
        predictions: Predictions with their ground truth.
        config: Options of the evaluation.
        evaluation: Metrics of every score on all labeled joints.
        strata: Metrics of every score on subsets of the labeled joints.
        notes: Remarks for the reader of the report.

    Example:
        With the ``joints`` of :class:`EvaluationInput`:

        >>> report = evaluate_predictions(joints, EvalConfig(n_bootstrap=0))
        >>> report.correct
        array([ True,  True,  True, False,  True,  True, False,  True])
    """

    predictions: EvaluationInput
    config: EvalConfig
    evaluation: Evaluation
    strata: Strata
    notes: tuple[str, ...]

    @cached_property
    def score_names(self) -> list[str]:
        """Names of the scores in the order of the report."""
        return list(self.evaluation.scorers)

    @cached_property
    def correct(self) -> Mask:
        """(J,) bool, which labeled joints are correct."""
        correct = self.predictions.correct(
            self.config.dist_thr, self.config.criterion
        )
        return correct[self.predictions.truth.labeled]

    @cached_property
    def scores(self) -> dict[str, Floats]:
        """(J,) scores of the labeled joints, by name."""
        labeled = self.predictions.truth.labeled
        return {
            name: self.predictions.scores[name][labeled]
            for name in self.score_names
        }

    @property
    def one_class(self) -> bool:
        """Whether all labeled joints are correct, or all are wrong."""
        return bool(self.correct.all() or not self.correct.any())


def evaluate_predictions(
    predictions: EvaluationInput, config: EvalConfig
) -> EvaluationReport:
    """Evaluate all scores of one file of predictions.

    Args:
        predictions: Predictions with their ground truth.
        config: Options of the evaluation.

    Returns:
        All results for the file.

    Raises:
        ValueError: If an option is out of range, or the criterion cannot be
            computed.

    Example:
        With the ``joints`` of :class:`EvaluationInput`:

        >>> strict = EvalConfig(dist_thr=0.02, n_bootstrap=0)
        >>> evaluate_predictions(joints, strict).evaluation.error_rate.value
        0.375
    """
    evaluation = evaluate_scores(
        predictions, sort_scores(list(predictions.scores)), **asdict(config)
    )
    correct = predictions.correct(config.dist_thr, config.criterion)
    strata, missing = evaluate_strata(
        predictions,
        correct[predictions.truth.labeled],
        draw_images(predictions, config.n_bootstrap, config.seed),
        select_scores(evaluation, NUM_BARS, 'AURC'),
    )
    notes = (*predictions.notes, *missing, *evaluation.warnings)
    return EvaluationReport(predictions, config, evaluation, strata, notes)
