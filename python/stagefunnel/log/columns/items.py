"""The table of items beside a log: one row per item, for breakdowns and amounts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...cached import cached_property
from ...clean import clean
from ...errors import SchemaError, advised, counted, did_you_mean, given, may_be_label, named, quoted
from .arrow import frame_of, series_of, speaks_arrow, table_of, with_plain_columns
from .category import CategoryColumn, category_column
from .inputs import read_input
from .number import NumberColumn, number_column
from .records import as_table


class ItemsTable:
    """A table with one row per item, matched to the items of a log.

    Raises
    ------
    SchemaError
        If the key column is not there, a row has no key (unless `invalid` is ``"drop"``), two rows
        have one key, or keys are text where the log's are integers.
    """

    def __init__(
        self, source: Any, key: str, journeys: _core.journeys.Journeys, invalid: str, threads: int
    ) -> None:
        self.frame = _as_pandas(source)
        self._key = key
        self._check_column(key, "items_key")
        keys = _core.columns.encode_items(
            read_input(self.frame[key], key).column, threads, journeys.text_hash
        )
        if len(keys) and journeys.n_items and keys.holds_text != journeys.holds_text:
            kinds = ["text" if text else "integers" for text in (keys.holds_text, journeys.holds_text)]
            raise SchemaError(
                f"the items table's key column {key!r} holds {kinds[0]}, the log's items are "
                f"{kinds[1]}; make them one type"
            )
        keyless = keys.missing_rows
        if len(keyless) and invalid != "drop":
            raise SchemaError(
                f"the items table has no {key!r} in row {int(keyless[0]):,} ({len(keyless):,} of "
                f"{counted(len(keys), 'row')}); fill it in, or pass ",
                advised("invalid", "drop"),
                " to leave such rows out",
            )
        self.n_keyless = len(keyless)
        rows, duplicate = _core.journeys.match_items(journeys, keys, threads)
        if duplicate is not None:
            first, second = duplicate
            raise SchemaError(
                f"the items table has two rows with {key!r} = {_value(self.frame[key], first)!r} (rows "
                f"{first:,} and {second:,}); it must have one row per item"
            )
        self._rows = rows
        self._categories: dict[str, CategoryColumn] = {}
        self._numbers: dict[str, NumberColumn] = {}
        self._taken_of: tuple[ItemsTable, npt.NDArray[np.integer[Any]]] | None = None

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> ItemsTable:
        """Make a table of what :attr:`parts` gives."""
        table = cls.__new__(cls)
        table.frame, table._key, table._rows = parts["frame"], parts["key"], parts["rows"]
        table.n_keyless = parts["n_keyless"]
        table._categories, table._numbers, table._taken_of = {}, {}, None
        if len(table._rows) and int(table._rows.max()) >= len(table.frame):
            raise ValueError("an item has a row beyond the end of the table of items")
        return table

    @property
    def parts(self) -> dict[str, Any]:
        """The table as plain data: the frame, its key, and the row of each item of the log."""
        return {"frame": self.frame, "key": self._key, "rows": self._rows, "n_keyless": self.n_keyless}

    @property
    def n_items(self) -> int:
        """Items of the log."""
        return len(self._rows)

    def at_items(self, places: npt.NDArray[np.integer[Any]]) -> ItemsTable:
        """Return the same table for some of the log's items."""
        table = self.of_parts(self.parts | {"rows": self._rows[places]})
        table._taken_of = self, places
        return table

    @cached_property
    def n_unmatched(self) -> int:
        """Items of the log that the table does not have."""
        return int((self._rows < 0).sum())

    def __contains__(self, column: str) -> bool:
        return may_be_label(column) and column in self.frame.columns

    def category(self, column: str, option: str) -> CategoryColumn:
        """Return the value of a column for each item of the log, as a category."""
        self._check_column(column, option)
        if column not in self._categories:
            self._categories[column] = self._found_category(column, option)
        return self._categories[column]

    def _found_category(self, column: str, option: str) -> CategoryColumn:
        if self._taken_of is not None:  # the values of the whole are numbered once for all parts of it
            whole, places = self._taken_of
            return whole.category(column, option).at(places)
        return category_column(series_of(self.frame[column]), given(option, column)).at(self._rows)

    def series(self, column: str, option: str) -> tuple[pd.Series, npt.NDArray[np.int64]]:
        """Return a column row by row, and the row of each item of the log, -1 where it has none."""
        self._check_column(column, option)
        return series_of(self.frame[column]), self._rows

    def numbers(self, column: str) -> NumberColumn:
        """Return the amount of each item of the log."""
        self._check_column(column, "amount")
        if column not in self._numbers:
            self._numbers[column] = self._found_numbers(column)
        return self._numbers[column]

    def _found_numbers(self, column: str) -> NumberColumn:
        if self._taken_of is not None:
            whole, places = self._taken_of
            return whole.numbers(column).at(places)
        where = " in row {row:,} of the items table"
        return number_column(self.frame[column], column, where).at(self._rows)

    def _check_column(self, column: str, option: str) -> None:
        known = list(self.frame.columns)
        if not may_be_label(column) or column not in known:
            raise SchemaError(
                given(option, column),
                f" is not a column of the items table; it has: {quoted(known)}{did_you_mean(column, known)}",
            )

    def __repr__(self) -> str:
        return table_text(len(self.frame), self.frame.columns, self._key)


def table_text(n_rows: int, columns: Iterable[Hashable], key: Hashable) -> str:
    """Write what a table of items has beside its key."""
    others = [str(name) for name in columns if name != key]
    return clean(f"table of {counted(n_rows, 'row')}: {', '.join(others)}")


def _value(column: pd.Series, row: int) -> Any:
    """Return one value as a plain object, so that a message shows 7 and not np.int64(7)."""
    return column.iloc[row : row + 1].tolist()[0]


def _as_column(values: Any) -> Any:
    """Make what pandas reads of a column of Arrow; all else it reads by itself."""
    return series_of(values).array if speaks_arrow(values) else values


def _as_pandas(source: Any) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return with_plain_columns(source)
    # Which columns the questions will need is not known yet, and a query that runs twice need not give the
    # same rows in the same order.
    table = as_table(source, None, named("items"))
    if isinstance(table, Mapping):
        try:
            return pd.DataFrame({name: _as_column(values) for name, values in table.items()})
        except ValueError as error:
            raise SchemaError(named("items"), f" is not a table: {error}") from error
    if isinstance(table, pd.DataFrame):
        return table
    try:
        return frame_of(table_of(table))
    except ImportError as error:
        raise SchemaError(
            f"an items table of type {type(source).__name__} needs pyarrow: "
            f'pip install "stagefunnel[arrow]", or pass a pandas DataFrame'
        ) from error
