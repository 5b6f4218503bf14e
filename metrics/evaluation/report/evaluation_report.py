"""One file of predictions and all that is said about it."""

from dataclasses import asdict, dataclass
from functools import cached_property

from ....constants import PCK_THRESHOLD
from ..evaluation_input import (
    SIMILARITY_THR,
    Criterion,
    EvaluationInput,
    Floats,
    Mask,
)
from ..statistics.evaluate import Evaluation, evaluate_scores
from ..statistics.strata import Strata, evaluate_strata
from .labels import in_order, most_telling

# scores that are drawn as bars, and have intervals, by stratum
BARS = 3


@dataclass(frozen=True)
class EvalConfig:
    """How joints are judged.

    Attributes:
        dist_thr: Largest error of a right joint in units of person size, for
            'bbox'.
        criterion: When a joint is right.
        n_bootstrap: Number of draws of images.
        seed: Seed of the draws.
    """

    dist_thr: float = PCK_THRESHOLD
    criterion: Criterion = 'bbox'
    n_bootstrap: int = 200
    seed: int = 0

    @property
    def rule(self) -> str:
        """When a joint is right, in words."""
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
    """One file of predictions and all that is said about it.

    Attributes:
        joints: The predictions beside the truth.
        settings: How they are judged.
        evaluation: What every score reaches.
        strata: What it reaches on parts of the joints.
        notes: What a reader should know.
    """

    joints: EvaluationInput
    settings: EvalConfig
    evaluation: Evaluation
    strata: Strata
    notes: tuple[str, ...]

    @cached_property
    def names(self) -> list[str]:
        """Names of the scores, in the order in which they are shown."""
        return list(self.evaluation.scorers)

    @cached_property
    def correct(self) -> Mask:
        """(J,) bool, which labeled joints are right."""
        settings = self.settings
        right = self.joints.correct(settings.dist_thr, settings.criterion)
        return right[self.joints.truth.labeled]

    @cached_property
    def scores(self) -> dict[str, Floats]:
        """(J,) scores of the labeled joints, by name."""
        labeled = self.joints.truth.labeled
        return {n: self.joints.scores[n][labeled] for n in self.names}

    @property
    def one_class(self) -> bool:
        """Whether all joints are right, or all are wrong."""
        return bool(self.correct.all() or not self.correct.any())


def judge(joints: EvaluationInput, settings: EvalConfig) -> EvaluationReport:
    """Judge one file of predictions.

    Args:
        joints: The predictions beside the truth.
        settings: How to judge them.

    Returns:
        All that is said about them.

    Raises:
        ValueError: If a setting is not as described, or the criterion cannot
            be computed.
    """
    evaluation = evaluate_scores(
        joints, in_order(list(joints.scores)), **asdict(settings)
    )
    strata, missing = evaluate_strata(
        joints,
        **asdict(settings),
        with_intervals=most_telling(evaluation, BARS, 'AURC'),
    )
    notes = (*joints.notes, *missing, *evaluation.warnings)
    return EvaluationReport(joints, settings, evaluation, strata, notes)
