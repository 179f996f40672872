"""The content of a file: text in one of four encodings, a table, or something that is refused."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np
import pandas as pd

from ...errors import Option, ReaderError, SchemaError, advised, given, quoted
from ...files import Block, CsvRows, RowsRead, is_blank
from .kinds import refuse_other_kinds
from .letter_tables import guesses, is_cp1251

_ROWS_PER_REPORT = 10_000
_MOST_GUESSES = 4
_CYRILLIC = re.compile("[А-Яа-яЁёІіЇїЄєҐґЎў]")
_PUNCTUATION = re.compile("[№«»–—„“”…’\u00a0]")
_WORD = re.compile("[^\\W\\d_]+")
_UTF8_CYRILLIC = re.compile(rb"(?:[\xd0\xd1][\x80-\xbf]){3}")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class TextTable:
    """A table read from text.

    Attributes
    ----------
    frame
        The rows; blank fields are missing.
    lines
        Line of the file on which each row begins, counted from 1.
    n_ragged
        Number of rows that were left out because they have more or fewer fields than the header.
    """

    frame: pd.DataFrame
    lines: list[int]
    n_ragged: int


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Decode bytes; return the text and its encoding.

    A byte order mark decides, then NUL bytes (UTF-16), then whether the bytes are valid UTF-8. Other bytes
    are read as the Cyrillic cp1251 if the text then consists of Cyrillic words, and if its letters are more
    usual ones than in any other table.

    Parameters
    ----------
    data
        Content of the file.
    name
        Name of the file, for messages.
    encoding
        Encoding of the file; by default its bytes decide.

    Raises
    ------
    ReaderError
        If the content is not text, or its encoding is not clear.
    SchemaError
        If there is no such encoding.
    """
    refuse_other_kinds(data, name)
    marked = next((codec for mark, codec in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if encoding is not None or marked is not None:
        codec = encoding or str(marked)
        return _strictly(data, codec, name), codec
    nulls = [data[start:1_000:2].count(0) for start in (0, 1)]
    if any(nulls):
        codec = "utf-16-be" if nulls[0] > nulls[1] else "utf-16-le"
        return _strictly(data, codec, name), codec
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        return _cyrillic(data, error, name), "cp1251"


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReaderError(f"{name}: the file is not {encoding}, damaged or cut short: {error}") from error
    except LookupError as error:
        raise SchemaError(given("encoding", encoding), " is not known; names are like 'cp1252'") from error


def _cyrillic(data: bytes, error: UnicodeDecodeError, name: str) -> str:
    """Decode bytes as cp1251, or say where they stop being UTF-8."""
    line = data.count(b"\n", 0, error.start) + 1
    problem = f"byte {data[error.start]:#04x} in line {line:,} is not UTF-8"
    utf8 = _UTF8_CYRILLIC.search(data)
    if utf8 is not None:
        utf8_line = data.count(b"\n", 0, utf8.start()) + 1
        raise ReaderError(
            f"{name}: mixes encodings: {problem}, but line {utf8_line:,} is; save the whole file as UTF-8"
        )
    try:
        text = data.decode("cp1251")
    except UnicodeDecodeError:
        text = ""
    found = guesses(data)
    if _reads_as_cyrillic(text) and is_cp1251(found):
        return text
    advice: list[str | Option] = [", for example ", advised("encoding", "cp1252")]
    if found:
        advice = [":"]
        by_word = {guess.word: guess for guess in reversed(found)}
        for guess in [guess for guess in found if by_word[guess.word] is guess][:_MOST_GUESSES]:
            advice += [f" {guess.word!r} is read with ", advised("encoding", guess.encoding), ","]
        advice.pop()
    raise ReaderError(
        f"{name}: {problem}, nor UTF-16 or Cyrillic cp1251; save the file as UTF-8, or pass its encoding",
        *advice,
    )


def _reads_as_cyrillic(text: str) -> bool:
    """Check for Cyrillic words; in Western text, a few letters of a word look Cyrillic at most."""
    foreign = [letter for letter in text if letter > "\x7f"]
    cyrillic = sum(bool(_CYRILLIC.match(letter) or _PUNCTUATION.match(letter)) for letter in foreign)
    words = [word for word in _WORD.findall(text) if _CYRILLIC.search(word)]
    mixed = sum(re.search("[A-Za-z]", word) is not None for word in words)
    has_word = any(len(_CYRILLIC.findall(word)) >= 3 for word in words)
    return has_word and cyrillic >= 0.95 * len(foreign) and mixed <= 0.1 * len(words)


def parse_csv(text: str, name: str, rows_read: RowsRead, *, drop: bool) -> TextTable:
    """Parse a table of text, by the rules of all CSV files.

    Lines of delimiters alone, which spreadsheets leave below a table, are left out.

    Parameters
    ----------
    text
        Content of the file.
    name
        Name of the file, for messages.
    rows_read
        Counter of rows for the progress of reading.
    drop
        Whether rows with more or fewer fields than the header are left out; by default they are an error.

    Raises
    ------
    ReaderError
        If there is no header, if a column name repeats, if a row has more or fewer fields than the header, or
        if a quoted field is malformed; with the line.
    """
    ragged: Literal["drop", "error or drop"] = "drop" if drop else "error or drop"
    content = CsvRows(io.StringIO(text, newline=""), name, ragged=ragged)
    refuse_twice(content.names, name)
    lines: list[int] = []
    rows: list[list[str]] = []
    n_unreported = 0
    for block in content.blocks(_ROWS_PER_REPORT):
        is_filled = [_is_filled(fields) for fields in block.rows]
        lines += compress(block.lines, is_filled)
        rows += compress(block.rows, is_filled)
        n_unreported += sum(is_filled)
        if n_unreported >= _ROWS_PER_REPORT:
            rows_read.add(n_unreported)
            n_unreported = 0
    table = Block(lines, rows)
    columns = {
        column: pd.Series(np.array(table.column(number), dtype=object))
        for number, column in enumerate(content.names)
        if column
    }
    return TextTable(pd.DataFrame(columns), lines, content.n_ragged)


def _is_filled(fields: list[str]) -> bool:
    """Check for a field that is not blank, which the first one of most rows is not."""
    return bool(fields and fields[0] and not is_blank(fields[0])) or not all(map(is_blank, fields))


def refuse_twice(header: list[str], name: str) -> None:
    """Refuse a table with two columns of the same name."""
    repeated = [field for field, times in Counter(header).items() if field and times > 1]
    if repeated:
        raise ReaderError(f"{name}: the header names {quoted(repeated)} more than once")
