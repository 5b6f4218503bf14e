"""Run mim, and end as the command that it runs ends.

python tools/run_mim.py train|test mmpose CONFIG [ARGUMENTS]

mim itself reports a command that has failed by a traceback of its own, which
would hide the message of the command.
"""

import subprocess
import sys
from collections.abc import Sequence

from mim.cli import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line of mim.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code of mim, or of the command that it ran.
    """
    try:
        cli.main(argv, prog_name='mim')
    except subprocess.CalledProcessError as error:
        code = error.returncode
        return code if code > 0 else 128 - code
    return 0  # not reached: click exits


if __name__ == '__main__':
    sys.exit(main())
