"""The rows of a lost item that say who lost it, and why."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from ... import _core
from ...log.columns.category import CategoryColumn
from ..scope.selection import Selection

_ROWS: Final = {"loss": _core.stages.LossRow.closed, "stage": _core.stages.LossRow.left}


def column_at_loss(
    selection: Selection, column: CategoryColumn, at: Literal["loss", "stage"]
) -> CategoryColumn:
    """Read a column of the log where each item was closed as lost, or entered the stage it was lost from."""
    rows = _core.stages.rows_of_losses(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        whole=selection.data.journeys,
        at=_ROWS[at],
        threads=selection.data.threads,
    )
    return column.at(rows)


def reason_column(selection: Selection, column: CategoryColumn) -> CategoryColumn:
    """Read the last value of a column of the log in the closing lost visits of each item."""
    rows = _core.stages.last_values_of_losses(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        whole=selection.data.journeys,
        value=np.ascontiguousarray(column.code),
        threads=selection.data.threads,
    )
    return column.at(rows)
