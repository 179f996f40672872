"""Write result tables to the screen, or to a file in one of several formats."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final, TypeAlias

import pandas as pd

from ..clean import clean
from ..errors import SchemaError, StageFunnelError, given, named
from ..tables.frames import without_mixed
from ..tables.summary import Summary
from ..whole_file import whole_file
from .csv_table import as_csv
from .show import show
from .standard_output import to_standard_output
from .workbook import write_workbook

Writable: TypeAlias = pd.DataFrame | Summary | str | dict[str, pd.DataFrame]

_FOR_PEOPLE: Final = ("table", "markdown")


def write(
    table: pd.DataFrame | Summary, *, form: str, path: str | None, csv_safe: bool = True, **looks: Any
) -> None:
    """Print a table or a summary in a format, or write it to a file.

    What people read looks as ``show(…, **looks)``; on a terminal a table has the columns that have room.

    CSV and Parquet hold one table. A summary in these formats goes to a directory, one file for each table.
    In CSV, text that a spreadsheet would run gets an apostrophe before it, unless `csv_safe` is false.
    """
    if isinstance(table, Summary) and form in ("csv", "parquet"):
        _write_each(table, form, path, csv_safe)
    elif path is None:
        _print(table, form, looks, csv_safe)
    else:
        text_or_table = _shown_as_text(table, form, looks) if form in _FOR_PEOPLE else table
        write_file(text_or_table, form, path, csv_safe=csv_safe)


def _write_each(summary: Summary, form: str, path: str | None, csv_safe: bool) -> None:
    if path is None or not (os.path.isdir(path) or names_directory(path)):
        raise StageFunnelError(
            f"a summary is several tables, {form} holds one: name a directory with ",
            named("path"),
            f", and each gets a file there{'' if path is None else f'; {path} is no name of a directory'}",
        )
    for name, table in summary.tables.items():
        write_file(table, form, os.path.join(path, f"{name}.{form}"), csv_safe=csv_safe)


def names_directory(path: str) -> bool:
    """Check whether a path that is not there yet is to be a directory: it has no ending, or a slash."""
    return not os.path.exists(path) and (path.endswith(os.sep) or not os.path.splitext(path)[1])


def _print(table: pd.DataFrame | Summary, form: str, looks: dict[str, Any], csv_safe: bool) -> None:
    if sys.stdout is None:
        raise StageFunnelError("the standard output is closed; name a file with ", named("path"))
    if form == "table":
        _print_table(table, **looks)
    elif form in _FOR_PEOPLE:
        to_standard_output(_shown_as_text(table, form, looks))
    else:
        text = _as_text(table, form, csv_safe)
        # A terminal would obey what is in a name; a pipe gets the names as they are.
        to_standard_output(clean(text, lines=True) if sys.stdout.isatty() else text)


def file_path(path: Any) -> str:
    """Return the path of a file as text, and refuse what is none."""
    try:
        return os.fsdecode(path)
    except TypeError as error:
        raise SchemaError(given("path", path), " is not the path of a file") from error


def check_can_write(path: str) -> None:
    """Refuse a file that cannot be written, before what it will hold is worked out."""
    if not path:
        raise StageFunnelError(given("path", path), " names no file; name one, such as report.html")
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise StageFunnelError(given("path", path), " is a directory; name a file in it, such as report.html")
    folder = os.path.dirname(target)
    while not os.path.lexists(folder):  # what is missing of it is made
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise StageFunnelError(given("path", path), f": {folder} is not a directory")
    is_file = os.path.isfile(target) or not os.path.exists(target)
    if is_file and not os.access(folder, os.W_OK | os.X_OK):
        raise StageFunnelError(given("path", path), f": nothing can be written in {folder}; check who may")


def write_file(table: Writable, form: str, path: str, *, csv_safe: bool = False) -> None:
    """Write a table in a format, or text as it is; after a failure the file is what it was before.

    A workbook takes several tables by their names.
    A directory that is not there is made.
    With `csv_safe`, text in CSV is such that no spreadsheet runs it; a log that is read again stays as it is.
    """
    with whole_file(path) as partial:
        _write_to(table, form, partial, csv_safe)


def _write_to(table: Writable, form: str, path: str, csv_safe: bool) -> None:
    if form == "xlsx" or isinstance(table, dict):
        write_workbook(_sheets_of(table), path)
        return
    if form == "parquet" and isinstance(table, pd.DataFrame):
        _write_parquet(table, path)
        return
    text = table if isinstance(table, str) else _as_text(table, form, csv_safe)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _sheets_of(table: Writable) -> dict[str, pd.DataFrame]:
    if isinstance(table, dict):
        return table
    if isinstance(table, Summary):
        return table.tables
    if isinstance(table, str):
        raise TypeError("a workbook is written of tables")
    return {str(table.attrs.get("stagefunnel", {}).get("table", "table")): table}


def _print_table(table: pd.DataFrame | Summary, *, wide: bool = False, **looks: Any) -> None:
    shown = show(table, **looks).widened(is_wide=wide, all_with="--wide")
    if not sys.stdout.isatty():
        to_standard_output(f"{shown!r}\n")
        return
    from rich.console import Console

    Console(highlight=False).print(shown, crop=False)


def _shown_as_text(table: pd.DataFrame | Summary, form: str, looks: dict[str, Any]) -> str:
    """Write a table as people read it, with all its columns."""
    shown = show(table, **{**looks, "wide": True})
    return shown.to_markdown() if form == "markdown" else f"{shown!r}\n"


def _as_text(table: pd.DataFrame | Summary, form: str, csv_safe: bool) -> str:
    if isinstance(table, Summary):
        return _json({name: _records(one) for name, one in table.tables.items()})
    if form == "csv":
        return as_csv(with_seconds(table), is_safe=csv_safe)
    return _json(_records(table))


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    values = with_seconds(table)
    return values.astype(object).where(values.notna(), None).to_dict("records")


def _json(value: Any) -> str:
    # pandas' to_json would round floats.
    return json.dumps(value, ensure_ascii=False, indent=1, default=_as_json) + "\n"


def _as_json(value: Any) -> str:
    """Write a value that JSON has no type for: a time as ISO 8601, any other value as it prints itself."""
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def with_seconds(table: pd.DataFrame) -> pd.DataFrame:
    """Turn lengths of time into seconds, and add the unit to the names of their columns."""
    written = table.copy()
    for name in table.columns:
        if table[name].dtype.kind == "m":
            written[name] = table[name].dt.total_seconds()
            written = written.rename(columns={name: f"{name}_seconds"})
    return written


def _write_parquet(table: pd.DataFrame, path: str) -> None:
    try:
        without_mixed(table).to_parquet(path, index=False)
    except ImportError as error:
        raise StageFunnelError('writing Parquet needs pyarrow: pip install "stagefunnel[arrow]"') from error
