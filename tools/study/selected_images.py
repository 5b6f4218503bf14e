"""Measure what selection of images by trust is worth.

    python -m self_verify_pose.tools.study.selected_images
        --calib RESULTS --calib-ann ANN --eval RESULTS --eval-ann ANN
        [--labels N]

Trust is fitted to --calib. The first tenth of the images of --eval is
selected by it, and by the raw score; the table has the labeled wrong joints of
an image, their ratio to all images, and the mean distance of each pose to the
next one. The last row selects by the true number: no selection finds more. The
second table is of joints that are wrong beyond 0.1 person sizes.

Then for five seeds: trust is fitted to a hundred random persons of --calib,
selects N images of its others, and is fitted again to both; beside it the
same with N random images. Both are evaluated on --eval.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from self_verify_pose.constants import NUM_BINS, PCK_THRESHOLD
from self_verify_pose.engine.posthoc.persons import Floats, LabeledPersons
from self_verify_pose.engine.posthoc.posthoc_trust import PosthocTrust
from self_verify_pose.engine.posthoc.results_file import read_labeled
from self_verify_pose.engine.selection.image_selection import (
    ImageCandidates,
    select_images,
)
from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.metrics.functional import aurc, auroc, ece_mass
from self_verify_pose.tools.command_line import (
    at_least,
    make_parser,
    run_tool,
)

SHARE, SPREAD, RATIO = 0.1, 1.5, 1.5
SEEDS, FIRST = 5, 100


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    for name in ('calib', 'eval'):
        add(f'--{name}', type=Path, required=True, metavar='RESULTS')
        add(f'--{name}-ann', type=Path, required=True, metavar='ANN')
    labels = 'images to label, 0: leave the second part out (%(default)s)'
    add('--labels', type=at_least(0), default=200, help=labels)
    return parser.parse_args(argv)


def found_errors(args: argparse.Namespace) -> Iterator[str]:
    """Select the first tenth of the images.

    Args:
        args: The command line.

    Yields:
        Lines of a table for each threshold.
    """
    fitted, _ = read_labeled(args.calib, args.calib_ann)
    known, _ = read_labeled(args.eval, args.eval_ann)
    trust = PosthocTrust.fit(fitted).predict(known.persons)
    errors = read_predictions(args.eval, args.eval_ann).errors
    scores = known.persons.scores
    scores = (scores - scores.min()) / np.ptp(scores)
    scores, trust = (_counted(fitted, values) for values in (scores, trust))
    for threshold in (PCK_THRESHOLD, 2 * PCK_THRESHOLD):
        wrong = (errors > threshold) & known.labeled
        yield (
            f'| wrong beyond {threshold:g} by | wrong joints an image | '
            'against all images | distance to the next pose |'
        )
        yield '|---|---:|---:|---:|'
        rows = {
            'all images': (trust, 1.0, SPREAD),
            'raw score': (scores, SHARE, SPREAD),
            'trust': (trust, SHARE, SPREAD),
            'raw score, without spread': (scores, SHARE, 1.0),
            'trust, without spread': (trust, SHARE, 1.0),
            'the true number': (1.0 - wrong, SHARE, 1.0),
        }
        for name, (values, share, spread) in rows.items():
            figures = _select(known, values, wrong, share, spread)
            yield f'| {name} | ' + ' | '.join(figures) + ' |'
        yield ''


def _counted(known: LabeledPersons, values: Floats) -> Floats:
    """Values with 1 for joints that nobody labels, as the faces of LSPET."""
    return np.where(known.labeled.any(0), values, 1.0)


def _select(
    known: LabeledPersons,
    values: Floats,
    wrong: NDArray[np.bool_],
    share: float,
    spread: float,
) -> list[str]:
    images = ImageCandidates.of_persons(known.persons, values, known.images)
    size = len(images.image_ids)
    count = max(1, round(share * size))
    chosen = select_images(
        images.expected_wrong, images.features, count, spread
    )
    totals = np.bincount(images.image_of, wrong.sum(1), size)
    distance = cdist(images.features[chosen], images.features[chosen])
    np.fill_diagonal(distance, np.inf)
    mean = totals[chosen].mean()
    return [
        f'{mean:.2f}',
        f'{mean / totals.mean():.2f}',
        f'{distance.min(1).mean():.3f}',
    ]


def fitted_again(args: argparse.Namespace) -> Iterator[str]:
    """Fit trust to selected and to random images.

    Args:
        args: The command line.

    Yields:
        Lines of a table.
    """
    known, _ = read_labeled(args.calib, args.calib_ann)
    tested, _ = read_labeled(args.eval, args.eval_ann)
    names = np.unique(known.images)
    if len(names) < FIRST + args.labels:
        raise ValueError(
            f'--labels: expected at most {len(names) - FIRST} images, as '
            f'{args.calib} has {len(names)}, found {args.labels}; give fewer'
        )
    yield '| seed | labels | AUROC | ECE of equal mass | AURC |'
    yield '|---:|---|---:|---:|---:|'
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        order = rng.permutation(names)
        first, others = order[:FIRST], order[FIRST:]
        start = _fit(known, first, seed)
        rest = known.take(np.isin(known.images, others))
        trust = _counted(known, start.predict(rest.persons))
        images = ImageCandidates.of_persons(rest.persons, trust, rest.images)
        chosen = select_images(
            images.expected_wrong, images.features, args.labels, SPREAD
        )
        sets = {
            f'{FIRST} random images': first,
            f'and {args.labels} selected': [*first, *images.image_ids[chosen]],
            f'and {args.labels} random': order[: FIRST + args.labels],
        }
        for name, which in sets.items():
            again = _fit(known, np.array(which), seed)
            values = again.predict(tested.persons)[tested.labeled]
            correct = tested.correct[tested.labeled]
            yield (
                f'| {seed} | {name} ({again.kind}) | '
                f'{auroc(values, correct):.4f} | '
                f'{ece_mass(values, correct, NUM_BINS):.4f} | '
                f'{aurc(values, correct):.4f} |'
            )


def _fit(
    known: LabeledPersons, images: NDArray[np.generic], seed: int
) -> PosthocTrust:
    return PosthocTrust.fit(known.take(np.isin(known.images, images)), seed)


def run(args: argparse.Namespace) -> None:
    """Print the tables.

    Args:
        args: The command line.
    """
    for line in found_errors(args):
        print(line, flush=True)
    if args.labels:
        for line in fitted_again(args):
            print(line, flush=True)


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
