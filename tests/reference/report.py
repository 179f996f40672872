"""The items that are in a report: the groups of a breakdown, and the flip rule."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

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
