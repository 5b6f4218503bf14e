"""Show how well scores rank joints while images get worse."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from .functional import augrc, aupr_error, aurc, auroc

CLEAN = 'clean'
LABELS = {'keypoint_trust': 'trust', 'keypoint_scores': 'raw score'}
DIRECTIONS = {'AUROC': 'higher is better', 'AURC': 'lower is better'}
# told apart with every kind of colour vision, and in print
_STYLES = (
    ('#0072B2', 'o-'),
    ('#D55E00', 's--'),
    ('#009E73', '^-.'),
    ('#CC79A7', 'd-'),
)
MOST_SCORES = len(_STYLES)


class Condition(NamedTuple):
    """What one score reaches on images of one kind.

    Args:
        corruption: Its name, ``'clean'`` for images as they are.
        strength: From 1 to 5, 0 for clean images.
        score: Field of the predictions.
        joints: Number of labelled joints.
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
        figures = {
            name: None if math.isnan(value) else value
            for name, value in self.figures.items()
        }
        fields = self._asdict()
        del fields['figures']
        return {**fields, **figures}


def label_of(score: str) -> str:
    """Return the short name of a score."""
    return LABELS.get(score, score)


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
                *('–' if n != n else f'{n:.3f}' for n in numbers),
            ]
        )
    return lines


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """Write a table whose first column is text as Markdown."""
    head, *lines = table
    rule = ['---', *['---:'] * (len(head) - 1)]
    return '\n'.join(
        f'| {" | ".join(line)} |' for line in (head, rule, *lines)
    )


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
    for index, score in enumerate(_scores_of(conditions)):
        own = [c for c in conditions if c.score == score]
        strengths = [c.strength for c in own]
        color, style = _STYLES[index]
        axes.plot(
            strengths,
            [c.figures[name] for c in own],
            style,
            color=color,
            markersize=5,
            label=label_of(score),
        )
    chance: ArrayLike = [0.5 if name == 'AUROC' else 1 - c.right for c in own]
    axes.plot(strengths, chance, ':', color='0.4', label='random order')
    axes.set_xticks(range(6))
    axes.grid(alpha=0.3)


def _scores_of(conditions: Sequence[Condition]) -> list[str]:
    return list(dict.fromkeys(c.score for c in conditions))
