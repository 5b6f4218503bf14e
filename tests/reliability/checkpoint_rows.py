"""Checkpoints.

Every tool and every run checks the weights that it loads.
"""

from row import Row


def _refused(case: str, given: str, words: str) -> Row:
    return Row(case, given, f'refused: checkpoint: {words}')


ROWS = (
    _refused('no file', 'a wrong path', 'expected a file, found nothing at'),
    _refused(
        'no checkpoint',
        'a text',
        'expected a PyTorch checkpoint, found … which cannot be read',
    ),
    _refused(
        'cut off',
        'half of a file',
        'expected a PyTorch checkpoint, found … which cannot be read',
    ),
    _refused(
        'a list', 'a list', 'expected weights by name, found … holds a list'
    ),
    _refused(
        'a whole model',
        'a pickled module',
        'expected a PyTorch checkpoint, found … which cannot be read',
    ),
    _refused(
        'numbers for names',
        'weights by number',
        'expected weights by name, found',
    ),
    _refused(
        'empty',
        'no weights',
        'expected weights of this architecture, with … found nothing',
    ),
    _refused(
        'half of the prefixes',
        '`module.` before some names',
        'expected weights of this architecture, with … found nothing',
    ),
    _refused(
        'another prefix',
        '`net.` before all names',
        'expected weights of this architecture, with … found nothing in … '
        "which begins with 'net.",
    ),
    _refused(
        'another shape',
        'a weight of another shape',
        'expected weights of this architecture, with … found (3,)',
    ),
    _refused(
        'no BatchNorm statistics',
        'weights without running means and variances',
        "expected weights of this architecture, with … running_mean' of shape "
        '… found nothing',
    ),
    _refused(
        'NaN weight',
        'a weight with NaN',
        'expected finite real numbers in … found 1 of … NaN or infinite',
    ),
    _refused(
        'infinite weight',
        'a weight with infinity',
        'expected finite real numbers in … found 1 of … NaN or infinite',
    ),
    _refused(
        'NaN statistic',
        'a running variance with NaN',
        "expected finite real numbers in … running_var', found 1 of",
    ),
    _refused(
        'complex weight',
        'a weight of complex numbers',
        'expected finite real numbers in … found complex numbers',
    ),
    _refused(
        'NaN calibration',
        'a calibration with NaN',
        "expected finite real numbers in 'trust_head.calibration.outputs', "
        'found 1 of 32 NaN',
    ),
    _refused(
        'NaN trust head',
        'a weight of the trust head with NaN',
        "expected finite real numbers in 'trust_head.",
    ),
    Row('bare weights', 'a state dict alone', 'loaded'),
    Row('the key model', "weights under 'model'", 'loaded'),
    Row('the prefix module', '`module.` before all names', 'loaded'),
    Row('the prefix _orig_mod', '`_orig_mod.` before all names', 'loaded'),
    Row('both prefixes', '`module._orig_mod.` before all names', 'loaded'),
    Row('both prefixes, turned', '`_orig_mod.module.`', 'loaded'),
)
