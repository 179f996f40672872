"""Plain numbers as times: 20260331 is the last of March to people."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import StageFunnelWarning
from .data import LogData

# How a number of so many digits is read as a date.
_FORMATS: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_WARNED: Final = "the log's times are whole numbers that read as dates"


def read_as_dates(data: LogData) -> str | None:
    """Return the format of a log's times if they are whole numbers that all read as dates, else ``None``."""
    if data.unit is not None or data.time_range is None:
        return None
    # The two ends spare a look at all times: numbers that count something hardly ever lie there.
    if format_of_dates(np.array(data.time_range)) is None:
        return None
    return format_of_dates(data.journeys.time)


def format_of_dates(times: npt.NDArray[np.int64]) -> str | None:
    """Return the format of whole numbers that all read as dates, else ``None``."""
    digits = len(str(times.max()))
    if digits not in _FORMATS or len(str(times.min())) != digits:
        return None
    return _FORMATS[digits] if _are_dates(times, digits).all() else None


def _are_dates(times: npt.NDArray[np.int64], digits: int) -> npt.NDArray[np.bool_]:
    clock, day = times % 10 ** (digits - 8), times // 10 ** (digits - 8)
    clock = clock * 100 if digits == 12 else clock
    year, month, of_month = day // 10_000, day // 100 % 100, day % 100
    months = (year.clip(1, 9999) - 1970) * 12 + month.clip(1, 12) - 1
    begins = months.astype("datetime64[M]")
    length = ((begins + 1).astype("datetime64[D]") - begins.astype("datetime64[D]")).astype(np.int64)
    is_day = (month >= 1) & (month <= 12) & (of_month >= 1) & (of_month <= length)
    is_clock = (clock // 10_000 < 24) & (clock // 100 % 100 < 60) & (clock % 100 < 60)
    found: npt.NDArray[np.bool_] = is_day & is_clock & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    return found


def warn_of_dates(data: LogData, stacklevel: int) -> None:
    """Warn of times that read as dates; `stacklevel` is that of the caller of who calls this."""
    written = read_as_dates(data)
    if written is not None and data.time_range is not None:
        warn_of_format(written, data.time_range[0], stacklevel + 1)


def warn_of_format(written: str, first: int, stacklevel: int) -> None:
    """Do the same where the format of the times and the first of them are known."""
    warnings.warn(
        f"{_WARNED} ({first}): lengths of time are "
        f"wrong and there are no months; turn them into dates, as "
        f'pandas.to_datetime(times, format="{written}") does',
        StageFunnelWarning,
        stacklevel=stacklevel + 1,
    )


@contextmanager
def without_warning_of_dates() -> Iterator[None]:
    """Read a part of a log without the warning: only all parts together say how its times read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", re.escape(_WARNED), StageFunnelWarning)
        yield
