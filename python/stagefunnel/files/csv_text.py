"""CSV files: the one place that decides what their bytes mean.

* The text is UTF-8, with or without a byte order mark; packed files are recognised by their content.
* Excel's line ``sep=;`` before the header names the delimiter; otherwise the header decides among ``,``,
  ``;``, tab and ``|``.
* The names of the header lose the blanks around them; a column without a name is never read.
* A quote opens a field only as its first character, and is written twice inside; a field that goes on after
  its closing quote, or never closes, is an error.
* Blank lines are not rows; a line of delimiters is one.
* A row has as many fields as the header: any other is ragged, which is an error, or left out and counted.
* A field that is empty or holds only blanks is missing.

:class:`CsvRows` carries all of it out. :class:`QuoteCheck` proves that a faster parser reads the same rows.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, islice
from operator import itemgetter
from typing import IO, Final, Literal, NamedTuple, TextIO, TypeAlias

import numpy as np

from ..errors import Parts, ReaderError, advised, counted
from .limits import FIELD, check_number_of_columns, limit_of, long_field
from .opening import opened
from .progress import RowsRead

Ragged: TypeAlias = Literal["error", "error or drop", "drop"]
BLANKS: Final = " \t"
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([!#-~]|\t)"?\s*')  # written by Excel
_QUOTE: Final = ord('"')
_LINES_OF_HEADER: Final = 4  # a header is not longer than some of the longest fields


class Block(NamedTuple):
    """Rows of a CSV file that follow each other.

    Attributes
    ----------
    lines
        Line on which each row begins, counted from 1.
    rows
        Fields of each row.
    """

    lines: Sequence[int]
    rows: list[list[str]]

    def column(self, place: int) -> list[str | None]:
        """Take one column; a blank field is ``None``."""
        fields = list(map(itemgetter(place), self.rows))
        if all(map(str.strip, fields)):
            return [*fields]
        return [None if is_blank(field) else field for field in fields]


class CsvRows:
    """The header and the rows of CSV text.

    Parameters
    ----------
    text
        Text that keeps its line breaks as they are (``newline=""``).
    file
        Name of the file, for messages.
    ragged
        What to do with a row of more or fewer fields than the header: ``"error"``; ``"error or drop"``, which
        is an error that advises ``invalid="drop"``; or ``"drop"``, which leaves the row out and counts it.

    Attributes
    ----------
    delimiter
        Character between two fields.
    names
        Names of the columns; empty for a column without a name.
    header_lines
        Number of lines up to the end of the header.
    n_ragged
        Number of rows that were left out so far.

    Raises
    ------
    ReaderError
        If there is no header.
    """

    def __init__(self, text: TextIO, file: str, *, ragged: Ragged = "error") -> None:
        self._file, self._ragged = file, ragged
        # A CRM's notes may be longer than the 128 KB that Python allows by default.
        longest = limit_of(FIELD)
        csv.field_size_limit(longest)
        first = text.readline(_LINES_OF_HEADER * longest).removeprefix("\ufeff")
        named = _SEPARATOR_LINE.fullmatch(first)
        self._next_line = 1
        if named is not None:
            self._next_line, first = 2, text.readline(_LINES_OF_HEADER * longest)
        if not first.strip():
            raise ReaderError(
                f"{file}, line {self._next_line}: there is no header; a table starts with the names of its "
                f"columns"
            )
        self.delimiter = delimiter_of(first) if named is None else named[1]
        self._reader = csv.reader(chain([first], text), delimiter=self.delimiter, strict=True)
        self.names: list[str] = []  # none yet, in case the header is malformed
        self.names = [name.strip() for name in self._read(1).rows[0]]
        check_number_of_columns(len(self.names), file)
        self.header_lines = self._next_line - 1
        self.n_ragged = 0

    def blocks(self, n_rows: int) -> Iterator[Block]:
        """Read the rows, some at a time.

        Raises
        ------
        ReaderError
            If a quoted field is malformed or a row is ragged, with the line.
        """
        while (block := self._read(n_rows)).rows:
            kept = self._checked(block)
            if kept.rows:
                yield kept

    def _read(self, n_rows: int) -> Block:
        rows: list[list[str]] = []
        first, n_before, error = self._next_line, self._reader.line_num, None
        try:
            rows.extend(islice(self._reader, n_rows))
        except csv.Error as found:
            error = found
        lines: Sequence[int] = range(first, first + len(rows))
        self._next_line = first + len(rows)
        if error is not None or self._reader.line_num - n_before > len(rows):
            *lines, self._next_line = accumulate(map(_n_lines, rows), initial=first)
        block = Block(lines, rows)
        if error is not None:
            self._checked(block)  # a ragged row before it comes first
            if "field larger" in str(error):
                raise ReaderError(long_field(self._file, self._next_line)) from error
            problem = "a field goes on after its closing quote; write quotes inside a field twice"
            if "unexpected end" in str(error):
                problem = "a quoted field is never closed; the file may be cut short"
            raise ReaderError(f"{self._file}, line {self._next_line:,}: {problem}") from error
        return block

    def _checked(self, block: Block) -> Block:
        """Leave out blank lines and, where they are dropped, ragged rows."""
        width = len(self.names)
        if width > 1 and set(map(len, block.rows)) == {width}:
            return block
        kept = []
        for line, fields in zip(block.lines, block.rows, strict=True):
            if _is_blank_line(fields):
                continue
            if len(fields) == width:
                kept.append((line, fields))
            elif self._ragged == "drop":
                self.n_ragged += 1
            else:
                raise self._ragged_row(line, len(fields))
        return Block([line for line, _ in kept], [fields for _, fields in kept])

    def _ragged_row(self, line: int, n_fields: int) -> ReaderError:
        width = len(self.names)
        is_long = n_fields > width
        correction = f"put fields that hold {self.delimiter!r} in quotes" if is_long else "correct the row"
        advice: Parts = ()
        if self._ragged == "error or drop":
            advice = (", or pass ", advised("invalid", "drop"), " to leave such rows out")
        return ReaderError(
            f"{self._file}, line {line:,}: {counted(n_fields, 'field')} where the header has "
            f"{counted(width, 'name')}; {correction}",
            *advice,
        )


@contextmanager
def opened_csv(
    file: str, rows_read: RowsRead | None = None, *, ragged: Ragged = "error"
) -> Iterator[CsvRows]:
    """Open a CSV file for its rows."""
    with (
        opened(file, rows_read) as unpacked,
        io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="") as text,
    ):
        yield CsvRows(text, file, ragged=ragged)


def csv_header(file: str) -> CsvRows:
    """Read the header of a CSV file, and none of its rows."""
    with opened_csv(file) as rows:
        return rows


def delimiter_of(first_line: str) -> str:
    """Return the delimiter that splits the header into the most names; those inside quotes do not count."""
    return max(",;\t|", key=re.sub('"[^"]*("|$)', "", first_line).count)


def is_blank(field: str) -> bool:
    """Check for a field that is missing: it is empty, or holds only blanks."""
    return not field.strip(BLANKS)


def _is_blank_line(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and bool(fields[0]) and is_blank(fields[0]))


def _n_lines(fields: list[str]) -> int:
    """Count the lines of a row: line breaks in quoted fields, and the one at its end."""
    return 1 + sum(field.count("\n") + field.count("\r") - field.count("\r\n") for field in fields)


class QuoteCheck:
    """A file on the way to a lenient parser, with a check that every quote is where CSV allows one.

    A quote with an even number of quotes before it opens a field, or opens it again after a doubled quote;
    any other quote closes one. Where each opening quote follows a delimiter, a line break or a quote, and
    each closing quote precedes one of these, all parsers read the same fields. Bytes that are not UTF-8 fail
    the check too.
    """

    def __init__(self, file: IO[bytes], delimiter: str) -> None:
        self._file = file
        self._is_bound = np.zeros(256, dtype=bool)
        self._is_bound[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
        self._decoder = getincrementaldecoder("utf-8")()
        self._before = b""  # the last byte that was checked
        self._held = b""  # a last quote, which is checked together with the byte after it
        self._n_quotes = 0
        self._is_well_formed = True

    def read(self, n_bytes: int = -1) -> bytes:
        """Read bytes, and check them."""
        data = self._file.read(n_bytes)
        if self._is_well_formed and data:
            self._is_well_formed = self._is_utf8(data) and self._has_quotes_in_place(data)
        return data

    def passes(self) -> bool:
        """Return the result of the check, after the file was read to its end."""
        all_closed = (self._n_quotes + len(self._held)) % 2 == 0
        return self._is_well_formed and all_closed and self._is_utf8(b"", final=True)

    def _is_utf8(self, data: bytes, *, final: bool = False) -> bool:
        try:
            self._decoder.decode(data, final=final)
        except UnicodeDecodeError:
            return False
        return True

    def _has_quotes_in_place(self, data: bytes) -> bool:
        if not self._before:
            self._before, data = b"\n", data.removeprefix(BOM_UTF8)
        data = self._held + data
        if b'"' not in data:
            self._before = data[-1:] or self._before
            return True
        self._held = b'"' if data.endswith(b'"') else b""
        checked = np.frombuffer(self._before + data, dtype=np.uint8)
        end = len(checked) - len(self._held)
        quotes = np.flatnonzero(checked[1:end] == _QUOTE) + 1
        first_opening = self._n_quotes % 2
        opening, closing = quotes[first_opening::2], quotes[1 - first_opening :: 2]
        self._n_quotes += len(quotes)
        self._before = bytes(checked[end - 1 : end])
        neighbours = checked[np.concatenate([opening - 1, closing + 1])]
        return bool(self._is_bound[neighbours].all())
