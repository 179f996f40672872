"""Files that come to their place whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
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
    handle, partial = tempfile.mkstemp(dir=directory, prefix=_PREFIX, suffix=_SUFFIX)
    with os.fdopen(handle, "rb") as held:
        try:
            _lock(held)
            yield partial
            os.chmod(partial, _permissions(target))
            if os.name == "nt":  # there a file that is open is not renamed
                held.close()
            os.replace(partial, target)
        except BaseException:
            held.close()
            with suppress(OSError):
                os.unlink(partial)
            raise


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


def _lock(file: IO[Any]) -> bool:
    """Hold a file as long as it is open here; ``False`` where another process holds it."""
    try:
        import fcntl
    except ImportError:  # Windows keeps an open file from being removed
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: whatever lies there stays
        return False
    return True


def _permissions(target: str) -> int:
    """Return the permissions of the file that is replaced, or those that a new file gets."""
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
