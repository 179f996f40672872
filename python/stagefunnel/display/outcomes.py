"""The outcomes that a funnel table remembers for each of its groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from ..tables.labels import group_label, value_label, value_labels
from .period_rows import PeriodRows


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
    of_group = _of_groups(remembered, kind)
    found = []
    for part in parts:
        is_group = len(part) and set(by) <= set(part.columns)
        record = of_group.get(group_label(part, by)) if is_group else None
        holds = record is not None and _holds(
            record, part["base"].iloc[0], part["left_out"].iloc[0], part["open_at"].sum()
        )
        found.append(record if holds else None)
    return found


def outcomes_of_records(
    remembered: Mapping[str, Any], kind: str, parts: Sequence[Sequence[Mapping[str, Any]]]
) -> list[dict[str, Any] | None]:
    """Find the outcomes of groups whose rows are mappings, as :func:`recorded_outcomes` does."""
    by = remembered.get("by", [])
    of_group = _of_groups(remembered, kind)
    found = []
    for rows in parts:
        is_group = len(rows) and set(by) <= set(rows[0])
        record = of_group.get(tuple(value_label(rows[0][name]) for name in by)) if is_group else None
        holds = record is not None and _holds(
            record, rows[0]["base"], rows[0]["left_out"], sum(row["open_at"] for row in rows)
        )
        found.append(record if holds else None)
    return found


def outcomes_of_periods(
    remembered: Mapping[str, Any], kind: str, periods: PeriodRows
) -> list[dict[str, Any] | None]:
    """Find the outcomes of each period of one group, as :func:`recorded_outcomes` does."""
    by = remembered.get("by", [])
    if not set(by) <= set(periods.table.columns):
        return [None] * len(periods.names)
    of_group = _of_groups(remembered, kind)
    labels = [value_labels(periods.of_first(name)) for name in by]
    groups = zip(*labels, strict=True) if labels else [()] * len(periods.names)
    return [
        record if (record := of_group.get(group)) is not None and _holds(record, *numbers) else None
        for group, *numbers in zip(
            groups,
            periods.of_first("base").tolist(),
            periods.of_first("left_out").tolist(),
            periods.sums("open_at"),
            strict=True,
        )
    ]


def _of_groups(remembered: Mapping[str, Any], kind: str) -> dict[tuple[str, ...], dict[str, Any]]:
    return _read(remembered.get("outcomes", "{}"), remembered.get("groups", "{}"), kind)


@lru_cache(maxsize=4)  # a chart reads the record of its table for each group
def _read(outcomes: str, groups: str, kind: str) -> dict[tuple[str, ...], dict[str, Any]]:
    columns = json.loads(outcomes).get(kind, {})
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    labels = json.loads(groups).get(kind, [])
    return {tuple(group): record for group, record in zip(labels, records, strict=True)}


def _holds(record: Mapping[str, Any], base: Any, left_out: Any, still_open: Any) -> bool:
    return bool(base == record["base"] and left_out == record["left_out"] and still_open == record["open"])
