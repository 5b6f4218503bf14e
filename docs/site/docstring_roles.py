"""Extension of griffe: roles of Sphinx and examples become code."""

import re
from typing import Any

from griffe import Extension, Object


class DocstringRoles(Extension):
    """Turn ``:class:`Name``` into code, and name the section of examples.

    Griffe knows ``Examples:`` alone, and reads another section as text.
    """

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Adapt the docstring of an object."""
        if obj.docstring is not None:
            text = re.sub(r':\w+:`~?([^`]+)`', r'`\1`', obj.docstring.value)
            obj.docstring.value = re.sub(
                '^Example:$', 'Examples:', text, flags=re.MULTILINE
            )
