"""Values of options as they are typed: one that is never right is wrong usage, before rows are read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..times.typed import Kind


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number") from None


def from_1(text: str) -> int:
    """Read a whole number of at least 1."""
    if whole(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return whole(text)


def number(text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from None


def period(text: str) -> str:
    """Check a period, or a pair ``START..END``."""
    return _checked("period", text)


def other_period(text: str) -> str:
    """Check a period, or the word for one."""
    return text if text in ("previous", "last_year") else _checked("period", text)


def moment(text: str) -> str:
    """Check a moment."""
    return _checked("moment", text)


def moments(text: str) -> str:
    """Check moments with commas between them."""
    return _all_checked("moment", text)


def length(text: str) -> str:
    """Check a length of time."""
    return _checked("length", text)


def lengths(text: str) -> str:
    """Check lengths of time with commas between them."""
    return _all_checked("length", text)


def lengths_of_stages(text: str) -> str:
    """Check the lengths of ``STAGE=TIME`` with commas between them; ``none`` is the word for none."""
    for one in text.split(","):
        time = one.rpartition("=")[2]
        if time and time != "none":
            _checked("length", time)
    return text


def horizon(text: str) -> str:
    """Check a length of time, or a period."""
    return _checked("horizon", text)


def condition(text: str) -> str:
    """Check a condition; whether there is what it is about only the log can tell."""
    from ..questions.checks.conditions import what_is_wrong
    from ..times.typed import CLOCKS

    wrong = what_is_wrong(text, CLOCKS)
    if wrong is not None:
        raise argparse.ArgumentTypeError(wrong.spelled(lambda option: option.plain))
    return text


def _all_checked(kind: Kind, text: str) -> str:
    for one in text.split(","):
        _checked(kind, one)
    return text


def _checked(kind: Kind, text: str) -> str:
    """Return a text as it is, which the command reads when it knows the times of the rows."""
    if not text:
        return text
    from ..times.typed import what_is_wrong

    wrong = what_is_wrong(kind, text)
    if wrong is not None:
        raise argparse.ArgumentTypeError(wrong)
    return text
