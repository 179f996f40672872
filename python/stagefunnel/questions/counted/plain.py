"""Values of any type as plain data, which JSON keeps: labels, options, pipelines, calendars."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from ...errors import SchemaError
from ...log.stage_signs import StageUse, UseOfStages
from ...pipeline import Pipeline, made_by_reader
from ...working_hours import WorkingHours
from ..scope.remarks import Ends

_DAY: Final = 86_400
_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})


_RECORDS: Final[dict[str, type]] = {one.__name__: one for one in (Ends, StageUse, UseOfStages)}
_T = TypeVar("_T")


def record(of: type[_T]) -> type[_T]:
    """Let the values of a dataclass have a plain form."""
    _RECORDS[of.__name__] = of
    return of


def kept_as(of: type, name: str, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
    """Let the values of a class have a plain form: `write` makes a list of plain values, `read` takes it."""
    _KINDS[of] = (name, lambda value: _items(write(value)), lambda plain: read(_values(plain)))
    _READERS[name] = _KINDS[of][2]


def to_plain(value: Any) -> Any:
    """Write a value as plain data: text, integers, true, false and null as they are, all else with its type.

    Raises
    ------
    SchemaError
        If the value is of a type that has no plain form.
    """
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return {"float": value.hex()}
    for kind, (name, write, _) in _KINDS.items():
        if isinstance(value, kind):
            return {name: write(value)}
    if type(value) in _RECORDS.values():
        named = {one.name: to_plain(getattr(value, one.name)) for one in fields(value)}
        return {"record": [type(value).__name__, named]}
    if value is pd.NaT or value is pd.NA:
        return {"missing": "NaT" if value is pd.NaT else "NA"}
    raise SchemaError(f"{value!r} is of the type {type(value).__name__}, which has no plain form")


def from_plain(plain: Any) -> Any:
    """Return the value that was written so.

    Raises
    ------
    SchemaError
        If it is the plain form of no value.
    """
    if plain.__class__ in _AS_THEY_ARE:
        return plain
    if isinstance(plain, dict) and len(plain) == 1:
        ((name, content),) = plain.items()
        try:
            if name in _READERS:
                return _READERS[name](content)
        except (ArithmeticError, AttributeError, KeyError, LookupError, TypeError, ValueError) as error:
            raise SchemaError(f"{plain!r} is not the plain form of a value: {error}") from error
    raise SchemaError(f"{plain!r} is not the plain form of a value")


def text_of(value: Any) -> str:
    """Write a value as one line of JSON, the same for equal values of one type."""
    return json.dumps(to_plain(value), separators=(",", ":"))


def _record(plain: Any) -> Any:
    name, named = plain
    return _RECORDS[name](**{one: from_plain(value) for one, value in named.items()})


def _items(values: Any) -> list[Any]:
    return [to_plain(value) for value in values]


def _values(plain: Any) -> list[Any]:
    # Most values are as they are, and to call a function for each would take most of the time.
    return [value if value.__class__ in _AS_THEY_ARE else from_plain(value) for value in plain]


def _tuple(plain: Any) -> tuple[Any, ...]:
    if _AS_THEY_ARE.issuperset(map(type, plain)):
        return tuple(plain)
    return tuple(_values(plain))


def _pairs(values: Mapping[Any, Any]) -> list[Any]:
    return [[to_plain(key), to_plain(value)] for key, value in values.items()]


def _mapping(pairs: Any) -> dict[Any, Any]:
    return {from_plain(key): from_plain(value) for key, value in pairs}


def _zone(value: Any) -> str | None:
    zone = value.tzinfo
    return None if zone is None else str(getattr(zone, "key", zone))


def _timestamp(plain: Any) -> Any:
    ticks, unit, zone = plain
    moment = pd.Timestamp(np.datetime64(int(ticks), unit))
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


def _of_timestamp(value: pd.Timestamp) -> list[Any]:
    return [int(value.asm8.view("int64")), value.unit, _zone(value)]


def _datetime(plain: Any) -> Any:
    moment = _timestamp(plain)
    return moment.to_pydatetime()


def _of_datetime(value: datetime.datetime) -> list[Any]:
    return _of_timestamp(pd.Timestamp(value).as_unit("us"))


def _timedelta(plain: Any) -> datetime.timedelta:
    return datetime.timedelta(*map(int, plain))


def _numpy_ticks(value: Any) -> list[Any]:
    unit, step = np.datetime_data(value.dtype)
    return [int(value.view("int64")), unit, step]


def _pipeline(plain: Any) -> Pipeline:
    arguments = {name: from_plain(value) for name, value in plain["arguments"].items()}
    pipeline = Pipeline(**arguments)
    return made_by_reader(pipeline) if plain["is_from_export"] else pipeline


def _of_pipeline(pipeline: Pipeline) -> dict[str, Any]:
    names = {label: name for label, name in pipeline.names.items() if name != str(label)}
    arguments: dict[str, Any] = {
        **{name: getattr(pipeline, name) for name in ("stages", "won", "lost", "elsewhere", "moved_out")},
        "names": names,
        **pipeline.rules.given,
    }
    return {
        "arguments": {name: to_plain(value) for name, value in arguments.items()},
        "is_from_export": pipeline.is_from_export,
    }


def _of_calendar(calendar: WorkingHours) -> list[Any]:
    holidays = calendar.holidays
    days = holidays if isinstance(holidays, str) else sorted(holidays)
    return [to_plain(calendar.hours), to_plain(days), calendar.zone]


def _calendar(plain: Any) -> WorkingHours:
    hours, holidays, zone = plain
    return WorkingHours(from_plain(hours), holidays=from_plain(holidays), zone=zone)


# Subclasses stand before their classes: a Timestamp is a datetime, and that is a date.
_KINDS: Final[dict[Any, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    Pipeline: ("pipeline", _of_pipeline, _pipeline),
    WorkingHours: ("calendar", _of_calendar, _calendar),
    type(pd.NaT): ("missing", lambda _: "NaT", lambda name: {"NaT": pd.NaT, "NA": pd.NA}[name]),
    pd.Timestamp: ("timestamp", _of_timestamp, _timestamp),
    datetime.datetime: ("datetime", _of_datetime, _datetime),
    datetime.date: ("date", datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.time: ("time", datetime.time.isoformat, datetime.time.fromisoformat),
    pd.Timedelta: (
        "length",
        lambda value: [int(value.asm8.view("int64")), value.unit],
        lambda plain: pd.Timedelta(np.timedelta64(int(plain[0]), plain[1])),
    ),
    datetime.timedelta: (
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        _timedelta,
    ),
    np.datetime64: (
        "datetime64",
        _numpy_ticks,
        lambda plain: np.datetime64(int(plain[0]), (plain[1], plain[2])),
    ),
    np.timedelta64: (
        "timedelta64",
        _numpy_ticks,
        lambda plain: np.timedelta64(int(plain[0]), (plain[1], plain[2])),
    ),
    pd.Period: (
        "period",
        lambda value: [value.ordinal, value.freqstr],
        lambda plain: pd.Period(ordinal=int(plain[0]), freq=plain[1]),
    ),
    pd.Interval: (
        "interval",
        lambda value: [to_plain(value.left), to_plain(value.right), value.closed],
        lambda plain: pd.Interval(from_plain(plain[0]), from_plain(plain[1]), plain[2]),
    ),
    Decimal: ("decimal", str, Decimal),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    slice: (
        "slice",
        lambda value: _items((value.start, value.stop, value.step)),
        lambda p: slice(*_values(p)),
    ),
    tuple: ("tuple", _items, _tuple),
    list: ("list", _items, _values),
    set: ("set", lambda value: sorted(_items(value), key=json.dumps), lambda plain: {*_values(plain)}),
    frozenset: (
        "frozenset",
        lambda value: sorted(_items(value), key=json.dumps),
        lambda plain: frozenset(_values(plain)),
    ),
    Mapping: ("dict", _pairs, _mapping),
}
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "float": float.fromhex,
    "record": _record,
    **{name: read for name, _, read in _KINDS.values()},
}
