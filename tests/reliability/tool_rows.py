"""Whole tools.

Each one is called with annotations in which a person's box is null, and ends
with exit code 2 and one sentence before it computes or writes anything.
"""

from row import Row

_WORDS = (
    'refused: ann.json: annotations[1]: bbox: expected a list of 4 numbers, '
    'found null'
)
ROWS = tuple(
    Row(name, 'annotations with a box null', _WORDS)
    for name in (
        'eval_trust',
        'calibrate_trust',
        'generate_solvability_cache',
        'visualize_trust',
    )
)
