"""Find what a test of a training needs: its checkpoint and its config.

python tools/prepare_test.py CONFIG CHECKPOINT|WORK_DIR --out FOLDER

Prints the checkpoint, for a work directory that of its last training, and a
config in FOLDER: CONFIG with the model as it was trained, where the folder of
the checkpoint has the training's copy of CONFIG.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.engine.trained_run import (
    best_checkpoint,
    config_as_trained,
)
from self_verify_pose.tools.command_line import make_parser, run_tool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code of :func:`run_tool`.
    """
    parser = make_parser(__doc__)
    parser.add_argument('config', type=Path)
    parser.add_argument('given', type=Path, metavar='CHECKPOINT|WORK_DIR')
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER')
    args = parser.parse_args(argv)

    def work() -> None:
        is_folder = args.given.is_dir()
        folder = args.given if is_folder else args.given.parent
        print(best_checkpoint(folder) if is_folder else args.given)
        copy, config = folder / args.config.name, args.config
        if copy.is_file() and copy.resolve() != config.resolve():
            args.out.mkdir(parents=True, exist_ok=True)
            combined = config_as_trained(config, copy)
            config = args.out / args.config.name
            combined.dump(config)
        print(config)

    return run_tool(__file__, work)


if __name__ == '__main__':
    sys.exit(main())
