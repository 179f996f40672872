"""How large a file may become where it is unpacked, and what raises each limit.

A packed file of a few kilobytes may unpack to terabytes. Each limit is a variable of the environment, so that
the package and the command have it alike.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from typing import IO, Any, Final

from ..errors import ReaderError, SchemaError

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = re.compile(r"(\d{1,15})\s*([KMGT]?)i?B?", re.IGNORECASE)
# A log is packed to a tenth or a fiftieth of its size; what harms to a thousandth.
_MOST_TIMES: Final = 200
_CHUNK: Final = 1 << 20
_BYTES_OF_A_CELL: Final = 8

UNPACKED: Final = "STAGEFUNNEL_MAX_UNPACKED"
COLUMNS: Final = "STAGEFUNNEL_MAX_COLUMNS"
CELLS: Final = "STAGEFUNNEL_MAX_CELLS"
FIELD: Final = "STAGEFUNNEL_MAX_FIELD"
_USUAL: Final = {UNPACKED: 128 << 20, COLUMNS: 16_384, CELLS: 100_000_000, FIELD: 8 << 20}


def limit_of(variable: str) -> int:
    """Return a limit: what the variable of the environment says, or the usual one.

    Raises
    ------
    SchemaError
        If the variable is not a size such as ``4GB``.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return _USUAL[variable]
    size = _SIZE.fullmatch(text)
    if size is None:
        raise SchemaError(f"{variable}={text!r} is not a number or a size such as '4GB'")
    return int(size[1]) * _UNITS[size[2].upper()]


def check_unpacked(unpacked: int, packed: int, name: str) -> None:
    """Refuse a file that unpacks to more than the limit, and to far more than such files do.

    Raises
    ------
    ReaderError
        With the limit, and what raises it.
    """
    most = limit_of(UNPACKED)
    if unpacked > most and unpacked > _MOST_TIMES * packed:
        raise ReaderError(
            f"{name}: unpacks to more than {most:,} bytes and to more than {_MOST_TIMES} times its size, as "
            f"files do that are made to fill the memory; if it is what you want to read, set {UNPACKED}, for "
            f"example to 16GB"
        )


def check_number_of_columns(n_columns: int, name: str) -> None:
    """Refuse a table of more columns than the limit."""
    most = limit_of(COLUMNS)
    if n_columns > most:
        raise ReaderError(
            f"{name}: has {n_columns:,} columns, and {most:,} are read at most; if it is what you want to "
            f"read, set {COLUMNS}"
        )


def check_cells(n_cells: int, name: str) -> None:
    """Refuse a sheet that spans more cells than the limit."""
    most = limit_of(CELLS)
    if n_cells > most:
        raise ReaderError(
            f"{name}: spans more than {most:,} cells; delete what stands far from the table, save it as CSV, "
            f"or set {CELLS}"
        )


def long_field(name: str, line: int) -> str:
    """Describe a field of a CSV file that is longer than the limit."""
    return (
        f"{name}, line {line:,}: a field has more than {limit_of(FIELD):,} characters, which is the most; a "
        f"quote may be missing before it; if it is what you want to read, set {FIELD}, for example to 64MB"
    )


def check_parquet(metadata: Any, columns: Sequence[str] | None, packed: int, name: str) -> None:
    """Refuse a Parquet file whose pages, or whose rows of repeated values, unpack to more than the limit."""
    check_number_of_columns(metadata.num_columns, name)
    width = metadata.num_columns if columns is None else len(columns)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    pages = sum(group.total_byte_size for group in groups)
    check_unpacked(max(pages, metadata.num_rows * width * _BYTES_OF_A_CELL), packed, name)


class Unpacked(io.RawIOBase):
    """An unpacked file that is read through, and refused once it is more than the limit."""

    def __init__(self, unpacked: IO[bytes], packed: IO[bytes], name: str) -> None:
        self._unpacked, self._packed, self._file = unpacked, packed, name
        self._size = os.fstat(packed.fileno()).st_size
        self._n_bytes = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true: reading begins anew where that is needed."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as a buffer holds."""
        data = self._unpacked.read(min(len(buffer), _CHUNK))
        self._n_bytes += len(data)
        if self._n_bytes > _CHUNK:
            check_unpacked(self._n_bytes, self._size, self._file)
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Read all that is left."""
        chunks = []
        buffer = bytearray(_CHUNK)
        while n_bytes := self.readinto(buffer):
            chunks.append(bytes(buffer[:n_bytes]))
        return b"".join(chunks)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; what is read again counts once more."""
        self._n_bytes = 0
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._unpacked.tell()
