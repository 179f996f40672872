"""Lengths of time: as they pass, in the hours of a calendar, or on clocks that stand still in some stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, given
from ...log.data import LogData
from ...pipeline import Pipeline
from ...times.periods import Clock
from ...times.stamps import NAT, ticks_in
from ...times.working_spans import Spans
from ...working_hours import WorkingHours
from .selection import Selection

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
        if self.unit != self.data.unit:
            return _core.journeys.with_times(journeys=journeys, times=self.times(journeys.time))
        spans = self._spans(self.calendar, journeys.time)
        return _core.journeys.in_working_time(
            journeys=journeys,
            begin=spans.begin,
            end=spans.end,
            before=spans.before,
            threads=self.data.threads,
        )

    def with_pauses(self, selection: Selection, journeys: _core.journeys.Journeys) -> _core.journeys.Journeys:
        """Return journeys in which the clock of an item stands still in the paused stages of the pipeline.

        `journeys` are those of the selection, with times between which the lengths pass.
        """
        pipeline = selection.pipeline
        paused = pipeline.rules.paused
        if not paused:
            return journeys
        return _core.scan.with_pauses(
            journeys=journeys,
            pipeline=selection.lookup,
            paused=np.array([label in paused for label in pipeline.labels], dtype=np.uint8),
            threads=self.data.threads,
            marks=self.marks(selection),
        )

    def remembered_with_pauses(self, pipeline: Pipeline) -> dict[str, Any]:
        """Return what a table remembers whose lengths leave paused stages out."""
        paused = [str(label) for label in pipeline.rules.paused]
        return {**self.remembered, **({"paused": paused} if paused else {})}

    def marks(self, selection: Selection) -> _core.scan.Marks | None:
        """Return the marks of the rows that the core reads beside these journeys."""
        marks = selection.data.marks
        if marks is None or marks.ended is None or self.calendar is None:
            return selection.marks
        # Ends are bounded as they are, and measured as the times of rows are.
        ended = self.times(selection.known_ends(marks.ended))
        return selection.core_marks(replace(marks, ended=ended), bounded=False)

    def times(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the times between which the lengths pass; a missing time stays missing."""
        if self.calendar is None:
            return times
        spans = self._spans(self.calendar, times)
        worked = _core.journeys.working_times(
            times=np.ascontiguousarray(self._in_unit(times)),
            begin=spans.begin,
            end=spans.end,
            before=spans.before,
            threads=self.data.threads,
        )
        worked[times == NAT] = NAT
        return worked

    def _in_unit(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return times if self.unit == self.data.unit else ticks_in(times, str(self.data.unit), str(self.unit))

    def _spans(self, calendar: WorkingHours, times: npt.NDArray[np.int64]) -> Spans:
        """List the working hours around some times."""
        present = times[times != NAT] if self.data.time_range is None else np.array(self.data.time_range)
        if not len(present):
            nothing = np.zeros(0, dtype=np.int64)
            return Spans.of(nothing, nothing)
        # Ends of visits and of observation may be later than the last row; the begin stays, from which all
        # lengths are counted.
        last = max(int(present.max()), int(times.max(initial=NAT)))
        ends = self._in_unit(np.array([present.min(), last], dtype=np.int64))
        return calendar.spans(int(ends[0]), int(ends[1]), Clock(self.unit, self.data.zone))


def passed_until(
    started: npt.NDArray[np.int64], until: int, clock: Clock, calendar: WorkingHours | None
) -> npt.NDArray[np.int64]:
    """Return how much time passes from some moments to one, as questions with this calendar measure it."""
    if calendar is None or not len(started):
        return until - started
    times = np.append(started, until)
    unit = clock.unit
    if unit == "D":
        unit, times = _SECONDS, ticks_in(times, "D", _SECONDS)
    spans = calendar.spans(int(times.min()), int(times.max()), Clock(unit, clock.zone))
    worked = _core.journeys.working_times(
        times=np.ascontiguousarray(times), begin=spans.begin, end=spans.end, before=spans.before, threads=1
    )
    passed: npt.NDArray[np.int64] = worked[-1] - worked[:-1]
    return passed
