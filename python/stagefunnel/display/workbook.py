"""Tables as an Excel workbook: a sheet a table, with real dates, percents and lengths of time."""

from __future__ import annotations

import datetime
import io
import math
import numbers
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import StageFunnelError
from .cells import is_share
from .restored import named_columns, with_lengths
from .sheet_names import sheet_names

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_LONGEST_TEXT: Final = 32_767
_CUT: Final = "… (cut)"
_MOST_DIGITS: Final = 10**15  # Excel's numbers have fifteen digits
# Excel takes 1900 for a leap year, so that its earliest dates are a day off.
_FIRST_DAY: Final = datetime.datetime(1900, 3, 1)
_WIDTHS: Final = (8, 60)
_LOOKED_AT: Final = 500  # rows whose texts set the width of a column
_DAY, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_HOURS, _SECONDS, _DAYS = "[h]:mm", "[h]:mm:ss", '0.00" d"'
_SHARE, _SHARE_APART, _COUNT, _NUMBER = "0.0%", "+0.0%;-0.0%;0.0%", "#,##0", "#,##0.00"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_KEYS: Final = ("item", "step", "visit", "visit_of_stage")


@dataclass(frozen=True)
class _Column:
    """One column: its heading, what is in its cells, and the number format of each."""

    heading: str
    values: list[Any]
    number_format: str | None

    def format_of(self, value: Any) -> str | None:
        """Return the format of one cell; values of several types each have their own."""
        if isinstance(value, datetime.datetime):
            return self.number_format if self.number_format in (_DAY, _TIME) else _TIME
        if isinstance(value, datetime.date):
            return _DAY
        return None if isinstance(value, str | bool) else self.number_format


class _Cells:
    """The cells of a sheet. Rows share them: one is written before the next is made, and styles take long."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: dict[tuple[Any, ...], Any] = {}

    def of(self, place: int, value: Any, number_format: str | None) -> Any:
        """Return a cell of a column with a value; ``None`` where it is empty."""
        if value is None:
            return None
        is_text = isinstance(value, str)
        is_formula = is_text and value.startswith(_FORMULA)
        key = place, is_text, is_formula, number_format
        cell = self._made.get(key)
        if cell is None:
            cell = self._made[key] = self._make()
            if number_format is not None and not is_text:
                cell.number_format = number_format
            if is_formula:
                cell.quotePrefix = True  # it stays text where a reader edits it
        cell.value = value
        if is_text:
            cell.data_type = "s"  # not a formula, nor an error such as #N/A
        return cell


def write_workbook(tables: Mapping[str, pd.DataFrame], path: str) -> None:
    """Write a workbook, a sheet for each table.

    Shares are percents, lengths of time hours, and times dates of Excel, which have no zone: they are written
    as the clocks of their zone show them, and the heading names it. Text stays text, whatever it begins with.

    Raises
    ------
    StageFunnelError
        If a table has more rows or columns than a sheet, or openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font
        from openpyxl.utils import get_column_letter
    except ImportError as error:
        raise StageFunnelError('writing .xlsx needs openpyxl: pip install "stagefunnel[excel]"') from error
    for name, table in tables.items():
        _refuse_large(name, table)
    # Whatever is refused is refused before the first sheet is written.
    sheets = {name: _columns_of(tables[given]) for given, name in sheet_names(tables).items()}
    book = Workbook(write_only=True)
    for name, columns in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, column in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = _width_of(column)

        cells = _Cells(partial(WriteOnlyCell, sheet))
        headings = [cells.of(place, column.heading, None) for place, column in enumerate(columns)]
        for heading in headings:
            heading.font = Font(bold=True)
        sheet.append(headings)
        cells = _Cells(partial(WriteOnlyCell, sheet))
        for row in zip(*(column.values for column in columns), strict=True):
            sheet.append(
                [cells.of(place, value, columns[place].format_of(value)) for place, value in enumerate(row)]
            )
    whole = io.BytesIO()  # a full disk would leave an archive that complains when it is forgotten
    book.save(whole)
    with open(path, "wb") as file:
        file.write(whole.getbuffer())


def _refuse_large(name: str, table: pd.DataFrame) -> None:
    if len(table) >= _MOST_ROWS:
        raise StageFunnelError(
            f"table {name!r} has {len(table):,} rows, and a sheet of Excel holds {_MOST_ROWS - 1:,} below "
            f"its heading; write it as CSV or Parquet, or ask about a shorter period"
        )
    if len(table.columns) > _MOST_COLUMNS:
        raise StageFunnelError(
            f"table {name!r} has {len(table.columns):,} columns, and a sheet of Excel holds "
            f"{_MOST_COLUMNS:,}; write it as CSV or Parquet"
        )


