"""How numbers, shares, lengths of time and findings are said to people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NOTHING = "–"  # what has no value
MISSING = "(missing)"  # the group of those without one
KIND_TITLES = {
    "classic": "classic",
    "conversions": "with conversions",
    "furthest": "furthest",
    "strict": "strict",
}
PER_TITLES = {
    "visit": "per visit",
    "item": "per item",
    "longest": "the longest visit of each item",
}
_STEPS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_UNITS = ((10**9, "bn"), (10**6, "M"), (10**3, "k"))


def count(value: Any) -> str:
    """Write a whole number with its thousands apart: ``12,345``."""
    return NOTHING if pd.isna(value) else f"{int(value):,}"


def brief(value: Any) -> str:
    """Write a whole number for a picture, to three digits from ten thousand on: ``12.3 k``, ``1.23 M``."""
    if pd.isna(value) or value < 10_000:
        return count(value)
    # What rounds to a thousand thousands is a million.
    size, unit = next((size, unit) for size, unit in _UNITS if value >= 0.9995 * size)
    scaled = value / size
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    text = f"{scaled:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text} {unit}"


def counted(value: Any, noun: str) -> str:
    """Write a whole number of things: ``1 item``, ``2 items``."""
    return f"{count(value)} {noun}{'s' if value != 1 else ''}"


def percent(value: Any) -> str:
    """Write a share: ``78 %``; one decimal where the whole number would say 0 or 100 wrongly."""
    if pd.isna(value):
        return NOTHING
    rounded = round(100 * value)
    exact = rounded / 100 == value or rounded not in (0, 100)
    return f"{rounded} %" if exact else f"{_kept_apart(100 * value)} %"


def _kept_apart(value: float) -> str:
    """Keep 99.96 from reading 100.0, and 0.04 from reading 0.0."""
    if 99 < value < 100:
        return f"{min(value, 99.9):.1f}"
    if 0 < value < 0.1:
        return "< 0.1"
    return f"{value:.1f}"


def number(value: Any) -> str:
    """Write a number without decimals it does not need: ``1,234.5``."""
    if pd.isna(value):
        return NOTHING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def length(value: Any) -> str:
    """Write a length of time as people say it: ``4 d 6 h``, ``36 min``; plain numbers as numbers."""
    if pd.isna(value):
        return NOTHING
    if not isinstance(value, pd.Timedelta | np.timedelta64):
        return number(value)
    seconds = float(pd.Timedelta(value) / pd.Timedelta(seconds=1))
    if seconds == 0:
        return "0 s"
    at = next((i for i, (_, size) in enumerate(_STEPS) if seconds >= size), len(_STEPS) - 1)
    unit, size = _STEPS[at]
    # Beyond a hundred days nobody counts the hours, below an hour nobody the seconds.
    two_parts = unit in ("d", "h") and seconds < 100 * size
    smaller, step = _STEPS[at + 1] if two_parts else _STEPS[at]
    steps = round(seconds / step)
    if at and steps * step >= _STEPS[at - 1][1]:
        return f"1 {_STEPS[at - 1][0]}"
    whole, rest = divmod(steps, round(size / step))
    if not steps:
        return f"< 1 {unit}"
    return f"{whole:,} {unit} {rest} {smaller}" if rest else f"{whole:,} {unit}"


def findings(part: pd.DataFrame, outcome: Mapping[str, Any] | None, names: Mapping[str, str]) -> list[str]:
    """Say what the two funnels exist for: what is skipped most, and where most are lost.

    Parameters
    ----------
    part
        The rows of one group of a funnel table.
    outcome
        The group's row of the outcomes table, if it is known.
    names
        What people read for a label.

    Returns
    -------
    list of str
        Two sentences; none where rows of the group were filtered away, since the missing stage might
        have been the one to name.
    """
    stages = part["stage"]
    if isinstance(stages.dtype, pd.CategoricalDtype) and len(part) < len(stages.cat.categories):
        return []
    return [_skipped_most(part, names), _lost_most(part, outcome, names)]


def _skipped_most(part: pd.DataFrame, names: Mapping[str, str]) -> str:
    skipped = part[part["outcome"] == "open"]
    if not skipped["skipped"].any():
        return "No stage was skipped."
    row = skipped.iloc[int(skipped["skipped"].argmax())]
    beyond = round(row["skipped"] / row["skip_rate"])
    return (
        f"Most often skipped: {names.get(str(row['stage']), row['stage'])} ({count(row['skipped'])} of "
        f"{count(beyond)} that went beyond, {percent(row['skip_rate'])})"
    )


def _lost_most(part: pd.DataFrame, outcome: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    if not part["lost_from"].any():
        return "Nothing was lost from a stage."
    row = part.iloc[int(part["lost_from"].argmax())]
    # The table alone does not tell of items that were lost without any stage before.
    lost = part["lost_from"].sum() if outcome is None else outcome["lost"]
    said = "lost from a stage" if outcome is None else "lost"
    return (
        f"Most often lost from: {names.get(str(row['stage']), row['stage'])} "
        f"({count(row['lost_from'])} of {count(lost)} {said}, {percent(row['lost_from'] / lost)})"
    )


def standing(outcome: Mapping[str, Any]) -> str:
    """Say how many items there are and how they stand now."""
    said = (
        f"{counted(outcome['base'], 'item')}: {count(outcome['won'])} won, {count(outcome['lost'])} lost, "
        f"{count(outcome['open'])} open; win rate {percent(outcome['win_rate'])}"
    )
    if outcome["left_out"]:
        said += f"; {count(outcome['left_out'])} left out (lost, then won)"
    if outcome["reopened_won"]:
        said += f"; {count(outcome['reopened_won'])} won after a loss"
    return said


def standings(outcomes: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """Say how the items of each kind stand: once where the kinds agree."""
    said = {kind: standing(outcome) for kind, outcome in outcomes.items() if outcome is not None}
    lines = list(said.values())
    if len(set(lines)) <= 1:
        return lines[:1]
    return [f"{KIND_TITLES.get(kind, kind)}: {words}" for kind, words in said.items()]


def recorded_outcomes(
    told: Mapping[str, Any], kind: str, parts: Sequence[pd.DataFrame]
) -> list[dict[str, Any] | None]:
    """Find the outcomes that a funnel table carries for each of its groups.

    A filtered or reordered table keeps the record of the whole, so a group is looked up by its values.
    Where its rows are not all there, or their numbers are not those of the record, there is none.

    Parameters
    ----------
    told
        The table's ``attrs["stagefunnel"]``.
    kind
        The kind of the rows.
    parts
        The rows of each group.
    """
    by = told.get("by", [])
    columns = json.loads(told.get("outcomes", "{}")).get(kind, {})
    groups = json.loads(told.get("groups", "{}")).get(kind, [])
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    of_group = {tuple(group): record for group, record in zip(groups, records, strict=True)}
    found = []
    for part in parts:
        known = len(part) and set(by) <= set(part.columns)
        record = of_group.get(group_label(part, by)) if known else None
        fits = (
            record is not None
            and part["base"].iloc[0] == record["base"]
            and part["left_out"].iloc[0] == record["left_out"]
            and part["open_at"].sum() == record["open"]
        )
        found.append(record if fits else None)
    return found


def group_label(part: pd.DataFrame, by: Sequence[Any]) -> tuple[str, ...]:
    """Write the group that rows belong to, a word for each column of the breakdown."""
    return tuple(value_label(part[name].iloc[0]) for name in by)


def value_label(value: Any) -> str:
    """Write a value of a breakdown."""
    return MISSING if pd.isna(value) else str(value)


def value_labels(values: pd.Series) -> list[str]:
    """Write all values of a column so."""
    missing = values.isna().tolist()
    return [MISSING if gone else str(value) for value, gone in zip(values, missing, strict=True)]
