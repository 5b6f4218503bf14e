"""Public functions document their arguments and what they return."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ('datasets', 'engine', 'metrics', 'models', 'tools')
FILES = sorted(p for room in ROOMS for p in (ROOT / room).rglob('*.py'))


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith('_'):
            yield from public_functions(node.body)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith('_'):
            yield node


def missing_sections(function: ast.FunctionDef) -> Iterator[str]:
    text = ast.get_docstring(function) or ''
    arguments = function.args
    names = [
        a.arg
        for a in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
        )
        if a.arg not in ('self', 'cls')
    ]
    decorators = {ast.unparse(d) for d in function.decorator_list}
    if decorators & {'property', 'cached_property'}:
        return
    if names and 'Args:' not in text:
        yield 'Args'
    returns = function.returns
    is_none = isinstance(returns, ast.Constant) and returns.value is None
    if returns is not None and not is_none:
        wanted = ('Returns:', 'Yields:')
        if not any(section in text for section in wanted):
            yield 'Returns'
    if 'Args:' in text:
        for name in names:
            if f' {name}: ' not in text and f' {name}:\n' not in text:
                yield f'Args: {name}'


@pytest.mark.parametrize(
    'path', FILES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_public_functions_are_documented(path: Path) -> None:
    missing = [
        f'{function.name} ({function.lineno}): {section}'
        for function in public_functions(ast.parse(path.read_text()).body)
        for section in missing_sections(function)
    ]
    assert not missing