def _columns_of(table: pd.DataFrame) -> list[_Column]:
    table = with_lengths(named_columns(table))
    return [_column(_heading(name), table.iloc[:, at]) for at, name in enumerate(table.columns)]


def _heading(name: Any) -> str:
    return " / ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _column(name: str, column: pd.Series) -> _Column:
    """Choose how a column is written, by its type and its name."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind = column.dtype.kind
    if kind == "M":
        return _times(name, column)
    if kind == "m":
        return _lengths(name, column)
    if kind in "iu":
        return _whole(name, column)
    if kind == "f":
        number_format = _NUMBER
        if name.endswith(("_difference", "_change")) and (
            name.startswith("conv") or name.endswith("_change")
        ):
            number_format = _SHARE_APART
        elif is_share(name):
            number_format = _SHARE
        elif _is_all_whole(column):
            number_format = _COUNT
        return _Column(name, _values(column, lambda value: _number(float(value))), number_format)
    return _Column(name, _values(column, _object), None)


def _values(column: pd.Series, write: Callable[[Any], Any]) -> list[Any]:
    """Write each value; a missing one is an empty cell."""
    missing = column.isna().to_numpy()
    return [None if flag else write(value) for value, flag in zip(column, missing, strict=True)]


def _is_all_whole(column: pd.Series) -> bool:
    known = column.dropna().to_numpy(dtype=np.float64)
    return bool(len(known)) and bool((known == np.round(known)).all())


def _number(value: float) -> Any:
    return value if math.isfinite(value) else str(value)


def _whole(name: str, column: pd.Series) -> _Column:
    known = column.dropna()
    # Excel would round such a number, and a key that is rounded is another key.
    is_long = bool(len(known)) and max(abs(int(known.min())), abs(int(known.max()))) >= _MOST_DIGITS
    values = _values(column, str if is_long else int)
    return _Column(name, values, None if is_long or name in _KEYS else _COUNT)


def _times(name: str, column: pd.Series) -> _Column:
    zone = column.dt.tz
    shown = column if zone is None else column.dt.tz_localize(None)
    known = shown.dropna()
    is_days = bool(len(known)) and bool((known == known.dt.normalize()).all())
    heading = name if zone is None else f"{name} ({zone})"
    return _Column(heading, _values(shown, _time), _DAY if is_days else _TIME)


def _time(value: Any) -> Any:
    """Make a date of Excel, or text of a time that it has no date for."""
    if not 1900 <= value.year <= 9999:
        return str(value)
    moment: datetime.datetime = pd.Timestamp(value).floor("us").to_pydatetime()
    return moment if moment >= _FIRST_DAY else str(value)


def _lengths(name: str, column: pd.Series) -> _Column:
    seconds = column.dt.total_seconds()
    known = seconds.dropna()
    longest = float(known.max()) if len(known) else 0.0
    number_format = _HOURS if longest >= 3_600 else _SECONDS
    if len(known) and float(known.min()) < 0:
        number_format = _DAYS  # Excel shows no negative hours
    return _Column(name, _values(seconds, lambda value: float(value) / 86_400), number_format)


def _object(value: Any) -> Any:
    """Write a value of a column of text, or of several types."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value) if abs(int(value)) < _MOST_DIGITS else str(value)
    if isinstance(value, numbers.Real | Decimal):
        return _number(float(value))
    if isinstance(value, datetime.datetime):
        return _time(value) if value.tzinfo is None else value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        is_early = value < _FIRST_DAY.date()
        return str(value) if is_early else value
    if isinstance(value, datetime.timedelta):
        return str(value)
    return _text(value)


def _text(value: Any) -> str:
    # What XML does not have is written as Excel itself writes it.
    text = _NOT_IN_XML.sub(lambda sign: f"_x{ord(sign[0]):04X}_", str(value))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - len(_CUT)] + _CUT


def _width_of(column: _Column) -> int:
    shown = [_shown_length(value, column) for value in column.values[:_LOOKED_AT] if value is not None]
    least, most = _WIDTHS
    return min(max([least, len(column.heading) + 2, *(length + 2 for length in shown)]), most)


def _shown_length(value: Any, column: _Column) -> int:
    number_format = column.format_of(value)
    if number_format in (_DAY, _TIME):
        return len(number_format)
    if number_format in (_HOURS, _SECONDS):
        return len(str(int(value * 24))) + len(number_format) - 3
    if isinstance(value, float):
        return len(f"{value:,.1f}")
    return len(f"{value:,}" if isinstance(value, int) else str(value))
