"""What makes periods or groups that stand side by side unlike: age, size, and what the log covers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ..words import beginning, begins, mark, tr
from .numbers import count, percent
from .standouts import are_unlike
from .things import things_of

LEAST_BASE: Final = 30  # shares of fewer items are not compared
_MOST_NAMED: Final = 3
_COLON: Final = re.compile("[\N{NO-BREAK SPACE}]?: ")
# How the notes begin.
AGE: Final = mark("Not alike in age: {share} of {name} is still {pending}, {other_share} of {other}")
PART: Final = mark("Covered only in part: {names}")
FEW: Final = mark("Fewer than {least} {things}: {names}")
NOTES: Final = (AGE, PART, FEW)
_UNTIL: Final = mark(" (observed until {until})")
# How the titles begin that warn.
NOT_YET: Final = mark("Not to be compared yet: {why}")
NOT_COVERED: Final = mark("Not to be compared: the log covers {names} only in part")


@dataclass(frozen=True)
class Side:
    """One of the periods or groups that stand side by side.

    Attributes
    ----------
    name
        What people read for it.
    base
        The items that its shares are of.
    still_open
        Those of its items that are still open; ``None`` where that is not known.
    is_partial
        Whether the log covers it only in part.
    items
        All of its items, where these are not the base.
    """

    name: str
    base: int
    still_open: int | None
    is_partial: bool = False
    items: int | None = None

    @property
    def open_share(self) -> float:
        """Share of the items that are still open."""
        return (self.still_open or 0) / self._items if self._items else 0.0

    @property
    def is_large(self) -> bool:
        """Whether shares of its items can be compared."""
        return self.base >= LEAST_BASE

    @property
    def has_age(self) -> bool:
        """Whether its share of open items is known, and of enough items to be compared."""
        return self.still_open is not None and self._items >= LEAST_BASE

    @property
    def _items(self) -> int:
        return self.base if self.items is None else self.items

    @classmethod
    def of_rows(
        cls, name: str, rows: pd.DataFrame, remembered: Mapping[str, Any], *, is_partial: bool = False
    ) -> Side:
        """Read the rows of one funnel, or of those of all groups in one period."""
        # Arrays, because a trend has many periods, and pandas takes a while to choose rows of each.
        stages = rows["stage"].to_numpy()
        is_first = stages == stages[0] if len(rows) else np.zeros(0, dtype=bool)
        if "period" in rows and len(rows):
            period = str(rows["period"].iloc[0])
            left_out = "too_recent" in rows and bool(rows["too_recent"].to_numpy()[is_first].any())
            is_partial = is_partial or left_out or period in remembered.get("partly_covered", ())
        base = np.nansum(rows["base"].to_numpy()[is_first])
        return cls(name, int(base), int(rows["open_at"].sum()), is_partial)


def unlike_notes(
    sides: Sequence[Side],
    remembered: Mapping[str, Any],
    *,
    things: str | None = None,
    pending: str = mark("open"),
) -> list[str]:
    """Say what makes some of the sides unlike the others; nothing where all are alike.

    Parameters
    ----------
    sides
        The periods or groups.
    remembered
        What the table remembers: what it counts, the length for which items are followed, and until when they
        were observed.
    things, pending
        What the base of a side counts, by default what the table does, and what its items are that may still
        go on.
    """
    if len(sides) < 2:
        return []
    notes = []
    until = remembered.get("observed_until", "")
    partial = sorted(side.name for side in sides if side.is_partial)
    if partial:
        notes.append(tr(PART, names=listed(partial)) + (until and tr(_UNTIL, until=until)))
    aged = [side for side in sides if side.has_age]
    if aged and "within" not in remembered:  # else all items have had the same time
        most = max(aged, key=lambda side: (side.open_share, side.name))
        least = min(aged, key=lambda side: (side.open_share, side.name))
        if are_unlike(most.open_share, least.open_share):
            notes.append(
                tr(
                    AGE,
                    share=percent(most.open_share),
                    name=most.name,
                    pending=tr(pending),
                    other_share=percent(least.open_share),
                    other=least.name,
                )
            )
    small = sorted(side.name for side in sides if 0 < side.base < LEAST_BASE)
    if small:
        notes.append(tr(FEW, least=LEAST_BASE, things=things or things_of(remembered), names=listed(small)))
    return notes


def why_not_compared(notes: Sequence[str]) -> tuple[str, list[str]] | None:
    """Turn the note that weighs most into a title that warns; return it with the notes it does not repeat."""
    age = next((note for note in notes if begins(note, AGE)), "")
    if age:
        return tr(NOT_YET, why=_rest(age, AGE).rstrip(".")), [note for note in notes if note != age]
    part = next((note for note in notes if begins(note, PART)), "")
    if part:
        names = _rest(part, PART).split(beginning(_UNTIL))[0]
        return tr(NOT_COVERED, names=names), [*notes]
    few = next((note for note in notes if begins(note, FEW)), "")
    if not few:
        return None
    what, names = _COLON.split(few.rstrip("."), maxsplit=1)
    warning = tr(
        "Too few to compare: {names} ({lower}{what})", names=names, lower=what[0].lower(), what=what[1:]
    )
    return warning, [note for note in notes if note != few]


def _rest(note: str, text: str) -> str:
    return note.removeprefix(beginning(text))


def notes_of_funnels(series: Iterable[tuple[str, pd.DataFrame]], remembered: Mapping[str, Any]) -> list[str]:
    """Say what makes the groups or the periods of a funnel unlike, each a name and its rows."""
    if remembered.get("of_report", False):  # read at the stages, groups have no items of their own
        return []
    return unlike_notes([Side.of_rows(name, rows, remembered) for name, rows in series], remembered)


def listed(names: Sequence[str]) -> str:
    """Write the first of some names, and how many more there are."""
    rest = len(names) - _MOST_NAMED
    more = tr(" and {rest} more", rest=count(rest)) if rest > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + more
