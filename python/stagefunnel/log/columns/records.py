"""What people pass in the place of a table: records, lazy frames, arrays with fields; and what is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import Option, Parts, SchemaError, did_you_mean, quoted
from ...forking import refuse_polars

_CSV: Final = (".csv", ".csv.gz", ".tsv", ".txt", ".txt.gz")
_PARQUET: Final = (".parquet", ".pq")
_READS: Final = "a pandas, polars or Arrow table, a DuckDB relation, a list of records or a mapping of arrays"


def as_table(source: Any, names: Iterable[str] | None, where: str | Option = "") -> Any:
    """Turn what stands in the place of a table into a table; tables come back as they are.

    A lazy frame is collected, once and by the columns that are needed. Records are a list of mappings, of
    named tuples or of rows that have ``keys()``; one that lacks a column misses its value there.

    Parameters
    ----------
    source
        What the caller passed.
    names
        The columns that are needed; ``None`` for all.
    where
        What stands before the text of an error.

    Raises
    ------
    SchemaError
        For a path, an iterator, rows without names and whatever else is not a table.
    """
    if isinstance(source, str | os.PathLike):
        raise SchemaError(*_before(where), _advice_for_path(os.fspath(source), is_log=not where))
    if is_lazy(source):
        return _collected(source, names)
    if isinstance(source, np.ndarray) and source.dtype.names:
        return {name: source[name] for name in source.dtype.names}
    if isinstance(source, list | tuple):
        return _of_records(source, names, where)
    if not is_table(source):
        raise SchemaError(
            *_before(where), f"cannot read columns from {_named(source)}: {_advice_for(source)}"
        )
    return source


def is_table(source: Any) -> bool:
    """Check for what has columns by names: a frame, a mapping, or what speaks Arrow and is not one column."""
    if isinstance(source, pd.DataFrame | Mapping):
        return True
    speaks = hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")
    return speaks and not isinstance(source, pd.Series | pd.Index) and not _is_column(source)


def is_lazy(source: Any) -> bool:
    """Check for a lazy frame of polars: a query that has not run."""
    return hasattr(source, "collect_schema") and hasattr(source, "collect")


def path_advice(path: Any) -> str:
    """Say how a file is read."""
    return _advice_for_path(os.fspath(path))


def _collected(lazy: Any, names: Iterable[str] | None) -> Any:
    refuse_polars()
    if names is None:
        return lazy.collect()
    known = lazy.collect_schema().names()
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise SchemaError(
                f"no column {name!r}; the lazy frame has: {quoted(known)}{did_you_mean(name, known)}"
            )
    return lazy.select(wanted).collect()


def _of_records(
    rows: Sequence[Any], names: Iterable[str] | None, where: str | Option
) -> dict[str, list[Any]]:
    """Make columns of records, in the order in which their names first appear."""
    records = [_record(row, number, where) for number, row in enumerate(rows)]
    known = dict.fromkeys(name for record in records for name in record)
    wanted = list(known) if names is None or not records else [name for name in known if name in {*names}]
    if names is not None and not records:
        wanted = list(dict.fromkeys(names))  # no record, no names: an empty table of any columns
    missing = [name for name in dict.fromkeys(names or ()) if name not in wanted]
    if missing:
        raise SchemaError(
            *_before(where),
            f"no column {missing[0]!r}; the records have: {quoted(known)}{did_you_mean(missing[0], known)}",
        )
    return {name: [record.get(name) for record in records] for name in wanted}


def _record(row: Any, number: int, where: str | Option) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    fields = getattr(row, "_fields", None)
    if isinstance(row, Sequence) and fields:  # a named tuple, or a row of SQLAlchemy
        return dict(zip(fields, row, strict=True))
    if hasattr(row, "keys") and hasattr(row, "__getitem__") and not is_table(row):
        return {name: row[name] for name in row.keys()}  # noqa: SIM118 - the rows of sqlite3 iterate over values
    if is_table(row) or is_lazy(row):
        advice = "StageLog.from_batches takes several tables, one after the other"
    elif isinstance(row, str | os.PathLike):
        advice = path_advice(row)
    else:
        advice = "a list of rows holds a dict for each; or pass a mapping of arrays, or a frame"
    raise SchemaError(
        *_before(where), f"row {number:,} of the list is a {_named(row)}, not a record; {advice}"
    )


def _advice_for(source: Any) -> str:
    if isinstance(source, Iterator):
        return (
            "an iterator is not a table; make a list of its records, or pass an iterator of tables to "
            "StageLog.from_batches"
        )
    if isinstance(source, pd.Series | pd.Index) or _is_column(source):
        return "one column is not a table; pass a frame or a mapping of arrays"
    for method in ("toPandas", "compute", "collect", "to_pandas"):
        if hasattr(source, method):
            return f"call its {method}() first; or pass {_READS}"
    return f"pass {_READS}"


def _advice_for_path(path: str | bytes, *, is_log: bool = True) -> str:
    name = os.fsdecode(path)
    kind = "csv" if name.lower().endswith(_CSV) else "parquet" if name.lower().endswith(_PARQUET) else None
    if not is_log:
        reads = f"pandas.read_{kind}({name!r})" if kind else "pandas"
        return f"{name!r} is a path, not a table; {reads} reads the file"
    if kind is not None:
        call = f"StageLog.from_{kind}({name!r})"
        return f"{name!r} is a path, not a table; {call} reads the file, and read({name!r}) a CRM's export"
    return (
        f"{name!r} is a path, not a table; read({name!r}) reads a CRM's export, and StageLog.from_csv and "
        f"StageLog.from_parquet read files of rows"
    )


def _named(value: Any) -> str:
    return type(value).__name__


def _before(where: str | Option) -> Parts:
    return (where, ": ") if where else ()


def _is_column(source: Any) -> bool:
    """Check for one column of polars or pyarrow, which speaks Arrow too."""
    module = type(source).__module__.partition(".")[0]
    if module == "polars":
        return _named(source) == "Series"
    is_array = _named(source) == "ChunkedArray" or _named(source).endswith("Array")
    return module == "pyarrow" and is_array and _named(source) != "StructArray"
