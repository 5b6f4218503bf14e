"""Writing of output: whole files or none, errors in one sentence, locks."""

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

_NEW = '.new-'  # start of the name of a folder of unfinished files
_LOCK = '.lock'
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_REMEDIES = {
    errno.ENOSPC: 'free space or give another folder',
    errno.EDQUOT: 'free space or give another folder',
    errno.EFBIG: 'raise the limit of file sizes or give another disk',
    errno.EROFS: 'give a folder that can be written to',
    errno.EIO: 'check the disk or give another folder',
}
_DEFAULT_REMEDY = 'give a folder that you may write to'


class OutputError(OSError):
    """An output that cannot be written; the message is one sentence."""


def check_output_folder(folder: Path) -> None:
    """Raise unless a folder can be made and written to; change nothing.

    Args:
        folder: The folder, which need not exist.

    Raises:
        OutputError: If a file is in its place, or it cannot be written to.

    Example:
        >>> check_output_folder(Path(tempfile.gettempdir(), 'report'))
    """
    place = next(p for p in (folder, *folder.parents) if p.exists())
    if not place.is_dir():
        raise OutputError(
            f'{folder}: expected a folder, found the file {place}; give '
            'another name'
        )
    try:
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(bytes(4096))
    except OSError as error:
        raise _explained(error, folder, 'a folder to write to') from error


def make_output_folder(folder: Path) -> None:
    """Check a folder as :func:`check_output_folder` does, and make it.

    Args:
        folder: The folder; its parents are made as well.

    Raises:
        OutputError: If a file is in its place, or it cannot be written to.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     make_output_folder(Path(folder, 'a', 'b'))
        ...     Path(folder, 'a', 'b').is_dir()
        ...
        True
    """
    check_output_folder(folder)
    with explaining(folder, everything=True):
        folder.mkdir(parents=True, exist_ok=True)


def check_output_file(path: Path) -> None:
    """Raise unless a file can be written; change nothing.

    Args:
        path: The file.

    Raises:
        OutputError: If it is a folder, or its folder cannot be written to.

    Example:
        >>> check_output_file(Path(tempfile.gettempdir(), 'report.json'))
    """
    if path.is_dir():
        raise OutputError(
            f'{path}: expected the name of a file, found a folder; give '
            'another name'
        )
    check_output_folder(path.parent)


