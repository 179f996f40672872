"""Items whose first row does not say since when they were there: nobody knows when they were created."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.data import LogData


def born_unknown(
    data: LogData, lookup: _core.scan.Pipeline, journeys: _core.journeys.Journeys | None = None
) -> npt.NDArray[np.bool_] | None:
    """Flag the items whose first listed row has an unknown start; ``None`` where the log has no such rows.

    `journeys` are the rows that a question reads; without them all rows of the log.
    """
    if data.marks is None or data.marks.start_unknown is None:
        return None
    row = _core.funnel.rows_of_items(
        journeys=data.journeys if journeys is None else journeys,
        pipeline=lookup,
        whole=data.journeys,
        at=_core.funnel.RowAt.first,
        threads=data.threads,
    )
    flags = np.zeros(len(row), dtype=bool)
    is_listed = row >= 0
    flags[is_listed] = data.marks.start_unknown[row[is_listed]] != 0
    return flags if flags.any() else None


def begun_before(items: npt.NDArray[np.bool_], journeys: _core.journeys.Journeys) -> int:
    """Count those of some items that have rows in a selection."""
    return int(np.count_nonzero(items & (np.diff(journeys.offsets.view(np.int64)) > 0)))
