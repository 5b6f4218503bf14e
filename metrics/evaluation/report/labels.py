"""What scores are called in tables and figures, and how they are drawn."""

from typing import NamedTuple

from ....constants import PCK_THRESHOLD, RAW_SCORE, TRUST
from ..statistics.evaluate import Evaluation


class ScoreStyle(NamedTuple):
    """How a score is shown.

    Attributes:
        label: Its short name.
        meaning: What it is, in one line.
        color: Its color, of those that Okabe and Ito give for all kinds of
            color vision.
        line: Its line style, for print without colors.
    """

    label: str
    meaning: str
    color: str
    line: str


KNOWN = {
    TRUST: ScoreStyle('trust', 'what the trust head predicts', '#0072B2', '-'),
    RAW_SCORE: ScoreStyle(
        'raw score',
        "the pose network's own score; with SimCC the smaller of the two "
        'axis maxima',
        '#D55E00',
        '--',
    ),
    'simcc_mean': ScoreStyle(
        'raw score, mean', 'mean of the two axis maxima', '#E69F00', '-.'
    ),
    'simcc_peak': ScoreStyle(
        'SimCC peak',
        'peak of the distribution softmax(β · logits), both axes multiplied',
        '#009E73',
        ':',
    ),
    'simcc_certainty': ScoreStyle(
        'SimCC certainty',
        '1 − entropy of softmax(β · logits) as a share of the largest entropy',
        '#56B4E9',
        (0, (6, 2)),
    ),
    'simcc_expected': ScoreStyle(
        'expected correctness',
        f'chance of an error of at most {PCK_THRESHOLD} person sizes under '
        'softmax(β · logits)',
        '#CC79A7',
        (0, (4, 1, 1, 1, 1, 1)),
    ),
    'bone_lengths': ScoreStyle(
        'bone lengths',
        'how well the bones that meet in the joint fit the body statistics; '
        'from keypoints alone',
        '#666666',
        (0, (1, 1)),
    ),
}
_FURTHER = (('#000000', '-'), ('#000000', '--'), ('#999933', '-'))


def style_of(name: str, names: list[str]) -> ScoreStyle:
    """Return how a score is shown.

    Args:
        name: Field of the predictions.
        names: All fields that are shown.

    Returns:
        Its style; fields without a style of their own share a few.
    """
    if name in KNOWN:
        return KNOWN[name]
    further = [other for other in names if other not in KNOWN]
    color, line = _FURTHER[further.index(name) % len(_FURTHER)]
    return ScoreStyle(name, 'a field of the predictions', color, line)


def label_of(name: str) -> str:
    """Return the short name of a score."""
    return KNOWN[name].label if name in KNOWN else name


def in_order(names: list[str]) -> list[str]:
    """Put trust first, the raw score next, the known ones, then the others."""
    return [n for n in KNOWN if n in names] + [
        n for n in names if n not in KNOWN
    ]


def most_telling(evaluation: Evaluation, most: int, metric: str) -> list[str]:
    """Choose the scores for figures that hold a few: trust, raw score, best.

    Args:
        evaluation: What every score reaches.
        most: Number of scores to choose at most.
        metric: What the best is best in; low is good.

    Returns:
        Names, in order.
    """
    first = [
        n for n in (TRUST, evaluation.reference) if n in evaluation.scorers
    ]
    rest = sorted(
        (n for n in evaluation.scorers if n not in first),
        key=lambda n: evaluation.scorers[n][metric].value,
    )
    return in_order([*first, *rest][:most])
