"""Give predicted persons the trust that fit_trust.py has fitted.

    python tools/apply_trust.py RESULTS.json --trust trust.json \
        --out scored.json

RESULTS.json holds keypoint results in COCO format of the same estimator.
scored.json holds the same entries, each with ``keypoint_trust``, the
probability that each joint is correct. Nothing but numpy and scikit-learn is
needed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from self_verify_pose.engine.posthoc.results_file import read_persons
from self_verify_pose.engine.posthoc.second_file import count_partners
from self_verify_pose.engine.posthoc.storage import load_trust
from self_verify_pose.output_files import check_output_file, write_text
from self_verify_pose.tools.command_line import make_main, make_parser

_DIGITS = 6


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
    add('--trust', type=Path, required=True, help='file of fit_trust.py')
    add('--out', type=Path, required=True, help='results with trust')
    add('--ann', type=Path, help='annotations, where results have no boxes')
    second = 'results of the second estimator, where it was fitted with one'
    add('--second', type=Path, metavar='OTHER', help=second)
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Add the trust, and print the number of persons.

    Args:
        args: The command line.
    """
    check_output_file(args.out)
    trust, about = load_trust(args.trust)
    if trust.with_second and args.second is None:
        raise ValueError(
            f'--second: expected predictions of the second estimator, as '
            f'{args.trust} was fitted with those in {about.get("second")}, '
            'found none; give them, or fit without --second'
        )
    second = args.second if trust.with_second else None
    persons = read_persons(args.results, args.ann, second)
    values = trust.predict(persons).round(_DIGITS)
    entries = json.loads(args.results.read_text(encoding='utf-8'))
    for entry, row in zip(entries, values.tolist(), strict=True):
        entry['keypoint_trust'] = row
    write_text(args.out, json.dumps(entries))
    count, joints = values.shape
    if persons.second is not None:
        print(count_partners(persons.second, args.second.name))
    elif args.second is not None:
        print(
            f'{args.second.name} is not needed: {args.trust} does not use it'
        )
    print(f'{args.out}: trust of {joints} joints of {count} persons')


main = make_main(__file__, parse_arguments, run)

if __name__ == '__main__':
    sys.exit(main())
