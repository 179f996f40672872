"""The rows that the caller chooses by the values of a column: ``only={"field": "status"}``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from ...errors import Option, SchemaError, did_you_mean, given, quoted
from .cells import as_text
from .places import rows_at
from .source import Source

Only: TypeAlias = Mapping[str, str | Sequence[str]]


def values_by_column(only: Only | None) -> dict[str, list[str]]:
    """Return the values that the caller chooses, as text, by column.

    Examples
    --------
    >>> from stagefunnel.readers.sources.selection import values_by_column
    >>> values_by_column({"field": "status", "kind": [1, 2]})
    {'field': ['status'], 'kind': ['1', '2']}
    """
    if only is None:
        return {}
    if not isinstance(only, Mapping):
        raise SchemaError(given("only", only), ' is not a mapping of columns to values: {"field": "status"}')
    chosen: dict[str, list[str]] = {}
    for column, values in only.items():
        several = [values] if isinstance(values, str) or not isinstance(values, Sequence) else values
        chosen[str(column)] = [str(value) for value in as_text(pd.Series(several, dtype=object)).dropna()]
    return chosen


def check_only(sources: Sequence[Source], only: Mapping[str, Sequence[str]]) -> None:
    """Refuse columns and values that no source has."""
    columns = list(dict.fromkeys(column for source in sources for column in source.columns))
    for column, values in only.items():
        if column not in columns:
            hint = did_you_mean(column, columns)
            raise SchemaError(
                option_only(only),
                f": there is no column {column!r}; the input has: {quoted(columns)}{hint}",
            )
        frames = [source.frame[column] for source in sources if column in source.frame]
        found = list(dict.fromkeys(str(value) for frame in frames for value in frame.dropna().unique()))
        unknown = [value for value in values if value not in found]
        if unknown or not values:
            hint = did_you_mean(unknown[0], found) if unknown else ""
            raise SchemaError(
                option_only(only),
                f": column {column!r} has no value {quoted(unknown)}; it has: {quoted(found)}{hint}",
            )


def option_only(only: Mapping[str, Sequence[str]]) -> Option:
    """Write the choice for a message, as the package and as the command takes it."""
    values = {column: of[0] if len(of) == 1 else list(of) for column, of in only.items()}
    plain = [f"{column}={value}" for column, of in only.items() for value in of]
    return Option("only", json.dumps(values, ensure_ascii=False), " ".join(plain))


def selected(source: Source, only: Mapping[str, Sequence[str]]) -> Source:
    """Leave out the rows of a source that have other values in a column than the chosen ones."""
    is_kept = np.ones(len(source.frame), dtype=bool)
    notes = []
    for column, values in only.items():
        if column in source.frame:
            texts = source.frame[column].astype("string")
            is_other = ~texts.isin(values).to_numpy(dtype=bool)
            others = [str(value) for value in texts[is_other].fillna("(blank)").unique()]
            notes.append(("other_fields", int((is_other & is_kept).sum()), left_out(column, values, others)))
            is_kept &= ~is_other
    if is_kept.all():
        return source
    frame, place = rows_at(source.frame, source.place, np.flatnonzero(is_kept))
    return replace(source, frame=frame, place=place, notes=(*source.notes, *notes))


def left_out(column: str, kept: Sequence[str], others: Sequence[str]) -> str:
    """Say which rows are left out, for a note."""
    return f"rows with another {column} than {quoted(kept)}, left out: {quoted(others, most=6)}"
