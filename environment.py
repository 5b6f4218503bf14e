"""The environment variables that configs and run scripts read, checked.

A variable that is empty counts as not set. Run as a file, without this
package or any other one installed, it prints all variables as assignments of
a shell, and ends with 2 after one line for each wrong value.
"""

from __future__ import annotations  # run by any Python 3 that is there

import os
import shlex
import sys
from collections.abc import Callable
from typing import NamedTuple


def _text(text: str) -> str:
    return text


def _switch(text: str) -> bool:
    if text not in ('0', '1'):
        raise ValueError('0 or 1')
    return text == '1'


def _count(text: str) -> int:
    # str.isdigit accepts digits of other scripts, and so does int
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError('a whole number above 0')
    return int(text)


def _teacher(text: str) -> str:
    if text not in ('free', 'fk'):
        raise ValueError('free or fk')
    return text


class Variable(NamedTuple):
    """How a variable is read.

    Attributes:
        read: Converts its text; raises ``ValueError`` with what is expected.
        meaning: Its line in docs/reference.md.
        default: Its text where it is not set; None for no default.
    """

    read: Callable[[str], str | int | bool]
    meaning: str
    default: str | None = None


RUNS = 'work_dirs/self_verify_pose'
"""Folder of all runs and caches, below the working directory."""

VARIABLES: dict[str, Variable] = {
    # data
    'COCO_ROOT': Variable(
        _text, 'folder of COCO: images and annotations', 'data/coco/'
    ),
    'CROWDPOSE_ROOT': Variable(
        _text, 'folder of CrowdPose', 'data/crowdpose/'
    ),
    'EXLPOSE_ROOT': Variable(_text, 'folder of ExLPose', 'data/ExLPose/'),
    'HUMANART_ROOT': Variable(_text, 'folder that holds `HumanArt/`', 'data/'),
    'OCHUMAN_ROOT': Variable(_text, 'folder of OCHuman', 'data/ochuman/'),
    'OTHER_POSES': Variable(
        _text,
        'results of another estimator on the training images',
        f'{RUNS}/other.keypoints.json',
    ),
    'SYNTHETIC': Variable(
        _switch, '1 uses synthetic images, made in `data/synthetic_coco`', '0'
    ),
    'MAX_SAMPLES': Variable(
        _count, 'persons of training and of validation, with cached targets'
    ),
    # weights
    'BACKBONE_INIT': Variable(
        _text,
        'weights of the backbone: `imagenet`, `none` or a path',
        'imagenet',
    ),
    'POSE_CKPT': Variable(
        _text,
        'trained pose network beside which a head is trained',
        'checkpoints/rtmpose-s_simcc-coco_256x192.pth',
    ),
    # cached trust targets
    'TEACHER': Variable(
        _teacher, 'teacher of the cache: `free` or `fk`', 'free'
    ),
    'CACHE_DIR': Variable(_text, 'folder of the caches', f'{RUNS}/cache'),
    'CACHE_TRAIN': Variable(
        _text, 'path of the cache instead of a name in CACHE_DIR'
    ),
    'FORCE_CACHE': Variable(_switch, '1 makes the cache again', '0'),
    'FEATURES': Variable(
        _switch, '1 also stores features and trains without images', '0'
    ),
    'PSEUDO_TRUST_CACHE': Variable(
        _text,
        'cache that the config of cached targets reads',
        f'{RUNS}/cache/train_sol.npz',
    ),
    'PSEUDO_TRUST_FEATURES': Variable(
        _text, 'stored features that the same config reads'
    ),
    # the run
    'CONFIG': Variable(_text, 'config of a test; by default that of the run'),
    'WORK_DIR': Variable(_text, 'folder of the run, see below'),
    'GPUS': Variable(_count, 'number of processes, one GPU each', '1'),
    'FAST': Variable(
        _switch,
        '1 trains pose networks faster: channels last, bfloat16; without it '
        '`run_train_selfverify.sh` chooses by a few steps',
        '0',
    ),
    'USE_TENSORBOARD': Variable(_switch, '1 also logs to TensorBoard', '0'),
    'USE_WANDB': Variable(_switch, '1 also logs to Weights & Biases', '0'),
}


def read_text(name: str) -> str:
    """Read a variable that is a path or a name.

    Args:
        name: One of ``VARIABLES``.

    Returns:
        Its text, else its default, else an empty text.

    Example:
        >>> read_text('CACHE_DIR')
        'work_dirs/self_verify_pose/cache'
    """
    return str(_read(name) or '')


def read_switch(name: str) -> bool:
    """Read a variable that is 0 or 1.

    Args:
        name: One of ``VARIABLES``.

    Returns:
        Whether it is 1.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> read_switch('USE_WANDB')
        False
    """
    return bool(_read(name))


def read_count(name: str) -> int | None:
    """Read a variable that is a whole number above 0.

    Args:
        name: One of ``VARIABLES``.

    Returns:
        The number, else its default, else None.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> read_count('GPUS')
        1
    """
    value = _read(name)
    return None if value is None else int(value)


def _read(name: str) -> str | int | bool | None:
    variable = VARIABLES[name]
    text = os.environ.get(name) or variable.default
    if text is None:
        return None
    try:
        return variable.read(text)
    except ValueError as error:
        raise ValueError(
            f'{name}: expected {error}, found {text!r}; correct it, or unset '
            'it for the default'
        ) from None


def main() -> int:
    """Check all variables and print them as assignments of a shell.

    Returns:
        0, or 2 if one has a wrong value.

    Example:
        >>> import contextlib, io
        >>> with contextlib.redirect_stdout(io.StringIO()) as printed:
        ...     main()
        ...
        >>> 'GPUS=1' in printed.getvalue().splitlines()
        True
    """
    wrong = 0
    for name in VARIABLES:
        try:
            value = _read(name)
        except ValueError as error:
            print(error, file=sys.stderr)
            wrong = 2
            continue
        if isinstance(value, bool):
            value = int(value)
        text = '' if value is None else str(value)
        print(f'{name}={shlex.quote(text)}')
    return wrong


if __name__ == '__main__':
    sys.exit(main())
