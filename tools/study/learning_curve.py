"""Draw what labels are worth: gain of the trust head over their number.

    python -m self_verify_pose.tools.study.learning_curve --train ROOT
        --calib ROOT --eval ROOT... --checkpoint FILE --out DIR
        [--config CONFIG] [--persons N...]

Trains the head on true correctness with the first N persons of --train, of
which a fifth is held out, with each seed. The gain is its AUROC minus that of
the best free score without an extra pass, which --calib chooses. With images
like those of --train and others in --eval, the figure shows the shift of the
domain, too. Writes learning_curve.json and learning_curve.png.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

import self_verify_pose.compat  # noqa: F401, isort: skip

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from self_verify_pose.metrics.evaluation.statistics.evaluate import Estimate
from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.output_files import (
    replacing_together,
    reserved,
    write_json,
)
from self_verify_pose.tools.command_line import (
    at_least,
    make_parser,
    run_tool,
)
from self_verify_pose.tools.study.comparison import (
    evaluate_rows_of,
    make_protocol,
)
from self_verify_pose.tools.study.experiment import TrustExperiment
from self_verify_pose.tools.study.extract_regimes import REGIMES
from self_verify_pose.tools.study.extraction import Tensors
from self_verify_pose.tools.study.free_scores import TRAINING
from self_verify_pose.tools.study.held_out import HeldOut
from self_verify_pose.tools.study.options import add_study_options
from self_verify_pose.tools.study.trained_rows import Trained, train_row
from self_verify_pose.tools.study.variants import FULL, HEADS

PERSONS = (150, 300, 600, 1200, 2500, 4000)


class Point(NamedTuple):
    """A point of a curve.

    Args:
        persons: Labeled persons, with those that are held out.
        gain: Mean gain in AUROC over the seeds.
        gains: Smallest and largest gain of a seed.
        shares: Share of the residual that each seed keeps.
    """

    persons: int
    gain: Estimate
    gains: tuple[float, float]
    shares: list[list[float]]


Curves = dict[str, dict[str, list[Point]]]  # by regime, then by set


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add_study_options(parser)
    parser.add_argument(
        '--persons',
        nargs='+',
        type=at_least(1),
        default=list(PERSONS),
        metavar='N',
        help='labeled persons (%(default)s)',
    )
    parser.set_defaults(pose_epochs=0)
    return parser.parse_args(argv)


def learning_curves(args: argparse.Namespace, console: Console) -> Curves:
    """Train heads with more and more persons, and evaluate them.

    Args:
        args: The command line.
        console: Output for progress.

    Returns:
        The curves.

    Raises:
        ValueError: If there are several training sets, or too few persons.
    """
    if len(args.train) != 1:
        raise ValueError(
            '--train: expected one folder, whose first persons are taken, '
            f'found {len(args.train)}; give one'
        )
    experiment = TrustExperiment(args, console)
    (train,) = experiment.training_features()
    counts, most = sorted(set(args.persons)), len(train['ids'])
    if counts[-1] > most:
        raise ValueError(
            f'--persons: expected at most the {most} persons of '
            f'{args.train[0]}, found {counts[-1]}; give fewer'
        )
    trained = {
        f'{count} persons': _train(
            experiment,
            {name: values[:count] for name, values in train.items()},
        )
        for count in counts
    }
    calib = experiment.test_features(experiment.calib)
    protocols = {
        regime: make_protocol(experiment, trained, calib[regime], regime)
        for regime in REGIMES
    }
    curves: Curves = {regime: {} for regime in REGIMES}
    for images in experiment.eval:
        columns = experiment.test_features([images])
        for regime, protocol in protocols.items():
            _, _, rows = evaluate_rows_of(
                experiment, columns[regime], trained, protocol
            )
            curves[regime][images.name] = [
                Point(
                    count,
                    rows[name].gain,
                    rows[name].gains,
                    trained[name].shares,
                )
                for count, name in zip(counts, trained, strict=True)
            ]
    return curves


def _train(experiment: TrustExperiment, train: Tensors) -> Trained:
    held_out = [
        HeldOut.choose([train], experiment.layout, True, seed)
        for seed in experiment.seeds
    ]
    return train_row(
        experiment, FULL, HEADS[FULL], TRAINING, [train], held_out
    )


def draw_curves(curves: Curves, training_set: str) -> Figure:
    """Draw the gain over the number of persons, a panel for each regime.

    Args:
        curves: The curves.
        training_set: Name of the training set.

    Returns:
        The figure; lines are means over the seeds, bands reach from the
        smallest to the largest gain.
    """
    figure = Figure((9.0, 4.2), layout='constrained')
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (regime, sets) in zip(panels, curves.items(), strict=True):
        _draw_panel(axes, sets)
        axes.set(title=regime, xlabel=f'labeled persons of {training_set}')
    panels[0].set_ylabel('AUROC against the best free score')
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc='outside lower center',
        ncols=len(labels),
        frameon=False,
    )
    return figure


def _draw_panel(axes: Axes, sets: dict[str, list[Point]]) -> None:
    for name, points in sets.items():
        counts = [point.persons for point in points]
        low, high = zip(*(point.gains for point in points), strict=True)
        (line,) = axes.plot(
            counts,
            [point.gain.value for point in points],
            marker='o',
            label=f'evaluated on {name}',
        )
        axes.fill_between(
            counts, low, high, color=line.get_color(), alpha=0.2, linewidth=0
        )
    axes.axhline(0, color='0.5', linewidth=1)
    axes.set_xscale('log')
    axes.set_xticks(counts, [f'{count:,}' for count in counts], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.spines[['top', 'right']].set_visible(False)


def run(args: argparse.Namespace) -> None:
    """Train, evaluate, and write the curves and their figure.

    Args:
        args: The command line.
    """
    console = Console()
    with reserved(args.out):
        curves = learning_curves(args, console)
    path = args.out / 'learning_curve.json'
    with replacing_together(args.out, [path.name]) as new:
        write_json(new / path.name, to_json_values(curves))
        figure = draw_curves(curves, args.train[0].name)
        figure.savefig(new / path.with_suffix('.png').name, dpi=150)
    console.print(f'{path}, .png', markup=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit status.
    """
    args = parse_arguments(argv)
    return run_tool(__file__, lambda: run(args))


if __name__ == '__main__':
    sys.exit(main())