@contextmanager
def replacing(
    path: str | Path, scratch: Path | None = None
) -> Iterator[BinaryIO]:
    """Open a file that appears whole under its name, or not at all.

    Args:
        path: The file to make or to replace; its folder is made as well.
        scratch: Folder on the same file system for the unfinished file;
            the one of ``path`` by default.

    Yields:
        A file to write to.

    Raises:
        OutputError: If it cannot be written; an old file is kept.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(f'{folder}/a.bin') as file:
        ...         size = file.write(b'whole')
        ...     Path(folder, 'a.bin').read_bytes()
        ...
        b'whole'
    """
    path = Path(path)
    fresh = (scratch or path.parent) / f'.{path.name}.{os.getpid()}.new'
    try:
        with explaining(path, everything=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(fresh, _FLAGS, 0o666)
        with explaining(path), os.fdopen(descriptor, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with explaining(path, everything=True):
            os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text, whole or not at all.

    Args:
        path: The file to make or to replace.
        text: Its content, written as UTF-8.

    Raises:
        OutputError: If it cannot be written; an old file is kept.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_text(f'{folder}/a.txt', 'whole')
        ...     Path(folder, 'a.txt').read_text()
        ...
        'whole'
    """
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON, whole or not at all.

    Args:
        path: The file to make or to replace.
        value: Plain values; paths are written as text.

    Raises:
        OutputError: If it cannot be written; an old file is kept.
        ValueError: If a number is NaN or infinite.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json(f'{folder}/a.json', {'count': 3})
        ...     json.loads(Path(folder, 'a.json').read_text())
        ...
        {'count': 3}
    """
    text = json.dumps(value, indent=1, allow_nan=False, default=str)
    write_text(path, f'{text}\n')


@contextmanager
def replacing_together(
    folder: Path, summaries: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Path]:
    """Write files that belong together; old and new ones are not mixed.

    The files are moved to their place when all are written: old summaries
    are removed before, new ones come last, so that a summary stands beside
    the other files of its own run alone.

    Args:
        folder: Folder of the files; made if it is missing.
        summaries: Names of the files that tell of the others.
        optional: Names of files that not every run writes; old ones are
            removed like old summaries.

    Yields:
        An empty folder to write to, with sub-folders if wanted.

    Raises:
        OutputError: If they cannot be written; old files are kept.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing_together(Path(folder), ['all.txt']) as new:
        ...         write_text(new / 'all.txt', 'one part')
        ...         write_text(new / 'part.txt', 'whole')
        ...     sorted(os.listdir(folder))
        ...
        ['all.txt', 'part.txt']
    """
    make_output_folder(folder)
    with ExitStack() as stack:
        with locked(folder, wait=True):
            _remove_abandoned(folder)
            fresh = Path(tempfile.mkdtemp(prefix=_NEW, dir=folder))
            stack.enter_context(locked(fresh))
        stack.callback(shutil.rmtree, fresh, ignore_errors=True)
        with explaining(folder):
            yield fresh
        with locked(folder, wait=True), explaining(folder, everything=True):
            _publish(fresh, folder, summaries, optional)


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Make a folder, and hold it against other long jobs.

    Other than :func:`locked` it leaves the folder free for the moments in
    which :func:`replacing_together` moves files to it.

    Args:
        folder: The folder, where ``.lock`` is made. It is removed again if
            nothing else was made in it.

    Raises:
        OutputError: If it cannot be written to, or another job holds it.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with reserved(Path(folder, 'run')):
        ...         os.listdir(f'{folder}/run')
        ...     os.listdir(folder)
        ...
        ['.lock']
        []
    """
    make_output_folder(folder)
    with explaining(folder, everything=True):
        (folder / _LOCK).touch()
    with locked(folder / _LOCK):
        try:
            yield
        finally:
            if os.listdir(folder) == [_LOCK]:  # nothing was made
                shutil.rmtree(folder)


@contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold a folder against other processes that lock it, too.

    The system lifts the lock when the process ends, however it does.

    Args:
        folder: An existing folder, or the lock of one.
        wait: Whether to wait until it is free.

    Raises:
        OutputError: If it is locked and ``wait`` is False.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with locked(Path(folder)):
        ...         os.listdir(folder)
        ...
        []
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(
                descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
            )
        except BlockingIOError as error:
            place = folder.parent if folder.name == _LOCK else folder
            raise OutputError(
                f'{place}: expected a folder that no other job writes to, '
                'found it in use; wait for that job, or give another name'
            ) from error
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    """Remove unfinished files of processes that were killed."""
    for fresh in folder.glob(f'{_NEW}*'):
        try:
            with locked(fresh):
                shutil.rmtree(fresh)
        except OSError:
            continue  # in use


def _publish(
    fresh: Path,
    folder: Path,
    summaries: Sequence[str],
    optional: Sequence[str],
) -> None:
    """Move all files to their places, the summaries last."""
    last = [fresh / name for name in summaries]
    files = [p for p in sorted(fresh.rglob('*')) if p.is_file()]
    for path in files:
        with path.open('rb') as file:
            os.fsync(file.fileno())
    for name in (*summaries, *optional):
        (folder / name).unlink(missing_ok=True)
    for path in [p for p in files if p not in last] + last:
        target = folder / path.relative_to(fresh)
        target.parent.mkdir(exist_ok=True, parents=True)
        os.replace(path, target)


@contextmanager
def explaining(path: Path, everything: bool = False) -> Iterator[None]:
    """Turn errors of the disk into :class:`OutputError`.

    Args:
        path: The file or folder that is written.
        everything: Whether to turn all errors of the system.

    Raises:
        OutputError: If the disk is full or read-only, or the like.

    Example:
        >>> try:
        ...     with explaining(Path('a.txt')):
        ...         raise OSError(errno.ENOSPC, 'No space left on device')
        ... except OutputError as error:
        ...     print(str(error)[:49])
        a.txt: expected to write it, found: No space left
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        if everything or error.errno in _REMEDIES:
            raise _explained(error, path, 'to write it') from error
        raise


def _explained(error: OSError, path: Path, expected: str) -> OutputError:
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, _DEFAULT_REMEDY)
    explained = OutputError(
        f'{path}: expected {expected}, found: {reason}; {remedy}'
    )
    explained.errno = error.errno
    return explained
