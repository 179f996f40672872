"""What a table remembers of the items of its groups: how many there are, and how many are still open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import Selection
from .count import count
from .counts import FunnelCounts, Integers
from .kinds import rules_of
from .table import labels_of

_MOST_RECORDED = 10_000


@dataclass(frozen=True, eq=False)
class GroupAges:
    """How many items each group has, and how many of them are still open.

    Attributes
    ----------
    groups
        The groups, without their items.
    items, open
        Items of each group, and those that are open now.
    """

    groups: Groups
    items: Integers
    open: Integers

    def joined(self, groups: Groups, code: npt.NDArray[np.integer[Any]]) -> GroupAges:
        """Add up groups that became one; `code` says where each went."""
        items, is_open = (np.zeros(groups.n_groups, dtype=np.int64) for _ in range(2))
        np.add.at(items, code, self.items)
        np.add.at(is_open, code, self.open)
        return GroupAges(groups, items, is_open)

    @property
    def remembered(self) -> dict[str, str]:
        """What a table remembers of them.

        They are text, because pandas copies at every step what a table remembers, and a list value by value.
        """
        if self.groups.values.empty or len(self.groups.values) > _MOST_RECORDED:
            return {}
        record = {
            "groups": labels_of(self.groups),
            "items": self.items.tolist(),
            "open": self.open.tolist(),
        }
        return {"ages": json.dumps(record)}


def recorded_ages(counts: FunnelCounts, groups: Groups) -> dict[str, str]:
    """Return the items and the open items of each group, for tables whose rows do not have them."""
    return GroupAges(groups, counts.base, counts.open).remembered


def count_ages(selection: Selection, groups: Groups) -> GroupAges | None:
    """Count the items of each group; ``None`` without a breakdown."""
    if groups.is_one:
        return None
    (rule,) = rules_of("classic", "won", None)
    counts = count(Scope(selection, groups), rule)
    return GroupAges(groups.alone(), counts.base, counts.open)


def ages_of(selection: Selection, groups: Groups) -> dict[str, str]:
    """Count the items of each group, and return them as :func:`recorded_ages` does."""
    ages = count_ages(selection, groups)
    return {} if ages is None else ages.remembered


def groups_by_last_row(selection: Selection, by: str | Sequence[str] | None) -> Groups:
    """Group items by their last row: a column of the log is read at moves or losses."""
    return groups_of(selection, by, at="last")


def ages_by_last_row(selection: Selection, by: str | Sequence[str] | None) -> dict[str, str]:
    """Count the items of each group by their last row, and return them as :func:`recorded_ages` does."""
    return ages_of(selection, groups_by_last_row(selection, by))
