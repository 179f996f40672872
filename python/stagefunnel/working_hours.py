"""Working hours: on which days and at which times work is done, as spans in the times of a log."""

from __future__ import annotations

import datetime
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import SchemaError, counted, did_you_mean, given, quoted
from .naming import public
from .times.lengths import changes_of
from .times.periods import Clock
from .times.stamps import TICKS_A_SECOND
from .times.working_spans import Integers, Spans
from .times.zones import checked_zone, localized
from .toml_file import check_keys, errors_name_the_file, read_toml

TimeOfDay: TypeAlias = str | datetime.time
# Days by their name, each with the spans of work that begin on it.
Hours: TypeAlias = Mapping[str, Sequence[tuple[TimeOfDay, TimeOfDay]]]
# Single days, a table of the holidays package, or the code of a country that this package knows.
Holidays: TypeAlias = Collection[str | datetime.date] | str

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_THURSDAY: Final = 3  # the day of the week of 1 January 1970


@dataclass(frozen=True)
class _Span:
    """Seconds from the midnight with which its day begins; the end may lie on the next day."""

    begin: int
    end: int


@public
class WorkingHours:
    """The hours in which work is done: days of the week with their spans, without holidays.

    Time in stage and other lengths of time are working time where a calendar of them is given: what passes
    outside the hours does not count.

    Parameters
    ----------
    hours
        Spans of work by day of the week: ``{"mon": [("09:00", "17:00")], "fri": [("09:00", "12:00"),
        ("13:00", "16:00")]}``. A key is a day (``"mon"`` or ``"Monday"``) or several (``"mon-fri"``,
        ``"mon, wed"``). A span that ends at or before its begin, such as ``("22:00", "06:00")``, ends on the
        next day; ``"24:00"`` is the end of a day.
    holidays
        Days without work: dates, or text such as ``"2026-12-25"``; a table of the holidays package; or the
        code of a country, or of a part of it, that this package knows (``"FR"``, ``"DE-BY"``). A holiday
        takes out the spans that begin on it.
    zone
        Time zone of the hours; by default that of the log. Times of a log without a zone are read as local
        times of it.

    Raises
    ------
    SchemaError
        If a day or a time of day cannot be read, spans overlap, no hours are left, a holiday is not a date or
        the zone is unknown.
    ImportError
        If `holidays` is a code and the holidays package is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> hours = {"mon-thu": [("09:00", "17:00")], "fri": [("09:00", "13:00")]}
    >>> sf.WorkingHours(hours, holidays=["2026-05-01"])
    WorkingHours: mon, tue, wed, thu 09:00–17:00 | fri 09:00–13:00 | 1 holiday
    """

    def __init__(self, hours: Hours, *, holidays: Holidays | None = (), zone: str | None = None) -> None:
        holidays = () if holidays is None else holidays
        self._spans = _spans_of(hours)
        self._zone = checked_zone(zone)
        self._country = holidays.strip() if isinstance(holidays, str) else None
        self._holidays = _read_holidays(holidays)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Self:
        """Read the ``[calendar]`` table of a TOML file: ``hours``, ``holidays`` and ``zone``.

        Parameters
        ----------
        path
            A file, such as the one that :class:`Settings` reads; of its other tables nothing is read.

        Returns
        -------
        WorkingHours

        Raises
        ------
        SchemaError
            If the file is not TOML, has no such table, or the table is no calendar.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import stagefunnel as sf
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "calendar.toml"
        >>> _ = file.write_text('''
        ... [calendar]
        ... holidays = [2026-12-25]
        ... hours = {mon-fri = [["09:00", "17:00"]]}
        ... ''')
        >>> sf.WorkingHours.from_toml(file)
        WorkingHours: mon, tue, wed, thu, fri 09:00–17:00 | 1 holiday
        """
        content = read_toml(path)
        with errors_name_the_file(path):
            if "calendar" not in content:
                raise SchemaError("there is no [calendar] table")
            return cls(**_arguments_in(content))

    @property
    def zone(self) -> str | None:
        """Time zone of the hours; ``None``: that of the log."""
        return self._zone

    @property
    def holidays(self) -> Collection[Any] | str:
        """Days without work, or the code of the country that they are those of."""
        return self._holidays if self._country is None else self._country

    @property
    def day(self) -> Fraction:
        """Seconds of a working day: the hours of a week, divided by the days that have some."""
        lengths = [sum(span.end - span.begin for span in spans) for spans in self._spans if spans]
        return Fraction(sum(lengths), len(lengths))

    @property
    def week(self) -> int:
        """Seconds of work in a week without holidays."""
        return sum(span.end - span.begin for spans in self._spans for span in spans)

    @property
    def hours(self) -> dict[str, list[tuple[str, str]]]:
        """The spans of each day of the week that has some, as text."""
        return {
            day: [(_text(span.begin), _text(span.end)) for span in spans]
            for day, spans in zip(_DAYS, self._spans, strict=True)
            if spans
        }

    def spans(self, first: int, last: int, clock: Clock) -> Spans:
        """List the spans of work around two moments.

        Parameters
        ----------
        first, last
            Times in the unit of `clock`, of which the later one is not before the other.
        clock
            Unit of the times, which is one of seconds or finer, and their zone. Without a zone they are local
            times of the calendar's zone.

        Returns
        -------
        Spans
            The spans in the unit of `clock`: all that begin from two days before `first` to two days after
            `last`, so that no zone's offset leaves one out.
        """
        per_second = TICKS_A_SECOND[str(clock.unit)]
        from_day, to_day = first // per_second // _DAY - 2, last // per_second // _DAY + 2
        days = np.arange(from_day, to_day + 1, dtype=np.int64)
        days = days[~self._are_holidays(days)]
        of_week = (days + _THURSDAY) % 7
        begins, ends = [], []
        for day, spans in enumerate(self._spans):
            midnights = days[of_week == day] * _DAY
            begins += [midnights + span.begin for span in spans]
            ends += [midnights + span.end for span in spans]
        begin, end = np.sort(np.concatenate(begins)), np.sort(np.concatenate(ends))
        zone = self._zone or clock.zone
        if zone is not None:
            begin, end = _moments_of(begin, zone), _moments_of(end, zone)
            has_length = end > begin  # a change of the clocks can leave a span out
            begin, end = begin[has_length], end[has_length]
        found = Spans.of(begin, end)
        if zone is not None and clock.zone is None and len(begin):
            found = found.in_local_time(changes_of(int(begin[0]) - _DAY, int(end[-1]) + _DAY, zone))
        return found.scaled(per_second)

    def _are_holidays(self, days: Integers) -> npt.NDArray[np.bool_]:
        dates = days.view("datetime64[D]")
        if isinstance(self._holidays, frozenset):
            return np.isin(dates, np.array(sorted(self._holidays), dtype="datetime64[D]"))
        # A table of the holidays package makes the days of a year when it is first asked about it.
        return np.array([date in self._holidays for date in dates.tolist()], dtype=bool)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorkingHours):
            return NotImplemented  # so that Python asks the other side
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        days = self._country or frozenset(self._holidays)
        return tuple(self._spans), days, self._zone

    def __repr__(self) -> str:
        days_of: dict[str, list[str]] = {}
        for day, spans in self.hours.items():
            days_of.setdefault(", ".join(f"{begin}–{end}" for begin, end in spans), []).append(day)
        parts = [f"{', '.join(days)} {spans}" for spans, days in days_of.items()]
        if isinstance(self._holidays, frozenset):
            parts += [counted(len(self._holidays), "holiday")] if self._holidays else []
        else:
            parts.append(f"holidays of {self._country or 'a table'}")
        parts += [self._zone] if self._zone else []
        return "WorkingHours: " + " | ".join(parts)


