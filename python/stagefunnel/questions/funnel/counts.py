"""Counts of a funnel as the core makes them, put together and added up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...tables.schema import AMOUNTS, MOVED_OUT, TOO_RECENT
from ..counted.exact_sums import ExactSums
from ..counted.fields import dense, of_whole, sums
from ..scope.where import is_read_as_part

Integers: TypeAlias = npt.NDArray[np.int64]

_STAGES_PASSED = ("passed", "assumed", "visited", "skipped", "began_beyond", "beyond", "beyond_absent")
_ITEMS = (*_STAGES_PASSED, "lost_from", "open_at", "won", "lost", "open", "left_out", "reopened_won")


@dataclass(frozen=True, eq=False)
class FunnelCounts:
    """Counts of items under one kind of funnel.

    Attributes
    ----------
    passed, assumed, visited, skipped, began_beyond, beyond, lost_from, open_at
        One row per group and one column per stage.
    beyond_absent
        Items that went beyond the stage while it was not there; without columns where no stage has dates.
    won, lost, open, left_out, reopened_won
        One entry per group.
    amount, amount_missing
        Sums of amounts, shaped as the counts of stages; ``None`` where no amounts are added up.
    moved_out
        One entry per group: items that moved to another pipeline, which have no outcome. ``None`` where the
        pipeline does not keep such items.
    too_recent
        One entry per group: items left out because they had their first row too late. ``None`` where items
        are not read for a length of time.
    sums
        The sums of amounts before they are rounded; only counts of a part of a log have them.
    """

    passed: Integers = dense()
    assumed: Integers = dense()
    visited: Integers = dense()
    skipped: Integers = dense()
    began_beyond: Integers = dense()
    beyond: Integers = dense()
    beyond_absent: Integers = dense()
    lost_from: Integers = dense()
    open_at: Integers = dense()
    won: Integers = dense()
    lost: Integers = dense()
    open: Integers = dense()
    left_out: Integers = dense()
    reopened_won: Integers = dense()
    amount: npt.NDArray[np.float64] | None = of_whole()
    amount_missing: Integers | None = dense(default=None)
    moved_out: Integers | None = dense(default=None)
    too_recent: Integers | None = dense(default=None)
    sums: ExactSums | None = sums(default=None)

    @classmethod
    def of(cls, counts: _core.funnel.Counts, scale: int | None) -> FunnelCounts:
        """Take the counts out of the core's; `scale` is the decimal scale of the amounts, if any."""
        amounts = _amounts(counts, np.arange(len(counts.won)), np.zeros(0, dtype=np.int64), scale)
        return cls(**{name: getattr(counts, name) for name in _ITEMS}, **amounts)

    @classmethod
    def with_moved(
        cls,
        counts: _core.funnel.Counts,
        here: npt.NDArray[np.int64],
        moved: npt.NDArray[np.int64],
        scale: int | None,
    ) -> FunnelCounts:
        """Join the groups `here` with the groups `moved`, which have the items that moved out of them."""
        tables = {name: getattr(counts, name)[here] for name in _ITEMS}
        for name in (*_STAGES_PASSED, "left_out"):
            tables[name] = tables[name] + getattr(counts, name)[moved]
        amounts = _amounts(counts, here, moved, scale)
        return cls(**tables, **amounts, moved_out=(counts.won + counts.lost + counts.open)[moved])

    def to(self, code: Integers, n_groups: int) -> FunnelCounts:
        """Add up the groups, each where it went; of amounts those that are not rounded yet."""
        tables: dict[str, Any] = {}
        for name in (*_ITEMS, AMOUNTS[1], MOVED_OUT, TOO_RECENT):
            array = getattr(self, name)
            if array is not None:
                tables[name] = added_to(code, n_groups, array)
        return type(self)(**tables, sums=None if self.sums is None else self.sums.to(code, n_groups))

    def rounded(self) -> FunnelCounts:
        """Round the sums of amounts that are not rounded yet, if there are any."""
        return self if self.sums is None else replace(self, amount=self.sums.rounded())

    def at_groups(self, places: npt.NDArray[np.intp]) -> FunnelCounts:
        """Take the counts of some groups, without amounts."""
        names = [*_ITEMS, *([] if self.moved_out is None else [MOVED_OUT])]
        return type(self)(**{name: getattr(self, name)[places] for name in names})

    @property
    def reached(self) -> Integers:
        """Items that reach each stage."""
        return self.passed + self.assumed

    def counts_something(self, each: Literal["item", "row"]) -> npt.NDArray[np.bool_]:
        """Find the groups in which an item is counted, or an entry of an item into a stage."""
        if each == "item":
            left_out = self.left_out if self.too_recent is None else self.left_out + self.too_recent
            return self.base + left_out > 0
        entries = self.visited + self.assumed + self.skipped + self.beyond
        has_entries: npt.NDArray[np.bool_] = entries.sum(axis=1) > 0
        return has_entries

    @property
    def said_too_recent(self) -> dict[str, int]:
        """What a table remembers of the items that were left out as too recent."""
        return {} if self.too_recent is None else {"too_recent": int(self.too_recent.sum())}

    @property
    def base(self) -> Integers:
        """Items of each group."""
        items = self.won + self.lost + self.open
        return items if self.moved_out is None else items + self.moved_out


def added_to(code: Integers, n_groups: int, array: Integers) -> Integers:
    """Add up the rows of an array, each where its group went."""
    total = np.zeros((n_groups, *array.shape[1:]), dtype=np.int64)
    np.add.at(total, code, array)
    return total


def _amounts(
    counts: _core.funnel.Counts,
    groups: npt.NDArray[np.int64],
    joined: npt.NDArray[np.int64],
    scale: int | None,
) -> dict[str, Any]:
    """Add up the amounts of some groups, each with the group that joins it, and round them once."""
    if scale is None:
        return {}
    if not counts.has_amounts:  # the log has no items
        nothing = np.zeros((len(groups), counts.passed.shape[1]), dtype=np.int64)
        no_sums = {"sums": ExactSums.nothing(*nothing.shape)} if is_read_as_part() else {}
        return {**dict(zip(AMOUNTS, (nothing.astype(np.float64), nothing), strict=True)), **no_sums}
    missing = counts.amount_missing[groups]
    if len(joined):
        missing = missing + counts.amount_missing[joined]
    sums = counts.rounded_sums(groups, joined, scale)
    rounded: dict[str, Any] = dict(zip(AMOUNTS, (sums, missing), strict=True))
    return rounded | _not_rounded(counts, groups, joined, scale) if is_read_as_part() else rounded


def _not_rounded(
    counts: _core.funnel.Counts,
    groups: npt.NDArray[np.int64],
    joined: npt.NDArray[np.int64],
    scale: int,
) -> dict[str, Any]:
    """Add up the same amounts, without rounding the sums."""
    shape = counts.passed.shape
    sums = ExactSums(counts.whole.reshape(shape), counts.fraction.reshape(shape), scale)
    chosen = sums.at_places(groups)
    return {"sums": ExactSums.total([chosen, sums.at_places(joined)]) if len(joined) else chosen}
