"""Workbooks (.xlsx): every sheet with a table is a source."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from ...errors import ReaderError
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
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        contents = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    except Exception as error:  # openpyxl raises what its parsers of ZIP and XML raise
        raise ReaderError(f"{file}: not a valid .xlsx file: {error}") from error
    tables = {title: rows for title, rows in contents.items() if _header_at(rows) is not None}
    if not tables:
        raise ReaderError(f"{file}: the workbook has no sheet with a table")
    for title, rows in tables.items():
        sheet = _sheet(f"{file}, sheet {title!r}", rows, optional=len(tables) > 1)
        yield replace(sheet, serial_epoch=f"{book.epoch:%Y-%m-%d}")


def _header_at(rows: list[list[Any]]) -> int | None:
    """Return the position of the header: the first row with more than one cell."""
    return next((at for at, row in enumerate(rows) if sum(map(_is_filled, row)) > 1), None)


def _is_filled(cell: Any) -> bool:
    return cell is not None


def _sheet(name: str, rows: list[list[Any]], *, optional: bool) -> Source:
    header_at = _header_at(rows)
    assert header_at is not None
    header, body = rows[header_at], rows[header_at + 1 :]
    refuse_twice([str(title or "").strip() for title in header], name)
    filled = [number for number, row in enumerate(body) if any(map(_is_filled, row))]
    columns = {
        str(title).strip(): as_text(pd.Series([body[number][column] for number in filled], dtype=object))
        for column, title in enumerate(header)
        if title is not None
    }
    title_rows = sum(any(map(_is_filled, row)) for row in rows[:header_at])
    notes: tuple[Note, ...] = (("title_rows", title_rows, "rows above the header of a sheet, passed over"),)
    lines = [header_at + 2 + number for number in filled]
    return Source(name, pd.DataFrame(columns), lambda row: f"{name}, row {lines[row]:,}", notes, optional)
