"""What a run of mim train or mim test prints when it ends early."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_PACKAGE = str(Path(__file__).resolve().parent)
_TOOLS = ('train.py', 'test.py')


def report_in_one_line() -> None:
    """Let wrong input end a run by its message alone, with exit code 2.

    An error that this package raises says what was expected and found, and a
    traceback would hide that. Every other error keeps its traceback. Ctrl-C
    ends a run without one. Programs that are not MMPose's ``train.py`` or
    ``test.py`` are left as they are.
    """
    file = Path(getattr(sys.modules['__main__'], '__file__', None) or '')
    if file.name in _TOOLS and file.parent.name == 'tools':
        sys.excepthook = _report


def _report(
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
) -> None:
    if isinstance(error, KeyboardInterrupt):
        print('interrupted', file=sys.stderr)
        sys.exit(130)
    message = message_of(error)
    if message is None:
        sys.__excepthook__(kind, error, traceback)
        sys.exit(1)
    print(f'error: {message}', file=sys.stderr)
    sys.exit(2)


def message_of(error: BaseException) -> str | None:
    """Find the message about wrong input in an error.

    Args:
        error: Any error.

    Returns:
        The message of the first error of its chain that this package has
        raised about what it expected and found, or that W&B has raised, such
        as for a missing login; None if there is none.
    """
    for one in reversed(list(_chain(error))):
        # not str, which quotes the message of a KeyError
        text = str(one.args[0]) if one.args else str(one)
        if text and type(one).__module__.startswith('wandb.errors'):
            return (
                f'USE_WANDB=1: expected W&B to start, found {text!r}; set '
                'WANDB_MODE=offline to log without a login and a network'
            )
        if 'in DataLoader worker' in text:
            origin, text = _worker_error(text)
        else:
            origin = _raised_in(one)
        is_ours = str(Path(origin).resolve()).startswith(_PACKAGE)
        if is_ours and 'expected' in text and 'found' in text:
            return text
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _raised_in(error: BaseException) -> str:
    """File of the statement that raised an error."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return '' if step is None else step.tb_frame.f_code.co_filename


def _worker_error(text: str) -> tuple[str, str]:
    """File and message of an error that torch passes on from a worker."""
    *above, last = text.strip().splitlines()
    files = [line for line in above if line.lstrip().startswith('File "')]
    origin = files[-1].split('"')[1] if files else ''
    return origin, last.partition(': ')[2]
