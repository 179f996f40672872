"""Items are taken out of a log with all that only they had: stages, values, rows of their table."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ..chosen import places_of_column
from ..chosen_data import rows_of_items, taken_out, with_places_chosen
from ..columns.inputs import Input, read_input
from ..columns.items import ItemsTable
from ..columns.kept import RowColumns
from ..columns.keys import StoredKeys
from ..data import LogData
from ..intake.times import encode

Places: TypeAlias = npt.NDArray[np.int64]
#: Values by what has them: the stages, a further column, or a column of the table of items.
Values: TypeAlias = Mapping[Hashable, frozenset[Any]]
_STAGES, _COLUMN, _TABLE = "stages", "column", "table"


@dataclass(frozen=True)
class Erased:
    """What is to be erased of a log.

    Attributes
    ----------
    items
        Places of its items.
    rows
        Rows of its table of items; an item may have one, and no other row.
    """

    items: Places
    rows: Places

    @classmethod
    def of(cls, data: LogData, keys: Input | None) -> Erased:
        """Find items by their keys.

        Raises
        ------
        UnknownItemError
            For a key that neither the log nor its table of items has.
        """
        nothing = np.zeros(0, dtype=np.int64)
        if keys is None:
            return cls(nothing, nothing)
        table = data.items_table
        if table is None:
            return cls(places_of_column(data, keys), nothing)
        series = keys.take(np.arange(len(keys), dtype=np.uint32))
        of_table = table.frame[table.parts["key"]]
        found = encode(_core.columns.encode_items, keys, data.threads, data.journeys.text_hash)
        is_in_log = np.asarray(_core.journeys.places_of(data.journeys, found)) >= 0
        of_log = series[is_in_log | ~series.isin(of_table).to_numpy()].reset_index(drop=True)
        items = places_of_column(data, read_input(of_log, "items")) if len(of_log) else nothing
        rows = table.parts["rows"][items]
        return cls(items, np.union1d(rows[rows >= 0], np.flatnonzero(of_table.isin(series))))


def values_of(data: LogData, erased: Erased) -> tuple[Values, Values]:
    """Return the values that a log lists, and those that its rows have without the erased ones."""
    of_rows = np.ones(int(data.journeys.n_rows), dtype=bool)
    of_rows[rows_of_items(data.journeys, erased.items)] = False
    of_table = np.ones(0 if data.items_table is None else len(data.items_table.frame), dtype=bool)
    of_table[erased.rows] = False
    listed: dict[Hashable, frozenset[Any]] = {}
    left: dict[Hashable, frozenset[Any]] = {}
    for name, code, values in _codes_of(data):
        used = np.unique(code[of_table if isinstance(name, tuple) and name[0] == _TABLE else of_rows])
        listed[name] = frozenset(values)
        left[name] = frozenset(values[at] for at in used.tolist() if 0 <= at < len(values))
    return listed, left


def without(data: LogData, erased: Erased, gone: Values) -> LogData:
    """Take items and rows of the table of items out of a log, and values that no row has."""
    table, rest = data.items_table, data
    if len(erased.items):
        kept = np.ones(data.n_items, dtype=bool)
        kept[erased.items] = False
        rest = taken_out(with_places_chosen(data, np.flatnonzero(kept)))
    if table is not None:
        frame = table.frame.drop(index=table.frame.index[erased.rows]).reset_index(drop=True)
        for name in frame.columns:
            values = gone.get((_TABLE, name), frozenset())
            if values and isinstance(frame[name].dtype, pd.CategoricalDtype):
                # To remove categories would sort the others.
                others = [value for value in frame[name].cat.categories if value not in values]
                frame[name] = frame[name].cat.set_categories(others)
        table = ItemsTable(frame, table.parts["key"], rest.journeys, "drop", data.threads)
    columns = None if rest.columns is None else _without_values(rest.columns, gone)
    return _without_stages(replace(rest, items_table=table, columns=columns), gone.get(_STAGES, frozenset()))


def _codes_of(data: LogData) -> Iterator[tuple[Hashable, npt.NDArray[np.integer[Any]], list[Any]]]:
    """Give what a log holds as codes of values: its name, the codes, and the values."""
    yield _STAGES, _core.journeys.parts_of(data.journeys)["stage"], list(data.labels)
    for name, part in ({} if data.columns is None else data.columns.parts).items():
        if "dtype" not in part:
            yield (_COLUMN, name), part["code"], part["values"].tolist()
    if data.items_table is not None:
        for label, column in data.items_table.frame.items():
            if isinstance(column.dtype, pd.CategoricalDtype):
                yield (_TABLE, label), column.cat.codes.to_numpy(), column.cat.categories.tolist()


def _without_values(columns: RowColumns, gone: Values) -> RowColumns:
    parts = columns.parts
    for name, part in parts.items():
        values = gone.get((_COLUMN, name), frozenset())
        if "dtype" in part or not values:
            continue
        kept = np.array([value not in values for value in part["values"].tolist()], dtype=bool)
        number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1).astype(np.int32)
        listed = part["values"][kept].reset_index(drop=True)
        if isinstance(listed.dtype, pd.CategoricalDtype):
            listed = listed.cat.set_categories(listed.tolist())
        parts[name] = {"code": number[part["code"]], "values": listed}
    return RowColumns.of_parts(parts)


def _without_stages(data: LogData, gone: frozenset[Any]) -> LogData:
    """Take stages out of a log of which none of its rows is."""
    kept = np.array([label not in gone for label in data.labels], dtype=bool)
    if kept.all():
        return data
    parts = _core.journeys.parts_of(data.journeys)
    number = np.append(np.cumsum(kept) - 1, kept.sum()).astype(parts["stage"].dtype)
    changed = {"stage": number[parts["stage"]], "n_labels": int(kept.sum())}
    journeys = _core.journeys.journeys_of_parts(**{**parts, **changed})
    keys = data.keys_of
    return replace(
        data,
        journeys=journeys,
        labels=[label for label in data.labels if label not in gone],
        label_rows=data.label_rows[kept],
        label_first_row=data.label_first_row[kept],
        keys_of=None if keys is None else StoredKeys(journeys, **StoredKeys.of(keys, data.journeys).parts),
    )
