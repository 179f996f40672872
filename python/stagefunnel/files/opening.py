"""Finding and opening files."""

from __future__ import annotations

import glob
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from ..errors import ReaderError, named, quoted
from .limits import Unpacked
from .progress import RowsRead

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 16
_CSV, _JSON, _PARQUET = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson"), (".parquet", ".pq")


def expand(patterns: Iterable[str]) -> list[str]:
    """Turn names and globs into files, each once, a glob's files in order of name.

    Raises
    ------
    FileNotFoundError
        If a name or a glob matches no file.
    """
    files: dict[str, str] = {}
    for pattern in patterns:
        found = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
        found = [file for file in found if not os.path.isdir(file)]
        if not found and "://" in pattern:
            # Its text is left out: it may hold a password.
            raise ReaderError("a URI is not a file; name a database with ", named("connection"))
        if not found:
            inside = os.path.join(pattern, "*.csv")
            why = f", which is a folder; name its files, such as {inside!r}" if os.path.isdir(pattern) else ""
            raise FileNotFoundError(f"no file {pattern!r}{why}")
        for file in found:
            files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def kind_of(file: str) -> str:
    """Recognise the kind of a file by its ending: ``csv``, ``json`` or ``parquet``."""
    name = file.lower()
    unpacked = name.removesuffix(".gz")
    for kind, ending, endings in (
        ("csv", unpacked, _CSV),
        ("json", unpacked, _JSON),
        ("parquet", name, _PARQUET),
    ):
        if ending.endswith(endings):
            return kind
    if name.endswith(".toml"):
        raise ReaderError(f"{file}: a TOML file holds no rows; is it the pipeline, in the place of the log?")
    raise ReaderError(
        f"{file}: cannot tell what kind of file this is; known endings are "
        f"{quoted([*_CSV, *_JSON, *_PARQUET])} (the text formats also with .gz)"
    )


@contextmanager
def opened(file: str, rows_read: RowsRead | None = None) -> Iterator[IO[bytes]]:
    """Open a file for its bytes, unpacked where its content or its name says gzip.

    Raises
    ------
    ReaderError
        If the file is damaged, or if text that is decoded meanwhile is not UTF-8.
    """
    with open(file, "rb") as raw:
        if rows_read is not None:
            rows_read.begin(raw)
        is_packed = raw.peek(2)[:2] == _GZIP or file.lower().endswith(".gz")
        try:
            if not is_packed:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as packed:
                yield io.BufferedReader(Unpacked(packed, raw, file), _BUFFER)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ReaderError(f"{file}: the file is damaged or cut short: {error}") from error
        except UnicodeDecodeError as error:
            bad = error.object[error.start]
            raise ReaderError(f"{file}: byte {bad:#04x} is not UTF-8; save the file as UTF-8") from error
