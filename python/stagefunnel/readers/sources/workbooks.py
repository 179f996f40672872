"""Workbooks (.xlsx): every sheet that holds a table is a source."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ...errors import ReaderError
from .cells import as_text
from .content import refuse_twice
from .source import Note, Source


def sheets(file: str, data: bytes) -> Iterator[Source]:
    """Read the sheets of a workbook; lines above the header, such as a title, are passed over."""
    try:
        import openpyxl
    except ImportError as error:
        raise ReaderError(
            f'{file}: reading .xlsx needs openpyxl: pip install "stagefunnel[excel]"'
        ) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        contents = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    except Exception as error:
        raise ReaderError(f"{file}: not a sound workbook: {error}") from error
    tables = {title: rows for title, rows in contents.items() if _header_at(rows) is not None}
    if not tables:
        raise ReaderError(f"{file}: the workbook has no sheet with a table")
    for title, rows in tables.items():
        yield _sheet(f"{file}, sheet {title!r}", rows, optional=len(tables) > 1)


def _header_at(rows: list[list[Any]]) -> int | None:
    return next((at for at, row in enumerate(rows) if sum(cell is not None for cell in row) > 1), None)


def _sheet(name: str, rows: list[list[Any]], *, optional: bool) -> Source:
    at = _header_at(rows)
    assert at is not None
    header, body = rows[at], rows[at + 1 :]
    refuse_twice([str(title or "").strip() for title in header], name)
    kept = [number for number, row in enumerate(body) if any(cell is not None for cell in row)]
    columns = {
        str(title).strip(): as_text(pd.Series([body[number][place] for number in kept], dtype=object))
        for place, title in enumerate(header)
        if title is not None
    }
    above = sum(any(cell is not None for cell in row) for row in rows[:at])
    notes: tuple[Note, ...] = (("title_rows", above, "rows above the header of a sheet, passed over"),)
    return Source(
        name, pd.DataFrame(columns), lambda row: f"{name}, row {at + 2 + kept[row]:,}", notes, optional
    )
