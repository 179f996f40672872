"""Texts of a command line that stand for times, and what is wrong with them whatever the rows are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from ..errors import SchemaError
from .lengths import length_of
from .periods import Clock, moment_of, period_of

Kind: TypeAlias = Literal["period", "moment", "length", "horizon"]
#: Rows have times with a zone, without one, or plain integers.
CLOCKS: Final = (Clock("us", None), Clock("us", "UTC"), Clock(None, None))
_NUMBERS: Final = re.compile(r"-?[0-9]+|(-?[0-9]+)?\.\.(-?[0-9]+)?")
_NUMBER: Final = re.compile(r"-?[0-9]+")


def what_is_wrong(kind: Kind, text: str) -> str | None:
    """Say what is wrong with a text that no log takes; ``None`` where only the rows can tell.

    Examples
    --------
    >>> what_is_wrong("period", "2026-03..2026-01")
    '2026-03..2026-01 ends before it begins; give the earlier side first'
    >>> what_is_wrong("period", "0..10") is None
    True
    """
    if kind == "period" and _NUMBER.fullmatch(text):
        return None  # it is none, but what would be right depends on the rows
    errors: list[SchemaError] = []
    for clock in CLOCKS:
        try:
            _READERS[kind](text, clock)
        except SchemaError as error:
            errors.append(error)
        else:
            return None
    shown = errors[-1 if _NUMBERS.fullmatch(text) else 0]
    # The text of the option stands before it already.
    return shown.spelled(lambda option: option.plain).removeprefix(": ")


def _value_of(text: str, clock: Clock) -> str | int:
    """Read a text as a command does, for which integers are times where those of the rows are."""
    return int(text) if clock.unit is None and _NUMBER.fullmatch(text) else text


def _read_period(text: str, clock: Clock) -> None:
    start, dots, end = text.partition("..")
    sides = [_value_of(side, clock) if side else None for side in (start, end)]
    period_of(sides if dots else text, clock)


def _read_moment(text: str, clock: Clock) -> None:
    moment_of(_value_of(text, clock), clock, "moment")


def _read_length(text: str, clock: Clock) -> None:
    length_of(_value_of(text, clock), clock, "length")


def _read_horizon(text: str, clock: Clock) -> None:
    """Read a length of time, or a period to the end of which it counts."""
    try:
        _read_length(text, clock)
    except SchemaError:
        _read_period(text, clock)


_READERS: Final[Mapping[Kind, Callable[[str, Clock], None]]] = {
    "period": _read_period,
    "moment": _read_moment,
    "length": _read_length,
    "horizon": _read_horizon,
}
