"""What a funnel chart says: its panels, their words, and a record for every piece of a bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ...tables.schema import FUNNEL
from ..numbers import brief, count, number, percent
from ..outcomes import recorded_outcomes
from ..sentences import KIND_TITLES, findings, standings
from .style import check_table, columns_before, groups_of, unique_names

_MOST_GROUPS = 12
# Shares of all items, on the scale of the bars: a letter of the number behind one, and the gap before it.
_LETTER, _BEFORE = 0.022, 0.022

# What a bar tells when it is pointed at: column, heading, how the value is written.
_TOLD: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("reached", "reached", count),
    ("conversion_from_all", "of all", percent),
    ("passed", "passed", count),
    ("assumed", "assumed", count),
    ("skipped", "skipped", count),
    ("skip_rate", "skipped, of those beyond", percent),
    ("lost_from", "lost from here", count),
    ("loss_rate", "lost, of its visitors", percent),
    ("open_at", "open here", count),
    ("amount", "amount", number),
    ("amount_missing", "without amount", count),
    ("base", "all items", count),
    ("left_out", "left out", count),
)

_TICKS = (("skipped", "skipped", "skipped it"), ("lost", "lost_from", "lost from it"))


class Panel(NamedTuple):
    """One funnel of a chart.

    `pieces` are those of the bars, `ticks` what was skipped and lost, `steps` the conversions from the stage
    before; `stages` are in order.
    """

    title: str
    sentences: list[str]
    pieces: list[dict[str, Any]]
    ticks: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    stages: list[str]


class Story(NamedTuple):
    """All that a chart says; `tooltip` has fields of the pieces and their headings."""

    title: str
    sentences: list[str]
    panels: list[Panel]
    tooltip: dict[str, str]


def tell(table: pd.DataFrame) -> Story:
    """Read a funnel table: one panel per group, or two where it has both kinds."""
    told = check_table(table, FUNNEL, "funnel()")
    by = [name for name in columns_before(table, "stage") if name != "kind"]
    if "kind" in table.columns:
        kinds = [str(kind) for kind in table["kind"].unique()]
    else:
        kinds = [str(told.get("kind", ""))]
    groups = groups_of(table, by, _MOST_GROUPS)
    parts = {kind: [_of_kind(rows, kind) for _, rows in groups] for kind in kinds}
    outcomes = {kind: recorded_outcomes(told, kind, rows) for kind, rows in parts.items()}
    words = told.get("names", {})
    names = unique_names(table["stage"].unique(), words)
    panels = []
    for at, (group, _) in enumerate(groups):
        for kind in kinds:
            part = parts[kind][at]
            said = findings(part, outcomes[kind][at], words)
            if len(kinds) > 1:
                panels.append(_panel(_heading(group, kind), _finding_of(kind, said), part, names, kind))
            else:
                standing = standings({kind: outcomes[kind][at]})
                panels.append(_panel(group, standing + said, part, names, kind))
    title = _title(kinds, by)
    tooltip = {column: heading for column, heading, _ in _TOLD if column in table.columns}
    if by:
        return Story(title, [], panels, tooltip)
    if len(panels) == 1:
        return Story(title, panels[0].sentences, [panels[0]._replace(sentences=[])], tooltip)
    return Story(title, standings({kind: known[0] for kind, known in outcomes.items()}), panels, tooltip)


def _panel(title: str, said: list[str], rows: pd.DataFrame, names: Mapping[Any, str], kind: str) -> Panel:
    stages = [names[label] for label in rows["stage"]]
    # Where stages are skipped the ratio of two bars of a classic funnel is no conversion.
    steps = _steps(rows, stages) if kind in ("conversions", "furthest", "strict") else []
    return Panel(title, said, _pieces(rows, stages), _ticks(rows, stages), steps, stages)


def _finding_of(kind: str, said: list[str]) -> list[str]:
    """Choose the finding for whose sake people draw this one of the two funnels."""
    return said[:1] if kind == "classic" else said[1:]


def _title(kinds: list[str], by: list[str]) -> str:
    said = " and ".join(KIND_TITLES.get(kind, kind) for kind in kinds)
    title = f"Funnel: {said}" if said else "Funnel"
    return f"{title}, by {', '.join(by)}" if by else title


def _of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return rows[rows["kind"] == kind] if "kind" in rows.columns else rows


def _heading(group: str, kind: str) -> str:
    title = KIND_TITLES.get(kind, kind)
    return f"{group}: {title}" if group else title[:1].upper() + title[1:]


def _pieces(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Cut every bar where passed ends and assumed begins; the last piece carries the bar's label."""
    pieces = []
    ticks: dict[str, list[float]] = {stage: [] for stage in stages}
    for tick in _ticks(rows, stages):
        ticks[tick["stage"]].append(tick["at"])
    for stage, row in zip(stages, rows.to_dict("records"), strict=True):
        told = {column: write(row[column]) for column, _, write in _TOLD if column in row}
        end = row["reached"] / row["base"] if row["base"] else 0.0
        cut = row["passed"] / row["base"] if row["base"] else 0.0
        label = f"{brief(row['reached'])} · {told['conversion_from_all']}"
        own = "passed" if row["outcome"] == "open" else row["outcome"]
        bars = [(own, 0.0, cut), ("assumed", cut, end)] if row["assumed"] else [(own, 0.0, end)]
        for part, start, stop in bars:
            shown = label if stop == bars[-1][2] and part == bars[-1][0] else ""
            place = {"start": start, "end": stop, "label_at": _clear_of(ticks[stage], stop, len(label))}
            pieces.append({"stage": stage, "part": part, "label": shown} | place | told)
    return pieces


def _clear_of(ticks: list[float], end: float, letters: int) -> float:
    """Find where a number may begin behind a bar, so that no tick beyond the bar falls on it."""
    at = end
    for tick in sorted(ticks):
        if end < tick < at + _BEFORE + letters * _LETTER:
            at = tick
    return at


def _ticks(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Say of every stage that was skipped, or lost items, which share of all items that was."""
    ticks = []
    for stage, row in zip(stages, rows.to_dict("records"), strict=True):
        for part, column, what in _TICKS:
            if row[column] and row["base"]:
                said = f"{count(row[column])} {what}"
                ticks.append({"stage": stage, "part": part, "at": row[column] / row["base"], "said": said})
    return ticks


def _steps(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Say which share of the stage above came to a stage, unless more came to it.

    Of several final stages only the first has the last stage in progress above it.
    """
    is_first = (rows["outcome"] == "open") | (rows["outcome"] != rows["outcome"].shift())
    shares = zip(stages, rows["outcome"], rows["conversion_from_previous"], is_first, strict=True)
    return [
        {"stage": stage, "said": f"\N{DOWNWARDS ARROW} {percent(value)}"}
        for stage, outcome, value, first in shares
        if outcome != "lost" and first and value <= 1
    ]
