"""Amounts as people write them: with currencies and units, and points, commas or blanks as separators."""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ReaderError, advised, quoted
from ..notes import Notes
from .cells import as_text
from .places import Place, first_row
from .written_amounts import Written, written

_PLAIN: Final = re.compile(r"[+-]?[0-9.,]+|")
# Three digits between separators, or two and at last three as in India.
_NUMBER: Final = (
    r"[+-]?(?:\d+|\d{{1,3}}(?:{separator}\d{{3}})+|\d{{1,2}}(?:{separator}\d{{2}})+{separator}\d{{3}})?"
    r"(?:{mark}\d+)?(?:[eE][+-]?\d+)?"
)
_NOTHING: Final = Written("")


def amounts(column: pd.Series, place: Place, notes: Notes, decimal: str | None = None) -> pd.Series:
    """Read amounts like ``1 234,50``, ``R$ 1.234,50``, ``1,23,456.50``, ``(1,200.00)`` and ``$1.2M``.

    Parameters
    ----------
    column
        Text; missing values stay missing.
    place
        Function that says where a row stands in the input.
    notes
        Notes that count the texts that are not an amount, which become missing, and what was read as a guess.
    decimal
        Decimal mark, ``"."`` or ``","``; by default the numbers of the column decide.

    Raises
    ------
    ReaderError
        If neither the column nor `decimal` decides how to read a number like ``1,234``.
    """
    texts = as_text(column, times_too=True).fillna("").tolist()
    factors = np.ones(len(texts))
    for row in [row for row, text in enumerate(texts) if not _PLAIN.fullmatch(text)]:
        texts[row], factors[row] = written(texts[row]) or _NOTHING
    numbers = pd.Series(texts, index=column.index, dtype="string")
    values = _read(numbers, column, place, notes, decimal)
    values[np.isinf(values)] = np.nan
    unread = column.notna().to_numpy() & np.isnan(values)
    has_digit = column.astype("string").str.contains(r"\d", na=False).to_numpy(dtype=bool)
    notes.add(
        "amounts_left_blank",
        int((unread & ~has_digit).sum()),
        f"texts without a number in column {column.name!r}, taken as missing amounts"
        f"{_examples(column[unread & ~has_digit])}",
    )
    notes.add(
        "unreadable_amounts",
        int((unread & has_digit).sum()),
        f"amounts in column {column.name!r} that cannot be read, taken as missing"
        f"{_examples(column[unread & has_digit])}",
    )
    notes.add(
        "amounts_in_units",
        int((factors != 1).sum()),
        f"amounts in column {column.name!r} that are written in thousands, millions or the like"
        f"{_examples(column[factors != 1])}",
    )
    return pd.Series(values * factors, dtype=np.float64)


def _examples(column: pd.Series) -> str:
    return f": {quoted(column.unique()[:4], most=3)}"


def _read(
    numbers: pd.Series, column: pd.Series, place: Place, notes: Notes, decimal: str | None
) -> npt.NDArray[np.float64]:
    """Read numbers with points and commas; those of another form become NaN."""
    if decimal is not None:
        return _with_mark(numbers, decimal)
    with_comma, with_point = _has_decimals_after(numbers, ",", "."), _has_decimals_after(numbers, ".", ",")
    if with_comma.any() and with_point.any():
        notes.add(
            "mixed_decimal_marks",
            int((with_comma | with_point).sum()),
            f"amounts in column {column.name!r}, some of which have decimals after a comma and some after a "
            f"point; each is read as it can only be read, and one that could be either is missing; pass "
            f"decimal= if all have one mark",
        )
        doubtful = ~with_comma & ~with_point & numbers.str.contains("[.,]", na=False)
        read = np.where(with_comma, _with_mark(numbers, ","), _with_mark(numbers, "."))
        return np.where(doubtful, np.nan, read)
    is_doubtful = numbers.str.match(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$", na=False)
    if is_doubtful.any() and not with_comma.any() and not with_point.any():
        row = first_row(is_doubtful)
        raise ReaderError(
            f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} may be thousands or decimals; "
            "pass ",
            advised("decimal", "."),
            " or ",
            advised("decimal", ","),
        )
    return _with_mark(numbers, "," if with_comma.any() else ".")


def _with_mark(numbers: pd.Series, mark: str) -> npt.NDArray[np.float64]:
    separator = "." if mark == "," else ","
    pattern = _NUMBER.format(mark=re.escape(mark), separator=re.escape(separator))
    is_number = numbers.str.fullmatch(pattern, na=False) & numbers.str.contains(r"\d", na=False)
    plain = numbers.str.replace(separator, "", regex=False).str.replace(mark, ".", regex=False)
    # Python's float is the nearest one to the text; pandas' own parser may be one off.
    return np.array(
        [float(text) if is_one else math.nan for text, is_one in zip(plain, is_number, strict=True)]
    )


def _has_decimals_after(text: pd.Series, mark: str, separator: str) -> pd.Series:
    """Flag the numbers that can only be read with decimals after a mark."""
    mark, separator = re.escape(mark), re.escape(separator)
    one_mark = rf"^[^{mark}]*{mark}\d*$"
    three_digits = rf"^[+-]?[1-9]\d{{0,2}}{mark}\d{{3}}$"  # 1,234 may be thousands
    groups = rf"^[+-]?\d{{1,3}}(?:{separator}\d{{3}}){{2,}}$"  # 1.234.567 separates thousands
    of_india = rf"^[+-]?\d{{1,2}}(?:{separator}\d{{2}})+{separator}\d{{3}}$"
    is_single = text.str.match(one_mark, na=False) & ~text.str.match(three_digits, na=False)
    return is_single | text.str.match(groups, na=False) | text.str.match(of_india, na=False)
