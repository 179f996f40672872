"""A TOML file: its content, or an error that says what is wrong with the file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final

from .errors import SchemaError, did_you_mean, quoted

_MOST_PARTS: Final = 100
_DEEP_KEY: Final = re.compile(rb"(?:\.[\w \t-]{1,50}){%d}" % _MOST_PARTS)
_MOST_BYTES: Final = 16 << 20  # a pipeline of a million stages
# How files begin that are no text, and what the columns of a header stand between.
_OTHER_FILES = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "a workbook or a zip file",
    b"PAR1": "a Parquet file",
    b"{": "JSON",
    b"[{": "JSON",
}
_SEPARATORS = {b",": "a CSV file", b";": "a CSV file", b"\t": "a CSV file"}


def read_toml(path: str | os.PathLike[str], what: str = "the pipeline") -> dict[str, Any]:
    """Read a file, which is to hold `what`."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            _refuse_large(file, name, what)
            raw = file.read()
        if _DEEP_KEY.search(raw):
            raise SchemaError(f"{name} is not read: a key in it has more than {_MOST_PARTS} parts")
        return tomllib.loads(raw.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{name} is not valid TOML: {error}{_hint_at(raw, what)}") from error
    except RecursionError as error:
        raise SchemaError(f"{name} is not read: it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{name} is not UTF-8 text: {error}{_hint_at(raw, what)}") from error
    except ValueError as error:  # such as a number of thousands of digits
        raise SchemaError(f"{name} is not read: {error}") from error


def _refuse_large(file: IO[bytes], name: str, what: str) -> None:
    size = os.fstat(file.fileno()).st_size
    if size > _MOST_BYTES:
        raise SchemaError(
            f"{name} has {size:,} bytes, and a file of its kind has {_MOST_BYTES:,} at most; is it the log, "
            f"in the place of {what}?"
        )


def check_keys(where: str, table: object, known: Iterable[str]) -> None:
    """Refuse what is no table, and a key that is not known."""
    if not isinstance(table, Mapping):
        raise SchemaError(f"{where} is not a table")
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise SchemaError(f"{where} has no key {key!r}; it knows {quoted(known)}{hint}")


def _hint_at(raw: bytes, role: str) -> str:
    """Say what a file is that looks like the log, in the place of another file."""
    begin = b"".join(raw[:200].split())
    what = next((what for start, what in _OTHER_FILES.items() if begin.startswith(start)), None)
    first_line = raw.partition(b"\n")[0]
    if what is None and not first_line.lstrip().startswith((b"[", b"#")) and b"=" not in first_line:
        what = next((what for mark, what in _SEPARATORS.items() if mark in first_line), None)
    return f"; it is {what}: is it the log, in the place of {role}?" if what else ""


@contextmanager
def errors_name_the_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of the file before the text of an error."""
    try:
        yield
    except SchemaError as error:
        raise error.within(f"{os.fspath(path)}: ") from error
