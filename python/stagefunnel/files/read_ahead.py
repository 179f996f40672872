"""Readers of other libraries whose threads read a Python file ahead of the rows, and how they end.

Such a thread must not outlive the reading: the interpreter ends a thread that asks for Python while it shuts
down, and the library waits for that thread, or aborts.
"""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np

_LONGEST_WAIT: Final = 10.0  # seconds; a thread lets go of what it holds at once, when its turn comes


class Readable(Protocol):
    """Anything that bytes are read from."""

    def read(self, n_bytes: int, /) -> bytes:
        """Read at most so many bytes; there are none at the end."""
        ...


class LentFile:
    """What a reader with threads of its own holds of a file: its last thread may let go of it last."""

    __slots__ = ("__weakref__", "read")
    closed = False  # pyarrow asks every file for it

    def __init__(self, gate: Gate) -> None:
        self.read = gate.read


class Gate:
    """A file on the way to a reader with threads of its own; once shut, it is at its end."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._reading = Lock()
        self._is_shut = False
        self._given: list[weakref.ref[Any]] = []
        self._returned: SimpleQueue[Any] = SimpleQueue()

    def read(self, n_bytes: int = -1) -> Any:
        """Read bytes, as an array of them; there are none behind a shut gate."""
        with self._reading:
            data = b"" if self._is_shut else self._file.read(n_bytes)
            if not data:
                return data
            array = np.frombuffer(data, dtype=np.uint8)
            self._given.append(weakref.ref(array, self._returned.put))
            return array

    def shut(self) -> None:
        """End the file here, once nobody reads it: a read that has begun ends first."""
        with self._reading:
            self._is_shut = True

    def lend_file(self) -> LentFile:
        """Return the file for the reader to read, which its threads have to let go of as of the bytes."""
        lent = LentFile(self)
        self._given.append(weakref.ref(lent, self._returned.put))
        return lent

    def lend(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function for the reader to call, which its threads have to let go of as of the bytes."""
        lent = partial(function)
        self._given.append(weakref.ref(lent, self._returned.put))
        return lent

    def wait_for_threads(self) -> None:
        """Wait until no thread holds bytes, a function or the file: to let go of them it needs Python."""
        with suppress(Empty):
            for _ in self._given:
                self._returned.get(timeout=_LONGEST_WAIT)


@contextmanager
def reading_ahead(open_reader: Callable[[Gate], Any], file: Readable) -> Iterator[Iterator[Any]]:
    """Open a reader that reads ahead, and end it with all that it has begun, whatever ends the reading.

    Parameters
    ----------
    open_reader
        Function that opens the reader, which is an iterator of batches, on a file.
    file
        The file.
    """
    gate, process = Gate(file), os.getpid()
    # Nothing else holds the reader: it waits for its threads when the last reference goes.
    holder: list[Any] = []

    def end() -> None:
        if os.getpid() != process:
            for reader in holder:
                _leave(reader)
            return
        gate.shut()
        # The end comes when all that was read ahead is parsed. Its errors are about rows that nobody takes
        # any more, and must not stand in the place of the error that ended the reading.
        with suppress(Exception):
            for _ in holder.pop():
                pass
        gate.wait_for_threads()

    atexit.register(end)  # for an iterator that is left open until then
    try:
        holder.append(open_reader(gate))
        yield _batches_of(holder)
    finally:
        atexit.unregister(end)
        end()


def _leave(reader: Any) -> None:
    """Keep a reader for ever whose threads are those of another process, which forked this one meanwhile.

    To wait for them, as the reader does when its last reference goes, would take for ever.
    """
    from ctypes import py_object, pythonapi

    pythonapi.Py_IncRef(py_object(reader))


def _batches_of(holder: list[Any]) -> Iterator[Any]:
    while (batch := next(holder[0], None)) is not None:
        yield batch


@contextmanager
def iterating(batches: Iterable[Any]) -> Iterator[Iterator[Any]]:
    """Iterate over batches; an iterator that is made for it here is closed too, whatever ends it.

    An iterator that the caller gave is left as it is.
    """
    rows = iter(batches)
    try:
        yield rows
    finally:
        if rows is not batches and isinstance(rows, Generator):
            rows.close()
