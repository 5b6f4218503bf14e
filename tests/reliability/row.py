"""One row of docs/reliability.md."""

from typing import NamedTuple

REFUSED = 'refused: '


class Row(NamedTuple):
    """A hostile case, and what happens; each one is a parametrized test.

    A module ``*_rows.py`` of this folder holds rows in ``ROWS``, plain data
    without other imports; its docstring is the head of their section.

    Args:
        case: Short name, unique in its module; the name of the test.
        given: What is wrong or unusual.
        outcome: What happens. After ``refused: `` stand words of the message,
            for which the test looks; parts that differ are left out by ``…``.
    """

    case: str
    given: str
    outcome: str

    @property
    def message(self) -> list[str] | None:
        """Words that the message holds, in order; None if none is expected."""
        if not self.outcome.startswith(REFUSED):
            return None
        parts = self.outcome.removeprefix(REFUSED).split('…')
        return [part.strip() for part in parts if part.strip()]


def check_message(row: Row, text: str) -> None:
    """Raise unless a message is one line with the words of the row.

    Args:
        row: A row whose outcome is a refusal.
        text: The message of the program.

    Raises:
        AssertionError: If it is not.
    """
    assert row.message is not None, row
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    start = 0
    for part in row.message:
        start = lines[0].find(part, start)
        assert start >= 0, f'expected {part!r} in {lines[0]!r}'
        start += len(part)
