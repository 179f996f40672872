"""The items of a log in partitions, put together by something else than their key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..chosen_data import taken_out, with_places_chosen
from ..columns.items import ItemsTable
from ..data import LogData
from ..saved.insertion import Insertion
from ..saved.joining import joined
from ..stage_log import StageLog, log_of_data
from .input_order import in_order
from .partitioned_log import PartitionedLog
from .placing import Hashes

Items = npt.NDArray[np.int64]
#: Items are put together to logs of so many rows or more: to take some out of a partition takes milliseconds.
LEAST_ROWS: Final = 1_000_000


def regrouped(log: PartitionedLog, hashes_of: Callable[[StageLog], Hashes]) -> Iterator[StageLog]:
    """Give the items of a log as others, by a hash of each item.

    For each of them all partitions are read again: nothing is written, and memory holds one at a time. They
    are of about the size of the partitions, or of `LEAST_ROWS` where these are smaller, so that the time
    grows with the rows. Their items stand in the order of the whole input.
    """
    n = max(1, min(log.n_partitions, -(-log.n_rows // LEAST_ROWS)))
    left_out = _left_out(log)
    group_of = [(hashes_of(part) % np.uint64(n)).astype(np.uint16) for part in log.partitions()]
    first_row = dict(zip(log.stages["stage"], log.stages["first_row"], strict=True))
    for group in range(n):
        chosen = [
            _chosen(part._data, np.flatnonzero(of_item == group))
            for part, of_item in zip(log.partitions(), group_of, strict=True)
        ]
        # Logs without items do not say of what type their keys are, so one is only taken where all are.
        data = in_order(_together([one for one in chosen if one.n_items] or chosen[:1]))
        whole = log.data_of(0)
        yield log_of_data(
            replace(
                data,
                observed_until=whole.observed_until,
                whole_end=whole.whole_end,
                label_first_row=np.array([first_row.get(label, 0) for label in data.labels], dtype=np.int64),
                **_found(data, left_out if group == 0 else _LeftOut(dict.fromkeys(left_out.found, 0), 0)),
            )
        )


def _chosen(data: LogData, places: Items) -> LogData:
    """Take some items out of a partition, and their rows of its table alone."""
    own = taken_out(with_places_chosen(data, places))
    table = own.items_table
    if table is not None:
        rows = table.parts["rows"]
        used, at = np.unique(rows[rows >= 0], return_inverse=True)
        own_rows = rows.copy()
        own_rows[rows >= 0] = at
        frame = table.frame.iloc[used].reset_index(drop=True)
        table = ItemsTable.of_parts({**table.parts, "frame": frame, "rows": own_rows, "n_keyless": 0})
    # Their first rows are those of the whole partition, and numbers of all partitions add up to too many.
    return in_order(replace(own, items_table=table, n_input_rows=int(own.journeys.n_rows)))


def _together(logs: Sequence[LogData]) -> LogData:
    """Join logs in pairs, so that each row is moved as often as the number of logs can be halved."""
    table = _table_of(logs)
    logs = [replace(one, items_table=None) for one in logs]
    while len(logs) > 1:
        pairs = zip(logs[::2], logs[1::2], strict=False)
        odd = logs[len(logs) // 2 * 2 :]
        logs = [joined(one, other, Insertion.behind(one, other)) for one, other in pairs]
        logs += odd
    return replace(logs[0], items_table=table)


def _table_of(logs: Sequence[LogData]) -> ItemsTable | None:
    """Put the tables of items behind each other, which have no key in common."""
    tables = [one.items_table for one in logs if one.items_table is not None]
    if not tables:
        return None
    key = tables[0].parts["key"]
    frames, rows, n_rows = [], [], 0
    for one in logs:
        if one.items_table is None:
            rows.append(np.full(one.n_items, -1, dtype=np.int64))
            continue
        parts = one.items_table.parts
        rows.append(np.where(parts["rows"] < 0, -1, parts["rows"] + n_rows))
        if len(parts["frame"]):  # one without rows does not say of what type its values are
            frame = parts["frame"]
            frames.append(frame if parts["key"] == key else frame.rename(columns={parts["key"]: key}))
            n_rows += len(parts["frame"])
    frame = pd.concat(frames, ignore_index=True) if frames else tables[0].frame
    return ItemsTable.of_parts(
        {"frame": frame, "key": key, "rows": np.concatenate(rows).astype(np.int64), "n_keyless": 0}
    )


@dataclass(frozen=True)
class _LeftOut:
    """What is known of rows that belong to no item, which the first log has: by check, and how many."""

    found: Mapping[str, int]
    n_rows: int


def _left_out(log: PartitionedLog) -> _LeftOut:
    found: Counter[str] = Counter()
    n_rows = 0
    for number in range(log.n_partitions):
        part = log.data_of(number)
        found.update(part.found)
        n_rows += part.n_input_rows - int(part.journeys.n_rows)
    return _LeftOut(found, n_rows)


def _found(data: LogData, left_out: _LeftOut) -> Mapping[str, Any]:
    own = {"missing_stage": int(data.journeys.n_rows) - int(data.label_rows.sum())}
    return {
        "found": {**left_out.found, **own},
        "n_input_rows": int(data.journeys.n_rows) + left_out.n_rows,
        "reader_lines": {},
    }
