"""Put reports of eval_trust.py into one table.

python tools/leaderboard.py 'RTMPose-S, COCO=report/report.json' … [--out FILE]

Each argument is a title and a report; a report of several files of
predictions gets a title and the name of each file. docs/protocol.md says which
reports an estimator should have.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from self_verify_pose.coco_fields import read_json
from self_verify_pose.metrics.evaluation.report.leaderboard import (
    Entry,
    leaderboard,
)
from self_verify_pose.output_files import check_output_file, write_text
from self_verify_pose.tools.command_line import make_main, make_parser


def _parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('reports', nargs='+', metavar='TITLE=REPORT.json')
    add('--out', type=Path, metavar='FILE.md', help='also write the table')
    return parser.parse_args(argv)


def read_entries(argument: str) -> list[Entry]:
    """Read the report of one argument.

    Args:
        argument: ``TITLE=REPORT.json``.

    Returns:
        An entry for each file of predictions in the report.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the argument has no title, or the file is no report.
    """
    title, equals, name = argument.rpartition('=')
    if not (title and equals and name):
        raise ValueError(
            f'reports: expected TITLE=REPORT.json, found {argument!r}; write '
            "for example 'RTMPose-S, COCO=report/report.json'"
        )
    content = read_json(name)
    needed = ('settings', 'scores', 'differences', 'error_rate', 'persons')
    parts = content.values() if isinstance(content, dict) else ()
    if not parts or not all(
        isinstance(part, dict) and all(key in part for key in needed)
        for part in parts
    ):
        raise ValueError(
            f'{name}: expected a report.json of eval_trust.py, found '
            'something else; give the file beside report.md'
        )
    if len(content) == 1:
        return [Entry(title, part) for part in parts]
    return [Entry(f'{title}, {file}', part) for file, part in content.items()]


def _run(args: argparse.Namespace) -> None:
    if args.out is not None:
        check_output_file(args.out)
    entries = [one for each in args.reports for one in read_entries(each)]
    table = leaderboard(entries)
    if args.out is not None:
        write_text(args.out, f'{table}\n')
    print(table)


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
