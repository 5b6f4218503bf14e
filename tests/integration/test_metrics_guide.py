"""Both guides name what the model logs, and say the same."""

import inspect
import re

import pytest
from guide_tables import GUIDES, described, read
from helpers import ROOT

from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)

# logged with a GPU, with clipped gradients, in the text
ELSEWHERE = {'memory', 'grad_norm', 'eta', 'trust_panel', 'score_panel'}


def documented_losses() -> set[str]:
    """Names that the docstring of the model's ``loss`` promises."""
    text = inspect.getdoc(SelfVerifyTopdown.loss)
    returns = text.split('Returns:')[1]
    return set(re.findall(r'``(\w+)``', returns))


@pytest.mark.parametrize('guide', GUIDES)
def test_a_guide_describes_what_the_model_documents(guide):
    names = documented_losses()
    assert {'loss_kpt', 'loss_trust', 'solv_converged'} <= names
    assert names <= described(read(guide))
    missing = {name for name in ELSEWHERE if f'`{name}`' not in read(guide)}
    assert not missing


@pytest.mark.parametrize(
    'part',
    [
        r'^#+(?= )',  # levels of the headings
        r'^```bash\n.*?^```',  # commands
        r'(?<=\]\()[^)]*png',  # figures
    ],
)
def test_the_guides_have_the_same_structure(part):
    one, other = (
        re.findall(part, read(guide), re.MULTILINE | re.DOTALL)
        for guide in GUIDES
    )
    assert len(one) >= 3
    assert one == other


def test_the_tables_of_the_guides_have_the_same_rows():
    one, other = (
        [
            (line.count('|'), described(line))
            for line in read(guide).splitlines()
            if line.startswith('|')
        ]
        for guide in GUIDES
    )
    assert len(one) > 40
    assert one == other


def test_the_figures_of_the_guides_exist():
    for path in re.findall(r'\]\((images/[^)]*)\)', read(GUIDES[0])):
        assert (ROOT / 'docs' / path).stat().st_size > 10_000
