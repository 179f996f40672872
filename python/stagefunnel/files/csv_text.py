"""CSV files as they are written: the separator, the header, and the line on which a row begins."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from ..errors import ReaderError, counted
from .opening import opened

csv.field_size_limit(2**31 - 1)  # a CRM's notes may be longer than the 128 KB that are allowed by default


def csv_header(file: str) -> tuple[str, list[str]]:
    """Read the separator and the names of a CSV file's columns."""
    with opened(file) as unpacked:
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        first = text.readline()
        if not first.strip():
            raise ReaderError(f"{file}, line 1: there is no header")
        delimiter = delimiter_of(first)
        return delimiter, next(csv.reader(chain([first], text), delimiter=delimiter))


def delimiter_of(first_line: str) -> str:
    """Take the separator that splits the header into the most names; those inside quotes do not count."""
    return max(",;\t|", key=re.sub('"[^"]*("|$)', "", first_line).count)


def csv_rows(file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV file with the line each starts on; fields may hold line breaks."""
    delimiter, _ = csv_header(file)
    with opened(file) as unpacked:
        reader = csv.reader(io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline=""), delimiter=delimiter)
        next(reader)
        start = reader.line_num + 1
        for row in reader:
            # Lines of nothing but blanks are no rows to pandas either.
            if len(row) > 1 or (row and (not row[0] or row[0].strip(" \t"))):
                yield start, row
            start = reader.line_num + 1


def check_widths(file: str, delimiter: str, width: int) -> None:
    """Refuse rows that are longer than the header, which pandas cuts without a word."""
    with opened(file) as unpacked:
        rows = csv.reader(io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline=""), delimiter=delimiter)
        if max(map(len, rows), default=0) <= width:
            return
    line = next(line for line, row in csv_rows(file) if len(row) > width)
    raise ReaderError(
        f"{file}, line {line:,}: more fields than the header's {counted(width, 'name')}; put fields that "
        f"hold {delimiter!r} in quotes"
    )


def first_ragged_line(file: str, width: int) -> tuple[int, int] | None:
    """Find the first row of a CSV file that has more or fewer fields than a number: its line, its fields."""
    return next(((line, len(row)) for line, row in csv_rows(file) if len(row) != width), None)


def unclosed_line(file: str) -> int | None:
    """Find the line on which a quoted field begins that goes on to the end of a CSV file."""
    delimiter, _ = csv_header(file)
    with opened(file) as unpacked:
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        start = 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error as error:
            return start if "unexpected end of data" in str(error) else None
    return None
