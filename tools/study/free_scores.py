"""Scores of a comparison, and those that need no training."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from self_verify_pose.metrics.evaluation.evaluation_input import Floats
from self_verify_pose.models.augmentations.verification import DEFAULT_VIEWS
from self_verify_pose.models.kinematics.bone_lengths import bone_scores
from self_verify_pose.tools.study.extract_regimes import FLIP_TEST
from self_verify_pose.tools.study.extraction import Tensors

# labels that a row uses: all rows are calibrated on labels; bodies and their
# poses are fitted to those of COCO
CALIBRATION = 'calibration'
POSES = 'COCO poses, calibration'
TRAINING = 'training, calibration'

# the raw score, by family of the pose head
RAW_TITLES = {'simcc': 'raw score, minimum of the axes'}
# other scores of a distribution; its expected correctness has two rows
SCORE_TITLES = {
    'mean': 'raw score, mean of the axes',
    'peak': 'peak of the distribution',
    'certainty': 'entropy of the distribution',
    'single_mode': 'second mode',
}
TEACHER_TITLES = {
    'fk_trust': 'FK teacher',
    'free_solvability': 'free teacher, solvability',
    'free_trust': 'free teacher, unified',
}


class Score(NamedTuple):
    """A row of a comparison.

    Args:
        runs: ``(N, K)`` scores, larger where a keypoint is rather correct;
            one for each seed of its training.
        labels: Labels that it uses.
        passes: Forward passes at test time beside those of the regime.
        is_trained: Whether it is trained on the training images.
    """

    runs: tuple[Floats, ...]
    labels: str = CALIBRATION
    passes: int = 0
    is_trained: bool = False


def passes_of_views(regime: str) -> int:
    """Count the extra passes of all views of a verification.

    Args:
        regime: The regime.

    Returns:
        The passes; the flip test has that of the mirrored view.
    """
    return len(DEFAULT_VIEWS) - (regime == FLIP_TEST)


def free_scores(
    columns: Tensors, regime: str, raw_title: str, is_body: bool
) -> dict[str, Score | None]:
    """Return the scores that need no training images.

    Args:
        columns: What ``extract_regimes`` found of a set, in a regime.
        regime: The regime.
        raw_title: Name of the raw score.
        is_body: Whether the keypoints are those of COCO.

    Returns:
        The scores by name, the raw score first; None where the family of the
        pose head, or the skeleton, has none of that name.
    """
    mirror = 0 if regime == FLIP_TEST else 1  # the flip test has that view
    views = passes_of_views(regime)
    mass, peak = columns['mass'], columns['peak']
    own = [n.removeprefix('score_') for n in columns if 'score_' in n[:6]]
    titles = {name: name for name in own if name != 'expected'} | SCORE_TITLES
    bones = None
    if is_body:
        bones = bone_scores(columns['keypoints'].double().numpy())
    rows: dict[str, tuple[Tensor | Floats | None, int, str]] = {
        raw_title: (columns['raw_score'], 0, CALIBRATION),
        **{
            title: (columns.get(f'score_{name}'), 0, CALIBRATION)
            for name, title in titles.items()
        },
        'expected correctness': (mass[:, 0], 0, CALIBRATION),
        'fused expected': (columns['fused_expected'], mirror, CALIBRATION),
        'flip mass': (mass[:, :2].mean(1), mirror, CALIBRATION),
        'view peak': (peak.mean(1), views, CALIBRATION),
        'view mass': (mass.mean(1), views, CALIBRATION),
        'bone lengths': (bones, 0, POSES),
        **{
            title: (columns.get(name), 0, POSES)
            for name, title in TEACHER_TITLES.items()
        },
    }
    scores: dict[str, Score | None] = {}
    for name, (values, passes, labels) in rows.items():
        scores[name] = None
        if values is not None:
            run = np.nan_to_num(np.asarray(values, np.float64))
            scores[name] = Score((run,), labels, passes)
    return scores
