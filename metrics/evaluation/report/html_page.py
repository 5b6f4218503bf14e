"""The page of a report: one file that needs no network."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PARTS = Path(__file__).parent / 'page'


def check_page_needs() -> None:
    """Raise unless the package that draws is installed.

    Raises:
        ValueError: If plotly is missing.
    """
    if find_spec('plotly') is None:
        raise ValueError(
            '--html: expected the package plotly, found none; install it '
            "with pip install 'self-verify-pose[html]', or leave out --html."
        )


def format_page(
    reports: dict[str, dict[str, Any]], shown: dict[str, dict[str, Any]]
) -> str:
    """Put results, program and style into one page.

    Args:
        reports: Content of ``report.json``.
        shown: By the same names, results of :func:`page_data`.

    Returns:
        HTML; no text of the input can end its script.
    """
    from plotly.offline import get_plotlyjs

    data = json.dumps(
        {'reports': reports, 'shown': shown},
        separators=(',', ':'),
        allow_nan=False,
        default=str,
    )
    # the data last: its text is not searched for marks
    page = (_PARTS / 'page.html').read_text('utf-8')
    for mark, text in (
        ('{{ style }}', (_PARTS / 'page.css').read_text('utf-8')),
        ('{{ words }}', (_PARTS / 'words.js').read_text('utf-8')),
        ('{{ program }}', (_PARTS / 'page.js').read_text('utf-8')),
        ('{{ plotly }}', get_plotlyjs()),
        ('{{ data }}', data.replace('<', '\\u003c')),
    ):
        page = page.replace(mark, text, 1)
    return page
