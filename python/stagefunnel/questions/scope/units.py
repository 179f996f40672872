"""Items that count together, such as those of one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...cached import cached_property
from ...errors import SchemaError, given
from ...log.columns.items import ItemsTable
from ...log.stage_log import StageLog
from ...tables.options import BasisName
from .columns import source_of

Flags = npt.NDArray[np.bool_]
Flips = _core.funnel.LostThenWon


@dataclass(frozen=True, eq=False)
class Units:
    """The units that a question counts in place of items.

    Attributes
    ----------
    name
        Column of the items table whose values are the units.
    of_item
        Unit of each item, in the order of the journeys. An item without a value is a unit of its own; these
        units come last.
    n_named
        Number of the other units.
    n
        Number of units.
    """

    name: str
    of_item: npt.NDArray[np.uint32]
    n_named: int
    n: int

    @cached_property
    def items(self) -> _core.funnel.ByKey:
        """The items of each unit, as the core reads them."""
        return _core.funnel.items_of_units(self.of_item, self.n)

    def n_without(self, is_read: Flags) -> int:
        """Count the items without a unit among those that are read."""
        return int((is_read & (self.of_item >= self.n_named)).sum())


@dataclass(frozen=True, eq=False)
class UnitFacts:
    """What the core says about the units of some journeys, under no flip rule.

    Attributes
    ----------
    units
        The units.
    facts
        How each stands, since when, and its first item.
    """

    units: Units
    facts: _core.funnel.UnitFacts

    @property
    def first_items(self) -> npt.NDArray[np.int64]:
        """The first item of each item's unit; -1 where the unit has no item that is read."""
        first: npt.NDArray[np.int64] = self.facts.first_item[self.units.of_item]
        return first

    @property
    def is_lost(self) -> Flags:
        """Whether each unit is lost now."""
        is_lost: Flags = self.facts.standing == _LOST
        return is_lost

    @property
    def is_closed(self) -> Flags:
        """Whether each unit is won or lost now."""
        is_closed: Flags = np.isin(self.facts.standing, (_LOST, _WON))
        return is_closed

    def in_period(self, basis: BasisName, start: int | None, end: int | None) -> Flags:
        """Find the units that a period keeps; for ``"active"`` the rows are those before its end."""
        facts = self.facts
        if basis == "created":
            return _lies_in(facts.first_time, start, end)
        if basis == "closed":
            return self.is_closed & _lies_in(facts.gone_at, start, end)
        if start is None:
            return np.ones(self.units.n, dtype=bool)
        is_in: Flags = (facts.standing == _OPEN) | (facts.gone_at >= start)
        return is_in

    def periods(self, basis: BasisName, bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the period in which each unit was created or closed, of some that follow each other."""
        times = self.facts.first_time if basis == "created" else self.facts.gone_at
        return np.clip(np.searchsorted(bounds, times, side="right") - 1, 0, len(bounds) - 2)


_OPEN, _WON, _LOST = (_core.funnel.Standing[name].value for name in ("open", "won", "lost"))


# Units of an earlier question: to sort the items of a log by unit takes as long as to count them.
_kept: Final[WeakKeyDictionary[ItemsTable, dict[str, Units]]] = WeakKeyDictionary()


def _lies_in(times: npt.NDArray[np.int64], start: int | None, end: int | None) -> Flags:
    is_in = np.ones(len(times), dtype=bool)
    if start is not None:
        is_in &= times >= start
    if end is not None:
        is_in &= times < end
    return is_in


def units_of(log: StageLog, unit: str | None) -> Units | None:
    """Find the unit of each item; ``None`` where items are counted."""
    if unit is None:
        return None
    if not isinstance(unit, str):
        raise SchemaError(given("unit", unit), " is not the name of a column of the items table")
    source = source_of(log, unit, "unit")
    if not isinstance(source, ItemsTable):
        raise SchemaError(
            given("unit", unit),
            " is a column of the log, and the rows of one item could name several units; name a column of "
            "the items table",
        )
    units = _kept.setdefault(source, {})
    if unit not in units:
        units[unit] = _found(source, unit)
    return units[unit]


def values_of_units(log: StageLog, unit: str) -> pd.Series:
    """Return the named units that a log has items of, each once."""
    units = units_of(log, unit)
    assert units is not None  # it has a name
    used = np.unique(units.of_item[units.of_item < units.n_named])
    return named_units(log, unit).iloc[used].reset_index(drop=True)


def named_units(log: StageLog, unit: str) -> pd.Series:
    """Return the units that have a name in the order of their numbers, those without items included."""
    source = source_of(log, unit, "unit")
    assert isinstance(source, ItemsTable)  # else it was refused
    return source.category(unit, "unit").values


def _found(source: ItemsTable, unit: str) -> Units:
    category = source.category(unit, "unit")
    n_named = len(category.values)
    if len(category.code) == 0 or category.code.min() >= 0:
        return Units(unit, category.code.view(np.uint32), n_named, n_named)
    of_item = category.code.astype(np.uint32)
    alone = np.flatnonzero(category.code < 0)
    of_item[alone] = np.arange(n_named, n_named + len(alone), dtype=np.uint32)
    return Units(unit, of_item, n_named, n_named + len(alone))
