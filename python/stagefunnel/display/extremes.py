"""The row that a sentence names: the one with the most or the least of something, and its group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from ..tables.labels import group_label, value_labels
from ..words import trs
from .heads import group_word
from .numbers import count

_ROUNDING: Final = 1e-9  # of a value, by which equal ones may differ that were counted by other ways


def largest(table: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Return the row where a column of values is largest, the first of several, as a table of one row.

    As a series the row would lose the types of its columns.
    """
    at = int(values.argmax())
    return table.iloc[at : at + 1]


def with_ties(sentence: str, values: pd.Series) -> str:
    """Say behind a sentence about the first of the largest values how many more are as large.

    A full stop at its end stays there.
    """
    n_others = int(are_largest(values).sum()) - 1
    if n_others < 1:
        return sentence
    end = "." if sentence.endswith(".") else ""
    sentence = sentence.removesuffix(".")
    return trs("{sentence}; a tie with {n} more", n_others, sentence=sentence, n=count(n_others)) + end


def are_largest(values: pd.Series) -> pd.Series:
    """Flag the largest of some values, of floats also those that only rounding sets apart."""
    most = values.max()
    found: pd.Series = values == most
    if pd.api.types.is_float_dtype(values.dtype):
        found = (values - most).abs() <= _ROUNDING * abs(most)
    return found


def largest_and_smallest(table: pd.DataFrame, values: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows where a column of values is largest and smallest, each as :func:`largest` does."""
    return largest(table, values), largest(table, -values)


def group_names(table: pd.DataFrame, by: Sequence[Any]) -> list[str]:
    """Write the group of each row as one text, as :func:`group_name` does of one."""
    return [
        ", ".join(map(group_word, by, labels))
        for labels in zip(*(value_labels(table[name]) for name in by), strict=True)
    ]


def group_name(row: pd.DataFrame, by: Sequence[Any]) -> str:
    """Write the group that a row belongs to as one text."""
    return ", ".join(map(group_word, by, group_label(row, by)))
