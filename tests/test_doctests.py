"""Run the examples in the docstrings of the package.

pytest's own ``--doctest-modules`` would import a module a second time, under
the name of the repository's folder instead of ``self_verify_pose``.
"""

import ast
import doctest
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from self_verify_pose.metrics.evaluation.report import figures

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ('metrics', 'models', 'datasets', 'engine')
PURE = ('coco_annotations', 'coco_fields', 'coco_results', 'environment')
PURE += ('output_files', 'skeleton')
FILES = [ROOT / f'{name}.py' for name in ('constants', *PURE)]
FILES += [path for room in ROOMS for path in (ROOT / room).rglob('*.py')]
# rooms whose public functions all have an example
SHOWN = ('models/augmentations', 'models/distributions', 'models/geometry')
SHOWN += ('models/kinematics', 'models/losses', 'models/teachers')
SHOWN += ('datasets/synthetic', 'datasets/corruptions.py')
SHOWN += ('metrics/functional', 'metrics/evaluation')
SHOWN += tuple(f'{name}.py' for name in PURE)
# classes whose examples make what the examples of their room take from them
EVALUATION = 'self_verify_pose.metrics.evaluation'
MAKERS = {
    'truth': f'{EVALUATION}.evaluation_input.GroundTruth',
    'joints': f'{EVALUATION}.evaluation_input.EvaluationInput',
    'report': f'{EVALUATION}.report.evaluation_report.EvaluationReport',
}
NEEDS_CHAIN = {
    f'self_verify_pose.models.kinematics.{name}'
    for name in ('chain', 'forward_kinematics')
}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_name(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    names = [part for part in parts if part != '__init__']
    return '.'.join(('self_verify_pose', *names))


MODULES = sorted(
    module_name(path) for path in FILES if '>>> ' in path.read_text()
)


def test_examples_are_found() -> None:
    assert 'self_verify_pose.metrics.functional.calibration' in MODULES


@pytest.fixture(scope='module')
def evaluated() -> dict[str, Any]:
    """Return the values that the examples of ``MAKERS`` make."""
    made: dict[str, Any] = {}
    for name, maker in MAKERS.items():
        module, _, cls = maker.rpartition('.')
        names = {**vars(import_module(module)), **made}
        text = names[cls].__doc__
        for example in doctest.DocTestParser().get_examples(text):
            exec(example.source, names)
        made[name] = names[name]
    return made


@pytest.mark.parametrize('name', MODULES)
def test_examples(
    name: str,
    evaluated: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if name in NEEDS_CHAIN and find_spec('pytorch_kinematics') is None:
        pytest.skip("needs pip install 'self-verify-pose[fk]'")
    monkeypatch.chdir(tmp_path)  # some examples write files
    # one figure instead of seven, which take seconds
    monkeypatch.setattr(figures, 'FIGURES', {'roc': figures.FIGURES['roc']})
    result = doctest.testmod(
        import_module(name),
        extraglobs=evaluated if name.startswith(EVALUATION) else None,
        optionflags=OPTIONS,
    )
    assert not result.failed


@pytest.mark.parametrize('room', SHOWN)
def test_public_functions_have_an_example(room: str) -> None:
    paths = (ROOT / room).rglob('*.py') if '.' not in room else [ROOT / room]
    files = [p for p in paths if not re.match('_[a-z]', p.name)]
    lacking = [
        f'{path.relative_to(ROOT)}: {node.name}'
        for path in files
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith('_')
        and '>>> ' not in (ast.get_docstring(node) or '')
    ]
    assert not lacking
