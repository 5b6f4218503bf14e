"""Where a score works: by joint, person size, visibility, kind of error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..functional import RIGHT_WITHIN, aurc
from ..functional.resampling import auroc_draw, sort_joints
from .divisions import divide
from .evaluate import Estimate, draw_counts, image_positions, interval
from .joints import Criterion, Floats, JudgedJoints, Mask


@dataclass(frozen=True)
class Stratum:
    """What every score reaches on some of the joints.

    Attributes:
        num_joints: Labelled joints.
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
    joints: JudgedJoints,
    dist_thr: float = RIGHT_WITHIN,
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
        criterion: When a joint is right, see :meth:`JudgedJoints.correct`.
        n_bootstrap: Number of draws of images; 0 for no intervals.
        seed: Seed of the draws.
        with_intervals: Scores that get intervals; all by default.

    Returns:
        Strata by division (``joint``, ``size``, ``visibility``, ``kind``) and
        name, empty strata left out; and why a division is missing.

    Raises:
        ValueError: If the criterion or a number is not as described.
    """
    labelled = joints.truth.labelled
    correct = joints.correct(dist_thr, criterion)[labelled]
    image = image_positions(joints)
    counts = draw_counts(image, n_bootstrap, seed)
    scores = {name: s[labelled] for name, s in joints.scores.items()}
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

    divisions, missing = divide(joints)
    strata = {
        division: {
            name: judge(labels == k, division == 'kind')
            for k, name in enumerate(names)
            if (labels == k).any()
        }
        for division, (names, labels) in divisions.items()
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
