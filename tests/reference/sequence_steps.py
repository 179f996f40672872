"""What a sequence is asked with: steps, exclusions, and spans of time that may be calendar months."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd

from reference.stages import Stage, Time

# A stage, several of which any will do, or "*" for any stage at all.
Step: TypeAlias = Stage | Sequence[Stage]
Effect: TypeAlias = Literal["drop", "stop", "reset"]
Timing: TypeAlias = Literal["last_entry", "first_entry"]
Mode: TypeAlias = Literal[
    "ordered", "increase", "strict", "unordered", "first_entry", "open", "hybrid", "clickhouse"
]


class Months(NamedTuple):
    """A span of calendar months."""

    number: int


Span: TypeAlias = int | timedelta | Months
Gaps: TypeAlias = Span | Mapping[int, Span] | None


class Exclusion(NamedTuple):
    """A stage that must not come after step ``after`` and before step ``before``, the last one by default."""

    stage: Step
    after: int = 1
    before: int | None = None
    effect: Effect = "drop"


@dataclass(frozen=True)
class Asked:
    """All that is asked of every journey."""

    steps: Sequence[Step]
    mode: Mode = "ordered"
    modes: Collection[str] = ()
    window: Span | None = None
    max_gap: Gaps = None
    min_gap: Gaps = None
    timing: Timing = "last_entry"
    exclude: Sequence[Exclusion] = ()
    optional: Collection[int] = ()
    first_time: Collection[int] = ()

    @property
    def n(self) -> int:
        """The number of steps, which is also that of the last step."""
        return len(self.steps)

    def ending(self, exclusion: Exclusion) -> int:
        """Return the step that ends an exclusion."""
        return self.n if exclusion.before is None else exclusion.before

    def effect(self, exclusion: Exclusion) -> Effect:
        """Return what an exclusion does: steps in any order know only resets."""
        return "reset" if self.mode == "unordered" else exclusion.effect


class Event(NamedTuple):
    """A row of a journey: its place, stage and time, and the values that a chain must hold."""

    row: int
    stage: Stage | None
    time: Time
    held: Hashable


def events_of(journey: Sequence[tuple[Stage, Time]], hold: Sequence[Hashable] | None) -> list[Event]:
    """Number the rows of a journey, which are in order of time."""
    values = [None] * len(journey) if hold is None else hold
    return [
        Event(row, stage, time, held)
        for row, ((stage, time), held) in enumerate(zip(journey, values, strict=True))
    ]


def matches(stage: Stage | None, step: Step) -> bool:
    """Tell whether a row of a stage can fill a step; one without a stage fills none."""
    if stage is None:
        return False
    if isinstance(step, list | tuple | set | frozenset):
        return any(matches(stage, one) for one in step)
    return step == "*" or step == stage


def fillers(events: Sequence[Event], asked: Asked) -> dict[int, list[Event]]:
    """Return the rows that can fill each step."""
    can = {
        number: [event for event in events if matches(event.stage, step)]
        for number, step in enumerate(asked.steps, start=1)
    }
    for number in asked.first_time:
        # Rows of equal time are equally early.
        can[number] = [event for event in can[number] if event.time == can[number][0].time]
    return can


def after(time: Time, span: Span) -> Time:
    """Return the time a span later; months keep what the clock shows.

    A day that the last month does not have is its end; a clock time that the zone leaves out is the first
    moment after the gap, one that comes twice the first. No later time has an earlier end.
    """
    if not isinstance(span, Months):
        return time + span
    stamp = pd.Timestamp(time)
    end = _months_after(stamp, span)
    put_back = _put_back_before(stamp)
    if put_back is not None:
        # What comes in the second pass of an hour does not end before what comes last in the first one.
        end = max(end, _months_after(put_back - pd.Timedelta(1), span))
    return end.to_pydatetime() if not isinstance(time, pd.Timestamp) else end


def _months_after(stamp: pd.Timestamp, months: Months) -> pd.Timestamp:
    start = stamp.tz_localize(None)
    shown = start + pd.DateOffset(months=months.number)
    is_missing = shown.day != start.day
    if is_missing:
        shown = (shown + pd.offsets.MonthBegin()).normalize()
    end = shown if stamp.tz is None else _shown_at(shown, stamp.tz)
    return end - pd.Timedelta(1) if is_missing else end


def _put_back_before(stamp: pd.Timestamp) -> pd.Timestamp | None:
    """Find the moment within the day before at which the clock was put back."""
    if stamp.tz is None:
        return None
    low, high = stamp.tz_convert("UTC").floor("s") - pd.Timedelta(days=1), stamp.tz_convert("UTC")
    was, now = low.tz_convert(stamp.tz).utcoffset(), stamp.utcoffset()
    assert was is not None
    assert now is not None
    if was <= now:
        return None
    while high - low > pd.Timedelta(seconds=1):
        middle = (low + (high - low) / 2).floor("s")
        is_before = middle.tz_convert(stamp.tz).utcoffset() == was
        low, high = (middle, high) if is_before else (low, middle)
    return high.floor("s").tz_convert(stamp.tz)


def _shown_at(shown: pd.Timestamp, zone: tzinfo) -> pd.Timestamp:
    """Find the moment at which a clock shows something, by hand: pandas is wrong for some gaps of a zone."""
    # With fold 0 this is the offset of the first of two such moments, and in a gap the one before it.
    first, second = (_offset(shown, zone, fold) for fold in (0, 1))
    if first >= second:
        return (shown - first).tz_localize("UTC").tz_convert(zone)
    low, high = shown - second, shown - first
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).floor("s")
        was = middle.tz_localize("UTC").tz_convert(zone).utcoffset() == first
        low, high = (middle, high) if was else (low, middle)
    return high.floor("s").tz_localize("UTC").tz_convert(zone)


def _offset(shown: pd.Timestamp, zone: tzinfo, fold: int) -> timedelta:
    found = shown.floor("s").to_pydatetime().replace(tzinfo=zone, fold=fold).utcoffset()
    assert found is not None
    return found


def gap_of(gaps: Gaps, number: int) -> Span | None:
    """Return the gap that one step asks for."""
    if isinstance(gaps, Mapping):
        return gaps.get(number)
    return gaps


def is_within(entry: Time, time: Time, window: Span | None) -> bool:
    """Tell whether a time is inside the window of an entry, its bound included."""
    return window is None or bool(time <= after(entry, window))


def keeps_gaps(previous: Time, time: Time, number: int, asked: Asked) -> bool:
    """Tell whether step ``number`` comes neither too soon nor too late after the step done before it."""
    least, most = gap_of(asked.min_gap, number), gap_of(asked.max_gap, number)
    soon = least is not None and time < after(previous, least)
    late = most is not None and time > after(previous, most)
    return not soon and not late


def label_of(step: Step) -> str:
    """Name a step by its stages."""
    if isinstance(step, list | tuple | set | frozenset):
        return " | ".join(map(str, step))
    return str(step)


def as_times(values: Sequence[Time | None], like: Sequence[Time]) -> "pd.Series[Any]":
    """Make a column of times of which some are missing, of the type that the log's times have."""
    if any(isinstance(time, datetime) for time in like):
        return pd.Series(list(values), dtype=pd.Series(pd.to_datetime(list(like))).dtype)
    return pd.Series(list(values), dtype="Int64")
