"""What a table remembers of the items of its groups: how many there are, and how many are still open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..counted import fields
from ..counted.group_keys import GroupLabels, labels_of_rows
from ..counted.group_labels import GroupColumns
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
    def of(
        cls, selection: Selection, by: str | Sequence[str] | None
    ) -> tuple[Self, GroupColumns] | tuple[None, None]:
        """Count the items by their last row: a column of the log is read at moves or losses.

        It returns the columns of the groups too, and ``None`` without a breakdown.
        """
        groups = groups_of(selection, by, at="last")
        if groups.is_one:
            return None, None
        counts = items_of_groups(selection, groups)
        n = len(groups.values)  # the core has a group also where there is none
        return cls(GroupLabels.of_all(groups), counts.base[:n], counts.open[:n]), GroupColumns.of(groups)

    def remembered(self, columns: GroupColumns) -> dict[str, str]:
        """Return what a table remembers of them, by the columns of the groups."""
        labels = labels_of_rows(self.group, columns)
        order = np.argsort(labels.code)
        return remembered_ages(labels.groups, self.items[order], self.open[order])


def items_of_groups(selection: Selection, groups: Groups) -> FunnelCounts:
    """Count the items of each group."""
    (rule,) = rules_of("classic", "won", None)
    return count(Scope(selection, groups), rule)


def remembered_ages(groups: Groups, items: Integers, is_open: Integers) -> dict[str, str]:
    """Return the items and the open items of each group that has some, for a table that remembers them.

    They are text, because pandas copies at every step what a table remembers, and a list value by value.
    """
    known = np.flatnonzero(items > 0)
    if not len(known) or groups.values.columns.empty or len(known) > _MOST_RECORDED:
        return {}
    labels = labels_of(groups)
    record = {
        "groups": [labels[group] for group in known.tolist()],
        "items": items[known].tolist(),
        "open": is_open[known].tolist(),
    }
    return {"ages": json.dumps(record)}


def recorded_ages(counts: FunnelCounts, groups: Groups) -> dict[str, str]:
    """Return the items and the open items of each group, for tables whose rows do not have them."""
    return remembered_ages(groups, counts.base, counts.open)
