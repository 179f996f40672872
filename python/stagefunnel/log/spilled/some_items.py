"""Some of the items of a log in partitions, as a log in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from ...errors import SchemaError, advised, check_option, named
from ..chosen import ItemKeys, places_or_none, read_keys, refuse_missing, refuse_unknown
from ..chosen_data import taken_out, with_places_chosen
from ..columns.inputs import read_input
from ..data import Empty, LogData
from ..saved.joining import joined
from .input_order import in_order
from .placing import Place, hashes_of_keys, place_of_all


def data_of_items(
    data_of: Callable[[int], LogData], places: Sequence[Place], items: ItemKeys, empty: Empty
) -> LogData:
    """Return the inside of a log of some items, which is read from their partitions alone."""
    check_option("empty", empty, ("error", "allow"))
    column = read_keys(items)
    if not len(column) and empty == "error":
        raise SchemaError(
            *(named("items"), " has no key, so no row is left; pass "),
            *(advised("empty", "allow"), " if that is expected"),
        )
    keys = column.take(np.arange(len(column), dtype=np.uint32))
    refuse_missing(keys)
    of_place = place_of_all(places, hashes_of_keys(keys)) if len(keys) else np.zeros(0, dtype=np.int64)
    chosen = []
    unknown = []
    for number in np.unique(of_place) if len(keys) else [0]:
        data = data_of(int(number))
        own = read_input(keys[of_place == number].reset_index(drop=True), "items")
        rows = places_or_none(data, own) if len(own) else np.zeros(0, dtype=np.int64)
        if (rows < 0).any():
            unknown.append((data, keys[of_place == number][rows < 0]))
        elif not unknown:
            chosen.append(in_order(taken_out(with_places_chosen(data, np.unique(rows)))))
    refuse_unknown(keys, unknown)
    whole = data_of(0)
    some = in_order(reduce(joined, chosen))
    return replace(some, observed_until=whole.observed_until, whole_end=whole.whole_end, first_rows=None)
