"""Where the rows of a later log go among those of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _core
from ..chosen_data import rows_of_items
from ..data import LogData
from .item_ids import Places, places_in

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Insertion:
    """Where the rows of a later log go among those of a log.

    Items keep their places, and new ones come behind them. A row goes behind all rows of its item that have
    its time or an earlier one.

    Attributes
    ----------
    rows
        The later log's rows in the order in which they are inserted.
    at
        For each of them the row of the first log before which it goes; the number of rows for new items.
    new
        Places in the later log of the items that the first does not have, in their order.
    target
        The place of each item of the later log afterwards.
    """

    rows: Places
    at: Places
    new: Places
    target: Places

    @classmethod
    def of(cls, first: LogData, later: LogData) -> Insertion:
        """Find the place of each row."""
        places = places_in(first, later)
        n_items = first.journeys.n_items
        new = np.flatnonzero(places < 0)
        target = places.copy()
        target[new] = n_items + np.arange(len(new))
        items = np.argsort(target, kind="stable")
        rows = rows_of_items(later.journeys, items)
        own = np.diff(offsets_of(later))
        item = np.repeat(target[items], own[items])
        at = np.full(len(rows), int(first.journeys.n_rows), dtype=np.int64)
        is_known = item < n_items
        at[is_known] = _behind_equaltimes_of(
            first, np.unique(places[places >= 0]), item[is_known], times_of(later)[rows[is_known]]
        )
        return cls(rows, at, new, target)

    @classmethod
    def behind(cls, first: LogData, later: LogData) -> Insertion:
        """Put all rows behind those of a log that has none of their items."""
        items = np.arange(later.n_items)
        rows = np.arange(int(later.journeys.n_rows))
        at = np.full(len(rows), int(first.journeys.n_rows), dtype=np.int64)
        return cls(rows, at, items, first.n_items + items)

    def offsets(self, first: LogData, later: LogData) -> npt.NDArray[np.uint64]:
        """Return where each item begins afterwards."""
        lengths = np.concatenate([np.diff(offsets_of(first)), np.zeros(len(self.new), dtype=np.int64)])
        lengths[self.target] += np.diff(offsets_of(later))
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint64)

    def into(self, values: Array, later: Array) -> Array:
        """Put the later log's values among those of the first."""
        kind = np.result_type(values, later)
        first, second = (np.ascontiguousarray(one, dtype=kind).view(np.uint8) for one in (values, later))
        joined: Array = _core.journeys.inserted(first, second, self.rows, self.at, kind.itemsize).view(kind)
        return joined


def _behind_equaltimes_of(first: LogData, items: Places, item: Places, time: Array) -> Places:
    """Find the row of a log before which each row of a known item goes."""
    offsets = offsets_of(first)
    rows = rows_of_items(first.journeys, items)
    owner = np.repeat(items, np.diff(offsets)[items])
    of_all = np.concatenate([owner, item])
    times = np.concatenate([times_of(first)[rows], time])
    is_later = np.concatenate([np.zeros(len(rows), dtype=bool), np.ones(len(item), dtype=bool)])
    order = np.lexsort((is_later, times, of_all))
    n_before = np.empty(len(order), dtype=np.int64)
    n_before[order] = np.cumsum(~is_later[order])  # rows of the first log up to here, of all items
    begins = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.diff(offsets)[items])])
    before_item = begins[np.searchsorted(items, item)]
    behind: Places = offsets[item] + n_before[len(rows) :] - before_item
    return behind


def offsets_of(data: LogData) -> Places:
    """Return where each item begins."""
    offsets: Places = _core.journeys.parts_of(data.journeys)["offsets"].view(np.int64)
    return offsets


def times_of(data: LogData) -> Array:
    """Return the time of each row."""
    times: Array = _core.journeys.parts_of(data.journeys)["time"]
    return times
