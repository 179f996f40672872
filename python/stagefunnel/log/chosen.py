"""Some of a log's items as a log of their own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..errors import SchemaError, UnknownItemError, advised, check_option, did_you_mean, named
from .chosen_data import taken_out, with_places_chosen
from .columns.arrow import speaks_arrow
from .columns.inputs import Input, read_input
from .data import Empty, LogData
from .intake.times import encode

ItemKeys: TypeAlias = Iterable[Hashable]
_SUCH_AS: Final = '; give keys, such as table.loc[table["amount"] > 0, "deal_id"]'
_MOST_COMPARED: Final = 20_000  # so many texts are compared with a misspelled key in half a second


def with_items_chosen(data: LogData, items: ItemKeys, empty: Empty) -> LogData:
    """Return the inside of a log with some of its items, whose observation ends where it did."""
    check_option("empty", empty, ("error", "allow"))
    places = places_of_keys(data, items)
    if not len(places) and empty == "error":
        raise SchemaError(
            *(named("items"), " has no key, so no row is left; pass "),
            *(advised("empty", "allow"), " if that is expected"),
        )
    return taken_out(with_places_chosen(data, places))


def places_of_keys(data: LogData, items: ItemKeys) -> npt.NDArray[np.int64]:
    """Return the places of items in the journeys, each once and in the order of the log.

    Raises
    ------
    SchemaError
        If `items` is no list of keys, or has keys of another type than the log.
    UnknownItemError
        For a key that the log does not have.
    """
    return places_of_column(data, read_keys(items))


def read_keys(items: Any) -> Input:
    """Read the keys of items, in any form."""
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


def places_of_column(data: LogData, column: Input) -> npt.NDArray[np.int64]:
    """Return the places of items in the journeys, each once and in the order of the log."""
    places = places_or_none(data, column)
    unknown = np.flatnonzero(places < 0)
    if len(unknown):
        raise unknown_item(data, column.take(unknown[:1].astype(np.uint32)).tolist()[0], len(unknown))
    return np.unique(places)


def places_or_none(data: LogData, column: Input) -> npt.NDArray[np.int64]:
    """Return the place of each item in the journeys, -1 for one that is not there."""
    keys = encode(_core.columns.encode_items, column, data.threads, data.journeys.text_hash)
    if len(keys.missing_rows):
        raise SchemaError(named("items"), f" has no key in place {int(keys.missing_rows[0]):,}")
    if len(keys) and data.journeys.n_items and keys.holds_text != data.journeys.holds_text:
        kinds = ["text" if text else "integers" for text in (keys.holds_text, data.journeys.holds_text)]
        raise SchemaError(
            named("items"), f" has keys that are {kinds[0]}, and the log's are {kinds[1]}; make them one type"
        )
    places: npt.NDArray[np.int64] = np.asarray(_core.journeys.places_of(data.journeys, keys), dtype=np.int64)
    return places


def refuse_missing(keys: pd.Series) -> None:
    """Refuse keys of which one is missing."""
    missing = np.flatnonzero(keys.isna())
    if len(missing):
        raise SchemaError(named("items"), f" has no key in place {int(missing[0]):,}")


def unknown_item(data: LogData, first: object, n: int) -> UnknownItemError:
    """Make the error about `n` keys that a log does not have; `data` has keys that are like the first one."""
    more = f" and {n - 1:,} more" if n > 1 else ""
    what = f" has {first!r}{more}, which the log does not have{_hint(data, first)}"
    return UnknownItemError(named("items"), what, option="items")


def refuse_unknown(given: pd.Series, unknown: Sequence[tuple[LogData, pd.Series]]) -> None:
    """Refuse keys that are not in their partitions; those of all partitions are counted.

    Parameters
    ----------
    given
        All keys, in the order in which they were given.
    unknown
        Those of each partition that has some, with its inside.

    Raises
    ------
    UnknownItemError
        If there are any; it names the first one that was given.
    """
    if not unknown:
        return
    known = given.tolist()
    place_of = {key: place for place, key in reversed([*enumerate(known)])}
    firsts = [(min(keys, key=place_of.__getitem__), data) for data, keys in unknown]
    first, data = min(firsts, key=lambda pair: place_of[pair[0]])
    raise unknown_item(data, first, sum(len(keys) for _, keys in unknown))


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
