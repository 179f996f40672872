"""Lengths of time and moments that a table remembers as text, written as the spoken language writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import current_catalogue
from ..words.forms import day, minute
from .numbers import unit

_LENGTHS: Final = ("within", "window", "horizon", "tau", "observed")
_MOMENTS: Final = ("observed_until", "log_runs")
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?) ?([dD]|days?|h|hours?|min|minutes?|s|seconds?)\b")
_UNIT: Final = {"day": "d", "hour": "h", "minute": "min", "second": "s"}
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
)


def as_spoken(remembered: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a table remembers, with its lengths of time and moments in the language that is spoken."""
    if current_catalogue() is None:
        return remembered
    changed: dict[str, Any] = {name: length_text(remembered[name]) for name in _LENGTHS if name in remembered}
    for name in _MOMENTS:
        if name in remembered:
            value = remembered[name]
            changed[name] = moment_text(value) if isinstance(value, str) else [*map(moment_text, value)]
    if "seen" in remembered:
        seen = remembered["seen"]
        changed["seen"] = {name: moment_text(value) for name, value in seen.items()}
    return {**remembered, **changed}


def length_text(text: Any) -> Any:
    """Write a length of time that was given as text: ``90d`` is ``90 j`` in French."""
    if not isinstance(text, str) or current_catalogue() is None:
        return text
    return _LENGTH.sub(
        lambda found: f"{found[1]}{unit(_UNIT.get(found[2].rstrip('s'), found[2].lower()))}", text
    )


def _length(found: re.Match[str]) -> str:
    return f"{found[1]}{unit(_UNIT.get(found[2].rstrip('s'), found[2].lower()))}"


def moment_text(text: Any) -> Any:
    """Write the moments of a text: ``2026-03-12 14:30`` is ``12 mars 2026 14:30`` in French."""
    if not isinstance(text, str) or current_catalogue() is None:
        return text
    return _MOMENT.sub(lambda found: of_moment(pd.Timestamp(found[0])), text)


def of_moment(moment: pd.Timestamp) -> str:
    """Write a moment to the minute, or its day alone where it is midnight."""
    return day(moment) if moment == moment.normalize() else minute(moment)
