"""Working time: the times of a log, or of a part of it, counted in the hours of a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given
from ...log.data import LogData
from ...times.periods import Clock
from ...times.stamps import NAT, ticks_in
from ...times.zones import localized
from ...working_hours import WorkingHours

_SECONDS: Final = "s"


@dataclass(frozen=True)
class Lengths:
    """How lengths of time are measured: as they pass, or inside working hours alone.

    Attributes
    ----------
    data
        The inside of the log.
    calendar
        The working hours; ``None``: all time counts.
    """

    data: LogData
    calendar: WorkingHours | None = None

    @classmethod
    def of(cls, data: LogData, calendar: WorkingHours | None) -> Self:
        """Check the argument `calendar` of a question.

        Raises
        ------
        SchemaError
            If it is no calendar, or the times of the log are plain integers.
        """
        if calendar is not None:
            if not isinstance(calendar, WorkingHours):
                raise SchemaError(
                    given("calendar", calendar), " is not a calendar; make one with stagefunnel.WorkingHours"
                )
            if data.unit is None:
                raise SchemaError(
                    given("calendar", calendar),
                    " needs dates and times, and the log's times are plain integers",
                )
        return cls(data, calendar)

    @property
    def unit(self) -> str | None:
        """Unit of the lengths: that of the log, but of dates seconds where work is measured."""
        return _SECONDS if self.calendar is not None and self.data.unit == "D" else self.data.unit

    @property
    def remembered(self) -> dict[str, Any]:
        """What a table remembers of the calendar: the length of a working day, in seconds."""
        return {} if self.calendar is None else {"working_day": float(self.calendar.day)}

    def journeys(self, journeys: _core.journeys.Journeys) -> _core.journeys.Journeys:
        """Return journeys between whose times the lengths pass."""
        if self.calendar is None:
            return journeys
        times = journeys.time
        begin, end = self._spans(times)
        if self._times_are_moments:
            return _core.journeys.in_working_time(
                journeys=journeys, begin=begin, end=end, threads=self.data.threads
            )
        return _core.journeys.with_times(journeys=journeys, times=self.times(times))

    def times(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the times between which the lengths pass; a missing time stays missing."""
        if self.calendar is None:
            return times
        begin, end = self._spans(times)
        worked = _core.journeys.working_times(
            times=np.ascontiguousarray(self._moments(times)), begin=begin, end=end, threads=self.data.threads
        )
        worked[times == NAT] = NAT
        return worked

    @property
    def _times_are_moments(self) -> bool:
        """Whether the log's own ticks are those in which the spans are given."""
        local = self.data.zone is None and self.calendar is not None and self.calendar.zone is not None
        return self.data.unit != "D" and not local

    def _moments(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Bring times to the unit of the spans; without a zone they are local times of the calendar."""
        if self._times_are_moments or self.calendar is None or self.data.unit is None:
            return times
        unit = str(self.unit)
        ticks = ticks_in(times, self.data.unit, unit)
        if self.data.zone is not None or self.calendar.zone is None:
            return ticks
        moments, _ = localized(pd.DatetimeIndex(ticks.view(f"datetime64[{unit}]")), self.calendar.zone)
        return moments.tz_convert("UTC").tz_localize(None).as_unit(cast(Any, unit)).asi8

    def _spans(self, times: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """List the working hours around some times."""
        present = times if self.data.time_range is None else np.array(self.data.time_range)
        moments = self._moments(present[present != NAT])
        assert self.calendar is not None
        if not len(moments):
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        clock = Clock(self.unit, self.data.zone)
        return self.calendar.spans(int(moments.min()), int(moments.max()), clock)
