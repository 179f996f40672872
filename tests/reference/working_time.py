"""Working time between two moments, day by day."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = dt.timedelta(days=1)
Spans = Sequence[tuple[str, str]]


def working_time(
    begin: dt.datetime,
    end: dt.datetime,
    hours: Mapping[str, Spans],
    *,
    holidays: Collection[dt.date] = (),
    zone: str | None = None,
) -> dt.timedelta:
    """Return the working time from ``begin`` to ``end``; naive moments are local times of the zone."""
    first, last = (_moment(time, zone) for time in (begin, end))
    passed = dt.timedelta(0)
    day = begin.date() - 3 * _DAY
    while day <= end.date() + 3 * _DAY:
        if day not in holidays:
            for opens, closes in hours.get(DAYS[day.weekday()], ()):
                span = _local(day, opens), _local(day, closes)
                if span[1] <= span[0]:
                    span = span[0], span[1] + _DAY
                from_, to = (_moment(time, zone) for time in span)
                passed += max(min(to, last) - max(from_, first), dt.timedelta(0))
        day += _DAY
    return passed


def _local(day: dt.date, time: str) -> dt.datetime:
    midnight = dt.datetime.combine(day, dt.time())
    if time == "24:00":
        return midnight + _DAY
    return dt.datetime.combine(day, dt.time.fromisoformat(time))


def _moment(time: dt.datetime, zone: str | None) -> dt.datetime:
    """Return a moment as UTC: of a local time that comes twice the second, else the first one after."""
    if time.tzinfo is not None:
        return time.astimezone(dt.UTC).replace(tzinfo=None)
    if zone is None:
        return time
    moment = time.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(dt.UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == time:
        return moment.replace(tzinfo=None)
    # The clocks leave this time out: the first second at which they show a later one is searched for.
    low, high = moment - _DAY, moment + _DAY
    while high - low > dt.timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < time:
            low = middle
        else:
            high = middle
    return high.replace(tzinfo=None)
