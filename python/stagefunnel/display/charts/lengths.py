"""Lengths of time on an axis: the unit that people would count them in."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))


class Scale(NamedTuple):
    """How a length becomes a number on an axis, and what the axis is called."""

    title: str
    seconds: float | None  # None: lengths are numbers already

    def of(self, value: Any) -> float:
        """Turn a length into a number."""
        if pd.isna(value):
            return 0.0
        return float(value) if self.seconds is None else pd.Timedelta(value).total_seconds() / self.seconds


def scale_of(lengths: Iterable[Any]) -> Scale:
    """Choose the unit in which the longest of some lengths is at least two."""
    known = [value for value in lengths if not pd.isna(value)]
    if not known or not isinstance(known[0], datetime.timedelta):
        return Scale("", None)
    longest = max(pd.Timedelta(value).total_seconds() for value in known)
    title, seconds = next((one for one in _UNITS if longest >= 2 * one[1]), _UNITS[-1])
    return Scale(title, seconds)
