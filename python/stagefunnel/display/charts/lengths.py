"""Lengths of time on an axis, in the unit in which people count them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from ...words import mark, tr

_UNITS = ((mark("days"), 86_400.0), (mark("hours"), 3_600.0), (mark("minutes"), 60.0), (mark("seconds"), 1.0))
_WORKED = ((mark("working hours"), 3_600.0), (mark("working minutes"), 60.0), (mark("working seconds"), 1.0))


class LengthAxis(NamedTuple):
    """The unit of an axis, which turns lengths of time into numbers.

    Attributes
    ----------
    title
        Title of the axis.
    seconds
        Seconds in a unit; ``None`` if the lengths are numbers already.
    """

    title: str
    seconds: float | None

    def of(self, value: Any) -> float:
        """Return a length in this unit; a missing one is 0."""
        if pd.isna(value):
            return 0.0
        return float(value) if self.seconds is None else pd.Timedelta(value).total_seconds() / self.seconds


def length_axis_of(lengths: Iterable[Any], working_day: float | None = None) -> LengthAxis:
    """Choose the largest unit of which the longest length has at least two.

    Of working time, `working_day` has the seconds of a day.
    """
    present = [value for value in lengths if not pd.isna(value)]
    if not present or not isinstance(present[0], datetime.timedelta):
        return LengthAxis("", None)
    longest = max(pd.Timedelta(value).total_seconds() for value in present)
    units = _UNITS if working_day is None else ((mark("working days"), working_day), *_WORKED)
    title, seconds = next((one for one in units if longest >= 2 * one[1]), units[-1])
    return LengthAxis(tr(title), seconds)
