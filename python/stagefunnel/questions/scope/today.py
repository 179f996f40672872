"""Columns whose values are of today, and so may know what came after the moment that a question is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import SchemaError, given, named, quoted
from ...log.stage_log import StageLog


def columns_of_today(log: StageLog, names: Iterable[Any], vouched: Sequence[Any]) -> list[Any]:
    """List the columns that are of the items table and that nobody vouches for; a name may have bands."""
    items = log._data.items_table
    if items is None:
        return []
    pairs = [(name, name.partition(":")[0] if isinstance(name, str) else name) for name in names]
    return [name for name, of in pairs if (name in items or of in items) and name not in vouched]


def refuse_of_today(log: StageLog, option: str, names: Iterable[Any], vouched: Sequence[Any]) -> None:
    """Refuse such columns in a question about past dates."""
    for name in columns_of_today(log, names, vouched):
        raise SchemaError(
            given(option, name),
            " is a column of the items table, whose values are of today and may know the outcome; if ",
            f"{quoted([str(name)])} was the same at each date, name it in ",
            named("static"),
        )
