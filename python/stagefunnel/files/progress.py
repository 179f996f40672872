"""How far the reading of files is: the rows so far, and how many all of them seem to have."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

Progress = Callable[[int, int | None], object]


class RowsRead:
    """Counts the rows of files while these are read one after the other, and tells them.

    Parameters
    ----------
    files
        All of them.
    progress
        Told of the rows so far, and of those that all files would have, were their rows all as long.

    Attributes
    ----------
    n_rows
        The rows so far.
    """

    def __init__(self, files: Sequence[str], progress: Progress | None = None) -> None:
        self.n_rows = 0
        self._progress = progress
        self._n_bytes = sum(map(os.path.getsize, files))
        self._n_read = 0  # of packed files the bytes as they lie there
        self._file: BinaryIO | None = None
        self._begun = (0, 0)  # rows and bytes before the file that is read

    def begin(self, file: BinaryIO | None = None) -> None:
        """Go on to the next file; where it was opened, it says how far in it the rows are that are added."""
        self._begun, self._file = (self.n_rows, self._n_read), file

    def add(self, n_rows: int) -> None:
        """Count rows of the file, as they come."""
        self.n_rows += n_rows
        if self._file is not None:
            self._n_read = self._begun[1] + self._file.tell()
        if self._progress is not None:
            self._progress(self.n_rows, self.expected())

    def end(self, file: str, n_rows: int) -> None:
        """Count the whole file: all its bytes, and its rows whether they were added before or not."""
        self._file = None
        self._n_read = self._begun[1] + os.path.getsize(file)
        self.add(self._begun[0] + n_rows - self.n_rows)

    def expected(self) -> int | None:
        """Say how many rows all files seem to have; nobody knows before the first has told."""
        if not self._n_read:
            return None
        return max(round(self.n_rows * self._n_bytes / self._n_read), self.n_rows)
