"""Write the tables of docs/reference.md from the code, or compare them.

python tests/reference_page.py [--write]

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; what
stands outside is written by hand.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path

import self_verify_pose.compat  # noqa: F401  before MMPose
from self_verify_pose.datasets.transforms.load_other_pose import LoadOtherPose
from self_verify_pose.datasets.transforms.load_pseudo_trust import (
    LoadPseudoTrust,
)
from self_verify_pose.engine.hooks.trust_cache_check import TrustCacheHook
from self_verify_pose.engine.hooks.trust_panel import TrustPanelHook
from self_verify_pose.engine.hooks.trust_selection import TrustSelectionHook
from self_verify_pose.environment import VARIABLES
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric
from self_verify_pose.models.augmentations.verification import (
    VerificationView,
)
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.options import (
    ConsistencyOptions,
    SolvabilityOptions,
    StrongAugmentationOptions,
    TrustOptions,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.teachers.options import TeacherOptions

DOCUMENT = Path(__file__).resolve().parents[1] / 'docs' / 'reference.md'
CLASSES: dict[str, type] = {
    'model': SelfVerifyTopdown,
    'consistency_cfg': ConsistencyOptions,
    'hard_view': StrongAugmentationOptions,
    'trust_cfg': TrustOptions,
    'solvability_cfg': SolvabilityOptions,
    'TeacherOptions': TeacherOptions,
    'trust_head': TrustHead,
    'verify': VerificationView,
    'trust_selection': TrustSelectionHook,
    'trust_panel': TrustPanelHook,
    'trust_cache': TrustCacheHook,
    'JointTrustMetric': JointTrustMetric,
    'LoadOtherPose': LoadOtherPose,
    'LoadPseudoTrust': LoadPseudoTrust,
}
BLOCK = re.compile(r'(<!-- table: (\w+) -->\n).*?(<!-- end -->)', re.DOTALL)


def meanings(kind: type) -> dict[str, str]:
    """Return the arguments of a class that its docstring describes."""
    text = inspect.cleandoc(kind.__doc__ or '')
    block = re.search(r'^Args:\n((?: {4}.*\n?|\n)+)', text, re.MULTILINE)
    parts = re.split(r'^ {4}\**(\w+): ', block[1] if block else '', flags=re.M)
    return {
        name: re.sub(r'\s+', ' ', meaning).strip()
        for name, meaning in zip(parts[1::2], parts[2::2], strict=True)
    }


def plain(text: str) -> str:
    """Turn the markup of a docstring into that of a page."""
    text = re.sub(r':\w+:`([^`]*)`', r'`\1`', text)
    text = re.sub(r'``([^`]*)``', r'`\1`', text)
    for key, kind in CLASSES.items():
        if key.endswith(('_cfg', '_view')):
            text = text.replace(f'`{kind.__name__}`', f'`{key}` below')
    return text.replace('|', r'\|')


def options_table(kind: type) -> str:
    """Return the table of the arguments of a class."""
    described = meanings(kind)
    lines = ['| key | default | meaning |', '|---|---|---|']
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        default = parameter.default
        shown = '–' if default is parameter.empty else f'`{default!r}`'
        lines.append(f'| `{name}` | {shown} | {plain(described[name])} |')
    return '\n'.join(lines) + '\n'


def variables_table() -> str:
    """Return the table of the environment variables."""
    lines = ['| variable | default | meaning |', '|---|---|---|']
    for name, (_, meaning, default) in VARIABLES.items():
        shown = '–' if default is None else f'`{default}`'
        lines.append(f'| `{name}` | {shown} | {meaning} |')
    return '\n'.join(lines) + '\n'


TABLES: dict[str, Callable[[], str]] = {
    'environment': variables_table,
    **{
        name: lambda kind=kind: options_table(kind)
        for name, kind in CLASSES.items()
    },
}


def render(page: str) -> str:
    """Return a page with each of its tables made anew."""
    return BLOCK.sub(lambda m: m[1] + TABLES[m[2]]() + m[3], page)


def main() -> int:
    """Write the tables, or tell whether they are up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--write', action='store_true')
    page = DOCUMENT.read_text(encoding='utf-8')
    if parser.parse_args().write:
        DOCUMENT.write_text(render(page), encoding='utf-8')
        return 0
    return page != render(page)


if __name__ == '__main__':
    sys.exit(main())
