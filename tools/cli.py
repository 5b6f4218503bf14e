"""The program ``self-verify-pose``: each tool as a sub-command."""

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from self_verify_pose import __version__

PROGRAM = 'self-verify-pose'
TOOLS = {
    'eval': 'eval_trust',
    'visualize': 'visualize_trust',
    'robustness': 'robustness',
    'calibrate': 'calibrate_trust',
    'choose-threshold': 'choose_threshold',
    'export': 'export_trust',
    'export-onnx': 'export_onnx',
    'fit': 'fit_trust',
    'apply': 'apply_trust',
    'select': 'select_images',
    'leaderboard': 'leaderboard',
    'compare': 'compare_trust',
    'cache': 'generate_solvability_cache',
    'synthetic': 'make_synthetic_coco',
    'summarize': 'summarize_run',
    'check-env': 'check_env',
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a tool by the name of its sub-command.

    Args:
        argv: The name and the arguments of the tool; those of the process by
            default.

    Returns:
        The exit code of the tool; 2 for an unknown name.
    """
    name, *arguments = list(sys.argv[1:] if argv is None else argv) or ['-h']
    if name in ('-h', '--help'):
        print(describe())
        return 0
    if name == '--version':
        print(__version__)
        return 0
    if name not in TOOLS:
        print(
            f'{PROGRAM}: expected one of {", ".join(TOOLS)}, found {name}; '
            f'{PROGRAM} --help tells what they do',
            file=sys.stderr,
        )
        return 2
    tool = import_module(f'{__package__}.{TOOLS[name]}')
    sys.argv = [f'{PROGRAM} {name}', *arguments]  # the tool's help names it
    return int(tool.main())


def describe() -> str:
    """List the sub-commands, each with the first line of its tool.

    Returns:
        The text of ``--help``; no tool is imported for it.
    """
    lines = [
        f'{PROGRAM} COMMAND [ARGUMENTS]',
        '',
        f'{PROGRAM} COMMAND --help describes a command:',
        '',
    ]
    for name, module in TOOLS.items():
        text = (Path(__file__).parent / f'{module}.py').read_text('utf-8')
        document = ast.get_docstring(ast.parse(text)) or ''
        lines.append(f'  {name:17}{document.splitlines()[0]}')
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
