"""Letters in place of names, for what goes to people who need not know whom it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from .columns.category import CategoryColumn
from .columns.items import ItemsTable
from .columns.kept import RowColumns
from .data import LogData

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def with_letters_for(data: LogData, names: Sequence[str]) -> LogData:
    """Return the same rows, with letters for the values of some columns of the log and of its items table.

    A value has one letter in all of the columns. The letters go by a digest of the names, so that their order
    says nothing about who has more, and is the same each time. What is missing stays missing, and a column
    that is not there is passed over.
    """
    of_items = [name for name in names if data.items_table is not None and name in data.items_table]
    of_rows = [name for name in names if data.columns is not None and name in data.columns]
    columns = {name: _of_items(data.items_table, name) for name in of_items}
    categories = {} if data.columns is None else {name: data.columns.category(name) for name in of_rows}
    values = [*columns.values(), *(category.values for category in categories.values())]
    letter_of = letters(str(value) for one in values for value in one.dropna().unique())
    if data.items_table is not None and of_items:
        named = {name: _lettered(column, letter_of) for name, column in columns.items()}
        parts = data.items_table.parts
        data = replace(
            data, items_table=ItemsTable.of_parts(parts | {"frame": parts["frame"].assign(**named)})
        )
    if data.columns is not None and of_rows:
        rows: dict[str, Any] = data.columns.parts
        for name, category in categories.items():
            rows[name] = vars(_in_order(category, letter_of)).copy()
        data = replace(data, columns=RowColumns.of_parts(rows))
    return data


def letters(names: Iterable[str]) -> dict[str, str]:
    """Give each name a letter, ``A`` to ``Z``, then ``AA``."""
    ordered = sorted({*names}, key=lambda name: hashlib.sha256(name.encode()).digest())
    return {name: _letter(place) for place, name in enumerate(ordered)}


def _letter(place: int) -> str:
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(_ALPHABET))
        text = _ALPHABET[rest] + text
    return text


def _of_items(table: ItemsTable | None, name: str) -> pd.Series:
    """Return a column of the items table, without the values of items that the log does not have."""
    assert table is not None  # the column is of it
    column, rows = table.series(name, "by")
    known = pd.Series(False, index=range(len(column)))
    known.iloc[rows[rows >= 0]] = True
    return column.reset_index(drop=True).astype(object).where(known)


def _lettered(column: pd.Series, letter_of: dict[str, str]) -> Any:
    return [None if pd.isna(value) else letter_of[str(value)] for value in column.tolist()]


def _in_order(category: CategoryColumn, letter_of: dict[str, str]) -> CategoryColumn:
    """Rename the values of a category and put them in rising order again."""
    renamed = pd.Series(_lettered(category.values, letter_of), dtype=object)
    ordered = pd.Series(sorted(renamed.unique()), dtype=object)
    place = {value: at for at, value in enumerate(ordered)}
    new = pd.Series([place[value] for value in renamed] or [0]).to_numpy(dtype=category.code.dtype)
    code = new[category.code]
    code[category.code < 0] = -1
    return CategoryColumn(code, ordered)
