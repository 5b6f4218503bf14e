"""One package under two names.

In an MMPose checkout this repository is ``projects/self_verify_pose``, and
configs may import ``projects.self_verify_pose.models``. All modules of that
name are those of ``self_verify_pose``, so that every class is registered once.
"""

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

NAME = 'self_verify_pose'
_ROOT = Path(__file__).resolve().parent


class _Alias(MetaPathFinder, Loader):
    """Finds the modules of another name of the package."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith(f'{self.name}.'):
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        # the import system takes what stands here in the end
        original = NAME + module.__name__.removeprefix(self.name)
        sys.modules[module.__name__] = importlib.import_module(original)


def add_alias(name: str) -> None:
    """Let all modules below another name be those of the package.

    Where the package is not installed, it is imported from this folder.

    Args:
        name: The other name, such as ``projects.self_verify_pose``.
    """
    if importlib.util.find_spec(NAME) is None:
        spec = importlib.util.spec_from_file_location(
            NAME,
            _ROOT / '__init__.py',
            submodule_search_locations=[str(_ROOT)],
        )
        assert spec is not None and spec.loader is not None
        sys.modules[NAME] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    package = importlib.import_module(NAME)
    folder = Path(str(package.__file__)).resolve().parent
    if folder != _ROOT:
        warnings.warn(
            f'{name}: expected the package of {_ROOT}, found the one '
            f'installed from {folder}, which is used; install this one to '
            'use it',
            stacklevel=2,
        )
    sys.meta_path.insert(0, _Alias(name))
    importlib.import_module(f'{NAME}.engine.registration')
    sys.modules[name] = package
