"""Items are taken out of a log with all that only they had: stages, values, rows of their table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, named
from ..chosen import places_or_none, refuse_unknown
from ..chosen_data import rows_of_items, taken_out, with_places_chosen
from ..columns.inputs import Input
from ..columns.items import ItemsTable
from ..columns.kept import RowColumns
from ..columns.keys import StoredKeys
from ..data import LogData
from .joined_data import joined_parts
from .part_reading import Part, PartData
from .unused_values import (
    COLUMN,
    STAGES,
    TABLE,
    Name,
    Values,
    categories_of_parts,
    codes_of,
    listed_of_parts,
    used,
    used_of_parts,
)

Places: TypeAlias = npt.NDArray[np.int64]


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
    def nothing(cls) -> Erased:
        """Take nothing out."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

    @classmethod
    def of(cls, data: LogData, keys: Input) -> tuple[Erased, pd.Series]:
        """Find items by their keys; return also the keys that neither the log nor its table of items has."""
        series = keys.take(np.arange(len(keys), dtype=np.uint32))
        places = places_or_none(data, keys)
        items = np.unique(places[places >= 0])
        table = data.items_table
        if table is None:
            return cls(items, cls.nothing().rows), series[places < 0]
        of_table = table.frame[table.parts["key"]]
        rows = table.parts["rows"][items]
        erased = cls(items, np.union1d(rows[rows >= 0], np.flatnonzero(of_table.isin(series))))
        return erased, series[(places < 0) & ~series.isin(of_table).to_numpy()]


@dataclass(frozen=True)
class Erasure:
    """What is to be erased of a saved log, by partition, and the values that nothing has then.

    Attributes
    ----------
    erased
        What goes of each partition.
    gone
        Values that no row of the log has any more, by what has them.
    lists
        Whether files of each partition have one of them.
    """

    erased: list[Erased]
    gone: Values
    lists: list[bool]

    @classmethod
    def of(cls, parts: Sequence[Sequence[Part]], keys: Sequence[Input | None], given: pd.Series) -> Erasure:
        """Look for keys in their partitions, and for values that these have to themselves in all others.

        A value goes if a partition that is written anew lists it and no row of the log has it: it may be that
        of an erased item, also where a later row of the table of items took the place of the one that had it.
        Of other partitions only the columns are read that list such a value; memory holds the values of one
        partition at a time. The keys are those of each partition, and all as they were given.

        Raises
        ------
        UnknownItemError
            For a key that is not there.
        SchemaError
            If no item would be left.
        """
        erased = [Erased.nothing() for _ in keys]
        gone: dict[Name, frozenset[Any]] = {}
        n_left = 0
        unknown = []
        for number, (own, of_keys) in enumerate(zip(parts, keys, strict=True)):
            n_left += sum(part.about["n_items"] for part in own) if of_keys is None else 0
            if of_keys is not None:
                data = data_of_parts(own)
                erased[number], not_there = Erased.of(data, of_keys)
                if len(not_there):
                    unknown.append((data, not_there))
                n_left += data.n_items - len(erased[number].items)
                listed, left = _values_of(data, erased[number], categories_of_parts(own))
                for name, values in listed.items():
                    gone[name] = gone.get(name, frozenset()) | (values - left[name])
        refuse_unknown(given, unknown)
        if not n_left:
            raise SchemaError(named("items"), " has all items of the saved log; remove its folder instead")
        changed = [number for number, of_keys in enumerate(keys) if of_keys is not None]
        for number in changed if len(changed) > 1 else []:
            _, left = _values_of(data_of_parts(parts[number]), erased[number], gone)
            gone = {name: values - left.get(name, frozenset()) for name, values in gone.items()}
        for number in set(range(len(parts))).difference(changed):
            for name in listed_of_parts(parts[number], gone):
                gone[name] -= used_of_parts(parts[number], name)
            for part in parts[number]:
                part.release()
        return cls(erased, gone, [bool(listed_of_parts(own, gone)) for own in parts])

    def changes(self, number: int) -> bool:
        """Check whether a partition is to be written anew."""
        erased = self.erased[number]
        return bool(len(erased.items) or len(erased.rows)) or self.lists[number]


