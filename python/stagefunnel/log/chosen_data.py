"""The inside of a log of some items, whose rows are taken out of the whole log when a question reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..cached import cached_property
from .columns.items import ItemsTable
from .columns.kept import RowColumns
from .columns.keys import StoredKeys
from .columns.marks import RowMarks
from .data import LogData
from .first_rows import FirstRows


@dataclass(frozen=True, eq=False)
class Choice:
    """Some items of a log.

    Attributes
    ----------
    whole
        The inside of the whole log.
    given
        Places of the items in its journeys, or a flag for each of its items.
    """

    whole: LogData
    given: npt.NDArray[np.uint32] | npt.NDArray[np.bool_]

    @property
    def flags(self) -> npt.NDArray[np.uint8] | None:
        """1 for each chosen item of the whole log, 0 for every other; ``None`` where places were given."""
        return self.given.view(np.uint8) if self.given.dtype == np.bool_ else None

    @cached_property
    def places(self) -> npt.NDArray[np.uint32]:
        """Places of the items in the journeys of the whole log."""
        is_flags = self.given.dtype == np.bool_
        return (np.flatnonzero(self.given) if is_flags else self.given).astype(np.uint32, copy=False)

    def first(self, n_items: int) -> npt.NDArray[np.uint32]:
        """Return the places of the first of the items, at most so many."""
        if self.given.dtype == np.bool_ and "places" not in vars(self):
            some = np.flatnonzero(self.given[:n_items])  # as many as there are among so many of the whole
            return some.astype(np.uint32)
        return self.places[:n_items]

    @cached_property
    def n_items(self) -> int:
        """Number of chosen items."""
        return int(np.count_nonzero(self.given)) if self.given.dtype == np.bool_ else len(self.given)


class RowsOfLabels(Mapping[Hashable, int]):
    """The number of rows of each label that chosen items have, counted when one is asked for.

    To know which labels have rows a few items are enough, and few questions need more.
    """

    def __init__(self, choice: Choice, labels: Collection[Hashable]) -> None:
        self._choice = choice
        self._labels = labels

    @cached_property
    def _rows(self) -> dict[Hashable, int]:
        rows = rows_of_codes(self._choice).tolist()
        return {label: rows[code] for code, label in enumerate(self._choice.whole.labels) if rows[code]}

    def __getitem__(self, label: Hashable) -> int:
        return self._rows[label]

    def __contains__(self, label: object) -> bool:
        return label in self._labels

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


class ChosenData(LogData):
    """The inside of a log of chosen items.

    A funnel needs the states of the items alone, which the whole log has. To copy the rows of half the items
    takes longer than to count them all.
    """

    #: The items; ``None`` where the rows were given, as to a copy with another field.
    choice: Choice | None = None

    @classmethod
    def of(cls, data: LogData, given: npt.NDArray[np.uint32] | npt.NDArray[np.bool_]) -> ChosenData:
        """Choose items by their places, in rising order, or by a flag for each; nothing is read yet."""
        chosen = object.__new__(cls)
        held = {one.name: getattr(data, one.name) for one in fields(data) if one.name not in _TAKEN}
        held["whole_end"] = data.end_of_observation()
        # A copy of the whole, because what is kept for a log must not hold the log itself.
        held["choice"] = Choice(replace(data), given)
        vars(chosen).update(held)
        return chosen

    @cached_property
    def journeys(self) -> _core.journeys.Journeys:
        """The rows of the items."""
        whole = self._chosen.whole
        return _core.journeys.take_items(whole.journeys, self._chosen.places, whole.threads)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.choice.n_items if self.choice is not None else super().n_items

    @cached_property
    def n_input_rows(self) -> int:
        """Number of rows: those that were left out belong to no item."""
        return int(self._rows_of_codes.sum())

    @cached_property
    def found(self) -> dict[str, int]:
        """What is known of the rows that are left."""
        return found_in(self._chosen.whole, int(self._rows_of_codes[-1]))

    @cached_property
    def label_rows(self) -> npt.NDArray[np.int64]:
        """Number of rows of each label."""
        return self._rows_of_codes[:-1]

    @cached_property
    def _rows_by_label(self) -> tuple[Mapping[Hashable, int], dict[Hashable, int]]:
        """The number of rows and the first row of each stage."""
        if self.choice is None:  # a copy, which has its rows
            return super()._rows_by_label
        whole = self._chosen.whole
        some = rows_of_codes(Choice(whole, self._chosen.first(_SOME)))
        if np.array_equal(some[:-1] > 0, whole.label_rows > 0):
            _, first_row = whole._rows_by_label
            return RowsOfLabels(self._chosen, first_row), first_row
        return super()._rows_by_label

    @cached_property
    def keys_of(self) -> Callable[[npt.NDArray[np.uint32]], pd.Series] | None:
        """Function that returns the items' keys."""
        keys_of = self._chosen.whole.keys_of
        if isinstance(keys_of, StoredKeys):
            taken = keys_of.at(self._chosen.places, self.journeys)
            if taken is not None:
                return taken
        return None if keys_of is None else StoredKeys.of(keys_of, self.journeys)

    @cached_property
    def columns(self) -> RowColumns | None:
        """Further columns of the rows."""
        columns = self._chosen.whole.columns
        return None if columns is None else columns.at_rows(self._rows, self.threads)

    @cached_property
    def marks(self) -> RowMarks | None:
        """When items left, and where their start is not known."""
        marks = self._chosen.whole.marks
        if marks is None:
            return None
        return RowMarks.of_rows(marks.ended, marks.start_unknown, self._rows, self.threads)

    @cached_property
    def items_table(self) -> ItemsTable | None:
        """The table of items."""
        table = self._chosen.whole.items_table
        return None if table is None else table.at_items(self._chosen.places)

    @cached_property
    def first_rows(self) -> FirstRows | None:
        """Where the items begin in the whole input."""
        rows = self._chosen.whole.first_rows
        return None if rows is None else rows.at(self._chosen.places)

    @property
    def _chosen(self) -> Choice:
        assert self.choice is not None  # a field that was given is not made here
        return self.choice

    @cached_property
    def _rows(self) -> npt.NDArray[np.uint32]:
        """Places of the rows in the whole log."""
        return rows_of_items(self._chosen.whole.journeys, self._chosen.places).astype(np.uint32)

    @cached_property
    def _rows_of_codes(self) -> npt.NDArray[np.int64]:
        return rows_of_codes(self._chosen)


