"""Measure how often the promises of certificates are broken.

    python tools/study/guarantees.py --results train.json val.json \
        --ann train_annotations.json val_annotations.json [--new lspet.pkl]

Each half of the images gets the trust that was fitted to the other half. Then
the images are split at random, again and again: two thirds choose a threshold,
for the raw score and for trust, and the others tell whether its promise is
broken. The check for unlike images compares both parts, and the predictions of
other images (--new, a dump of mim test of the same network) with the first.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from self_verify_pose.constants import RAW_SCORE, TRUST
from self_verify_pose.engine.decisions.certify import (
    full_weight,
    scores_of_images,
    select_joints,
)
from self_verify_pose.engine.decisions.risk_control import (
    LabeledScores,
    choose_threshold,
    wrong_share,
)
from self_verify_pose.engine.decisions.shift_check import check_shift
from self_verify_pose.engine.posthoc import PosthocTrust, PredictedPersons
from self_verify_pose.engine.posthoc.persons import LabeledPersons, pool
from self_verify_pose.engine.posthoc.results_file import read_labeled
from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.tools.command_line import (
    at_least,
    make_parser,
    run_tool,
)

_CALIBRATED = 2 / 3


class Figures(NamedTuple):
    """What the splits give for one score and one risk.

    Args:
        none: Share of the splits without a threshold.
        kept: Mean share of the joints that are kept, 0 without a threshold.
        broken: Share of the splits whose promise is broken.
        broken_joints: The same, with every kept joint counting the same.
    """

    none: float
    kept: float
    broken: float
    broken_joints: float


def read_pool(results: Sequence[Path], anns: Sequence[Path]) -> LabeledPersons:
    """Read predictions of several files as one.

    Args:
        results: Keypoint results in COCO format.
        anns: The annotations of each.

    Returns:
        The persons, with the images numbered anew.
    """
    pairs = zip(results, anns, strict=True)
    return pool([read_labeled(*pair)[0] for pair in pairs])


def cross_fit(
    known: LabeledPersons, new: Sequence[PredictedPersons] = (), seed: int = 0
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Give each half of the images the trust of the other half.

    Args:
        known: The persons.
        new: Other persons, with the trust of the last half.
        seed: Seed of the fits.

    Returns:
        ``(N, K)`` trust of the persons, and that of the others.
    """
    trust = np.zeros(known.correct.shape)
    others: list[NDArray[np.float64]] = []
    halves = GroupKFold(2, shuffle=True, random_state=seed)
    for fitted, tested in halves.split(known.correct, groups=known.images):
        model = PosthocTrust.fit(known.take(fitted), seed)
        trust[tested] = model.predict(known.persons.take(tested))
        others = [model.predict(persons) for persons in new]
    return trust, others


def splits(images: NDArray[np.generic], count: int) -> Iterator[NDArray]:
    """Split images at random.

    Args:
        images: ``(N,)`` images.
        count: Number of splits.

    Yields:
        ``(N,)`` bool, two thirds of the images.
    """
    names = np.unique(images)
    for seed in range(count):
        order = np.random.default_rng(seed).permutation(names)
        yield np.isin(images, order[: round(_CALIBRATED * len(names))])


def measure(
    joints: LabeledScores, num_joints: int, risk: float, options: tuple
) -> Figures:
    """Choose thresholds on splits, and see what they do on the rest.

    Args:
        joints: Labeled joints.
        num_joints: Number of joints of a person.
        risk: The risk.
        options: Confidence, and number of splits.

    Returns:
        The figures.
    """
    confidence, count = options
    full = full_weight(num_joints)
    rows = []
    for seed, chosen in enumerate(splits(joints.images, count)):
        part, rest = joints.take(chosen), joints.take(~chosen)
        found = choose_threshold(part, risk, confidence, full, seed).threshold
        if found is None:
            rows.append(Figures(1, 0, 0, 0))
            continue
        kept = rest.scores >= found
        plain = (kept & ~rest.correct).sum() / max(kept.sum(), 1)
        share = wrong_share(rest, found, full)
        rows.append(Figures(0, kept.mean(), share > risk, plain > risk))
    return Figures(*np.mean(rows, axis=0).tolist())


def flagged(
    means: NDArray[np.float64],
    count: int,
    new: NDArray[np.float64] | None = None,
) -> float:
    """Share of the splits whose check finds that images differ.

    Args:
        means: ``(I, K)`` mean scores of the images.
        count: Number of splits.
        new: Mean scores of other images; the rest of the split by default.

    Returns:
        The share.
    """
    found = []
    for seed, chosen in enumerate(splits(np.arange(len(means)), count)):
        rest = np.random.default_rng(seed).permutation(means[~chosen])
        other = rest if new is None else new
        found.append(check_shift(other, means[chosen], seed).differs)
    return float(np.mean(found))


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('--results', type=Path, nargs='+', required=True)
    add('--ann', type=Path, nargs='+', required=True, help='of each results')
    add('--new', type=Path, nargs='*', default=[], help='dumps of mim test')
    add('--risks', type=float, nargs='+', default=[0.05, 0.1, 0.2])
    add('--confidence', type=float, default=0.9, help='(%(default)s)')
    add('--splits', type=at_least(1), default=200, help='(%(default)s)')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Print the table and how often images are told apart.

    Args:
        args: The command line.
    """
    known = read_pool(args.results, args.ann)
    inputs = [read_predictions(path) for path in args.new]
    new = [
        PredictedPersons(i.keypoints, i.scores[RAW_SCORE], i.truth.boxes)
        for i in inputs
    ]
    trust, others = cross_fit(known, new)
    scores = {RAW_SCORE: known.persons.scores, TRUST: trust}
    print('| risk | score | no threshold | kept | broken | of all joints |')
    print('|---|---|---:|---:|---:|---:|')
    for risk in args.risks:
        for name, values in scores.items():
            joints = select_joints(
                values, known.correct, known.labeled, known.images
            )
            found = measure(
                *(joints, values.shape[1], risk),
                (args.confidence, args.splits),
            )
            cells = ' | '.join(f'{value:.3f}' for value in found)
            print(f'| {risk:g} | {name} | {cells} |', flush=True)
    means = scores_of_images(trust, known.images)
    print(f'flagged, like images: {flagged(means, args.splits):.3f}')
    for path, one, values in zip(args.new, inputs, others, strict=True):
        other = scores_of_images(values, one.truth.image_ids)
        share = flagged(means, args.splits, other)
        print(f'flagged, {path.name}: {share:.3f}')


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
