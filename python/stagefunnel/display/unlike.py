"""What makes periods or groups that stand side by side unlike: age, size, and what the log covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from .numbers import count, percent
from .standouts import are_unlike
from .things import things_of

LEAST_BASE: Final = 30  # shares of fewer items are not compared
_MOST_NAMED: Final = 3


@dataclass(frozen=True)
class Side:
    """One of the periods or groups that stand side by side.

    Attributes
    ----------
    name
        What people read for it.
    base, still_open
        Its items, and those among them that are still open.
    is_partial
        Whether the log covers it only in part.
    """

    name: str
    base: int
    still_open: int
    is_partial: bool = False

    @property
    def open_share(self) -> float:
        """Share of the items that are still open."""
        return self.still_open / self.base if self.base else 0.0

    @property
    def is_large(self) -> bool:
        """Whether shares of its items can be compared."""
        return self.base >= LEAST_BASE

    @classmethod
    def of_rows(cls, name: str, rows: pd.DataFrame, *, is_partial: bool = False) -> Side:
        """Read the rows of one funnel."""
        base = 0 if rows.empty else int(rows["base"].iloc[0])
        return cls(name, base, int(rows["open_at"].sum()), is_partial)


def unlike_notes(sides: Sequence[Side], remembered: Mapping[str, Any]) -> list[str]:
    """Say what makes some of the sides unlike the others; nothing where all are alike.

    `remembered` is what the table remembers: what it counts, the length for which items are followed, and
    until when they were observed.
    """
    if len(sides) < 2:
        return []
    notes = []
    until = remembered.get("observed_until", "")
    partial = sorted(side.name for side in sides if side.is_partial)
    if partial:
        notes.append(f"Covered only in part: {_listed(partial)}{until and f' (observed until {until})'}")
    large = [side for side in sides if side.is_large]
    if large and "within" not in remembered:  # else all items have had the same time
        most = max(large, key=lambda side: (side.open_share, side.name))
        least = min(large, key=lambda side: (side.open_share, side.name))
        if are_unlike(most.open_share, least.open_share):
            notes.append(
                f"Not alike in age: {percent(most.open_share)} of {most.name} is still open, "
                f"{percent(least.open_share)} of {least.name}"
            )
    small = sorted(side.name for side in sides if 0 < side.base < LEAST_BASE)
    if small:
        notes.append(f"Fewer than {LEAST_BASE} {things_of(remembered)}: {_listed(small)}")
    return notes


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    more = f" and {count(rest)} more" if rest > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + more
