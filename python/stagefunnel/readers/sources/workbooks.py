"""Workbooks (.xlsx): every sheet with a table is a source."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from ...errors import ReaderError
from ...files import check_cells, check_number_of_columns, check_unpacked
from .cells import as_text
from .content import refuse_twice
from .source import Note, Source


def sheets(file: str, data: bytes) -> Iterator[Source]:
    """Read the sheets of a workbook; rows above the header, such as a title, are skipped and counted."""
    try:
        import openpyxl
    except ImportError as error:
        raise ReaderError(
            f'{file}: reading .xlsx needs openpyxl: pip install "stagefunnel[excel]"'
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            check_unpacked(sum(part.file_size for part in packed.infolist()), len(data), file)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        contents = {sheet.title: _rows_of(sheet, f"{file}, sheet {sheet.title!r}") for sheet in book}
    except ReaderError:
        raise
    except Exception as error:  # openpyxl raises what its parsers of ZIP and XML raise
        raise ReaderError(f"{file}: not a valid .xlsx file: {error}") from error
    tables = {title: rows for title, rows in contents.items() if rows.header}
    if not tables:
        raise ReaderError(f"{file}: the workbook has no sheet with a table")
    for title, rows in tables.items():
        sheet = _sheet(f"{file}, sheet {title!r}", rows, optional=len(tables) > 1)
        yield replace(sheet, serial_epoch=f"{book.epoch:%Y-%m-%d}")


@dataclass
class _Rows:
    """The rows of a sheet that hold something, in the columns that its header names.

    Attributes
    ----------
    header
        The first row with more than one cell; empty where there is none.
    places
        Places of the columns that have a name.
    rows, lines
        The cells of these columns, and the number of each row in the sheet.
    title_rows
        Number of rows above the header that hold something.
    """

    header: Sequence[Any] = ()
    places: Sequence[int] = ()
    rows: list[list[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    title_rows: int = 0


def _rows_of(sheet: Any, name: str) -> _Rows:
    """Read a sheet through; one cell far away from the table does not make a table of all that is between."""
    sheet.reset_dimensions()  # what a file says of its size may be wrong
    found = _Rows()
    n_cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        n_filled = sum(map(_is_filled, row))
        if not n_filled:
            continue
        n_cells += len(row)
        check_cells(n_cells, name)
        if found.header:
            found.rows.append([row[place] if place < len(row) else None for place in found.places])
            found.lines.append(number)
        elif n_filled == 1:
            found.title_rows += 1
        else:
            found.header = row
            found.places = [place for place, title in enumerate(row) if title is not None]
            check_number_of_columns(len(found.places), name)
    return found


def _is_filled(cell: Any) -> bool:
    return cell is not None


def _sheet(name: str, found: _Rows, *, optional: bool) -> Source:
    titles = [str(found.header[place]).strip() for place in found.places]
    refuse_twice(titles, name)
    columns = {
        title: as_text(pd.Series([row[at] for row in found.rows], dtype=object))
        for at, title in enumerate(titles)
    }
    notes: tuple[Note, ...] = (
        ("title_rows", found.title_rows, "rows above the header of a sheet, passed over"),
    )
    lines = found.lines
    return Source(name, pd.DataFrame(columns), lambda row: f"{name}, row {lines[row]:,}", notes, optional)
