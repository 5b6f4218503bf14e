"""Files that are read and written.

A dump is a pickle, and a pickle can name any function: none of them is run.
"""

from row import Row

ROWS = (
    Row(
        'a dump that runs a command',
        'a pickle that names `os.system`',
        'refused: preds.pkl: expected a dump of mim test … it holds '
        'posix.system, not plain values and arrays alone',
    ),
    Row(
        'a dump with Python objects',
        'an array of objects in a pickle',
        'refused: preds.pkl: expected a dump of mim test … it holds an array '
        'of type O8, not plain values and arrays alone',
    ),
    Row(
        'a tensor that runs a command',
        'a torch tensor in a dump whose storage names `os.system`',
        'refused: preds.pkl: expected a dump of mim test',
    ),
    Row(
        'a dump cut off',
        'the first half of a dump',
        'refused: preds.pkl: expected a dump of mim test',
    ),
)
