"""The columns that options of questions name, and those that rows and items have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..errors import SchemaError, did_you_mean, given, quoted
from ..tables.group_names import column_behind

# Options of questions that name columns.
_NAMING: Final = (
    *("amount", "benchmark", "by", "columns", "currency", "exclude", "fit_by", "hold", "mix", "reason"),
    *("static", "steps", "unit", "where"),
)


def refuse_unknown(option: str, by: Any, rows: Any, items: Any) -> None:
    """Refuse groups by what neither the rows nor the items have, and the log does not know by itself.

    Raises
    ------
    SchemaError
        If there is no such column.
    """
    columns = [*rows.columns, *columns_of(items)]
    wanted = [text if text in columns else column_behind(text) for text in _texts_in(by)]
    unknown = next((name for name in wanted if name is not None and name not in columns), None)
    if unknown is not None:
        where = "of the DataFrame" if items is None else "of the DataFrame, nor of the items table"
        raise SchemaError(
            given(option, unknown),
            f" is not a column {where}; there are: {quoted(columns)}{did_you_mean(unknown, columns)}",
        )


def names_in(options: Mapping[str, Any]) -> list[str]:
    """List the texts in options that name columns, or bands of one; some are no columns of the rows."""
    found: dict[str, None] = {}
    for name in _NAMING:
        for text in _texts_in(options.get(name)):
            found |= dict.fromkeys((text, column_behind(text) or text))
    return list(found)


def _texts_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts_in(name)
            yield from _texts_in(one)
    elif isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        for one in value:
            yield from _texts_in(one)
    elif type(value).__module__.startswith("stagefunnel."):  # steps with conditions
        yield from _texts_in(vars(value) if hasattr(value, "__dict__") else {})


def columns_of(items: Any) -> list[Any]:
    """List the columns of a table of items of any kind; ``None`` has none."""
    if items is None:
        return []
    names = getattr(items, "column_names", None) or getattr(items, "columns", None)
    if names is None and isinstance(items, Mapping):
        names = items
    return [] if names is None or callable(names) else list(names)
