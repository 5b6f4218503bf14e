"""Write docs/reliability.md from the rows of this folder, or compare it.

python tests/reliability/document.py [--write]
"""

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType

from row import Row

FOLDER = Path(__file__).resolve().parent
DOCUMENT = FOLDER.parents[1] / 'docs' / 'reliability.md'
HEAD = """\
# Reliability

What happens with wrong or unusual input, and under faults. Each row is a
parametrized test of `tests/reliability`; this page is written by
`python tests/reliability/document.py --write`. After "refused" stand words of
the message; `…` stands for names and numbers of the case.

{count} rows.
"""


def modules() -> list[ModuleType]:
    """Import the modules of rows, in the order of their names."""
    names = sorted(path.stem for path in FOLDER.glob('*_rows.py'))
    return [
        importlib.import_module(name)
        for name in names
        if not name.startswith('test_')
    ]


def render() -> str:
    """Return the text of the document."""
    sections = [(module.__doc__ or '', module.ROWS) for module in modules()]
    count = sum(len(rows) for _, rows in sections)
    parts = [HEAD.format(count=count)]
    for text, rows in sections:
        title, _, rest = text.strip().partition('\n')
        parts += [f'\n## {title.rstrip(".")}\n{rest and rest + chr(10)}\n']
        parts += ['| case | given | what happens |\n|---|---|---|\n']
        parts += map(_line, rows)
    return ''.join(parts)


def _line(row: Row) -> str:
    return '| {} |\n'.format(
        ' | '.join(cell.replace('|', r'\|') for cell in row)
    )


def main() -> int:
    """Write the document, or tell whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--write', action='store_true')
    if parser.parse_args().write:
        DOCUMENT.write_text(render(), encoding='utf-8')
    return DOCUMENT.read_text(encoding='utf-8') != render()


if __name__ == '__main__':
    sys.exit(main())
