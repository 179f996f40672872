"""The rules of a sequence: its steps, exclusions, and lengths of time, which may be calendar months."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd

from reference.stages import Stage, Time


class Seen(NamedTuple):
    """A stage in the place of a row's stage, with the value that the row has in a column."""

    stage: Stage | None
    value: Any


class Conditional(NamedTuple):
    """A step that only the rows fit whose value fulfils a condition; they are rows with :class:`Seen`."""

    stage: Any
    holds: Callable[[Any], bool]
    name: str


# One stage, several stages of which any fits, or "*" for any stage at all; each may have a condition.
Step: TypeAlias = Stage | Conditional | Sequence[Stage | Conditional]
Effect: TypeAlias = Literal["drop", "stop", "reset"]
Timing: TypeAlias = Literal["last_entry", "first_entry"]
Mode: TypeAlias = Literal[
    "ordered", "increase", "strict", "unordered", "first_entry", "open", "hybrid", "clickhouse"
]


class Months(NamedTuple):
    """A length of calendar months."""

    number: int


Length: TypeAlias = int | timedelta | Months
Gaps: TypeAlias = Length | Mapping[int, Length] | None


class Exclusion(NamedTuple):
    """A stage that must not come after step ``after`` and before step ``before``, by default the last."""

    stage: Step
    after: int = 1
    before: int | None = None
    effect: Effect = "drop"


@dataclass(frozen=True)
class Rules:
    """The rules by which every journey is read."""

    steps: Sequence[Step]
    mode: Mode = "ordered"
    modes: Collection[str] = ()
    window: Length | None = None
    max_gap: Gaps = None
    min_gap: Gaps = None
    timing: Timing = "last_entry"
    exclude: Sequence[Exclusion] = ()
    optional: Collection[int] = ()
    first_time: Collection[int] = ()

    @property
    def n(self) -> int:
        """The count of steps, which is also the number of the last step."""
        return len(self.steps)

    def ending(self, exclusion: Exclusion) -> int:
        """Return the step that ends an exclusion."""
        return self.n if exclusion.before is None else exclusion.before

    def effect(self, exclusion: Exclusion) -> Effect:
        """Return the effect of an exclusion: with steps in any order, every exclusion resets."""
        return "reset" if self.mode == "unordered" else exclusion.effect


class Event(NamedTuple):
    """A row of a journey: its place, stage and time, and the values that a match must hold."""

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


def fits(stage: Stage | Seen | None, step: Step) -> bool:
    """Return whether a row of a stage can fill a step; a row without a stage fills no step."""
    if stage is None:
        return False
    if isinstance(step, Conditional):
        assert isinstance(stage, Seen)
        return fits(stage, step.stage) and step.holds(stage.value)
    if isinstance(step, list | tuple | set | frozenset):
        return any(fits(stage, each) for each in step)
    return step == "*" or step == (stage.stage if isinstance(stage, Seen) else stage)


def fillers(events: Sequence[Event], rules: Rules) -> dict[int, list[Event]]:
    """Return the rows that can fill each step."""
    can_fill = {
        number: [event for event in events if fits(event.stage, step)]
        for number, step in enumerate(rules.steps, start=1)
    }
    for number in rules.first_time:
        # Rows of equal time are equally early.
        rows = can_fill[number]
        can_fill[number] = [event for event in rows if event.time == rows[0].time]
    return can_fill


def after(time: Time, length: Length) -> Time:
    """Return the time that is a length later; months keep the day and the time that the clock shows.

    A day that the last month does not have becomes the end of that month. A clock time that the zone leaves
    out becomes the first moment after the gap; of a clock time that comes twice, the first moment counts.
    A later time never has an earlier end.
    """
    if not isinstance(length, Months):
        return time + length
    stamp = pd.Timestamp(time)
    end = _months_after(stamp, length)
    put_back = _put_back_before(stamp)
    if put_back is not None:
        # A time in the second pass of an hour ends no earlier than the last time of the first pass.
        end = max(end, _months_after(put_back - pd.Timedelta(1), length))
    return end.to_pydatetime() if not isinstance(time, pd.Timestamp) else end


def _months_after(stamp: pd.Timestamp, months: Months) -> pd.Timestamp:
    start = stamp.tz_localize(None)
    shown = start + _calendar_months(months.number)
    is_missing = shown.day != start.day
    if is_missing:
        shown = (shown + pd.offsets.MonthBegin()).normalize()
    end = shown if stamp.tz is None else _shown_at(shown, stamp.tz)
    return end - pd.Timedelta(1) if is_missing else end


@cache
def _calendar_months(number: int) -> pd.DateOffset:
    return pd.DateOffset(months=number)


_DAY = pd.Timedelta(days=1)


def _put_back_before(stamp: pd.Timestamp) -> pd.Timestamp | None:
    """Return the moment within the day before at which the clock was put back, None if there was none."""
    if stamp.tz is None:
        return None
    high = stamp.tz_convert("UTC")
    low = high.floor("s") - _DAY
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
    """Return the moment at which a clock shows a time; pandas is wrong for some gaps of a zone."""
    # With fold 0 this is the offset of the first of two such moments, and in a gap the offset before it.
    clock = shown.floor("s").to_pydatetime().replace(tzinfo=zone)
    first, second = (_offset(clock.replace(fold=fold)) for fold in (0, 1))
    if first >= second:
        return (shown - first).tz_localize("UTC").tz_convert(zone)
    low, high = shown - second, shown - first
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).floor("s")
        was = middle.tz_localize("UTC").tz_convert(zone).utcoffset() == first
        low, high = (middle, high) if was else (low, middle)
    return high.floor("s").tz_localize("UTC").tz_convert(zone)


def _offset(clock: datetime) -> timedelta:
    offset = clock.utcoffset()
    assert offset is not None
    return offset


def gap_of(gaps: Gaps, number: int) -> Length | None:
    """Return the gap before one step."""
    if isinstance(gaps, Mapping):
        return gaps.get(number)
    return gaps


def is_within(entry: Time, time: Time, window: Length | None) -> bool:
    """Return whether a time is inside the window of an entry, its bound included."""
    return window is None or bool(time <= after(entry, window))


def keeps_gaps(previous: Time, time: Time, number: int, rules: Rules) -> bool:
    """Return whether step ``number`` comes neither too soon nor too late after the step done before it."""
    least, most = gap_of(rules.min_gap, number), gap_of(rules.max_gap, number)
    soon = least is not None and time < after(previous, least)
    late = most is not None and time > after(previous, most)
    return not soon and not late


def label_of(step: Step) -> str:
    """Return the name of a step: its stages."""
    if isinstance(step, Conditional):
        return f"{label_of(step.stage)} ({step.name})"
    if isinstance(step, list | tuple | set | frozenset):
        return " | ".join(map(label_of, step))
    return str(step)


def as_times(values: Sequence[Time | None], like: Sequence[Time]) -> "pd.Series[Any]":
    """Make a column of times, some of them missing, of the type of the log's times."""
    if any(isinstance(time, datetime) for time in like):
        return pd.Series(list(values), dtype=pd.Series(pd.to_datetime(list(like))).dtype)
    return pd.Series(list(values), dtype="Int64")
