"""Show how well scores rank joints while images get worse."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from ...functional import augrc, aupr_error, aurc, auroc
from ...json_values import to_json_values
from .labels import label_of, style_of
from .tables import number

CLEAN = 'clean'
DIRECTIONS = {'AUROC': 'higher is better', 'AURC': 'lower is better'}
_MARKERS = 'osd^'


class Condition(NamedTuple):
    """What one score reaches on images of one kind.

    Args:
        corruption: Its name, ``'clean'`` for images as they are.
        strength: From 1 to 5, 0 for clean images.
        score: Field of the predictions.
        joints: Number of labeled joints.
        right: Share of right joints.
        mean: Mean score.
        figures: ``AUROC``, ``AUPR_error``, ``AURC`` and ``AUGRC``; the first
            two are NaN where all joints are right or all are wrong.
    """

    corruption: str
    strength: int
    score: str
    joints: int
    right: float
    mean: float
    figures: dict[str, float]

    @classmethod
    def judge(
        cls,
        corruption: str,
        strength: int,
        score: str,
        values: NDArray,
        correct: NDArray,
    ) -> 'Condition':
        """Compute the figures.

        Args:
            corruption: See the class.
            strength: See the class.
            score: See the class.
            values: ``(N,)`` scores of any range.
            correct: ``(N,)`` bool, whether each joint is right.

        Returns:
            The condition.

        Raises:
            ValueError: If the arrays are not finite vectors of one length.
        """
        figures = {
            'AUROC': auroc(values, correct),
            'AUPR_error': aupr_error(values, correct),
            'AURC': aurc(values, ~correct),
            'AUGRC': augrc(values, ~correct),
        }
        shares = float(correct.mean()), float(values.mean())
        return cls(corruption, strength, score, len(values), *shares, figures)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for JSON, None in place of NaN."""
        fields = self._asdict()
        figures = fields.pop('figures')
        return to_json_values({**fields, **figures})


def robustness_table(conditions: Sequence[Condition]) -> list[list[str]]:
    """Lay the figures out, the scores beside each other.

    Args:
        conditions: All scores of one kind of images after all of another.

    Returns:
        The head and one line per kind of images, as text.
    """
    scores = _scores_of(conditions)
    head = ['corruption', 'strength', 'joints right']
    for name in (*DIRECTIONS, 'mean'):
        head += [f'{name} {label_of(score)}' for score in scores]
    lines = [head]
    for start in range(0, len(conditions), len(scores)):
        group = conditions[start : start + len(scores)]
        numbers = [group[0].right]
        for name in DIRECTIONS:
            numbers += [condition.figures[name] for condition in group]
        numbers += [condition.mean for condition in group]
        lines.append(
            [
                group[0].corruption.replace('_', ' '),
                str(group[0].strength or '–'),
                *map(number, numbers),
            ]
        )
    return lines


def draw_curves(conditions: Sequence[Condition], name: str) -> Figure:
    """Draw a figure of merit against strength, one panel per corruption.

    Args:
        conditions: Clean images first, then at least one corruption.
        name: ``'AUROC'`` or ``'AURC'``.

    Returns:
        The figure.
    """
    kinds = list(dict.fromkeys(c.corruption for c in conditions))[1:]
    columns = min(2, len(kinds))
    rows = -(-len(kinds) // columns)
    size = (3.4 * columns, 0.9 + 2.2 * rows)
    figure = Figure(figsize=size, layout='constrained')
    grid = figure.subplots(
        rows, columns, sharex=True, sharey=True, squeeze=False
    )
    for axes, kind in zip(grid.flat, kinds, strict=False):
        shown = [c for c in conditions if c.corruption in (CLEAN, kind)]
        _draw_panel(axes, shown, name)
        axes.set_title(kind.replace('_', ' '), fontsize=11)
        axes.tick_params(labelbottom=True, labelleft=True)
        axes.set_xlabel('strength (0: clean)')
    for axes in grid.flat[len(kinds) :]:
        axes.axis('off')
    for axes in grid[:, 0]:
        axes.set_ylabel(name)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc='outside upper center',
        ncols=columns + 1,
        title=f'{name}: {DIRECTIONS[name]}',
    )
    return figure


def _draw_panel(axes: Axes, conditions: list[Condition], name: str) -> None:
    scores = _scores_of(conditions)
    for index, score in enumerate(scores):
        own = [c for c in conditions if c.score == score]
        strengths = [c.strength for c in own]
        style = style_of(score, scores)
        axes.plot(
            strengths,
            [c.figures[name] for c in own],
            linestyle=style.line,
            marker=_MARKERS[index % len(_MARKERS)],
            color=style.color,
            markersize=5,
            label=style.label,
        )
    chance: ArrayLike = [0.5 if name == 'AUROC' else 1 - c.right for c in own]
    axes.plot(strengths, chance, ':', color='0.4', label='random order')
    axes.set_xticks(range(6))
    axes.grid(alpha=0.3)


def _scores_of(conditions: Sequence[Condition]) -> list[str]:
    return list(dict.fromkeys(c.score for c in conditions))
