"""Where rows stand in the files that they came from, after the files were read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tables import place_in_file


@dataclass(frozen=True)
class FilePlaces:
    """The files of a log, so that a row can be found again.

    Attributes
    ----------
    files
        Names of the files, in order.
    starts
        The first row of each file.
    kind
        Kind of the files: ``"csv"``, ``"parquet"``, or ``"query"`` for the rows of a database.
    """

    files: tuple[str, ...]
    starts: tuple[int, ...]
    kind: str

    def __call__(self, row: int) -> str:
        """Return the file and the line of a row; without the line where the file is not there any more."""
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        file, in_file = self.files[at], row - self.starts[at]
        try:
            return place_in_file(file, in_file, self.kind)
        except OSError:
            return f"{file}, row {in_file:,}"
