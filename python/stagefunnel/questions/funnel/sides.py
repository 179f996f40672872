"""Two sides of a comparison: groups of a breakdown that a caller names."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import pandas as pd

from ...errors import SchemaError, counted, did_you_mean, given, is_named, may_be_label, named, quoted
from ...tables.labels import MISSING, value_label
from ...times.periods import PeriodLike

#: What names a group: its value or the text of it, with several columns one for each; ``None`` for none.
GroupLike: TypeAlias = Hashable | Sequence[Hashable] | None
#: What names a side: a group, or a period.
SideLike: TypeAlias = GroupLike | PeriodLike


def group_at(values: pd.DataFrame, wanted: Any, option: str) -> int:
    """Find the group that an option names: by its value, or by the text of it; a tuple with several columns.

    Raises
    ------
    SchemaError
        If there is no such group.
    """
    n_columns = values.shape[1]
    parts = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    if len(parts) != n_columns:
        names = quoted([str(name) for name in values])
        raise SchemaError(
            given(option, wanted),
            f" has {counted(len(parts), 'value')} for the columns {names}; give one for each",
        )
    rows = [*zip(*(values[name].tolist() for name in values), strict=True)]
    for is_same in (_is_equal, _has_text):
        for place, row in enumerate(rows):
            if all(is_same(value, part) for value, part in zip(row, parts, strict=True)):
                return place
    labels = [label_of(row) for row in rows]
    text = ", ".join(str(part) for part in parts)
    raise SchemaError(given(option, wanted), f" is not a group of this report{did_you_mean(text, labels)}")


def label_of(row: Sequence[Any]) -> str:
    """Write the values of a group as one text."""
    return ", ".join(value_label(value) for value in row)


def check_sides(a: Any, b: Any) -> None:
    """Refuse a side to compare with where nothing is compared with it, and what no group is called."""
    for option, side in (("a", a), ("b", b)):
        if not isinstance(side, Hashable):
            raise SchemaError(given(option, side), " is not the name of a group, or a period")
    if a is None and b is not None:
        raise SchemaError(
            given("b", b),
            " is compared with, and ",
            named("a"),
            " is missing; pass the group to look at as ",
            named("a"),
        )


def _is_equal(value: Any, wanted: Any) -> bool:
    if pd.isna(value):
        return wanted is None or is_named(wanted, MISSING)
    return may_be_label(wanted) and type(value) is not bool and bool(value == wanted)


def _has_text(value: Any, wanted: Any) -> bool:
    return value_label(value) == str(wanted)
