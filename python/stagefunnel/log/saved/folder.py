"""The folder of a saved log: a header that says which parts it has, and whose place is taken in one step."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import numpy as np

from ...errors import SchemaError, StageFunnelError, given, named
from ...whole_file import whole_file
from .columns_file import checksum, damaged, pyarrow

MAGIC: Final = "stagefunnel saved log"
# Raise it when the folder changes so that an older version would misread it; all older ones are read.
VERSION: Final = 2
_WITHOUT_PARTITIONS: Final = 1  # what a log without partitions is written as, which older versions read too
_HEADER, _LOCK, _PART = "log.json", "lock", "part-"
#: Folders with rows that are on their way to their partitions, and what says how far they are.
SPILL, SPILL_STATE = "spill-", "spill.json"


def checked_path(path: Any, option: str = "path") -> str:
    """Read the path of a folder, which an option gives."""
    try:
        folder = os.fsdecode(path)
    except TypeError as error:
        raise StageFunnelError(given(option, path), " is not the path of a folder") from error
    if not folder or "\0" in folder:
        raise StageFunnelError(given(option, path), " is not the path of a folder")
    return folder


def read_header(path: str) -> list[dict[str, Any]]:
    """Return what the header says of each part of a saved log.

    Raises
    ------
    SchemaError
        If there is no saved log, a newer version wrote it, or the header is damaged.
    """
    parts: list[dict[str, Any]] = _read(path)["parts"]
    return parts


def read_parts_and_partitions(path: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return what one header says of both, which a writer may replace at any moment."""
    about = _read(path)
    return about["parts"], about.get("partitions") or []


def read_partitions(path: str) -> list[Any] | None:
    """Return what the header says of the partitions of a saved log; ``None`` for a log without any."""
    partitions: list[Any] | None = _read(path).get("partitions")
    return partitions


def _read(path: str) -> dict[str, Any]:
    pyarrow()
    header = os.path.join(path, _HEADER)
    try:
        with open(header, encoding="utf-8") as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "is not there" if not os.path.exists(path) else f"has no {_HEADER}, so it is no saved log"
        if spill_in(path) is not None:
            raise SchemaError(
                f"{path} has rows whose reading is not done, or was interrupted; read them again with this "
                "folder as ",
                named("spill"),
                ", which goes on where it can",
            ) from error
        raise SchemaError(given("path", path), f" {what}; give the folder that a log was saved to") from error
    except (OSError, UnicodeDecodeError) as error:
        raise damaged(header, str(error)) from error
    sum_, _, rest = text.partition("\n")
    try:
        about = json.loads(rest)
        is_ours = isinstance(about, dict) and about["magic"] == MAGIC
        version = about["version"] if is_ours else None
    except (KeyError, ValueError, RecursionError):
        is_ours, about, version = False, {}, None
    if not is_ours:
        raise damaged(header, "it is not the header of a saved log")
    if not isinstance(version, int) or version > VERSION:
        raise SchemaError(
            f"a newer stagefunnel saved this log (version {version!r} of the stored form; this one reads "
            f"versions up to {VERSION}); update it with: pip install --upgrade stagefunnel"
        )
    if sum_ != _sum_of(rest):
        raise damaged(header, "its text is not the one that was written")
    header_of_log: dict[str, Any] = about
    return header_of_log


def spill_in(path: str) -> str | None:
    """Return the folder of rows whose reading was interrupted, if there is one."""
    with suppress(OSError):
        names = sorted(name for name in os.listdir(path) if name.startswith(SPILL))
        return os.path.join(path, names[0]) if names else None
    return None


def _parts_of_spill(path: str) -> set[str]:
    """Return the folders of parts that an interrupted reading has made already."""
    folder = spill_in(path)
    if folder is None:
        return set()
    path_of_state = os.path.join(folder, SPILL_STATE)
    with suppress(OSError, ValueError, KeyError, TypeError), open(path_of_state, encoding="utf-8") as file:
        return {about["folder"] for _, about in json.load(file)["done"]}
    return set()


def _sum_of(text: str) -> str:
    return checksum(np.frombuffer(text.encode(), dtype=np.uint8))


def _write_header(path: str, parts: Sequence[dict[str, Any]], partitions: Sequence[Any] | None) -> None:
    about: dict[str, Any] = {"magic": MAGIC, "version": _WITHOUT_PARTITIONS, "parts": list(parts)}
    if partitions is not None:
        about |= {"version": VERSION, "partitions": list(partitions)}
    rest = json.dumps(about, ensure_ascii=False, default=int)
    with whole_file(os.path.join(path, _HEADER)) as partial, open(partial, "w", encoding="utf-8") as file:
        file.write(f"{_sum_of(rest)}\n{rest}")
        file.flush()
        os.fsync(file.fileno())


