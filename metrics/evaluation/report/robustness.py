"""Report on the ranking of joints by scores on corrupted images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ....output_files import replacing_together, write_json, write_text
from ...functional import augrc, aupr_error, aurc, auroc
from ...json_values import to_json_values
from ..evaluation_input import Floats, Mask
from .labels import label_of, style_of
from .panel_grid import panel_grid
from .tables import format_number, markdown_table

CLEAN = 'clean'
DIRECTIONS = {'AUROC': 'higher is better', 'AURC': 'lower is better'}
_MARKERS = 'osd^'


class CorruptionResult(NamedTuple):
    """Metrics of one score on images of one corruption and strength.

    Args:
        corruption: Name of the corruption, ``'clean'`` for none.
        strength: Strength from 1 to 5, 0 for clean images.
        score: Field of the predictions.
        joints: Number of labeled joints.
        accuracy: Share of correct joints.
        mean: Mean score.
        metrics: ``AUROC``, ``AUPR_error``, ``AURC`` and ``AUGRC``; the first
            two are NaN if all joints are correct or all are wrong.
    """

    corruption: str
    strength: int
    score: str
    joints: int
    accuracy: float
    mean: float
    metrics: dict[str, float]

    @classmethod
    def from_scores(
        cls,
        corruption: str,
        strength: int,
        score: str,
        values: Floats,
        correct: Mask,
    ) -> 'CorruptionResult':
        """Compute the metrics.

        Args:
            corruption: Name of the corruption.
            strength: Strength of the corruption.
            score: Field of the predictions.
            values: ``(N,)`` scores of any range.
            correct: ``(N,)`` bool, whether each joint is correct.

        Returns:
            The result.

        Raises:
            ValueError: If the arrays are not finite vectors of one length.
        """
        metrics = {
            'AUROC': auroc(values, correct),
            'AUPR_error': aupr_error(values, correct),
            'AURC': aurc(values, ~correct),
            'AUGRC': augrc(values, ~correct),
        }
        means = float(correct.mean()), float(values.mean())
        return cls(corruption, strength, score, len(values), *means, metrics)

    def as_json(self) -> dict[str, Any]:
        """Convert the result to a row of ``robustness.json``.

        Returns:
            Plain values, None in place of NaN.
        """
        row: dict[str, Any] = to_json_values(
            {
                'corruption': self.corruption,
                'strength': self.strength,
                'score': self.score,
                'joints': self.joints,
                'right': self.accuracy,
                'mean': self.mean,
                **self.metrics,
            }
        )
        return row


def robustness_table(results: Sequence[CorruptionResult]) -> list[list[str]]:
    """Arrange the metrics with the scores side by side.

    Args:
        results: Results grouped by corruption and strength, with the same
            scores in each group.

    Returns:
        The header, then one row per corruption and strength, as text.

    Example:
        >>> import numpy as np
        >>> values, correct = np.array([0.9, 0.4]), np.array([True, False])
        >>> result = CorruptionResult.from_scores(
        ...     'blur', 2, 'mine', values, correct
        ... )
        >>> header, row = robustness_table([result])
        >>> header[:4]
        ['corruption', 'strength', 'correct joints', 'AUROC mine']
        >>> row[:4]
        ['blur', '2', '0.500', '1.000']
    """
    scores = _scores_of(results)
    header = ['corruption', 'strength', 'correct joints']
    for name in (*DIRECTIONS, 'mean'):
        header += [f'{name} {label_of(score)}' for score in scores]
    rows = [header]
    for start in range(0, len(results), len(scores)):
        group = results[start : start + len(scores)]
        values = [group[0].accuracy]
        for name in DIRECTIONS:
            values += [result.metrics[name] for result in group]
        values += [result.mean for result in group]
        rows.append(
            [
                group[0].corruption.replace('_', ' '),
                str(group[0].strength or '–'),
                *map(format_number, values),
            ]
        )
    return rows


def draw_robustness(results: Sequence[CorruptionResult], name: str) -> Figure:
    """Draw a metric over strength, one panel per corruption.

    Args:
        results: Results on clean images first, then on at least one
            corruption.
        name: ``'AUROC'`` or ``'AURC'``.

    Returns:
        The figure.

    Example:
        >>> import numpy as np
        >>> values, correct = np.array([0.9, 0.4]), np.array([True, False])
        >>> results = [
        ...     CorruptionResult.from_scores(name, k, 'mine', values, correct)
        ...     for k, name in enumerate(('clean', 'blur', 'blur'))
        ... ]
        >>> draw_robustness(results, 'AUROC').axes[0].get_title()
        'blur'
    """
    corruptions = list(dict.fromkeys(r.corruption for r in results))[1:]
    figure, grid = panel_grid(
        len(corruptions), (3.4, 2.2), (0, 0.9), sharex=True, sharey=True
    )
    for axes, corruption in zip(grid.flat, corruptions, strict=False):
        shown = [r for r in results if r.corruption in (CLEAN, corruption)]
        _draw_corruption(axes, shown, name)
        axes.set_title(corruption.replace('_', ' '), fontsize=11)
        axes.tick_params(labelbottom=True, labelleft=True)
        axes.set_xlabel('strength (0: clean)')
    for axes in grid[:, 0].flat:
        axes.set_ylabel(name)
    figure.legend(
        *grid.flat[0].get_legend_handles_labels(),
        loc='outside upper center',
        ncols=grid.shape[1] + 1,
        title=f'{name}: {DIRECTIONS[name]}',
    )
    return figure


def write_robustness(
    results: Sequence[CorruptionResult],
    options: Mapping[str, Any],
    folder: Path,
) -> list[Path]:
    """Write table, JSON and figures of a robustness report.

    Args:
        results: Results on clean images first, then on at least one
            corruption.
        options: Options of the run for the JSON file; ``dist_thr`` among
            them.
        folder: Folder to write to; created if it is missing.

    Returns:
        Paths of the files.

    Raises:
        OutputError: If they cannot be written; old files are kept.

    Example:
        >>> import numpy as np
        >>> values, correct = np.array([0.9, 0.4]), np.array([True, False])
        >>> results = [
        ...     CorruptionResult.from_scores(name, k, 'mine', values, correct)
        ...     for k, name in enumerate(('clean', 'blur', 'blur'))
        ... ]
        >>> options = {'dist_thr': 0.1}
        >>> paths = write_robustness(results, options, Path('report'))
        >>> [path.name for path in paths][:4]
        ['robustness.md', 'robustness.json', 'auroc.png', 'auroc.svg']
    """
    text = (
        f'{results[0].joints} labeled joints. A joint is correct when it is '
        f'off by at most {options["dist_thr"]} of the person size.\n\n'
    )
    header, *rows = robustness_table(results)
    content = {**options, 'rows': [result.as_json() for result in results]}
    names = ['robustness.md', 'robustness.json']
    with replacing_together(folder, names) as new:
        write_text(new / names[0], f'{text}{markdown_table(header, rows)}\n')
        write_json(new / names[1], content)
        for name in DIRECTIONS:
            figure = draw_robustness(results, name)
            for suffix in ('png', 'svg'):
                names = [*names, f'{name.lower()}.{suffix}']
                figure.savefig(new / names[-1], dpi=150)
    return [folder / name for name in names]


def _draw_corruption(
    axes: Axes, results: Sequence[CorruptionResult], name: str
) -> None:
    scores = _scores_of(results)
    for index, score in enumerate(scores):
        own = [r for r in results if r.score == score]
        strengths = [r.strength for r in own]
        style = style_of(score, scores)
        axes.plot(
            strengths,
            [r.metrics[name] for r in own],
            linestyle=style.line,
            marker=_MARKERS[index % len(_MARKERS)],
            color=style.color,
            markersize=5,
            label=style.label,
        )
    chance: ArrayLike = [
        0.5 if name == 'AUROC' else 1 - r.accuracy for r in own
    ]
    axes.plot(strengths, chance, ':', color='0.4', label='random order')
    axes.set_xticks(range(6))
    axes.grid(alpha=0.3)


def _scores_of(results: Sequence[CorruptionResult]) -> list[str]:
    return list(dict.fromkeys(result.score for result in results))
