"""Items of several partitions stand in the order of the input again."""

from __future__ import annotations

from dataclasses import replace

from ... import _core
from ..columns.keys import StoredKeys
from ..data import LogData


def in_order(data: LogData) -> LogData:
    """Give the first rows of a log of some items other numbers, in the order of the whole input."""
    if data.first_rows is None:
        return data
    parts = _core.journeys.parts_of(data.journeys)
    journeys = _core.journeys.journeys_of_parts(**{**parts, "first_row": data.first_rows.ranks()})
    keys = data.keys_of
    if keys is not None:
        keys = StoredKeys(journeys, **StoredKeys.of(keys, data.journeys).parts)
    return replace(data, journeys=journeys, keys_of=keys)