class Writer:
    """Changes a saved log: writes folders of parts, then the header that names them.

    Until the header is in its place the log is what it was, and afterwards what it is to be.
    """

    def __init__(self, path: str, is_new: bool) -> None:
        self.path = path
        self._is_new = is_new

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The parts that the log has now."""
        return [] if self._is_new else read_header(self.path)

    @contextmanager
    def new_folder(self) -> Iterator[str]:
        """Make a folder for a part, which goes again after an error."""
        folder = os.path.join(self.path, f"{_PART}{secrets.token_hex(8)}")
        os.mkdir(folder)
        try:
            yield folder
            _sync_files(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @property
    def partitions(self) -> list[Any] | None:
        """The partitions that the log has now; ``None`` without any."""
        return None if self._is_new else read_partitions(self.path)

    def commit(self, parts: Sequence[dict[str, Any]], partitions: Sequence[Any] | None = None) -> None:
        """Make the log one of these parts, and remove the folders of all others."""
        _write_header(self.path, parts, partitions)
        _sync(self.path)
        self._is_new = False
        _remove_others(self.path, parts)
        remove_spills(self.path)


@contextmanager
def writing(path: str, *, new: bool = False, option: str = "path") -> Iterator[Writer]:
    """Hold a saved log for a change, which one process at a time may make.

    Parameters
    ----------
    path
        Its folder. A `new` one is made, or takes the place of a saved log that is there.
    option
        The option that gives it, for errors.

    Raises
    ------
    StageFunnelError
        If another process changes it, it is no saved log, or the disk is full.
    """
    was_there = os.path.isdir(path)
    if new:
        _refuse_other_folders(path, option)
    try:
        if new:
            os.makedirs(path, exist_ok=True)
        else:
            read_header(path)
        with _locked(path, option):
            header = os.path.join(path, _HEADER)
            writer = Writer(path, not os.path.exists(header))
            # What a process left that was ended while it wrote, but for what can be gone on with.
            _remove_others(path, writer.parts, _parts_of_spill(path))
            try:
                yield writer
            except BaseException:
                _remove_others(path, writer.parts, _parts_of_spill(path))
                raise
    except OSError as error:
        # What Arrow could not write says so in a sentence of its own.
        is_full = error.errno == errno.ENOSPC or "No space left on device" in str(error)
        what = "the disk is full" if is_full else error.strerror or error
        raise StageFunnelError(given(option, path), f": {what}") from error
    finally:
        has_log = os.path.exists(os.path.join(path, _HEADER))
        if new and not was_there and not has_log and spill_in(path) is None:
            shutil.rmtree(path, ignore_errors=True)


def _refuse_other_folders(path: str, option: str) -> None:
    """Refuse a place where something else lies, which would be lost or mixed up."""
    if os.path.exists(path) and not os.path.isdir(path):
        raise SchemaError(given(option, path), " is a file; give the name of a folder for the saved log")
    if os.path.isdir(path):
        others = [name for name in os.listdir(path) if not _is_ours(name)]
        if others:
            raise SchemaError(
                given(option, path),
                f" is a folder with other files in it, such as {min(others)!r}; give a folder of its own",
            )


def _is_ours(name: str) -> bool:
    return name in (_HEADER, _LOCK) or name.startswith((_PART, SPILL, ".stagefunnel-"))


@contextmanager
def _locked(path: str, option: str) -> Iterator[None]:
    import fcntl

    with open(os.path.join(path, _LOCK), "w") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StageFunnelError(
                given(option, path), ": another process is changing this saved log; try again when it is done"
            ) from error
        try:
            yield
        finally:
            # A process that was forked meanwhile has the file too, and would hold it for as long as it lives.
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _remove_others(path: str, parts: Sequence[dict[str, Any]], of_spill: Collection[str] = ()) -> None:
    kept = {part["folder"] for part in parts} | {*of_spill}
    for name in os.listdir(path):
        if name.startswith(_PART) and name not in kept:
            shutil.rmtree(os.path.join(path, name), ignore_errors=True)


def remove_spills(path: str) -> None:
    """Remove rows whose reading was interrupted, and the parts that it had made."""
    while (folder := spill_in(path)) is not None:
        shutil.rmtree(folder)


def _sync_files(folder: str) -> None:
    for name in os.listdir(folder):
        _sync(os.path.join(folder, name))
    _sync(folder)


def _sync(path: str) -> None:
    with suppress(OSError):  # a file system that cannot say when it has written
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
