"""Values that no row of a saved log has any more, for which little is read of parts without erased items."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..columns.joined_tables import joined_frames
from ..data import LogData
from .part_reading import Part
from .part_writing import ROWS
from .plain_values import from_json

#: What has values: the stages, a further column, or a column of the table of items.
Name: TypeAlias = tuple[str, Hashable]
Values: TypeAlias = Mapping[Name, frozenset[Any]]
STAGES: Final[Name] = ("stages", None)
COLUMN, TABLE = "column", "table"


def codes_of(data: LogData, stage: npt.NDArray[np.integer[Any]]) -> Iterator[tuple[Name, Any, list[Any]]]:
    """Give what a log holds as codes of values: its name, the codes, and the values."""
    yield STAGES, stage, list(data.labels)
    for name, part in ({} if data.columns is None else data.columns.parts).items():
        if "dtype" not in part:
            yield (COLUMN, name), part["code"], part["values"].tolist()
    if data.items_table is not None:
        for label, column in data.items_table.frame.items():
            if isinstance(column.dtype, pd.CategoricalDtype):
                yield (TABLE, label), column.cat.codes.to_numpy(), column.cat.categories.tolist()


def used(code: npt.NDArray[np.integer[Any]], values: Sequence[Any]) -> frozenset[Any]:
    """Return the values that some row has."""
    return frozenset(values[at] for at in np.unique(code).tolist() if 0 <= at < len(values))


def listed_of_parts(parts: Sequence[Part], names: Values) -> dict[Name, frozenset[Any]]:
    """Return which of some values the files of a partition have, whether a row has them or not."""
    found: dict[Name, frozenset[Any]] = {}
    for part in parts:
        for name, values in names.items():
            if values:
                found[name] = found.get(name, frozenset()) | (values & _listed(part, name))
    return {name: values for name, values in found.items() if values}


def categories_of_parts(parts: Sequence[Part]) -> Values:
    """Return the categories that the table of items of a partition lists in any of its files."""
    found: dict[Name, frozenset[Any]] = {}
    for part in parts:
        for label, column in _categories(part).items():
            name = (TABLE, label)
            found[name] = found.get(name, frozenset()) | frozenset(column.cat.categories.tolist())
    return found


def used_of_parts(parts: Sequence[Part], name: Name) -> frozenset[Any]:
    """Return the values that rows of a partition have; a row of the table of items may have been replaced."""
    kind, label = name
    if kind == TABLE:
        tables = [table for part in parts if (table := part.items_frame) is not None]
        frame = joined_frames(tables)[0] if tables else pd.DataFrame()
        return frozenset(frame[label].dropna().unique().tolist()) if label in frame else frozenset()
    return frozenset(chain.from_iterable(_used(part, name) for part in parts))


def _listed(part: Part, name: Name) -> frozenset[Any]:
    kind, label = name
    if name == STAGES:
        return frozenset(map(from_json, part.about["labels"]))
    if kind == COLUMN:
        column = _column(part, label)
        return frozenset(() if column is None else column[1])
    of_table = _categories(part).get(label)
    return frozenset(() if of_table is None else of_table.cat.categories.tolist())


def _categories(part: Part) -> dict[Hashable, pd.Series]:
    """Return the columns of categories that a table of items has; its header names their types."""
    about = part.about["items_table"]
    table = part.items_frame if about is not None and "category" in about["dtypes"] else None
    columns = {} if table is None else dict(table[0].items())
    return {
        label: column for label, column in columns.items() if isinstance(column.dtype, pd.CategoricalDtype)
    }


def _used(part: Part, name: Name) -> frozenset[Any]:
    if name == STAGES:
        of_header = zip(part.about["labels"], part.about["label_rows"], strict=True)
        return frozenset(from_json(label) for label, n_rows in of_header if n_rows)
    column = _column(part, name[1])
    if column is None:
        return frozenset()
    code = part.column(ROWS, f"column {name[1]}")
    return frozenset() if code is None else used(code, column[1])


def _column(part: Part, name: Hashable) -> tuple[int, list[Any]] | None:
    """Return the number of a further column that is held as codes, and its values."""
    for number, column in enumerate(part.about["columns"]):
        if column["name"] == name and column["dtype"] is None:
            return number, part.values_of_column(column["name"]).tolist()
    return None
