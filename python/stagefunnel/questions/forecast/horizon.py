"""The time in which an open item has to be won."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from ...errors import SchemaError, given, given_period
from ...times.lengths import LengthLike, exact_length, length_of
from ...times.lengths import ends_of as ends_of_length
from ...times.periods import PeriodLike, period_of
from ..scope.selection import Selection
from ..scope.working import Lengths

HorizonLike: TypeAlias = LengthLike | PeriodLike


@dataclass(frozen=True)
class Horizon:
    """The time in which an item has to be won.

    Attributes
    ----------
    end
        The moment after it, in the unit of the log.
    length
        How long it is from the end of observation, in the measure of the lengths.
    begin
        Where it is a period, its first moment.
    """

    end: int
    length: Fraction
    begin: int | None

    @classmethod
    def of(
        cls, value: HorizonLike | None, selection: Selection, lengths: Lengths, now: int
    ) -> Horizon | None:
        """Read a horizon: a length of time from now, or a period or a date, which counts to its end."""
        if value is None:
            return None
        begin, end = _end_of(value, selection, now)
        if end <= now:
            shown = selection.data.to_times(np.array([now], dtype=np.int64)).iloc[0]
            raise SchemaError(
                given_period("horizon", value),
                f" is over by the end of observation, {shown}; give a later one",
            )
        if lengths.calendar is None:
            length = Fraction(end - now)
        else:
            times = lengths.times(np.array([now, end], dtype=np.int64))
            length = Fraction(int(times[1] - times[0]))
            if not length:
                raise SchemaError(given("horizon", value), " has no working time; give a longer one")
        return cls(end, length, begin)


def _end_of(value: Any, selection: Selection, now: int) -> tuple[int | None, int]:
    clock = selection.data.clock
    try:
        exact_length(value, clock, "horizon")
    except SchemaError as error:
        if clock.unit is None and not isinstance(value, tuple | list):
            raise
        begin, end = _period(value, selection, error)
        if end is None:
            raise SchemaError(
                given_period("horizon", value), " has no end; give one, or a length of time"
            ) from None
        return begin, end
    length = length_of(value, clock, "horizon")
    assert length is not None  # a horizon is given
    return None, int(ends_of_length(length, np.array([now], dtype=np.int64), clock)[0])


def _period(value: Any, selection: Selection, error: SchemaError) -> tuple[int | None, int | None]:
    try:
        return period_of(value, selection.data.clock, "horizon").ticks(selection.data.clock)
    except SchemaError:
        if isinstance(value, tuple | list):
            raise  # it is a pair, and what is wrong with its sides is said
        raise SchemaError(
            given("horizon", value),
            ' is neither a length of time, such as "90d", nor a period, such as "2026-Q3"',
        ) from error
