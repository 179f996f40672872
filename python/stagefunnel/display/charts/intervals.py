"""How sure a share is: its bounds as a row of a table has them, in words and as a line with ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ...words import tr
from ..cells import between
from ..numbers import percent
from .sheet import Sheet

_END = 4  # pixels of an end on each side of the line


class Interval(NamedTuple):
    """The bounds of a share, or of a difference."""

    low: float
    high: float

    def text(self, write: Callable[[Any], str] = percent) -> str:
        """Write the bounds in brackets."""
        return between(write, self.low, self.high)


def interval_of(row: Mapping[Any, Any], name: str) -> Interval | None:
    """Return the bounds of a column in a row, where the table has them."""
    low, high = (row.get(f"{name}_{side}") for side in ("low", "high"))
    return None if low is None or high is None or pd.isna(low) or pd.isna(high) else Interval(low, high)


def percent_between(row: Mapping[Any, Any], name: str) -> str:
    """Write a share with its bounds, where the table has them."""
    interval = interval_of(row, name)
    return percent(row[name]) + (f" {interval.text()}" if interval else "")


def interval_note(remembered: Mapping[str, Any]) -> list[str]:
    """Say what the lines of intervals are, where the table has some."""
    level = remembered.get("confidence")
    return [tr("Thin lines with ends: {level} intervals", level=percent(float(level)))] if level else []


def draw_across(sheet: Sheet, low: float, high: float, y: float, colour: str, *, end: float = _END) -> None:
    """Draw an interval along a row."""
    sheet.rule(low, y, high, y, colour, thick=1.2)
    for x in (low, high):
        sheet.rule(x, y - end, x, y + end, colour, thick=1.2)


def draw_below_bar(sheet: Sheet, low: float, high: float, y: float) -> None:
    """Draw an interval below the end of a bar, of which it would hide small pieces."""
    draw_across(sheet, low, high, y + 3.5, sheet.look.ink, end=2.5)


def draw_upright(sheet: Sheet, x: float, low: float, high: float, colour: str, *, has_ends: bool) -> None:
    """Draw an interval through a dot of a line."""
    sheet.rule(x, low, x, high, colour, thick=1.2)
    for end in (low, high) if has_ends else ():
        sheet.rule(x - _END, end, x + _END, end, colour, thick=1.2)
