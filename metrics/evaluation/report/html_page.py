"""The page of a report: one file that needs no network."""

import gzip
import json
from pathlib import Path
from typing import Any

_PARTS = Path(__file__).parent / 'page'
_PROGRAM = (
    *('words.js', 'notes.js', 'draw.js', 'curves.js', 'gallery.js'),
    'page.js',
)
# the smallest bundle of https://www.npmjs.com/package/plotly.js-basic-dist-min
_PLOTLY = 'plotly-basic.min.js.gz'


def format_page(
    reports: dict[str, dict[str, Any]], shown: dict[str, dict[str, Any]]
) -> str:
    """Put results, program and style into one page.

    Args:
        reports: Content of ``report.json``.
        shown: By the same names, results of :func:`page_data`.

    Returns:
        HTML; no text of the input can end its script.

    Example:
        >>> page = format_page({'</script>': {}}, {})
        >>> page.count('<script'), page.count('</script>')
        (3, 3)
    """
    data = json.dumps(
        {'reports': reports, 'shown': shown},
        separators=(',', ':'),
        allow_nan=False,
        default=str,
    )
    program = [(_PARTS / name).read_text('utf-8') for name in _PROGRAM]
    plotly = gzip.decompress((_PARTS / _PLOTLY).read_bytes()).decode()
    # the data last: its text is not searched for marks
    page = (_PARTS / 'page.html').read_text('utf-8')
    for mark, text in (
        ('{{ style }}', (_PARTS / 'page.css').read_text('utf-8')),
        ('{{ program }}', '\n'.join(program)),
        ('{{ plotly }}', plotly),
        ('{{ data }}', data.replace('<', '\\u003c')),
    ):
        page = page.replace(mark, text, 1)
    return page
