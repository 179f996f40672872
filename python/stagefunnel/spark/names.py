"""Names of columns on their way to the executors: Spark finds none that has a dot when it sends rows."""

from __future__ import annotations

from typing import Any, Final

#: What stands for a letter that Spark reads as part of a path; the first of them stands for itself.
_LETTERS: Final = {"%": "%25", ".": "%2E", "`": "%60"}


def sent(rows: Any) -> Any:
    """Return a DataFrame whose columns have names that Spark sends."""
    if not any(letter in name for name in rows.columns for letter in _LETTERS):
        return rows
    return rows.toDF(*map(_written, rows.columns))


def received(batch: Any) -> Any:
    """Give the columns of a batch of Arrow their names back."""
    return batch.rename_columns([_read(name) for name in batch.schema.names])


def _written(name: str) -> str:
    for letter, code in _LETTERS.items():
        name = name.replace(letter, code)
    return name


def _read(name: str) -> str:
    for letter, code in reversed(_LETTERS.items()):
        name = name.replace(code, letter)
    return name
