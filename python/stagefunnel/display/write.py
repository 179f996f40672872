"""Write result tables to the screen, or to a file in one of several formats."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from typing import Any, Final, TypeAlias

import pandas as pd

from ..errors import SchemaError, StageFunnelError, given, named
from ..tables.frames import without_mixed
from ..tables.summary import Summary
from .show import show
from .workbook import write_workbook

Writable: TypeAlias = pd.DataFrame | Summary | str | dict[str, pd.DataFrame]

_FOR_PEOPLE: Final = ("table", "markdown")


def write(table: pd.DataFrame | Summary, *, form: str, path: str | None, **looks: Any) -> None:
    """Print a table or a summary in a format, or write it to a file.

    What people read looks as ``show(…, **looks)``; on a terminal a table has the columns that have room.

    CSV and Parquet hold one table. A summary in these formats goes to a directory, one file for each table.
    """
    if isinstance(table, Summary) and form in ("csv", "parquet"):
        _write_each(table, form, path)
    elif path is None:
        _print(table, form, looks)
    else:
        write_file(_shown_as_text(table, form, looks) if form in _FOR_PEOPLE else table, form, path)


def _write_each(summary: Summary, form: str, path: str | None) -> None:
    if path is None or not (os.path.isdir(path) or names_directory(path)):
        raise StageFunnelError(
            f"a summary is several tables, {form} holds one: name a directory with ",
            named("path"),
            f", and each gets a file there{'' if path is None else f'; {path} is no name of a directory'}",
        )
    for name, table in summary.tables.items():
        write_file(table, form, os.path.join(path, f"{name}.{form}"))


def names_directory(path: str) -> bool:
    """Check whether a path that is not there yet is to be a directory: it has no ending, or a slash."""
    return not os.path.exists(path) and (path.endswith(os.sep) or not os.path.splitext(path)[1])


def _print(table: pd.DataFrame | Summary, form: str, looks: dict[str, Any]) -> None:
    if sys.stdout is None:
        raise StageFunnelError("the standard output is closed; name a file with ", named("path"))
    if form == "table":
        _print_table(table, **looks)
    elif form in _FOR_PEOPLE:
        sys.stdout.write(_shown_as_text(table, form, looks))
    else:
        sys.stdout.write(_as_text(table, form))
    sys.stdout.flush()


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


def write_file(table: Writable, form: str, path: str) -> None:
    """Write a table in a format, or text as it is; after a failure the file is what it was before.

    A workbook takes several tables by their names.
    A directory that is not there is made.
    """
    # A link stays a link: the file that it leads to is replaced.
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    try:
        os.makedirs(directory, exist_ok=True)
    except FileExistsError as error:
        raise StageFunnelError(given("path", path), f": {directory} is not a directory") from error
    except OSError as error:
        raise StageFunnelError(given("path", path), f": {error.strerror}: {directory}") from error
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            # A pipe or a device must not be replaced by a file.
            _write_to(table, form, target)
        else:
            _replace(table, form, target)
    except OSError as error:
        raise StageFunnelError(given("path", path), f": {error.strerror or error}") from error


def _replace(table: Writable, form: str, target: str) -> None:
    """Write to a file beside the target and rename it, so that a failure leaves no half-written target."""
    handle, partial = tempfile.mkstemp(dir=os.path.dirname(target), suffix=f".{form}")
    os.close(handle)
    try:
        _write_to(table, form, partial)
        os.chmod(partial, _permissions(target))
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise


def _write_to(table: Writable, form: str, path: str) -> None:
    if form == "xlsx" or isinstance(table, dict):
        write_workbook(_sheets_of(table), path)
        return
    if form == "parquet" and isinstance(table, pd.DataFrame):
        _write_parquet(table, path)
        return
    text = table if isinstance(table, str) else _as_text(table, form)
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


def _permissions(target: str) -> int:
    """Return the permissions of the file that is replaced, or those that a new file gets."""
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _print_table(table: pd.DataFrame | Summary, *, wide: bool = False, **looks: Any) -> None:
    shown = show(table, **looks).widened(is_wide=wide, all_with="--wide")
    if not sys.stdout.isatty():
        sys.stdout.write(repr(shown) + "\n")
        return
    from rich.console import Console

    Console(highlight=False).print(shown, crop=False)


def _shown_as_text(table: pd.DataFrame | Summary, form: str, looks: dict[str, Any]) -> str:
    """Write a table as people read it, with all its columns."""
    shown = show(table, **{**looks, "wide": True})
    return shown.to_markdown() if form == "markdown" else f"{shown!r}\n"


def _as_text(table: pd.DataFrame | Summary, form: str) -> str:
    if isinstance(table, Summary):
        return _json({name: _records(one) for name, one in table.tables.items()})
    if form == "csv":
        return str(with_seconds(table).to_csv(index=False))
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
