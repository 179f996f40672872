"""Which rows belong to which item."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.stage_log import StageLog
from .selection import Selection


def rows_of_items(selection: Selection, at: Literal["first", "last"]) -> npt.NDArray[np.int64]:
    """Find the first or last row of each item among the rows that a report keeps; -1 where there is none.

    Items that are too recent have one, by which they are counted in their group.
    """
    log = selection.log
    rows: npt.NDArray[np.int64] = _core.funnel.rows_of_items(
        journeys=selection.grouped,
        pipeline=selection.lookup,
        whole=log._data.journeys,
        at=_core.funnel.RowAt[at],
        threads=log._data.threads,
    )
    return rows


def items_of_rows(log: StageLog) -> npt.NDArray[np.int64]:
    """Return the item of each row of a log."""
    return np.repeat(np.arange(log.n_items, dtype=np.int64), rows_per_item(log._data.journeys))


def rows_per_item(journeys: _core.journeys.Journeys) -> npt.NDArray[np.int64]:
    """Count the rows of each item."""
    offsets = journeys.offsets.view(np.int64)
    return offsets[1:] - offsets[:-1]
