"""The items that are in a report: the groups of a breakdown, and the flip rule."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from reference.journeys import Visit, failure_then_success, reopened_won
from reference.stages import Item, Pipeline

LostThenWon: TypeAlias = Literal["include", "exclude", "exclude_reopened"]
Values: TypeAlias = Mapping[Any, Any]


def share(part: int, whole: int) -> float:
    """Return part / whole, NaN for a zero denominator."""
    return part / whole if whole else float("nan")


def members_of(
    by_item: Mapping[Item, list[Visit]], groups: Values | None
) -> list[tuple[Any, dict[Item, list[Visit]]]]:
    """Return each group with its items, in order of the groups' values, the missing value last."""
    if groups is None:
        return [(None, dict(by_item))]
    value: dict[Item, Any] = {item: groups.get(item) for item in by_item}
    missing = [item for item in by_item if pd.isna(value[item])]
    present = sorted({value[item] for item in by_item if item not in missing})
    result = [(group, {item: by_item[item] for item in by_item if value[item] == group}) for group in present]
    if missing:
        result.append((None, {item: by_item[item] for item in missing}))
    return result


def kept_of(
    members: Mapping[Item, list[Visit]], pipeline: Pipeline, lost_then_won: LostThenWon
) -> dict[Item, list[Visit]]:
    """Return the items that the flip rule leaves in the report."""
    if lost_then_won == "exclude":
        leaves = failure_then_success
    elif lost_then_won == "exclude_reopened":
        leaves = reopened_won
    else:
        return dict(members)
    return {item: visits for item, visits in members.items() if not leaves(visits, pipeline)}


def table_of(
    records: Sequence[Mapping[str, Any]], columns: Sequence[str], types: Mapping[str, str]
) -> pd.DataFrame:
    """Make a table of records; pandas chooses the types of columns that `types` does not name."""
    # To make columns of objects and to change their types afterwards takes pandas several times as long.
    values = {name: [record[name] for record in records] for name in columns}
    typed = {name: np.array(values[name], dtype=dtype) for name, dtype in types.items()}
    return pd.DataFrame({name: typed[name] if name in typed else pd.Series(values[name]) for name in columns})
