"""The progress of reading files: the rows so far, and an estimate of all rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

Progress = Callable[[int, int | None], object]


class RowsRead:
    """Counter of rows for files that are read one after the other.

    Parameters
    ----------
    files
        Names of all files.
    progress
        Function that is called with the rows so far and an estimate of all rows, as if all were as long
        as those so far.

    Attributes
    ----------
    n_rows
        Number of rows so far.
    """

    def __init__(self, files: Sequence[str], progress: Progress | None = None) -> None:
        self.n_rows = 0
        self._progress = progress
        self._n_bytes = sum(map(os.path.getsize, files))
        self._n_read = 0  # bytes as they lie in the files, packed or not
        self._file: BinaryIO | None = None
        self._begun = (0, 0)  # rows and bytes before the file that is read

    def begin(self, file: BinaryIO | None = None) -> None:
        """Go on to the next file; its position shows how many of its bytes the added rows take."""
        self._begun, self._file = (self.n_rows, self._n_read), file

    def add(self, n_rows: int) -> None:
        """Count rows of the file that is read."""
        self.n_rows += n_rows
        if self._file is not None:
            self._n_read = self._begun[1] + self._file.tell()
        if self._progress is not None:
            self._progress(self.n_rows, self.expected())

    def end(self, file: str, n_rows: int) -> None:
        """Count a whole file: all its bytes, and those of its rows that were not added before."""
        self._file = None
        self._n_read = self._begun[1] + os.path.getsize(file)
        self.add(self._begun[0] + n_rows - self.n_rows)

    def expected(self) -> int | None:
        """Estimate the number of rows of all files; ``None`` before any byte was read."""
        if not self._n_read:
            return None
        return max(round(self.n_rows * self._n_bytes / self._n_read), self.n_rows)
