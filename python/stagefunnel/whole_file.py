"""Files that come to their place whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from .errors import StageFunnelError, given

# The name begins with a dot and ends with nothing that a reader of `*.parquet` looks for.
_PREFIX, _SUFFIX = ".stagefunnel-", ".part"


@contextmanager
def whole_file(path: str) -> Iterator[str]:
    """Give the path of a file to write; at the end it takes the place of `path`, after an error it is gone.

    A link stays a link: the file that it leads to is replaced. A pipe or a device is written to itself. What
    a process left that was ended while it wrote is removed by the next one that writes beside it.

    Raises
    ------
    StageFunnelError
        If the file cannot be written, as where the disk is full.
    """
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    try:
        os.makedirs(directory, exist_ok=True)
    except FileExistsError as error:
        raise StageFunnelError(given("path", path), f": {directory} is not a directory") from error
    except OSError as error:
        raise StageFunnelError(given("path", path), f": {error.strerror}: {directory}") from error
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            yield target  # a pipe or a device must not be replaced by a file
        else:
            with _beside(target) as partial:
                yield partial
    except OSError as error:
        raise StageFunnelError(given("path", path), f": {error.strerror or error}") from error


@contextmanager
def _beside(target: str) -> Iterator[str]:
    directory = os.path.dirname(target)
    _remove_left(directory)
    held, partial = _held_file(directory, 0o666 if (before := _permissions(target)) is None else before)
    with held:
        try:
            yield partial
            if before is not None:
                os.chmod(partial, before)
            if os.name == "nt":  # there a file that is open is not renamed
                held.close()
            os.replace(partial, target)
        except BaseException:
            held.close()
            with suppress(OSError):
                os.unlink(partial)
            raise


def _held_file(directory: str, permissions: int) -> tuple[IO[Any], str]:
    """Make a file that nobody else removes.

    The system itself takes away the permissions that new files of this process do not have. To ask for this
    mask is to change it for a moment, for all threads and for a process that is forked meanwhile.
    """
    while True:
        path = os.path.join(directory, f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}")
        held = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, permissions | 0o600), "rb")
        # Another process that writes here may have taken it for one that was left.
        _lock(held, wait=True)
        if _is_there(held, path):
            return held, path
        held.close()


def _is_there(file: IO[Any], path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _remove_left(directory: str) -> None:
    """Remove what processes left that are gone: nobody holds it any more."""
    try:
        names = [
            name for name in os.listdir(directory) if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
        ]
    except OSError:
        return
    for name in names:
        path = os.path.join(directory, name)
        with suppress(OSError), open(path, "rb") as left:
            if not _lock(left):
                continue
            if os.name == "nt":  # an open file of another process is not removed there
                left.close()
            os.unlink(path)


def _lock(file: IO[Any], *, wait: bool = False) -> bool:
    """Hold a file as long as it is open here; ``False`` where another process holds it, unless this waits."""
    try:
        import fcntl
    except ImportError:  # Windows keeps an open file from being removed
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: whatever lies there stays
        return False
    return True


def _permissions(target: str) -> int | None:
    """Return the permissions of the file that is replaced."""
    return stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else None
