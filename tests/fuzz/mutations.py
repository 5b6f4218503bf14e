"""Random changes of valid input."""

import copy
import math

from hypothesis import strategies as st

JUNK = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, -1e308),
    *(math.nan, math.inf, -math.inf, '', '0', 'x' * 99, '\udcff', '../..'),
    *([], [[]], [None], {}, {'id': 1}, [0] * 51, ['a'] * 17),
)


@st.composite
def changed(draw, value, junk=JUNK):
    """A value of nested dicts and lists with one to three changes."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        value = _change_one(draw, value, junk)
    return value


def _change_one(draw, value, junk):
    """Replace, remove or repeat one part, at any depth."""
    inner = isinstance(value, dict | list) and len(value)
    if not inner or draw(st.integers(0, 9)) == 0:
        return copy.deepcopy(draw(st.sampled_from(junk)))
    keys = sorted(value, key=str) if isinstance(value, dict) else None
    key = draw(st.sampled_from(keys or range(len(value))))
    kind = draw(st.integers(0, 9))
    if kind == 0:
        del value[key]
    elif kind == 1 and isinstance(value, list):
        value.append(copy.deepcopy(value[key]))
    elif kind == 1:
        value[draw(st.sampled_from(['', 'id', 'bbox']))] = value[key]
    else:
        value[key] = _change_one(draw, value[key], junk)
    return value


@st.composite
def corrupted(draw, content):
    """Bytes that are cut off, or changed in a few places."""
    content = bytearray(content)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content) - 1))
        content[place] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content)
