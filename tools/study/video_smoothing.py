"""Measure what trust is worth where the poses of a video are smoothed.

    python -m self_verify_pose.tools.study.video_smoothing --config CONFIG
        --checkpoint FILE [--sequences N] [--frames N] [--seed N] [--out FILE]

Draws sequences of a moving person with known joints and predicts each frame
with a plain top-down model of MMPose, in the true boxes. The first half of the
sequences fits trust (as fit_trust.py does) and chooses the parameters of each
smoother; the second half is evaluated: mean error and 95th percentile in
person sizes, correct joints, and the mean second difference, of joints inside
the image. Prints a table.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import self_verify_pose.compat  # noqa: F401, isort: skip

import numpy as np
from mmengine.registry import init_default_scope
from mmpose.apis import inference_topdown, init_model
from rich.console import Console
from rich.progress import track
from scipy.signal import savgol_filter

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.datasets.synthetic.sequence import draw_sequence
from self_verify_pose.engine.config_file import load_config
from self_verify_pose.engine.posthoc.persons import (
    Floats,
    LabeledPersons,
    PredictedPersons,
    pool,
)
from self_verify_pose.engine.posthoc.posthoc_trust import PosthocTrust
from self_verify_pose.engine.smoothing import smooth_poses
from self_verify_pose.metrics.functional import is_correct, joint_errors
from self_verify_pose.output_files import check_output_file, write_json
from self_verify_pose.tools.command_line import (
    at_least,
    make_parser,
    run_tool,
)

STIFFNESS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
SPREAD_RATIOS = (3.0, 10.0, 30.0)
WINDOWS = (5, 7, 9, 13)


class PredictedSequence(NamedTuple):
    """A sequence with the predictions of its frames.

    Args:
        persons: Predictions of T frames.
        truth: ``(T, K, 2)`` true points in pixels.
        inside: ``(T, K)`` whether they are inside the image.
    """

    persons: PredictedPersons
    truth: Floats
    inside: np.ndarray

    def labeled(self, number: int) -> LabeledPersons:
        """Return the persons with labels, all of one image.

        Args:
            number: Id of the image.

        Returns:
            The persons.
        """
        correct = is_correct(
            self.errors(self.persons.keypoints), PCK_THRESHOLD
        )
        images = np.full(len(self.truth), number)
        return LabeledPersons(self.persons, correct, self.inside, images)

    def errors(self, points: Floats) -> Floats:
        """Compute errors in person sizes.

        Args:
            points: ``(T, K, 2)`` points in pixels.

        Returns:
            ``(T, K)`` errors.
        """
        return joint_errors(points, self.truth, self.persons.sizes)


Smoother = Callable[[PredictedSequence], Floats]
_Choices = list[tuple[dict[str, float], Smoother]]


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('--config', type=Path, required=True, help='a plain top-down model')
    add('--checkpoint', required=True, help='its weights')
    add('--sequences', type=at_least(20), default=24, help='(%(default)s)')
    add('--frames', type=at_least(13), default=36, help='each (%(default)s)')
    add('--seed', type=int, default=0, help='(%(default)s)')
    add('--out', type=Path, metavar='FILE', help='JSON file of the table')
    return parser.parse_args(argv)


def predict_sequences(
    args: argparse.Namespace, console: Console
) -> list[PredictedSequence]:
    """Draw all sequences, and predict their frames.

    Args:
        args: The command line.
        console: Output for progress.

    Returns:
        The sequences.
    """
    init_default_scope('mmpose')
    model = init_model(load_config(args.config), args.checkpoint, device='cpu')
    numbers = range(args.seed, args.seed + args.sequences)
    found = []
    for number in track(numbers, 'predicting', console=console):
        rows = []
        for frame in draw_sequence(number, args.frames):
            (sample,) = inference_topdown(
                model, frame.image, frame.box[None].astype(np.float32)
            )
            one = sample.pred_instances
            rows.append(
                (
                    np.asarray(one.keypoints[0], np.float64),
                    np.asarray(one.keypoint_scores[0], np.float64),
                    frame.box,
                    frame.keypoints,
                    frame.visibility > 0,
                )
            )
        points, scores, boxes, truth, inside = map(
            np.array, zip(*rows, strict=True)
        )
        persons = PredictedPersons(points, scores, boxes)
        found.append(PredictedSequence(persons, truth, inside))
    return found


def candidates(trust: PosthocTrust, largest: float) -> dict[str, _Choices]:
    """List the smoothers of each row with all their parameters.

    Args:
        trust: Trust of the predictions.
        largest: Score that counts as 1.

    Returns:
        By row the parameters and the smoothers.
    """

    def whittaker(
        weights: Callable[[PredictedSequence], Floats] | None,
        stiffness: float,
        ratio: float,
    ) -> Smoother:
        return lambda one: smooth_poses(
            one.persons.keypoints,
            None if weights is None else weights(one),
            stiffness,
            ratio,
        )

    def savgol(window: int) -> Smoother:
        return lambda one: savgol_filter(
            one.persons.keypoints, window, 2, axis=0
        )

    def weighted(weights: Callable[[PredictedSequence], Floats]) -> _Choices:
        return [
            (
                {'stiffness': stiffness, 'spread ratio': ratio},
                whittaker(weights, stiffness, ratio),
            )
            for stiffness, ratio in product(STIFFNESS, SPREAD_RATIOS)
        ]

    return {
        'as predicted': [({}, lambda one: one.persons.keypoints)],
        'Savitzky–Golay, no weights': [
            ({'window': window}, savgol(window)) for window in WINDOWS
        ],
        'Whittaker, no weights': [
            ({'stiffness': stiffness}, whittaker(None, stiffness, 1.0))
            for stiffness in STIFFNESS
        ],
        'Whittaker, raw score': weighted(
            lambda one: np.clip(one.persons.scores / largest, 0, 1)
        ),
        'Whittaker, trust': weighted(lambda one: trust.predict(one.persons)),
    }


def evaluate(
    smoother: Smoother, sequences: Sequence[PredictedSequence]
) -> dict[str, float]:
    """Evaluate a smoother.

    Args:
        smoother: The smoother.
        sequences: Predicted sequences.

    Returns:
        Figures by name.
    """
    errors, jitter = [], []
    for one in sequences:
        points = smoother(one)
        errors.append(one.errors(points)[one.inside])
        second = np.diff(points, 2, axis=0) / one.persons.sizes.mean()
        jitter.append(np.linalg.norm(second, axis=-1).ravel())
    joined = np.concatenate(errors)
    return {
        'mean error': float(joined.mean()),
        '95 %': float(np.quantile(joined, 0.95)),
        'correct': float((joined <= PCK_THRESHOLD).mean()),
        'jitter': float(np.concatenate(jitter).mean()),
    }


def compare(
    sequences: Sequence[PredictedSequence], seed: int
) -> dict[str, dict[str, Any]]:
    """Fit and choose on the first half, evaluate the second.

    Args:
        sequences: Predicted sequences.
        seed: Seed of the trust.

    Returns:
        Figures and parameters by row.
    """
    half = len(sequences) // 2
    fitted, tested = sequences[:half], sequences[half:]
    known = pool([one.labeled(k) for k, one in enumerate(fitted)])
    trust = PosthocTrust.fit(known, seed)
    table: dict[str, dict[str, Any]] = {}
    rows = candidates(trust, float(known.persons.scores.max()))
    for name, choices in rows.items():
        parameters, smoother = min(
            choices, key=lambda one: evaluate(one[1], fitted)['mean error']
        )
        figures = evaluate(smoother, tested)
        table[name] = {**figures, 'parameters': parameters}
    return table


def run(args: argparse.Namespace) -> None:
    """Predict, compare, and print the table.

    Args:
        args: The command line.
    """
    if args.out is not None:
        check_output_file(args.out)
    sequences = predict_sequences(args, Console(stderr=True))
    table = compare(sequences, args.seed)
    names = [*next(iter(table.values()))]
    print(f'| smoother | {" | ".join(names)} |')
    print(f'|---|{"---:|" * (len(names) - 1)}---|')
    for name, row in table.items():
        cells = [
            f'{value:.4f}'
            if isinstance(value, float)
            else ', '.join(f'{k} {v:g}' for k, v in value.items())
            for value in row.values()
        ]
        print(f'| {name} | {" | ".join(cells)} |')
    if args.out is not None:
        write_json(args.out, table)


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
