"""What a table remembers of the items of its groups: how many there are, and how many are still open."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import Selection
from .count import count
from .counts import FunnelCounts
from .kinds import rules_of
from .table import labels_of

_MOST_RECORDED = 10_000


def recorded_ages(counts: FunnelCounts, groups: Groups) -> dict[str, str]:
    """Return the items and the open items of each group, for tables whose rows do not have them.

    They are text, because pandas copies at every step what a table remembers, and a list value by value.
    """
    if groups.values.empty or len(groups.values) > _MOST_RECORDED:
        return {}
    record = {"groups": labels_of(groups), "items": counts.base.tolist(), "open": counts.open.tolist()}
    return {"ages": json.dumps(record)}


def ages_of(selection: Selection, groups: Groups) -> dict[str, str]:
    """Count the items of each group, and return them as :func:`recorded_ages` does."""
    if groups.is_one:
        return {}
    (rule,) = rules_of("classic", "won", None)
    return recorded_ages(count(Scope(selection, groups), rule), groups)


def ages_by_last_row(selection: Selection, by: str | Sequence[str] | None) -> dict[str, str]:
    """Count the items of each group by their last row: a column of the log is read at moves or losses."""
    return ages_of(selection, groups_of(selection, by, at="last"))
