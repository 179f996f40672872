"""Some of a log's items as a log of their own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..errors import Parts, SchemaError, UnknownItemError, advised, check_option, did_you_mean, named
from .columns.arrow import speaks_arrow
from .columns.inputs import Input, read_input
from .columns.keys import StoredKeys
from .columns.marks import RowMarks
from .data import Empty, LogData
from .intake.times import encode

ItemKeys: TypeAlias = Iterable[Hashable]
_SUCH_AS: Final = '; give keys, such as table.loc[table["amount"] > 0, "deal_id"]'
_BLOCK: Final = 1 << 16  # codes whose wider copy stays in the cache
_MOST_COMPARED: Final = 20_000  # so many texts are compared with a misspelled key in half a second


def with_items_chosen(data: LogData, items: ItemKeys, empty: Empty) -> LogData:
    """Return the inside of a log with some of its items, whose observation ends where it did."""
    check_option("empty", empty, ("error", "allow"))
    places = _places_of(data, _read_keys(items))
    if not len(places) and empty == "error":
        raise SchemaError(
            *(named("items"), " has no key, so no row is left; pass "),
            *(advised("empty", "allow"), " if that is expected"),
        )
    return with_places_chosen(data, places)


def with_places_chosen(data: LogData, places: npt.NDArray[np.int64]) -> LogData:
    """Return the inside of a log with the items at some places of the journeys, in rising order.

    An item whose place comes again is there again: such a log answers what the core counts, and no keys.
    """
    n_items = data.journeys.n_items
    if len(places) == n_items and np.array_equal(places, np.arange(n_items)):  # rows are not copied then
        n_without_stage = data.journeys.n_rows - int(data.label_rows.sum())
        table = data.items_table
        return replace(
            data,
            n_input_rows=int(data.journeys.n_rows),
            found=_found_in(data, n_without_stage),
            whole_end=data.end_of_observation(),
            items_table=None if table is None else table.at_items(places),
        )
    journeys = _core.journeys.take_items(data.journeys, places.astype(np.uint32), data.threads)
    rows = rows_of_items(data.journeys, places).astype(np.uint32) if data.columns or data.marks else None
    codes = _counted(journeys.stage, len(data.labels) + 1)
    chosen = replace(
        data,
        journeys=journeys,
        n_input_rows=int(journeys.n_rows),
        found=_found_in(data, int(codes[-1])),
        label_rows=codes[:-1].astype(np.int64),
        keys_of=None if data.keys_of is None else StoredKeys.of(data.keys_of, journeys),
        whole_end=data.end_of_observation(),
    )
    if data.columns is not None and rows is not None:
        chosen = replace(chosen, columns=data.columns.at_rows(rows, data.threads))
    if data.marks is not None and rows is not None:
        marks = RowMarks.of_rows(data.marks.ended, data.marks.start_unknown, rows, data.threads)
        chosen = replace(chosen, marks=marks)
    if data.items_table is not None:
        chosen = replace(chosen, items_table=data.items_table.at_items(places))
    return chosen


def _counted(codes: npt.NDArray[np.integer[Any]], n: int) -> npt.NDArray[np.int64]:
    """Count each code; block by block, because NumPy counts a wider copy of what it is given."""
    found = np.zeros(n, dtype=np.int64)
    for first in range(0, len(codes), _BLOCK):
        found += np.bincount(codes[first : first + _BLOCK], minlength=n)
    return found


def rows_of_items(
    journeys: _core.journeys.Journeys, items: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.int64]:
    """Return the places of the rows of some items in the journeys, item after item."""
    offsets = journeys.offsets.astype(np.int64)
    starts = offsets[items]
    lengths = offsets[np.asarray(items) + 1] - starts
    # Each row's place: where its item starts, and how far it is from there.
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def _found_in(data: LogData, n_without_stage: int) -> dict[str, int]:
    """Count what is known of the rows that are left; rows that were dropped belong to no item."""
    # How many of the doubtful times are theirs is not known.
    found = dict.fromkeys((check for check in data.found if check != "doubtful_local_times"), 0)
    return found | {"missing_stage": n_without_stage} if "missing_stage" in found else found


def _read_keys(items: Any) -> Input:
    if isinstance(items, str | bytes) or (not isinstance(items, Iterable) and not callable(items)):
        raise SchemaError(named("items"), f" is {items!r}, not a list of keys; give [{items!r}] for one item")
    if callable(items):
        raise SchemaError(named("items"), f" is a function, not a list of keys{_SUCH_AS}")
    if isinstance(items, pd.DataFrame):
        raise SchemaError(named("items"), " is a frame; give its column of keys, such as frame['item']")
    is_column = hasattr(items, "dtype") or speaks_arrow(items)
    values = items if is_column else list(items)
    if _is_mask(values):
        raise SchemaError(named("items"), f" is a mask of true and false, not a list of keys{_SUCH_AS}")
    return read_input(values, "items")


def _is_mask(values: Any) -> bool:
    if isinstance(values, list):
        return bool(values) and all(isinstance(value, bool | np.bool_) for value in values)
    return str(getattr(values, "dtype", getattr(values, "type", ""))).lower().startswith("bool")


def _places_of(data: LogData, column: Input) -> npt.NDArray[np.int64]:
    """Return the places of items in the journeys, each once and in the order of the log."""
    keys = encode(_core.columns.encode_items, column, data.threads)
    if len(keys.missing_rows):
        raise SchemaError(named("items"), f" has no key in place {int(keys.missing_rows[0]):,}")
    if len(keys) and data.journeys.n_items and keys.holds_text != data.journeys.holds_text:
        kinds = ["text" if text else "integers" for text in (keys.holds_text, data.journeys.holds_text)]
        raise SchemaError(
            named("items"), f" has keys that are {kinds[0]}, and the log's are {kinds[1]}; make them one type"
        )
    places = _core.journeys.places_of(data.journeys, keys)
    unknown = np.flatnonzero(places < 0)
    if len(unknown):
        raise UnknownItemError(*_unknown(data, column, unknown), option="items")
    return np.unique(places)


def _unknown(data: LogData, column: Input, unknown: npt.NDArray[np.int64]) -> Parts:
    first = column.take(unknown[:1].astype(np.uint32)).tolist()[0]
    more = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
    return named("items"), f" has {first!r}{more}, which the log does not have{_hint(data, first)}"


def _hint(data: LogData, key: object) -> str:
    """Name the item whose key is nearest, or show what a key looks like."""
    if data.keys_of is None or not data.journeys.n_items:
        return ""
    first_row = data.journeys.first_row
    if isinstance(key, str) and len(first_row) <= _MOST_COMPARED:
        nearest = did_you_mean(key, data.keys_of(first_row).tolist())
        if nearest:
            return nearest
    return f"; its keys look like {data.keys_of(first_row[:1].copy()).tolist()[0]!r}"
