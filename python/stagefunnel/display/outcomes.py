"""The outcomes that a funnel table remembers for each of its groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..tables.labels import group_label


def recorded_outcomes(
    remembered: Mapping[str, Any], kind: str, parts: Sequence[pd.DataFrame]
) -> list[dict[str, Any] | None]:
    """Find the outcomes that a funnel table remembers for each of its groups.

    A filtered or reordered table keeps the record of the whole table, so a group is looked up by its values.
    The record does not hold for a group that lacks rows, or whose numbers differ from it.

    Parameters
    ----------
    remembered
        The table's ``attrs["stagefunnel"]``.
    kind
        The kind of the rows.
    parts
        The rows of each group.

    Returns
    -------
    list of dict or None
        The row of the outcomes table for each group; ``None`` for a group without a record that holds.
    """
    by = remembered.get("by", [])
    columns = json.loads(remembered.get("outcomes", "{}")).get(kind, {})
    groups = json.loads(remembered.get("groups", "{}")).get(kind, [])
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    of_group = {tuple(group): record for group, record in zip(groups, records, strict=True)}
    found = []
    for part in parts:
        is_group = len(part) and set(by) <= set(part.columns)
        record = of_group.get(group_label(part, by)) if is_group else None
        found.append(record if record is not None and _holds(record, part) else None)
    return found


def _holds(record: Mapping[str, Any], part: pd.DataFrame) -> bool:
    return bool(
        part["base"].iloc[0] == record["base"]
        and part["left_out"].iloc[0] == record["left_out"]
        and part["open_at"].sum() == record["open"]
    )
