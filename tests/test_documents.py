"""The documents: links, both languages, tables made from the code."""

import re
from pathlib import Path

import pytest
import reference_page
from document_blocks import FENCE
from helpers import ROOT

from self_verify_pose import __version__

TOP = ('README.md', 'README_zh-CN.md', 'CONTRIBUTING.md', 'CHANGELOG.md')
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*map(ROOT.joinpath, TOP), *ROOT.glob('docs/**/*.md')]
    if path.exists()
)
TRANSLATIONS = [
    (page.replace('_zh-CN', ''), page) for page in PAGES if '_zh-CN' in page
]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding='utf-8')


def without_code(text: str) -> str:
    return FENCE.sub('', text)


def headings(text: str) -> list[tuple[int, str]]:
    found = re.findall(r'^(#+) (.+)$', without_code(text), re.MULTILINE)
    return [(len(marks), title) for marks, title in found]


def anchors(text: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    result: set[str] = set()
    for _, title in headings(text):
        plain = re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', title).lower()
        anchor = re.sub(r'[^\w\- ]', '', plain).strip().replace(' ', '-')
        number = sum(anchor == re.sub(r'-\d+$', '', other) for other in result)
        result.add(f'{anchor}-{number}' if number else anchor)
    return result


def links(text: str) -> list[str]:
    text = re.sub(r'`[^`\n]*`', '', without_code(text))
    return re.findall(r'\]\(([^)\s]+)\)', text)


def tables(text: str) -> list[tuple[int, ...]]:
    """Number of cells of each row, for each table."""
    found = re.findall(r'(?:^\|.*\n)+', without_code(text), re.MULTILINE)
    return [
        tuple(
            len(re.sub(r'\\\||`[^`]*`', '', row).strip('| ').split('|'))
            for row in table.splitlines()
        )
        for table in found
    ]


def commands(text: str) -> list[str]:
    """Code blocks without their comments, which are translated."""
    return [
        re.sub(r'\s*#.*', '', code)
        for kind, code in FENCE.findall(text)
        if kind
    ]


def test_there_are_pages_and_translations() -> None:
    assert {'README.md', 'docs/metrics_guide.md'} < set(PAGES)
    assert ('docs/metrics_guide.md', 'docs/metrics_guide_zh-CN.md') in (
        TRANSLATIONS
    )


@pytest.mark.parametrize('page', PAGES)
def test_links_and_anchors_resolve(page: str) -> None:
    broken = []
    for link in links(read(page)):
        if re.match(r'[a-z]+:', link):
            continue
        name, _, anchor = link.partition('#')
        target = (ROOT / page).parent / name if name else ROOT / page
        if not target.exists() or (
            anchor and anchor not in anchors(target.read_text('utf-8'))
        ):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize(('english', 'chinese'), TRANSLATIONS)
def test_both_languages_have_the_same_parts(
    english: str, chinese: str
) -> None:
    one, other = read(english), read(chinese)
    levels = [[level for level, _ in headings(t)] for t in (one, other)]
    assert levels[0] == levels[1]
    assert tables(one) == tables(other)
    assert commands(one) == commands(other)


@pytest.mark.parametrize(('english', 'chinese'), TRANSLATIONS)
def test_each_language_links_the_other(english: str, chinese: str) -> None:
    assert Path(chinese).name in read(english)
    assert Path(english).name in read(chinese)


@pytest.mark.parametrize('page', PAGES)
def test_hooks_of_this_package_are_not_switched_off_by_none(page: str) -> None:
    """MMEngine removes its own default hooks so, and refuses it for others."""
    named = set(re.findall(r'default_hooks\.(\w+)=None', read(page)))
    assert named <= {'timer', 'logger', 'checkpoint', 'param_scheduler'}


def test_the_citation_names_the_version() -> None:
    assert f'\nversion: {__version__}\n' in read('CITATION.cff')


def test_the_readme_is_short() -> None:
    assert len(read('README.md').splitlines()) < 250


def test_the_tables_of_the_reference_are_those_of_the_code() -> None:
    found = reference_page.DOCUMENT.read_text(encoding='utf-8')
    assert found == reference_page.render(found), (
        'run python tests/reference_page.py --write'
    )
    named = {name for _, name, _ in reference_page.BLOCK.findall(found)}
    assert named == reference_page.TABLES.keys()


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        ('# A `b`: c\n\n## A & b\n\n## A & b\n', {'a-b-c', 'a--b', 'a--b-1'}),
        ('```bash\n# no heading\n```\n', set()),
    ],
)
def test_anchors_are_those_of_github(text: str, found: set[str]) -> None:
    assert anchors(text) == found
