"""Columns of equal length in one file of Arrow's IPC format, whose memory can be read where it lies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...cached import cached_property
from ...errors import SchemaError, core_errors
from .plain_values import from_json, to_json

_UNSIGNED: Final = ("uint8", "uint16", "uint32", "uint64")
Array: TypeAlias = npt.NDArray[Any]
#: What the bytes of a column are hashed with: it finds changes that happen, and is no secret.
_HASH: Final = _core.columns.TextHash.of_key(b"stagefunnel saved log")


@dataclass(frozen=True)
class Place:
    """Where a column lies in its file.

    Attributes
    ----------
    offset, dtype, n
        Its first byte, the type of its values, and how many there are.
    checksum
        The hash of its bytes, as hexadecimal digits.
    """

    offset: int
    dtype: str
    n: int
    checksum: str

    @property
    def n_bytes(self) -> int:
        """Its length in bytes."""
        return int(self.n * np.dtype(self.dtype).itemsize)


def checksum(values: Array) -> str:
    """Hash the bytes of an array."""
    data = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
    ends = np.array([len(data)], dtype=np.int64)
    low, high = _core.columns.hashes_of_joined(data, ends, _HASH)
    return f"{int(high[0]):016x}{int(low[0]):016x}"


def pyarrow() -> Any:
    """Return the library, which saved logs need.

    Raises
    ------
    SchemaError
        If it is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise SchemaError('saved logs need pyarrow: pip install "stagefunnel[arrow]"') from error
    return pyarrow


def write_columns(path: str, columns: Mapping[str, Any]) -> dict[str, Place]:
    """Write columns of Arrow as one batch; return where their values lie.

    Parameters
    ----------
    path
        Place of the file.
    columns
        Arrow arrays of equal length. Of a text the ends of its values have the name with ``" ends"`` behind
        it, and their bytes that with ``" bytes"``.
    """
    pa = pyarrow()
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    with pa.memory_map(path) as source:
        begin = source.read_buffer().address
        source.seek(0)
        stored = pa.ipc.open_file(source).get_batch(0)
        places = {}
        for name, column in zip(columns, stored.columns, strict=True):
            for called, values, buffer in _values_of(name, column):
                offset = 0 if buffer is None or not len(values) else buffer.address - begin
                places[called] = Place(offset, values.dtype.str, len(values), checksum(values))
        del stored, column, values, buffer
    return places


def _values_of(name: str, column: Any) -> Iterator[tuple[str, Array, Any]]:
    """Give the buffers of a column with the values that they hold."""
    column = getattr(column, "indices", column)
    _, numbers, *texts = column.buffers()
    if not texts:
        of_type = "u" if str(column.type) in _UNSIGNED else "f" if str(column.type) == "double" else "i"
        kind = np.dtype(f"{of_type}{column.type.bit_width // 8}")
        yield name, _array_of(numbers, kind, len(column)), numbers
        return
    ends = _array_of(numbers, np.dtype(np.int64), len(column) + 1)
    yield f"{name} ends", ends, numbers
    yield f"{name} bytes", _array_of(texts[0], np.dtype(np.uint8), int(ends[-1])), texts[0]


def _array_of(buffer: Any, dtype: np.dtype[Any], n: int) -> Array:
    if buffer is None or not n:
        return np.zeros(n, dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype, count=n)


