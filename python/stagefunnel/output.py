"""Writing a result table: to the screen, or to a file in one of several formats."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Final

import pandas as pd

from .display import show
from .errors import StageFunnelError

FORMATS: Final = ("table", "csv", "json", "parquet", "markdown")
_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".md": "markdown"}


def write(table: pd.DataFrame, *, form: str | None, path: str | None) -> None:
    """Print a table, or write it to a file; the file's ending says the format where none is given."""
    ending = os.path.splitext(path or "")[1].lower()
    form = form or _ENDINGS.get(ending, "table")
    if path is None:
        _print(table, form)
    else:
        _write_file(table, form, path)


def _print(table: pd.DataFrame, form: str) -> None:
    if form == "parquet":
        raise StageFunnelError("Parquet is not text: name a file with --out")
    if form == "table":
        _print_table(table)
    else:
        sys.stdout.write(_as_text(table, form))
    sys.stdout.flush()


def _write_file(table: pd.DataFrame, form: str, path: str) -> None:
    directory = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(directory):
        raise StageFunnelError(f"--out {path}: there is no directory {directory}")
    # Written aside and renamed: a failure leaves no half-written file.
    handle, partial = tempfile.mkstemp(dir=directory, suffix=f".{form}")
    os.close(handle)
    try:
        if form == "parquet":
            _write_parquet(table, partial)
        else:
            text = repr(show(table)) + "\n" if form == "table" else _as_text(table, form)
            with open(partial, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _print_table(table: pd.DataFrame) -> None:
    shown = show(table)
    if not sys.stdout.isatty():
        sys.stdout.write(repr(shown) + "\n")
        return
    from rich.console import Console

    Console(highlight=False).print(shown)


def _as_text(table: pd.DataFrame, form: str) -> str:
    if form == "markdown":
        return show(table).to_markdown()
    plain = _with_seconds(table)
    if form == "csv":
        return str(plain.to_csv(index=False))
    return str(plain.to_json(orient="records", date_format="iso", force_ascii=False, indent=1)) + "\n"


def _with_seconds(table: pd.DataFrame) -> pd.DataFrame:
    """Write lengths of time as seconds, and say so in the column's name."""
    plain = table.copy()
    for name in table.columns:
        if table[name].dtype.kind == "m":
            plain[name] = table[name].dt.total_seconds()
            plain = plain.rename(columns={name: f"{name}_seconds"})
    return plain


def _write_parquet(table: pd.DataFrame, path: str) -> None:
    try:
        table.to_parquet(path, index=False)
    except ImportError as error:
        raise StageFunnelError('writing Parquet needs pyarrow: pip install "stagefunnel[arrow]"') from error
