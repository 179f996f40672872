"""From whatever holds columns to the core's columns, without copying where the memory allows it."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, core_errors, did_you_mean, quoted
from ...times.stamps import stamps_from_objects
from ...times.zones import UTC, zone_name
from .arrow import Sizes, is_of_duckdb, plain, refuse_damaged, refuse_damaged_column, refuse_objects, table_of
from .casts import NotWhole, columns_to_cast, whole_objects, with_casts
from .records import as_table

Take = Callable[[npt.NDArray[np.uint32]], pd.Series]
_UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
FORMATS = {unit: letter for letter, unit in _UNITS.items()}


@dataclass(frozen=True)
class Input:
    """One column on its way into the core.

    Attributes
    ----------
    name
        Name of the column, for messages.
    column
        View of the column for the core.
    take
        Function that returns the original values of some rows.
    labels
        Objects that the values are codes of (enum members); ``None`` for plain values.
    of_session
        Whether a time zone is only a setting of the session that the column comes from.
    shown_in
        Zone that the caller wants times with a zone in; ``None`` for the column's own.
    """

    name: str
    column: _core.columns.Column
    take: Take
    labels: list[Any] | None = None
    of_session: bool = False
    shown_in: str | None = None

    def __len__(self) -> int:
        return len(self.column)

    @property
    def holds_text(self) -> bool:
        """Whether the values are text, plain or in a dictionary."""
        return self.column.value_format.endswith(("u", "U"))

    @property
    def time_unit(self) -> str | None:
        """``"s"``, ``"ms"``, ``"us"``, ``"ns"`` or ``"D"``; ``None`` for plain integers."""
        form = self.column.value_format
        if form.startswith("ts"):
            return _UNITS[form[2]]
        return {"tdD": "D", "tdm": "ms"}.get(form)

    @property
    def zone(self) -> str | None:
        """The zone of timestamps that have one."""
        form = self.column.value_format
        if not form.startswith("ts") or not form[4:]:
            return None
        if self.shown_in is not None:
            return self.shown_in
        return UTC if self.of_session else zone_name(form[4:])


def read_inputs(source: Any, names: Mapping[str, str]) -> dict[str, Input]:
    """Read columns of a table: a mapping of arrays, a pandas frame, or anything that speaks Arrow.

    Parameters
    ----------
    source
        Table with the columns, or what :func:`~stagefunnel.log.columns.records.as_table` makes a table of.
    names
        Name of the column for each role (``"item"``, …).
    """
    wanted = list(dict.fromkeys(names.values()))
    source = as_table(source, wanted)
    if isinstance(source, Mapping):
        check_names(names.values(), list(source), "the mapping")
        return {role: read_input(source[name], name) for role, name in names.items()}
    if isinstance(source, pd.DataFrame):
        check_names(names.values(), list(source.columns), "the frame", list(source.index.names))
        return {role: read_input(source[name], name) for role, name in names.items()}
    known = _column_names(source)
    if known:  # what has a stream and nothing else does not list its columns; the core misses them then
        where = "the table" if hasattr(source, "__arrow_c_stream__") else "the batch"
        check_names(wanted, known, where)
    refuse_objects(source, wanted)
    sizes = refuse_damaged(source, wanted)
    of_session = is_of_duckdb(source)
    table = _cast(source, wanted)
    if hasattr(table, "__arrow_c_stream__"):
        # One pass for all columns: a DuckDB relation runs its query again at every call.
        columns = _read(lambda: _core.columns.columns_from_stream(table.__arrow_c_stream__(), wanted, sizes))
    else:
        columns = _read(lambda: _from_batch(table, wanted, sizes))
    found = dict(zip(wanted, columns, strict=True))
    inputs = {role: _arrow_input(name, found[name]) for role, name in names.items()}
    return {role: replace(one, of_session=of_session) for role, one in inputs.items()}


def _cast(source: Any, names: Sequence[str]) -> Any:
    """Make integers of keys that a database keeps as decimals without decimals, and text of empty columns."""
    others = columns_to_cast(source, names)
    if not others:
        return source
    try:
        return with_casts(table_of(source), others)
    except NotWhole as error:
        raise SchemaError(
            f"column {error.column!r} holds decimals that are not whole 64-bit integers; make the column "
            f"integers or text"
        ) from error
    except ImportError:
        return source  # the core says that it does not read decimals


def read_input(values: Any, name: str) -> Input:
    """Read one column: an array, a Series, a list, or anything that speaks Arrow."""
    if isinstance(values, pd.DataFrame):
        raise SchemaError(f"the frame has several columns named {name!r}; give each a name of its own")
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _pandas_input(pd.Series(values), name)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SchemaError(f"column {name!r} has {values.ndim} dimensions, not 1")
        return _pandas_input(pd.Series(values, copy=False), name)
    if hasattr(values, "__arrow_c_stream__"):
        refuse_objects({name: values}, [name])
        sizes = refuse_damaged_column(values, name)
        columns = _read(
            lambda: _core.columns.columns_from_stream(values.__arrow_c_stream__(), [], sizes), name
        )
        return _arrow_input(name, columns[0])
    if hasattr(values, "__arrow_c_array__"):
        sizes = refuse_damaged_column(values, name)
        columns = _read(lambda: _from_batch(values, [], sizes), name)
        return _arrow_input(name, columns[0])
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return _pandas_input(pd.Series(list(values), dtype=_list_dtype(values)), name)
    raise SchemaError(f"column {name!r} is a {type(values).__name__}, not an array")


def _list_dtype(values: Sequence[Any]) -> Any:
    """Keep text and mixed lists as they are; let pandas read numbers and times."""
    first = next((value for value in values if value is not None), None)
    numbers_or_times = isinstance(first, int | float | np.number | np.datetime64) or hasattr(
        first, "isoformat"
    )
    mixed = any(isinstance(value, str) for value in values)
    # Beside a missing one pandas would make floats of whole numbers, which round those of more than 53 bits.
    gaps = isinstance(first, int) and any(value is None for value in values)
    whole = gaps and all(value is None or isinstance(value, int) for value in values)
    return None if numbers_or_times and not mixed and not whole else object


def check_names(names: Iterable[str], known: list[Any], where: str, index: Sequence[Any] = ()) -> None:
    """Refuse the name of a column that is not there, that several columns have, or that the index has."""
    for name in names:
        if known.count(name) > 1:
            raise SchemaError(f"{where} has several columns named {name!r}; give each a name of its own")
        if name in known:
            continue
        if name in index:
            why = f"because the index of {where} has this name; pass frame.reset_index()"
            raise SchemaError(f"no column {name!r}, {why}")
        has = f"has: {quoted(known)}{did_you_mean(name, known)}" if known else "has no columns"
        raise SchemaError(f"no column {name!r}; {where} {has}")


def _column_names(source: Any) -> list[Any]:
    for attribute in ("column_names", "columns"):
        names = getattr(source, attribute, None)
        if names is not None and not callable(names):
            return [name for name in names if isinstance(name, str)]
    return list(getattr(getattr(source, "schema", None), "names", []))


def _from_batch(batch: Any, names: list[str], sizes: Sizes) -> list[_core.columns.Column]:
    schema, array = batch.__arrow_c_array__()
    return _core.columns.columns_from_batch(schema, array, names, sizes)


def _read(
    read: Callable[[], list[_core.columns.Column]], name: str | None = None
) -> list[_core.columns.Column]:
    """Read columns by a function of the core, whose errors then name the column and a remedy."""
    try:
        return read()
    except ValueError as error:
        if str(error).startswith("no column"):
            raise SchemaError(str(error)) from error
        where = f"column {name!r}: " if name is not None else ""
        raise SchemaError(
            f"{where}{error}; cast it to integers, text, a date or a timestamp first"
        ) from error


def _arrow_input(name: str, column: _core.columns.Column) -> Input:
    def take(rows: npt.NDArray[np.uint32]) -> pd.Series:
        with core_errors(f"column {name!r}: "):  # of a column that has changed since
            if not column.holds_bytes:
                taken = column.take_integers(rows)
                return pd.Series(taken.view(np.uint64) if column.value_format == "L" else taken)
            if not column.value_format.endswith(("u", "U")):
                return pd.Series(column.take_bytes(rows), dtype=object)
            try:
                return pd.Series(column.take_text(rows), dtype=None if len(rows) else "str")
            except UnicodeDecodeError as error:
                raise SchemaError(
                    f"column {name!r} has text that is not valid Unicode: {error}; write the file again as "
                    f"UTF-8"
                ) from error

    return Input(name, column, take)


def _pandas_input(series: pd.Series, name: str) -> Input:
    def take(rows: npt.NDArray[np.uint32]) -> pd.Series:
        taken = series.take(rows.astype(np.int64)).reset_index(drop=True)
        if isinstance(taken.dtype, pd.CategoricalDtype):
            taken = taken.astype(taken.cat.categories.dtype)
        return plain(taken).rename(None)

    if isinstance(series.dtype, np.dtype) and not series.dtype.isnative:
        series = series.astype(series.dtype.newbyteorder("="))
    column, labels = _pandas_column(series, name)
    return Input(name, column, take, labels)


def _pandas_column(series: pd.Series, name: str) -> tuple[_core.columns.Column, list[Any] | None]:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories, labels = _pandas_column(pd.Series(dtype.categories), name)
        codes = np.ascontiguousarray(series.cat.codes.to_numpy())
        coded = _core.columns.column_from_array(codes, (codes < 0).view(np.uint8), "l")
        return _core.columns.column_with_dictionary(coded, categories), labels
    if isinstance(dtype, pd.DatetimeTZDtype) or (isinstance(dtype, np.dtype) and dtype.kind == "M"):
        return _timestamps(series), None
    if getattr(dtype, "storage", None) == "pyarrow" or isinstance(dtype, pd.ArrowDtype):
        return _arrow_backed(series, name), None
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        values = series.to_numpy()
        known = dtype.kind != "f" or dtype.itemsize in (4, 8)
        return _number_column(values if known else values.astype(np.float64)), None
    if pd.api.types.is_bool_dtype(dtype):
        wanted = "expected keys, labels or times; if these are labels, make them text with astype(str)"
        raise SchemaError(f"column {name!r} is boolean; {wanted}")
    if pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_float_dtype(dtype):
        missing = series.isna().to_numpy()
        numpy_dtype = getattr(dtype, "numpy_dtype", np.dtype("int64"))
        return _number_column(series.to_numpy(dtype=numpy_dtype, na_value=0), missing), None
    if isinstance(dtype, pd.PeriodDtype) or (isinstance(dtype, np.dtype) and dtype.kind == "m"):
        raise SchemaError(f"column {name!r} is {dtype}; expected keys, labels, dates or timestamps")
    return _object_column(series.to_numpy(dtype=object), name)


def _number_column(
    values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None = None
) -> _core.columns.Column:
    mask = None if missing is None else np.ascontiguousarray(missing).view(np.uint8)
    form = "L" if values.dtype == np.uint64 else "l"
    # A buffer may start at any byte; the core reads whole numbers in place.
    return _core.columns.column_from_array(np.require(values, requirements=("C", "A")), mask, form)


def _timestamps(series: pd.Series) -> _core.columns.Column:
    index = pd.DatetimeIndex(series)
    zone = "" if index.tz is None else zone_name(index.tz)
    values = np.require(index.asi8, requirements=("C", "A"))
    return _core.columns.column_from_array(values, None, f"ts{FORMATS[index.unit]}:{zone}")


def _arrow_backed(series: pd.Series, name: str) -> _core.columns.Column:
    array: Any = series.array.__arrow_array__()
    sizes = refuse_damaged_column(array, name)
    if hasattr(array, "__arrow_c_stream__"):
        stream = array.__arrow_c_stream__
        return _read(lambda: _core.columns.columns_from_stream(stream(), [], sizes), name)[0]
    return _read(lambda: _from_batch(array, [], sizes), name)[0]


def _object_column(
    values: npt.NDArray[np.object_], name: str
) -> tuple[_core.columns.Column, list[Any] | None]:
    missing = np.asarray(_missing(values, name), dtype=np.uint8)
    try:
        column = _core.columns.column_from_objects(values.tolist(), missing)
    except OverflowError as error:
        return _wide_integers(values, name, error), None
    except UnicodeEncodeError as error:
        raise SchemaError(f"column {name!r} has text that is not valid Unicode: {error}") from error
    if isinstance(column, _core.columns.Column):
        return column, None
    return _other_objects(values, missing, name)


def _missing(values: npt.NDArray[np.object_], name: str) -> Any:
    try:
        return pd.isna(values)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise SchemaError(
            f"column {name!r} holds a value that cannot be compared with itself: {_odd_one(values)}; make "
            f"the column integers or text"
        ) from error


def _odd_one(values: npt.NDArray[np.object_]) -> str:
    """Describe the first value that breaks the search for missing ones."""
    for row, value in enumerate(values):
        try:
            bool(pd.isna(np.array([value, None], dtype=object))[0])
        except (ArithmeticError, TypeError, ValueError):
            return f"{type(value).__name__} in row {row:,}"
    return "one of several"


def _wide_integers(values: npt.NDArray[np.object_], name: str, error: OverflowError) -> _core.columns.Column:
    """Read Python integers beyond 63 bits where 64 without a sign hold all of them."""
    numbers = pd.Series(values).infer_objects()
    if numbers.dtype == np.uint64:
        return _number_column(numbers.to_numpy())
    wide = [isinstance(value, int) and not -(2**63) <= value < 2**63 for value in values]
    row = int(np.argmax(wide))
    raise SchemaError(
        f"column {name!r} has {values[row]} in row {row}, which no 64-bit integer holds beside the other "
        f"values; make the column text, for example with astype(str)"
    ) from error


def _other_objects(
    values: npt.NDArray[np.object_], missing: npt.NDArray[np.uint8], name: str
) -> tuple[_core.columns.Column, list[Any] | None]:
    present = [(row, value) for row, value in enumerate(values) if not missing[row]]
    first_row, first = present[0]
    base = _common_type(first)
    for row, value in present:
        if not isinstance(value, base):
            raise SchemaError(
                f"column {name!r} mixes types: {type(first).__name__} in row {first_row}, "
                f"{type(value).__name__} ({value!r}) in row {row}; make it one type, for example "
                f"with astype(str)"
            )
    if isinstance(first, decimal.Decimal):
        numbers = whole_objects(values, missing)
        if numbers is None:
            raise SchemaError(
                f"column {name!r} holds decimals that are not whole 64-bit integers; make the column "
                f"integers or text"
            )
        return _number_column(numbers, missing.view(np.bool_)), None
    if isinstance(first, uuid.UUID):
        keys = [None if flag else value.bytes for value, flag in zip(values, missing, strict=True)]
        return _object_column(np.array(keys, dtype=object), name)
    if isinstance(first, datetime.date):
        return _timestamps(pd.Series(stamps_from_objects(values, name))), None
    if isinstance(first, enum.Enum):
        codes, labels = pd.factorize(values)
        flags = (codes < 0).view(np.uint8)
        return _core.columns.column_from_array(codes.astype(np.int64), flags, "l"), list(labels)
    wanted = "integers, text, bytes, UUIDs, enum members, dates or timestamps"
    if isinstance(first, np.datetime64):
        wanted = "a column of the type datetime64, which pd.to_datetime makes of them"
    raise SchemaError(
        f"column {name!r} holds {type(first).__name__} objects (row {first_row}: {first!r}); "
        f"expected {wanted}"
    )


def _common_type(first: Any) -> type[Any]:
    for family in (enum.Enum, uuid.UUID, datetime.date):
        if isinstance(first, family):
            return family
    return type(first)
