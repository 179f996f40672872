"""What makes groups of losses, of skips or of a sequence unlike: their bases, and the age of their items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pandas as pd

from ..tables.labels import columns_before, group_label
from ..tables.skipping import OnTheWay
from ..words import tr
from .heads import label
from .unlike import Side, unlike_notes

_Remembered: TypeAlias = Mapping[str, Any]
_Group: TypeAlias = tuple[str, ...]
_ROUNDING: Final = 1e-9


def notes_of_losses(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Compare how many items each group lost, which its shares are of, and the age of all its items."""
    ages = _recorded_ages(remembered)
    sides = [
        _side(group, int(rows["items"].sum()), ages)
        for group, rows in _groups(table, columns_before(table, "from_stage"))
        if abs(rows["share"].sum() - 1) <= _ROUNDING  # else rows of the group were filtered away
    ]
    return unlike_notes(sides, remembered, things=tr("lost items"))


def notes_of_skips(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Compare the largest number of items that a rate of a group is of, and the ages of all its items."""
    ages = _recorded_ages(remembered)
    sides = [
        _side(group, int(OnTheWay.of_skips(rows).base.max()), ages)
        for group, rows in _groups(table, columns_before(table, "stage"))
    ]
    return unlike_notes(sides, remembered, things=tr("items beyond any stage"))


def notes_of_sequences(table: pd.DataFrame, remembered: _Remembered, things: str) -> list[str]:
    """Compare how many items of each group did step 1, and the shares of these whose window is not over."""
    sides = [
        Side(", ".join(map(label, group)), int(rows["reached"].iloc[0]), int(rows["immature"].sum()))
        for group, rows in _groups(table, remembered.get("by", ()))
    ]
    return unlike_notes(
        sides,
        remembered,
        things=tr("{things} that did step 1", things=things),
        pending=tr("inside the window"),
    )


def _groups(table: pd.DataFrame, by: Sequence[Any]) -> Iterator[tuple[_Group, pd.DataFrame]]:
    if by:
        for _, rows in table.groupby([*by], sort=False, dropna=False, observed=True):
            yield group_label(rows, by), rows


def _recorded_ages(remembered: _Remembered) -> dict[_Group, tuple[int, int]]:
    """Read the items of each group and the open ones among them, as far as the table remembers them."""
    record = json.loads(remembered.get("ages", "{}"))
    groups, items, still_open = (record.get(name, []) for name in ("groups", "items", "open"))
    return {tuple(group): (n, of_them) for group, n, of_them in zip(groups, items, still_open, strict=True)}


def _side(group: _Group, base: int, ages: Mapping[_Group, tuple[int, int]]) -> Side:
    items, still_open = ages.get(group, (None, None))
    return Side(", ".join(map(label, group)), base, still_open, items=items)
