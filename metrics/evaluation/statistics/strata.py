"""Metrics by stratum: joint, person size, visibility, kind of error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...functional.ranking import auroc_from_groups
from ...functional.score_groups import SortedScores
from ...functional.selective import aurc_from_groups
from ..evaluation_input import EvaluationInput, Mask
from .evaluate import Estimate, make_estimate
from .resampling import ImageDraws
from .stratification import stratify


@dataclass(frozen=True)
class Stratum:
    """Metrics of all scores on the joints of one stratum.

    Attributes:
        num_joints: Labeled joints.
        num_wrong: Wrong joints among them.
        auroc: By score. For a kind of error, its wrong joints are compared
            with the correct joints of all kinds.
        aurc: By score; empty for a kind of error.
    """

    num_joints: int
    num_wrong: int
    auroc: dict[str, Estimate]
    aurc: dict[str, float]


Strata = dict[str, dict[str, Stratum]]


def evaluate_strata(
    joints: EvaluationInput,
    correct: Mask,
    draws: ImageDraws,
    with_intervals: Sequence[str] = (),
) -> tuple[Strata, tuple[str, ...]]:
    """Evaluate all scores on every stratum of the joints.

    Args:
        joints: Predictions beside the truth.
        correct: (J,) bool, which labeled joints are correct.
        draws: Draws of the images of these joints.
        with_intervals: Scores that get intervals.

    Returns:
        Strata by kind (``joint``, ``size``, ``visibility``, ``kind``) and
        name, empty strata left out; and why a stratification is missing.

    Example:
        With the ``joints`` of :class:`EvaluationInput`, and no draws:

        >>> correct = joints.correct().ravel()
        >>> draws = ImageDraws(np.arange(8) // 2, np.zeros((0, 4), int))
        >>> strata, _ = evaluate_strata(joints, correct, draws)
        >>> {name: one.num_wrong for name, one in strata['joint'].items()}
        {'shoulder': 1, 'wrist': 1}
    """
    scores = {n: s[joints.truth.labeled] for n, s in joints.scores.items()}

    def evaluate_score(name: str, part: Mask) -> tuple[Estimate, float]:
        ranked = SortedScores(scores[name][part], ~correct[part])
        groups = ranked.group(np.ones(part.sum(), np.int64))
        ordered = draws.select(part).select(ranked.order)
        weights = ordered.joint_weights() if name in with_intervals else ()
        drawn_values = [
            auroc_from_groups(ranked.group_sorted(w)) for w in weights
        ]
        auroc = make_estimate(auroc_from_groups(groups), drawn_values)
        return auroc, aurc_from_groups(groups)

    def evaluate_part(part: Mask, of_kind: bool) -> Stratum:
        compared = part | correct if of_kind else part
        values = {name: evaluate_score(name, compared) for name in scores}
        return Stratum(
            int(part.sum()),
            int((part & ~correct).sum()),
            {name: auroc for name, (auroc, _) in values.items()},
            {}
            if of_kind
            else {name: aurc for name, (_, aurc) in values.items()},
        )

    stratifications, missing = stratify(joints)
    strata = {
        stratification: {
            name: evaluate_part(labels == k, stratification == 'kind')
            for k, name in enumerate(names)
            if (labels == k).any()
        }
        for stratification, (names, labels) in stratifications.items()
    }
    return strata, missing
