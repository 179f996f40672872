"""Rows that came later to the partitions of a log, put together once for all questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..data import LogData
from ..saved.joined_data import Later

#: So many rows that came later are kept for later questions, with some 50 bytes each.
MOST_ROWS: Final = 1_000_000


class KeptLater:
    """What came later to each partition, as far as memory allows to keep it."""

    def __init__(self) -> None:
        self._of: dict[int, Later] = {}
        self._n_rows = 0

    def of(self, number: int, parts: Sequence[LogData]) -> Later:
        """Return what came later to a partition, which has these parts."""
        later = self._of.get(number)
        if later is None:
            later = Later.of(parts)
            if self._n_rows + later.n_rows <= MOST_ROWS:
                self._of[number] = later
                self._n_rows += later.n_rows
        return later
