"""Where a score works: by joint, person size, visibility, kind of error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....constants import PCK_THRESHOLD
from ...functional import aurc
from ..evaluation_input import Criterion, EvaluationInput, Floats, Mask
from .evaluate import Estimate, draw_counts, image_positions, interval
from .resampling import auroc_draw, sort_joints
from .stratification import stratify


@dataclass(frozen=True)
class Stratum:
    """What every score reaches on some of the joints.

    Attributes:
        num_joints: Labeled joints.
        num_wrong: Wrong joints among them.
        auroc: By score. For a kind of error, its wrong joints are compared
            with the right joints of all kinds.
        aurc: By score; empty for a kind of error.
    """

    num_joints: int
    num_wrong: int
    auroc: dict[str, Estimate]
    aurc: dict[str, float]


Strata = dict[str, dict[str, Stratum]]


def evaluate_strata(
    joints: EvaluationInput,
    dist_thr: float = PCK_THRESHOLD,
    criterion: Criterion = 'bbox',
    n_bootstrap: int = 200,
    seed: int = 0,
    with_intervals: Sequence[str] | None = None,
) -> tuple[Strata, tuple[str, ...]]:
    """Judge all scores on parts of the joints.

    Args:
        joints: Predictions beside the truth.
        dist_thr: Largest error of a right joint in units of person size, for
            'bbox'.
        criterion: When a joint is right, see :meth:`EvaluationInput.correct`.
        n_bootstrap: Number of draws of images; 0 for no intervals.
        seed: Seed of the draws.
        with_intervals: Scores that get intervals; all by default.

    Returns:
        Strata by kind (``joint``, ``size``, ``visibility``, ``kind``) and
        name, empty strata left out; and why a stratification is missing.

    Raises:
        ValueError: If the criterion or a number is not as described.
    """
    labeled = joints.truth.labeled
    correct = joints.correct(dist_thr, criterion)[labeled]
    image = image_positions(joints)
    counts = draw_counts(image, n_bootstrap, seed)
    scores = {name: s[labeled] for name, s in joints.scores.items()}
    drawn = set(scores if with_intervals is None else with_intervals)

    def areas(part: Mask) -> dict[str, Estimate]:
        return {
            name: _auroc(
                values[part],
                correct[part],
                image[part],
                counts if name in drawn else counts[:0],
            )
            for name, values in scores.items()
        }

    def judge(part: Mask, of_kind: bool) -> Stratum:
        wrong = ~correct[part]
        risks = {} if of_kind else scores
        return Stratum(
            int(part.sum()),
            int(wrong.sum()),
            areas(part | correct if of_kind else part),
            {name: aurc(s[part], wrong) for name, s in risks.items()},
        )

    stratifications, missing = stratify(joints)
    strata = {
        stratification: {
            name: judge(labels == k, stratification == 'kind')
            for k, name in enumerate(names)
            if (labels == k).any()
        }
        for stratification, (names, labels) in stratifications.items()
    }
    return strata, missing


def _auroc(
    scores: Floats,
    correct: Mask,
    image: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Estimate:
    joints = sort_joints(scores, correct, image)
    draws = np.array([auroc_draw(joints, row) for row in counts])
    all_once = np.ones(image.max() + 1)
    return Estimate(auroc_draw(joints, all_once), *interval(draws))
