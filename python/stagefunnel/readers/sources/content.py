"""What the bytes of a file hold: text in one of four encodings, JSON, a table, or what is none of them."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...errors import ReaderError, SchemaError, quoted
from ...files import RowsRead, delimiter_of

_TOLD_ROWS = 10_000
_CYRILLIC = re.compile("[А-Яа-яЁёІіЇїЄєҐґЎў]")
_MARKS = re.compile("[№«»–—„“”…’\u00a0]")
_WORD = re.compile("[^\\W\\d_]+")
_UTF8_CYRILLIC = re.compile(rb"(?:[\xd0\xd1][\x80-\xbf]){3}")
_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save it as .xlsx or CSV"),
    (b"%PDF", "a PDF", "export CSV or JSON"),
    (b"PK\x03\x04", "a ZIP file", "unpack it first"),
)


@dataclass(frozen=True)
class TextTable:
    """A table out of text, with the line on which each row begins."""

    frame: pd.DataFrame
    lines: list[int]
    short_rows: int


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Turn bytes into text, and say of which encoding they were.

    UTF-8 and UTF-16 are told by their bytes; the Cyrillic cp1251 is taken only for what reads as Cyrillic.
    """
    for other, what, remedy in _OTHER_FILES:
        if data.startswith(other):
            raise ReaderError(f"{name}: this is {what}; {remedy}")
    marked = next((known for bom, known in _MARKED if data.startswith(bom)), None)
    if encoding is not None or marked is not None:
        known = encoding or str(marked)
        return _strictly(data, known, name), known
    nulls = [data[start:1_000:2].count(0) for start in (0, 1)]
    if any(nulls):
        wide = "utf-16-be" if nulls[0] > nulls[1] else "utf-16-le"
        return _strictly(data, wide, name), wide
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
        raise SchemaError(f"encoding={encoding!r} is not known; names are like 'cp1252'") from error


def _cyrillic(data: bytes, error: UnicodeDecodeError, name: str) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    seen = f"byte {data[error.start]:#04x} in line {line:,} is not UTF-8"
    mixed = _UTF8_CYRILLIC.search(data)
    if mixed is not None:
        other = data.count(b"\n", 0, mixed.start()) + 1
        raise ReaderError(
            f"{name}: mixes encodings: {seen}, but line {other:,} is; save the whole file as UTF-8"
        )
    try:
        text = data.decode("cp1251")
    except UnicodeDecodeError:
        text = ""
    if not _reads_as_cyrillic(text):
        raise ReaderError(
            f"{name}: {seen}, nor UTF-16 or Cyrillic cp1251; save the file as UTF-8, or name its encoding, "
            f'for example encoding="cp1252"'
        )
    return text


def _reads_as_cyrillic(text: str) -> bool:
    """Tell Cyrillic words from those of a Western language, of which a few letters only look Cyrillic."""
    foreign = [letter for letter in text if letter > "\x7f"]
    known = sum(bool(_CYRILLIC.match(letter) or _MARKS.match(letter)) for letter in foreign)
    words = [word for word in _WORD.findall(text) if _CYRILLIC.search(word)]
    mixed = sum(re.search("[A-Za-z]", word) is not None for word in words)
    whole = any(len(_CYRILLIC.findall(word)) >= 3 for word in words)
    return whole and known >= 0.95 * len(foreign) and mixed <= 0.1 * len(words)


def refuse_page(text: str, name: str) -> None:
    """Refuse a web page, whatever the file is called: a login or an error page in place of an export."""
    start = text[:2_000].lstrip("\ufeff \t\r\n").lower()
    if not re.match(r"<(!doctype html|html|head|body|table|meta|script|\?xml|div)", start):
        return
    title = re.search(r"<title[^>]*>(.*?)</title>", text[:20_000], re.IGNORECASE | re.DOTALL)
    said = f" with the title {' '.join(title[1].split())!r}" if title else ""
    what = "a table in HTML" if "<table" in text[:20_000].lower() and not title else "a web page"
    raise ReaderError(
        f"{name}: this is {what} (HTML){said}, not an export; a login or an error page is often saved so: "
        f"export again, as CSV, .xlsx or JSON"
    )


def parse_json(text: str, name: str) -> Any:
    """Parse JSON, or JSON lines, which become a list.

    Raises
    ------
    ReaderError
        With the line where it stops being JSON; text that ends too early is said to be cut short.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(lines) > 1 and _is_json(lines[0][1]):
            return _json_lines(lines, name)
        raise _broken(error, text, name, error.lineno) from error
    except RecursionError as error:
        raise ReaderError(f"{name}: cannot read this JSON: it is nested too deeply") from error


def _json_lines(lines: list[tuple[int, str]], name: str) -> list[Any]:
    values = []
    for number, line in lines:
        try:
            values.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise _broken(error, line, name, number) from error
    return values


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def _broken(error: json.JSONDecodeError, text: str, name: str, line: int) -> ReaderError:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return ReaderError(f"{name}, line {line:,}: the JSON is cut short ({error.msg}); export it again")
    return ReaderError(f"{name}, line {line:,}: not JSON: {error.msg}")


def parse_csv(text: str, name: str, rows_read: RowsRead) -> TextTable:
    """Parse a table of text with ``,``, ``;``, tab or ``|`` between fields; empty fields are missing."""
    text = text.removeprefix("\ufeff")
    skipped = 0
    marked = re.match(r'"?sep=(.)"?\r?\n', text)  # Excel's own first line
    if marked:
        skipped, text = 1, text[marked.end() :]
    first = text.partition("\n")[0]
    if not first.strip():
        raise ReaderError(
            f"{name}, line {skipped + 1}: there is no header; a table starts with the names of its columns"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(first), strict=True)
    start = skipped + 1
    header: list[str] = []
    rows, lines = [], []
    try:
        for row in reader:
            if not header:
                header = [field.strip() for field in row]
            elif "".join(row).strip():
                rows.append(row)
                lines.append(start)
                if len(rows) % _TOLD_ROWS == 0:
                    rows_read.add(_TOLD_ROWS)
            start = skipped + reader.line_num + 1
    except csv.Error as error:
        cut = "unexpected end" in str(error)
        said = "a quoted field is never closed; the file may be cut short" if cut else str(error)
        raise ReaderError(f"{name}, line {start:,}: {said}") from error
    return TextTable(*_table(header, rows, lines, name))


def refuse_twice(header: list[str], name: str) -> None:
    """Refuse a table of which two columns have one name."""
    twice = [field for field in dict.fromkeys(header) if field and header.count(field) > 1]
    if twice:
        raise ReaderError(f"{name}: the header names {quoted(twice)} more than once")


def _table(
    header: list[str], rows: list[list[str]], lines: list[int], name: str
) -> tuple[pd.DataFrame, list[int], int]:
    while header and not header[-1]:  # what a delimiter at the end of every line leaves
        header = header[:-1]
    width = len(header)
    refuse_twice(header, name)
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width and any(row[width:]):
            raise ReaderError(
                f"{name}, line {line:,}: more fields than the header's {width} names; put fields that hold "
                f"the delimiter in quotes"
            )
    columns = {
        column: pd.Series(
            [row[at] if at < len(row) and row[at].strip() else None for row in rows], dtype=object
        )
        for at, column in enumerate(header)
        if column
    }
    return pd.DataFrame(columns), lines, sum(len(row) < width for row in rows)
