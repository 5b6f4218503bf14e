"""What the guides to the logged names say, in both languages."""

import re

from helpers import ROOT

GUIDES = ('docs/metrics_guide.md', 'docs/metrics_guide_zh-CN.md')


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding='utf-8')


def described(text: str) -> set[str]:
    """Names in the first column of the tables."""
    cells = re.findall(r'^\| ([^|]+) \|', text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r'`([^`]+)`', cell)}
