"""The rows of a log, as they were understood."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.build import frame
from ..tables.schema import ROWS
from .chosen_data import rows_of_items
from .data import LogData
from .stage_log import StageLog
from .wrong_kinds import not_a_log


def row_table(log: StageLog) -> pd.DataFrame:
    """List the rows of a log, item after item, each item's rows in the order of time.

    Rows of equal time stand in the order that every analysis sees. It is a plain table of item, stage and
    time whatever the rows came from, to be written and read again.

    Parameters
    ----------
    log
        The stage history.

    Returns
    -------
    DataFrame
        One row per row of the log: ``item`` (its key), ``stage``, ``time``; also ``exited`` and
        ``start_unknown``, where the log has such columns. Items come in the order of their first rows in the
        input; a stage that was missing is missing here too.

    Raises
    ------
    SchemaError
        If the log does not keep the keys of its items, as one read from a stream may not.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [2, 1, 2], "stage": ["Won", "New", "New"], "time": [9, 1, 3]}
    >>> sf.row_table(sf.StageLog(rows))
       item stage  time
    0     2   New     3
    1     2   Won     9
    2     1   New     1
    """
    if not isinstance(log, StageLog):
        raise not_a_log(log)
    journeys = log._data.journeys
    in_order = np.argsort(journeys.first_row, kind="stable")
    place = rows_of_items(journeys, in_order)
    offsets = journeys.offsets.astype(np.int64)
    lengths = (offsets[1:] - offsets[:-1])[in_order]
    items = log._data.keys_at(journeys.first_row[in_order]).reset_index(drop=True)
    labels = pd.Series([*log._data.labels, None], dtype=object)
    columns = {
        "item": items.iloc[np.repeat(np.arange(len(items)), lengths)].reset_index(drop=True),
        "stage": labels.iloc[journeys.stage[place]].reset_index(drop=True),
        "time": log._data.to_times(journeys.time[place]),
    }
    return frame({**columns, **(more := _marks_at(log._data, place))}, [*ROWS, *more])


def _marks_at(data: LogData, place: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return the ends and the unknown starts of some rows, as far as the log has such columns."""
    marks = data.marks
    columns: dict[str, Any] = {}
    if marks is not None and marks.ended is not None:
        columns["exited"] = data.times_or_missing(marks.ended[place])
    if marks is not None and marks.start_unknown is not None:
        columns["start_unknown"] = marks.start_unknown[place].astype(bool)
    return columns
