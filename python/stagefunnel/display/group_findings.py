"""The sentences of a table that has groups: those of each group, as long as there are few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from ..tables.labels import columns_before
from ..words import tr
from .extremes import group_name
from .numbers import more_groups

_MOST_GROUPS: Final = 6


def of_each_group(
    table: pd.DataFrame, first: str, sentences_of: Callable[[pd.DataFrame], Sequence[str]]
) -> list[str]:
    """Compose the sentences of each group, named by it; `first` is the column behind those of groups."""
    by = columns_before(table, first)
    if not by or table.empty:
        return [*sentences_of(table)]
    groups = [rows for _, rows in table.groupby(by, sort=False, dropna=False, observed=True)]
    sentences = [
        tr("{rows}: {sentence}", rows=group_name(rows, by), sentence=sentence)
        for rows in groups[:_MOST_GROUPS]
        for sentence in sentences_of(rows)
    ]
    rest = len(groups) - _MOST_GROUPS
    return [
        *sentences,
        *([more_groups(rest)] if rest > 0 else []),
    ]