def data_of_parts(parts: Sequence[Part]) -> LogData:
    """Make the inside of one log of the parts of a partition."""
    return joined_parts([PartData.of(part) for part in parts])


def _values_of(data: LogData, erased: Erased, categories: Values) -> tuple[Values, Values]:
    """Return the values that a log lists or erased rows have, and those that its other rows have.

    A column of the table of items may list categories in one of its parts alone.
    """
    of_rows = np.ones(int(data.journeys.n_rows), dtype=bool)
    of_rows[rows_of_items(data.journeys, erased.items)] = False
    frame = pd.DataFrame() if data.items_table is None else data.items_table.frame
    of_table = np.ones(len(frame), dtype=bool)
    of_table[erased.rows] = False
    listed: dict[Name, frozenset[Any]] = {}
    left: dict[Name, frozenset[Any]] = {}
    for name, code, values in codes_of(data, _core.journeys.parts_of(data.journeys)["stage"]):
        listed[name] = frozenset(values)
        left[name] = used(code[of_table if name[0] == TABLE else of_rows], values)
    for label in frame.columns:
        name = (TABLE, label)
        if name not in listed:  # values that are no categories here may be some in another partition
            of_erased = frame[label].iloc[erased.rows].dropna().tolist()
            listed[name] = frozenset(value for value in of_erased if isinstance(value, Hashable))
            listed[name] |= categories.get(name, frozenset())
            left[name] = frozenset()
            if listed[name]:
                others = frame[label][of_table]
                left[name] = frozenset(others[others.isin(list(listed[name]))].tolist())
    return listed, left


def without(data: LogData, erased: Erased, gone: Values) -> LogData:
    """Take items and rows of the table of items out of a log, and values that no row has."""
    table, rest = data.items_table, data
    if len(erased.items):
        kept = np.ones(data.n_items, dtype=bool)
        kept[erased.items] = False
        rest = _known_as_before(taken_out(with_places_chosen(data, np.flatnonzero(kept))), data)
    if table is not None:
        frame = table.frame.drop(index=table.frame.index[erased.rows]).reset_index(drop=True)
        for name in frame.columns:
            values = gone.get((TABLE, name), frozenset())
            if values and isinstance(frame[name].dtype, pd.CategoricalDtype):
                # To remove categories would sort the others.
                others = [value for value in frame[name].cat.categories if value not in values]
                frame[name] = frame[name].cat.set_categories(others)
        table = ItemsTable(frame, table.parts["key"], rest.journeys, "drop", data.threads)
    columns = None if rest.columns is None else _without_values(rest.columns, gone)
    return _without_stages(replace(rest, items_table=table, columns=columns), gone.get(STAGES, frozenset()))


def _known_as_before(rest: LogData, data: LogData) -> LogData:
    """Keep what is known of the input: how long items were observed, and the rows that were left out of it.

    Of which items these were is not known.
    """
    found = dict(data.found)
    if "missing_stage" in found:  # such rows may be in the log
        n_without_stage = [int(one.journeys.n_rows) - int(one.label_rows.sum()) for one in (data, rest)]
        found["missing_stage"] -= n_without_stage[0] - n_without_stage[1]
    n_rows = int(data.journeys.n_rows) - int(rest.journeys.n_rows)
    end = data.whole_end if data.observed_until is not None else data.end_of_observation()
    is_last_row = rest.time_range is not None and rest.time_range[1] == end
    return replace(
        rest,
        n_input_rows=data.n_input_rows - n_rows,
        found=found,
        whole_end=None if is_last_row else end,
    )


def _without_values(columns: RowColumns, gone: Values) -> RowColumns:
    parts = columns.parts
    for name, part in parts.items():
        values = gone.get((COLUMN, name), frozenset())
        if "dtype" in part or not values:
            continue
        kept = np.array([value not in values for value in part["values"].tolist()], dtype=bool)
        # Another day of the partition may hold a value as a number, which lists none.
        kept[np.unique(part["code"][part["code"] >= 0])] = True
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
