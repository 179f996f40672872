"""What a question is about, as one value: rows, groups and amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...log.columns.category import Codes
from .groups import ONE_GROUP, Groups
from .item_rows import items_of_rows
from .money import NO_AMOUNTS, Amounts
from .selection import Selection


@dataclass(frozen=True, eq=False)
class Scope:
    """The rows that a question reads, the groups that it counts in and the amounts that it adds up."""

    selection: Selection
    groups: Groups = ONE_GROUP
    amounts: Amounts = NO_AMOUNTS

    @property
    def is_by_entry(self) -> bool:
        """Whether groups or amounts are read where an item enters a stage, and not once for the item."""
        return "row" in (self.groups.each, self.amounts.each)

    @property
    def is_plain(self) -> bool:
        """Whether the question has neither groups nor amounts."""
        return self.groups.is_one and self.amounts.is_none

    def too_recent(self) -> npt.NDArray[np.int64] | None:
        """Count the items of each group that are left out as too recent; ``None`` where none can be.

        Where groups are read at the stages, they are those of the whole report.
        """
        left_out, groups = self.selection.too_recent, self.groups
        if left_out is None:
            return None
        if groups.each == "row":
            return np.full(groups.n_groups, left_out.sum(), dtype=np.int64)
        codes = groups.codes(len(left_out))[left_out]
        return np.bincount(codes, minlength=groups.n_groups).astype(np.int64)

    def core_groups(self) -> tuple[Codes | None, int]:
        """Return the group in which the core counts each item or row, and the number of groups.

        Items that moved out are counted in groups of their own, which follow the others. Without a
        breakdown and such items there are no codes.
        """
        groups, moved = self.groups, self.selection.moved
        if moved is None:
            return (None if groups.is_one else groups.code), groups.n_groups
        if groups.each == "row":
            moved = moved[items_of_rows(self.selection.log)]
        behind = moved.astype(np.int32) * np.int32(groups.n_groups)
        return groups.codes(len(moved)) + behind, 2 * groups.n_groups
