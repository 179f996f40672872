"""The length of the periods of a trend, and which one somebody means who writes it as other libraries do."""

from __future__ import annotations

import re
from typing import Any, Final

from ..errors import SchemaError, advised, check_option, given, quoted
from .periods import FREQUENCIES

# Aliases of pandas and polars, ISO 8601 and SQL, and everyday words; what follows "-" in pandas is an anchor.
_MEANT: Final = {
    "day": ("D", "1D", "P1D", "DAILY", "DAYS", "DATE"),
    "week": ("W", "1W", "P1W", "P7D", "7D", "WEEKLY", "WEEKS", "ISOWEEK"),
    "month": ("M", "MS", "ME", "1M", "1MO", "MO", "P1M", "MONTHLY", "MONTHS"),
    "quarter": ("Q", "QS", "QE", "1Q", "P3M", "3MO", "3M", "QUARTERLY", "QUARTERS"),
    "year": ("Y", "YS", "YE", "A", "AS", "AE", "1Y", "P1Y", "12M", "YEARLY", "YEARS", "ANNUAL", "ANNUALLY"),
}
_LENGTH_OF: Final = {alias: length for length, aliases in _MEANT.items() for alias in aliases}
_BEGIN_OF_WEEK: Final = ("W-MON", "W-TUE", "W-WED", "W-THU", "W-FRI", "W-SAT")
_SHORT: Final = re.compile(r"\d*(h|hours?|hourly|min|minutes?|t|s|seconds?|ms|us|ns)", re.IGNORECASE)
_SEVERAL: Final = re.compile(r"\d+\s*[a-z]+", re.IGNORECASE)


def check_every(every: Any) -> None:
    """Refuse what is not the length of a trend's periods, with the word that is meant.

    Examples
    --------
    >>> check_every("month")
    >>> try:
    ...     check_every("MS")
    ... except SchemaError as error:
    ...     print(error)
    every='MS' is not one of 'day', 'week', 'month', 'quarter', 'year'; pass every="month"
    """
    if isinstance(every, str) and every in FREQUENCIES:
        return
    alias = str(getattr(every, "freqstr", every)).strip().upper()
    length = _LENGTH_OF.get(alias.partition("-")[0], alias.lower())
    if length not in FREQUENCIES:
        check_option("every", every, [*FREQUENCIES]) if _is_a_word(every) else _refuse_others(every)
        return
    weeks = "" if alias not in _BEGIN_OF_WEEK else ", whose weeks begin on Monday"
    anchored = "-" in alias and length in ("quarter", "year") and not alias.endswith(("-DEC", "-JAN"))
    years = ", of the calendar year" if anchored else ""
    raise SchemaError(
        given("every", every),
        f" is not one of {quoted(FREQUENCIES)}; pass ",
        advised("every", length),
        weeks or years,
    )


def _is_a_word(every: Any) -> bool:
    return isinstance(every, str) and not _SEVERAL.fullmatch(every) and not _SHORT.fullmatch(every)


def _refuse_others(every: Any) -> None:
    is_short = isinstance(every, str) and _SHORT.fullmatch(every)
    why = "the shortest period is a day" if is_short else "a period is one of the calendar, not several"
    raise SchemaError(given("every", every), f" is not one of {quoted(FREQUENCIES)}; {why}")
