"""Annotations and results.

The readers of annotation files and of predictions share their checks.
"""

from row import Row

ROWS = (
    Row(
        'results without entries',
        'an empty list of results',
        'refused: results.json: expected predictions, found an empty list',
    ),
)
