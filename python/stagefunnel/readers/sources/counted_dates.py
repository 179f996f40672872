"""Times that are counted: seconds and their parts since 1970, and the days of a spreadsheet."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

_COUNT: Final = r"^(?:[1-4][0-9]{9}(?:[0-9]{3}){0,3}|[1-9][0-9]{8})(?:\.[0-9]+)?$"
_SERIAL: Final = r"^[0-9]{5}(?:\.[0-9]+)?$"
_FIRST_DAY, _LAST_DAY = 20_000, 73_050  # 1954 and 2100; an older day may as well be an amount
_DECIMALS: Final = {10: 0, 13: 3, 16: 6, 19: 9}  # of a second, by the number of digits
_DIGITS_BEFORE_2001: Final = 9
_MOST_WHOLE: Final = 16  # more are parts of a microsecond
_LATEST: Final = 4_102_444_800  # the begin of 2100
# Names of columns that say so; their counts may begin earlier.
_SAYS_SO: Final = re.compile(
    r"unix|epoch|posix|timestamp|(?<![a-z])ts(?![a-z])|[_ ](?:s|ms|us|ns|sec|millis|micros|nanos)$"
)
_LONGEST_FRACTION: Final = 9


def whole_counts(column: pd.Series) -> pd.Series | None:
    """Read a column of nothing but counts since 1970 of 10, 13 or 16 digits; ``None`` for any other.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.counted_dates import whole_counts
    >>> whole_counts(pd.Series(["1767607200", "1767607201"])).astype(str).tolist()
    ['2026-01-05 10:00:00+00:00', '2026-01-05 10:00:01+00:00']
    """
    first = column.iat[0] if len(column) else None
    digits = len(first) if isinstance(first, str) else 0
    if digits not in _DECIMALS or digits > _MOST_WHOLE:
        return None
    is_of_arrow = isinstance(column.array, pd.arrays.ArrowStringArray)
    counts = _numbers_of_arrow(column, digits) if is_of_arrow else _numbers(column.tolist(), digits)
    if counts is None:
        return None
    exponent = 6 - _DECIMALS[digits]
    is_known = (counts >= 10 ** (digits - 1)).all() and (counts // 10 ** _DECIMALS[digits] < _LATEST).all()
    if not is_known:
        return None
    microseconds = (counts * 10**exponent).view("datetime64[us]")
    return pd.Series(pd.DatetimeIndex(microseconds).tz_localize("UTC"))


def _numbers(texts: list[Any], length: int) -> npt.NDArray[np.int64] | None:
    """Read texts of so many digits each; ``None`` if one is of another length, or no number."""
    if {*map(type, texts)} != {str} or {*map(len, texts)} != {length}:
        return None
    together = "".join(texts)
    if not (together.isascii() and together.isdigit()):
        return None
    signs = np.frombuffer(together.encode("ascii"), dtype=np.uint8).reshape(-1, length)
    numbers = np.zeros(len(signs), dtype=np.int64)
    for place in range(length):
        numbers = numbers * 10 + (signs[:, place] - ord("0"))
    return numbers


def _numbers_of_arrow(column: pd.Series, length: int) -> npt.NDArray[np.int64] | None:
    """Do the same for texts that pyarrow holds, of which no objects need to be made."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(column.array)
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    are_numbers = not texts.null_count and lengths == {"min": length, "max": length}
    if not are_numbers or not pc.all(pc.ascii_is_decimal(texts)).as_py():
        return None
    numbers: npt.NDArray[np.int64] = texts.cast(pa.int64()).to_numpy()
    return numbers


def since_1970(texts: pd.Series, name: str) -> pd.Series:
    """Rewrite counts since 1970 as ISO 8601: 10 digits are seconds, 13, 16 and 19 are parts of one.

    A name of a column such as ``created_ts`` allows seconds of 9 digits, which are before September 2001.
    Other texts, and numbers beyond the year 2100, stay as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.counted_dates import since_1970
    >>> since_1970(pd.Series(["1767607200", "1767607200500", "12345"]), "at").tolist()
    ['2026-01-05T10:00:00.000000+00:00', '2026-01-05T10:00:00.500000+00:00', '12345']
    """
    is_count = texts.str.match(_COUNT, na=False).to_numpy(dtype=bool)
    if not is_count.any():
        return texts
    wholes, fractions = _halves(texts[is_count])
    digits = wholes.str.len()
    says_so = _SAYS_SO.search(name.lower()) is not None
    decimals = digits.map(_DECIMALS | ({_DIGITS_BEFORE_2001: 0} if says_so else {}))
    known = decimals.notna()
    exponents = 9 - decimals[known].astype("int64")
    counts = wholes[known].astype("int64")
    nanoseconds = counts * 10**exponents
    if fractions is not None:
        nanoseconds += fractions[known] * 10**exponents // 10**_LONGEST_FRACTION
    return _written(texts, nanoseconds[counts // 10 ** (9 - exponents) < _LATEST])


def _halves(counts: pd.Series) -> tuple[pd.Series, pd.Series | None]:
    """Return the digits before the point, and as a number those behind it."""
    if not counts.str.contains(".", regex=False).any():
        return counts, None
    parts = counts.str.partition(".")
    digits = parts[2].str.ljust(_LONGEST_FRACTION, "0").str.slice(0, _LONGEST_FRACTION)
    return parts[0], digits.astype("int64")


def _written(texts: pd.Series, nanoseconds: pd.Series) -> pd.Series:
    if not len(nanoseconds):
        return texts
    values = nanoseconds.to_numpy(dtype=np.int64)
    moments = values.view("datetime64[ns]")
    # Digits below a microsecond would make all times of the log nanoseconds.
    in_unit = moments.astype("datetime64[us]") if not (values % 1_000).any() else moments
    iso = np.datetime_as_string(in_unit)
    texts = texts.copy()
    texts[nanoseconds.index] = pd.Series(iso, index=nanoseconds.index, dtype=object) + "+00:00"
    return texts


def of_serial_days(texts: pd.Series, epoch: str) -> tuple[pd.Series, int]:
    """Rewrite the numbers of days that a spreadsheet keeps as ISO 8601, and return how many they are.

    Parameters
    ----------
    texts
        Texts; those that are not such a number stay as they are.
    epoch
        Day 0: 1899-12-30, or 1904-01-01 where a workbook says so.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.counted_dates import of_serial_days
    >>> of_serial_days(pd.Series(["46027.4375", "New"]), "1899-12-30")[0].tolist()
    ['2026-01-05T10:30:00.000', 'New']
    """
    is_number = texts.str.match(_SERIAL, na=False)
    days = texts[is_number.to_numpy(dtype=bool)].astype(float)
    days = days[(days >= _FIRST_DAY) & (days < _LAST_DAY)]
    if not len(days):
        return texts, 0
    # A spreadsheet has a precision of milliseconds.
    milliseconds = (days * 86_400_000).round().astype("int64").to_numpy()
    iso = np.datetime_as_string(np.datetime64(epoch, "ms") + milliseconds.view("timedelta64[ms]"))
    texts = texts.copy()
    texts[days.index] = pd.Series(iso, index=days.index, dtype=object)
    return texts, len(days)
