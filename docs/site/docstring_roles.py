"""Extension of griffe: roles of Sphinx in docstrings become code."""

import re
from typing import Any

from griffe import Extension, Object


class DocstringRoles(Extension):
    """Turn ``:class:`Name``` into code."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Adapt the docstring of an object."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(
                r':\w+:`~?([^`]+)`', r'`\1`', obj.docstring.value
            )