def calendar_in(content: Mapping[str, Any]) -> WorkingHours:
    """Make the calendar of the content of a TOML file."""
    return WorkingHours(**_arguments_in(content))


def _arguments_in(content: Mapping[str, Any]) -> dict[str, Any]:
    table = content["calendar"]
    check_keys("[calendar]", table, ("hours", "holidays", "zone"))
    if "hours" not in table:
        raise SchemaError('[calendar] has no hours, such as hours = {mon-fri = [["09:00", "17:00"]]}')
    return dict(table)


def _spans_of(hours: Hours) -> list[tuple[_Span, ...]]:
    """Read the spans of each day of the week, Monday first."""
    if not isinstance(hours, Mapping):
        raise SchemaError(
            given("hours", hours), ' is not a table of days, such as {"mon-fri": [("09:00", "17:00")]}'
        )
    of_day: list[tuple[_Span, ...]] = [()] * 7
    for key, spans in hours.items():
        for day in _days_of(key):
            if of_day[day]:
                raise SchemaError(f"the hours name {_NAMES[day].title()} twice, the second time in {key!r}")
            of_day[day] = tuple(sorted(_spans_of_day(key, spans), key=lambda span: span.begin))
    in_week = sorted(
        (day * _DAY + span.begin, day * _DAY + span.end) for day, spans in enumerate(of_day) for span in spans
    )
    if not in_week:
        raise SchemaError(given("hours", dict(hours)), " leaves no time to work in")
    following = [*in_week[1:], (in_week[0][0] + _WEEK, 0)]
    for (_, end), (begin, _) in zip(in_week, following, strict=True):
        if begin < end:
            name = _NAMES[begin // _DAY % 7].title()
            raise SchemaError(
                f"the hours that begin on {name} at {_text(begin % _DAY)} overlap those before them"
            )
    return of_day


def _days_of(key: Any) -> list[int]:
    """Read the name of a day, or of several: ``mon``, ``Monday``, ``mon-fri``, ``mon, wed``."""
    if not isinstance(key, str) or not key.strip():
        raise SchemaError(f"the hours have the key {key!r}, which is not the name of a day such as 'mon'")
    days: list[int] = []
    for part in key.split(","):
        first, dash, other = part.partition("-")
        begin = _day_of(first, key)
        # A stretch may go over the end of the week, as sat-mon does.
        end = _day_of(other, key) if dash else begin
        days += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return days


def _day_of(text: str, key: str) -> int:
    name = text.strip().lower()
    if name in _DAYS:
        return _DAYS.index(name)
    if name in _NAMES:
        return _NAMES.index(name)
    hint = did_you_mean(name, [*_DAYS, *_NAMES])
    raise SchemaError(
        f"the hours have the key {key!r}, in which {text.strip()!r} is not a day of the week{hint}"
    )


def _spans_of_day(key: str, spans: Any) -> Iterable[_Span]:
    pairs = list(spans) if isinstance(spans, Iterable) and not isinstance(spans, str) else [spans]
    if len(pairs) == 2 and all(isinstance(one, str | datetime.time) for one in pairs):
        pairs = [pairs]  # one span without the list around it
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise SchemaError(f'hours of {key!r}: {pair!r} is not a span such as ("09:00", "17:00")')
        begin, end = (_seconds(one, key) for one in pair)
        if begin == _DAY:
            raise SchemaError(f"hours of {key!r}: no span begins at 24:00; write 00:00 of the next day")
        yield _Span(begin, end if end > begin else end + _DAY)


def _seconds(value: Any, key: str) -> int:
    """Read a time of day in seconds."""
    if isinstance(value, str) and value.strip() == "24:00":
        return _DAY
    try:
        time = datetime.time.fromisoformat(value.strip().zfill(5)) if isinstance(value, str) else value
        whole = time.tzinfo is None and time.microsecond == 0
    except (AttributeError, ValueError):
        whole = False
    if not whole:
        raise SchemaError(f"hours of {key!r}: {value!r} is not a time of day such as '09:00'")
    return time.hour * 3600 + time.minute * 60 + time.second


def _text(seconds: int) -> str:
    """Write a time of day; an end on the next day without it."""
    if seconds == _DAY:
        return "24:00"
    minutes, second = divmod(seconds % _DAY, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{second:02}" if second else "")


def _read_holidays(holidays: Any) -> Collection[Any]:
    if isinstance(holidays, str):
        return _of_country(holidays)
    if isinstance(holidays, Mapping) and hasattr(holidays, "years"):
        return holidays  # of the holidays package, which adds years as they are looked up
    if isinstance(holidays, datetime.date | np.datetime64) or not isinstance(holidays, Iterable):
        raise SchemaError(given("holidays", holidays), " is not a list of days")
    return frozenset(_date_of(day) for day in holidays)


def _date_of(value: Any) -> datetime.date:
    if isinstance(value, str | datetime.date | np.datetime64):
        with suppress(ValueError):
            day = datetime.date.fromisoformat(value.strip()) if isinstance(value, str) else value
            stamp = pd.Timestamp(day)
            if pd.notna(stamp) and stamp == stamp.normalize():
                return stamp.date()
    raise SchemaError(f"the holiday {value!r} is not a day such as '2026-12-25'", option="holidays")


def _of_country(code: str) -> Collection[Any]:
    """Look a country's holidays up in the holidays package."""
    try:
        import holidays as package
    except ImportError as error:
        raise ImportError(
            f'holidays={code!r} needs the holidays package: pip install "stagefunnel[holidays]"; '
            "or give the days themselves"
        ) from error
    country, _, part = code.strip().upper().partition("-")
    try:
        table: Collection[Any] = package.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:  # the package's word for a country or a part that it does not know
        known = package.list_supported_countries()
        hint = f"; of {country} it knows {quoted(known[country])}" if country in known else ""
        raise SchemaError(given("holidays", code), f" is not in the holidays package{hint}") from error
    return table


def _moments_of(local: Integers, zone: str) -> Integers:
    """Read local times as moments, both in seconds."""
    moments, _ = localized(pd.DatetimeIndex(local.view("datetime64[s]")), zone)
    return moments.tz_convert("UTC").tz_localize(None).as_unit("s").asi8
