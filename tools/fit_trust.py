"""Fit trust to a file of predictions and labels, without a pose network.

    python tools/fit_trust.py RESULTS.json --ann ANN.json --out trust.json

RESULTS.json holds keypoint results in COCO format, of any estimator, and
ANN.json the annotations of some hundred of these persons. Cross-validation by
image chooses between boosted trees, a linear model, and a monotone map of
each joint's score, which stays where nothing else ranks joints surely better.
With --second the predictions of another estimator on the same persons are
evidence, too. apply_trust.py gives the trust of further persons.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from self_verify_pose.engine.posthoc import PosthocTrust
from self_verify_pose.engine.posthoc.results_file import read_labeled
from self_verify_pose.engine.posthoc.second_file import count_partners
from self_verify_pose.engine.posthoc.storage import save_trust
from self_verify_pose.output_files import check_output_file
from self_verify_pose.tools.command_line import make_main, make_parser

KINDS = {
    'trees': 'boosted trees',
    'linear': 'the linear model',
    'map': 'the monotone map of the score alone',
}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('results', type=Path, metavar='RESULTS', help='COCO-format results')
    add('--ann', type=Path, required=True, help='COCO annotation file')
    add('--out', type=Path, required=True, help='file of the trust (JSON)')
    second = 'results of a second estimator on the same persons'
    add('--second', type=Path, metavar='OTHER', help=second)
    add('--seed', type=int, default=0, help='(%(default)s)')
    add(
        '--allow-partial',
        action='store_true',
        help='also where a large share of the persons has no match',
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Fit the trust, write it, and print what was found.

    Args:
        args: The command line.
    """
    check_output_file(args.out)
    known, notes = read_labeled(
        args.results, args.ann, args.allow_partial, args.second
    )
    trust = PosthocTrust.fit(known, args.seed)
    counts = {
        'persons': len(known.images),
        'images': len(np.unique(known.images)),
        'labeled joints': int(known.labeled.sum()),
        'correct joints': int(known.correct[known.labeled].sum()),
    }
    files = {'results': args.results.name, 'annotations': args.ann.name}
    if known.persons.second is not None:
        notes += (count_partners(known.persons.second, args.second.name),)
        if trust.with_second:
            files['second'] = args.second.name
        else:
            notes += (f'{args.second.name} adds nothing and is not needed.',)
    save_trust(args.out, trust, {**files, **counts})
    found = trust.found
    print(', '.join(f'{count} {name}' for name, count in counts.items()))
    for note in notes:
        print(note)
    print(
        'AUROC in cross-validation by image: '
        f'score {found.score_auroc:.3f}, its monotone map '
        f'{found.map_auroc:.3f}, trust {found.auroc:.3f}'
    )
    print(
        f'chosen: {KINDS[trust.kind]}'
        + (f', share {trust.share:g}' if trust.model else '')
        + f'; gain over the map {found.gain:+.3f} ± {found.error:.3f}'
    )
    print(args.out)


main = make_main(__file__, parse_arguments, run)

if __name__ == '__main__':
    sys.exit(main())