#: So many items show which stages have rows, unless one is rare.
_SOME: Final = 4096
#: What a log of chosen items makes out of the whole when it is needed.
_TAKEN: Final = (
    *("journeys", "n_input_rows", "found", "label_rows"),
    *("keys_of", "columns", "marks", "items_table", "whole_end", "first_rows"),
)


def with_places_chosen(data: LogData, places: npt.NDArray[np.int64]) -> LogData:
    """Return the inside of a log with the items at some places of the journeys, in rising order.

    An item whose place comes again is there again: such a log answers what the core counts, and no keys.
    """
    if len(places) != data.n_items or not np.array_equal(places, np.arange(data.n_items)):
        return ChosenData.of(data, places.astype(np.uint32))
    return _with_all_chosen(data)


def with_items_flagged(data: LogData, is_chosen: npt.NDArray[np.bool_]) -> LogData:
    """Return the inside of a log with the flagged items."""
    return _with_all_chosen(data) if is_chosen.all() else ChosenData.of(data, is_chosen)


def _with_all_chosen(data: LogData) -> LogData:
    """Return the inside of a log of all items of another."""
    n_without_stage = data.journeys.n_rows - int(data.label_rows.sum())
    table = data.items_table
    return replace(  # all items: the rows are its own
        data,
        n_input_rows=int(data.journeys.n_rows),
        found=found_in(data, n_without_stage),
        whole_end=data.end_of_observation(),
        items_table=None if table is None else table.at_items(np.arange(data.n_items)),
    )


def choice_of(data: LogData) -> Choice | None:
    """Return of which items a log is, where it has their rows from a whole log; ``None`` elsewhere."""
    return data.choice if isinstance(data, ChosenData) else None


def taken_out(data: LogData) -> LogData:
    """Return the same inside with rows of its own, which does not keep the whole log."""
    if choice_of(data) is None:
        return data
    taken = LogData(**{one.name: getattr(data, one.name) for one in fields(LogData)})
    table = taken.items_table
    return taken if table is None else replace(taken, items_table=ItemsTable.of_parts(table.parts))


def rows_of_codes(choice: Choice) -> npt.NDArray[np.int64]:
    """Count the rows of each label, and behind them those without a stage."""
    whole = choice.whole
    rows: npt.NDArray[np.int64]
    rows = _core.journeys.rows_of_codes(whole.journeys, choice.places, whole.threads).astype(np.int64)
    return rows


def rows_of_items(
    journeys: _core.journeys.Journeys, items: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.int64]:
    """Return the places of the rows of some items in the journeys, item after item."""
    offsets = journeys.offsets.view(np.int64)
    starts = offsets[items]
    lengths = offsets[np.asarray(items) + 1] - starts
    # Each row's place: where its item starts, and how far it is from there.
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def found_in(data: LogData, n_without_stage: int) -> dict[str, int]:
    """Count what is known of the rows that are left; rows that were dropped belong to no item."""
    # How many of the doubtful times are theirs is not known.
    found = dict.fromkeys((check for check in data.found if check != "doubtful_local_times"), 0)
    return found | {"missing_stage": n_without_stage} if "missing_stage" in found else found
