"""Columns of text whose values are all numbers, such as those of a CSV file."""

from __future__ import annotations

import argparse
from typing import Any, Final

from .values import split_names

# Others show the digits that a file has: people read them, and CSV knows no types.
_WITH_TYPES: Final = ("parquet", "xlsx", "json")


def holds_numbers(values: Any) -> bool:
    """Check whether a column is text, and each of its values is written as a number is.

    Text that is written in another way than the number, such as 007, is a code, and a double holds no more
    than 15 digits whatever they are.
    """
    import pandas as pd

    if not pd.api.types.is_string_dtype(values):
        return False
    texts = values.dropna().astype(str)
    return bool(len(texts) and texts.str.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?").all())


def with_number_columns(answer: Any, args: argparse.Namespace, form: str | None) -> Any:
    """Turn further columns of a list of items into numbers where they hold some, for files that have types.

    A sum of amounts that are text fails, or joins their digits. `form` is ``None`` for a table of a database.
    """
    if form not in (None, *_WITH_TYPES) or not hasattr(answer, "columns"):
        return answer
    names = [name for name in split_names(getattr(args, "columns", None)) or () if name in answer.columns]
    found = {name: _numbers(answer[name]) for name in names if holds_numbers(answer[name])}
    if not found:
        return answer
    changed = answer.assign(**found)
    changed.attrs = answer.attrs
    return changed


def _numbers(values: Any) -> Any:
    """Read numbers; whole ones stay whole beside missing ones."""
    import pandas as pd

    numbers = pd.to_numeric(values)
    is_whole = not values.dropna().astype(str).str.contains(".", regex=False).any()
    return numbers.astype("Int64") if is_whole else numbers
