"""The module that configs import registers every component."""

import ast
import re
from pathlib import Path

from helpers import ROOT

from self_verify_pose.engine import registration

ROOMS = ('datasets', 'engine', 'metrics', 'models')
# registered by the modules that use them
NOT_IN_CONFIGS = {'corrupt_image'}


def test_every_module_that_registers_is_imported() -> None:
    registering = {
        path.stem
        for room in ROOMS
        for path in (ROOT / room).rglob('*.py')
        if re.search(r'^@\w+\.register_module', path.read_text(), re.M)
    }
    tree = ast.parse(Path(registration.__file__).read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    sources = {p.stem for p in (ROOT / 'models/trust_targets').glob('*.py')}
    assert len(registering) > 15
    assert registering - sources - NOT_IN_CONFIGS <= imported
