"""Labels, order and line styles of scores in tables and figures."""

from collections.abc import Sequence
from typing import NamedTuple

from ....constants import PCK_THRESHOLD, RAW_SCORE, TRUST
from ..statistics.evaluate import Evaluation

LineStyle = str | tuple[float, Sequence[float]]


class ScoreStyle(NamedTuple):
    """Label and line style of a score.

    Attributes:
        label: Short name.
        meaning: Definition in one line.
        color: Color of the palette of Okabe and Ito, which is readable with
            every kind of color vision.
        line: Line style of matplotlib, for print without colors.
    """

    label: str
    meaning: str
    color: str
    line: LineStyle


SCORE_STYLES = {
    TRUST: ScoreStyle('trust', 'output of the trust head', '#0072B2', '-'),
    RAW_SCORE: ScoreStyle(
        'raw score',
        'score of the pose network; with SimCC the smaller of the two axis '
        'maxima',
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
        f'probability of an error of at most {PCK_THRESHOLD} person sizes '
        'under softmax(β · logits)',
        '#CC79A7',
        (0, (4, 1, 1, 1, 1, 1)),
    ),
    'bone_lengths': ScoreStyle(
        'bone lengths',
        'fit of the bones at the joint to the body statistics; from keypoints '
        'alone',
        '#666666',
        (0, (1, 1)),
    ),
}
_OTHER_STYLES = (('#000000', '-'), ('#000000', '--'), ('#999933', '-'))


def style_of(name: str, names: Sequence[str]) -> ScoreStyle:
    """Return label and line style of a score.

    Args:
        name: Field of the predictions.
        names: All fields that are shown.

    Returns:
        The style of ``SCORE_STYLES``, or one of a few for other fields.

    Example:
        >>> style_of('mine', ['mine', 'keypoint_scores']).label
        'mine'
    """
    if name in SCORE_STYLES:
        return SCORE_STYLES[name]
    others = [other for other in names if other not in SCORE_STYLES]
    color, line = _OTHER_STYLES[others.index(name) % len(_OTHER_STYLES)]
    return ScoreStyle(name, 'a field of the predictions', color, line)


def label_of(name: str) -> str:
    """Return the short name of a score.

    Args:
        name: Field of the predictions.

    Returns:
        Its label; the name itself for a field without one.

    Example:
        >>> label_of('keypoint_trust'), label_of('mine')
        ('trust', 'mine')
    """
    return SCORE_STYLES[name].label if name in SCORE_STYLES else name


def sort_scores(names: Sequence[str]) -> list[str]:
    """Sort scores for display.

    Args:
        names: Fields of the predictions.

    Returns:
        Those of ``SCORE_STYLES`` in its order, then the others as given.

    Example:
        >>> sort_scores(['mine', 'keypoint_scores', 'keypoint_trust'])
        ['keypoint_trust', 'keypoint_scores', 'mine']
    """
    return [n for n in SCORE_STYLES if n in names] + [
        n for n in names if n not in SCORE_STYLES
    ]


def select_scores(
    evaluation: Evaluation, number: int, metric: str
) -> list[str]:
    """Select scores for a figure: trust, the reference, then the best.

    Args:
        evaluation: Metrics of every score.
        number: Largest number of scores.
        metric: Metric that ranks the others; lower is better.

    Returns:
        Names in the order of :func:`sort_scores`.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> select_scores(report.evaluation, 1, 'AURC')
        ['keypoint_trust']
    """
    first = [
        n for n in (TRUST, evaluation.reference) if n in evaluation.scorers
    ]
    rest = sorted(
        (n for n in evaluation.scorers if n not in first),
        key=lambda n: evaluation.scorers[n][metric].value,
    )
    return sort_scores([*first, *rest][:number])
