"""What a table remembers of the items of its groups: how many there are, and how many are still open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..counted import fields
from ..counted.group_keys import GroupLabels
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
class AgeRows:
    """How many items each of some groups has, and how many of them are still open.

    Attributes
    ----------
    group
        The groups, which need not be those of the counts beside.
    items, open
        Items of each group, and those that are open now.
    """

    group: GroupLabels = fields.key_of_label()
    items: Integers = fields.value()
    open: Integers = fields.value()

    @classmethod
    def of(cls, selection: Selection, by: str | Sequence[str] | None) -> Self | None:
        """Count the items by their last row: a column of the log is read at moves or losses.

        Without a breakdown it returns ``None``.
        """
        groups = groups_of(selection, by, at="last")
        if groups.is_one:
            return None
        counts = items_of_groups(selection, groups)
        return cls(GroupLabels.of_all(groups), counts.base, counts.open)

    @property
    def remembered(self) -> dict[str, str]:
        """What a table remembers of them."""
        return remembered_ages(self.group.groups, self.items, self.open)


def items_of_groups(selection: Selection, groups: Groups) -> FunnelCounts:
    """Count the items of each group."""
    (rule,) = rules_of("classic", "won", None)
    return count(Scope(selection, groups), rule)


def remembered_ages(groups: Groups, items: Integers, is_open: Integers) -> dict[str, str]:
    """Return the items and the open items of each group that has some, for a table that remembers them.

    They are text, because pandas copies at every step what a table remembers, and a list value by value.
    """
    if groups.values.empty or len(groups.values) > _MOST_RECORDED:
        return {}
    record = {"groups": labels_of(groups), "items": items.tolist(), "open": is_open.tolist()}
    return {"ages": json.dumps(record)}


def recorded_ages(counts: FunnelCounts, groups: Groups) -> dict[str, str]:
    """Return the items and the open items of each group, for tables whose rows do not have them."""
    return remembered_ages(groups, counts.base, counts.open)


def ages_of(selection: Selection, groups: Groups) -> dict[str, str]:
    """Count the items of each group, and return them as :func:`recorded_ages` does."""
    return {} if groups.is_one else recorded_ages(items_of_groups(selection, groups), groups)


def ages_by_last_row(selection: Selection, by: str | Sequence[str] | None) -> dict[str, str]:
    """Count the items of each group by their last row: a column of the log is read at moves or losses."""
    return ages_of(selection, groups_of(selection, by, at="last"))