def write_table(path: str, frame: Any, what: str) -> dict[str, Any]:
    """Write a frame of pandas; return what the file does not say of its columns.

    Raises
    ------
    SchemaError
        If a column holds values that Arrow has no type for; `what` names the frame.
    """
    pa = pyarrow()
    named = frame.set_axis(_names_of_texts(frame.columns), axis=1)
    try:
        table = pa.Table.from_pandas(named, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise SchemaError(
            f"{what} cannot be saved: {error}; make each column one type, such as text"
        ) from error
    for name, kind in zip(table.schema.names, table.schema.types, strict=True):
        if pa.types.is_struct(kind) or pa.types.is_map(kind):
            raise SchemaError(f"{what} cannot be saved: {name!r} holds dictionaries; make it text")
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    dtypes = list(map(str, frame.dtypes))
    objects = [at for at, dtype in enumerate(dtypes) if dtype == "object"]
    return {
        "names": [to_json(name, "the name of a column") for name in frame.columns],
        "dtypes": dtypes,
        "tuples": [at for at in objects if any(map(_is_tuple, frame.iloc[:, at]))],
    }


def _is_tuple(value: Any) -> bool:
    return isinstance(value, tuple)


def _names_of_texts(names: Any) -> list[str]:
    """Give each column a name that is text and no other's."""
    texts = [str(name) for name in names]
    if len({*texts}) == len(texts):
        return texts
    return [f"{text} ({at})" for at, text in enumerate(texts)]


def _objects(values: Sequence[Any]) -> Array:
    """Make an array of objects, of which those with a length are not taken for rows."""
    array = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        array[at] = value
    return array


def names_and_types(path: str) -> dict[str, Any]:
    """Return the columns of a file that :func:`write_table` wrote, with their types of Arrow."""
    pa = pyarrow()
    try:
        with pa.OSFile(path, "rb") as source:
            schema = pa.ipc.open_file(source).schema
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(path, f"{error}") from error
    return dict(zip(schema.names, schema.types, strict=True))


def is_number(kind: Any) -> bool:
    """Check whether a type of Arrow holds numbers."""
    types = pyarrow().types
    return any(of(kind) for of in (types.is_integer, types.is_floating, types.is_decimal))


def damaged(path: str, how: str) -> SchemaError:
    """Make the error of a file of a saved log that is not as it was written."""
    return SchemaError(f"the saved log is damaged: {path}: {how}; restore it from a copy")


class ColumnsFile:
    """A file of columns, open as long as something reads them.

    Raises
    ------
    SchemaError
        If it is not there, or has another size than when it was written.
    """

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise damaged(path, f"{error.strerror}") from error
        try:
            found = os.fstat(descriptor).st_size
            if found != size:
                raise damaged(path, f"it has {found:,} bytes, not {size:,}")
            with core_errors():
                self.mapped = _core.journeys.MappedFile(descriptor, size)
        finally:
            os.close(descriptor)

    @cached_property
    def data(self) -> npt.NDArray[np.uint8]:
        """Its bytes, which must not be written to."""
        return self.mapped.bytes

    def column(self, name: str, place: Place, *, checked: bool = True) -> Array:
        """Return the values of a column, which must not be written to.

        Raises
        ------
        SchemaError
            If they are not those that were written.
        """
        data = self.data[place.offset : place.offset + place.n_bytes]
        if len(data) != place.n_bytes:
            raise damaged(self.path, f"column {name!r} lies beyond its end")
        values = data.view(np.dtype(place.dtype))
        if checked and checksum(values) != place.checksum:
            raise damaged(self.path, f"the bytes of column {name!r} are not those that were written")
        return values


def read_table(file: ColumnsFile, about: Mapping[str, Any]) -> Any:
    """Read a frame of pandas that :func:`write_table` wrote, which returned what it is `about`."""
    import pandas as pd

    pa = pyarrow()
    try:
        table = pa.ipc.open_file(pa.py_buffer(file.data)).read_all()
        typed = [at for at, dtype in enumerate(about["dtypes"]) if dtype != "object"]
        # All of them in one call, which takes longer than the few values of a part.
        columns_with_type = table.select(typed).to_pandas(split_blocks=True).items()
        columns = {}
        for at, dtype in enumerate(about["dtypes"]):
            if dtype == "object":  # pandas would make numbers of integers with missing ones
                values = table.column(at).to_pylist()
                if at in about["tuples"]:
                    values = [tuple(one) if isinstance(one, list) else one for one in values]
                columns[at] = pd.Series(_objects(values), dtype=object)
            else:
                columns[at] = next(columns_with_type)[1].astype(dtype)
    except (pa.ArrowException, OSError, IndexError) as error:
        raise damaged(file.path, f"{error}") from error
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    frame.columns = pd.Index(list(map(from_json, about["names"])), tupleize_cols=False)
    return frame
