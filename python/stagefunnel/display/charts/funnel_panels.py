"""The content of a funnel chart: its panels, their sentences, and a record for each piece of a bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ..numbers import brief, count, number, percent
from ..outcomes import recorded_outcomes
from ..restored import compared_stages, follows, is_whole
from ..sentences import KIND_TITLES, findings, standings
from ..things import thing_of, things_of
from ..unlike import notes_of_funnels
from .canvas import Canvas

_MOST_GROUPS = 12
# Widths on the scale of the bars, as shares of all items: of a letter behind a bar, and of the gap before it.
_LETTER, _BEFORE = 0.022, 0.022

# What the box over a bar shows: column, heading, and how the value is written.
_SHOWN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("reached", "reached", count),
    ("conversion_from_all", "of all", percent),
    ("passed", "passed", count),
    ("assumed", "assumed", count),
    ("skipped", "skipped", count),
    ("began_beyond", "of these, began beyond it", count),
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

    Attributes
    ----------
    title, sentences
        Texts above the panel.
    pieces, ticks, steps
        Records of the pieces of the bars, of what was skipped and lost, and of the conversions from the
        previous stage.
    stages
        Names of the stages in order.
    """

    title: str
    sentences: list[str]
    pieces: list[dict[str, Any]]
    ticks: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    stages: list[str]


class Story(NamedTuple):
    """The content of a chart; `tooltip` maps fields of the pieces to their headings."""

    title: str
    sentences: list[str]
    panels: list[Panel]
    tooltip: dict[str, str]


def story_of(canvas: Canvas) -> Story:
    """Make the content of a funnel table: one panel per group, or two where it has both kinds."""
    table, remembered, by = canvas.table, canvas.remembered, canvas.by
    if "kind" in table.columns:
        kinds = [str(kind) for kind in table["kind"].unique()]
    else:
        kinds = [str(remembered.get("kind", ""))]
    groups = canvas.groups(_MOST_GROUPS)
    parts = {kind: [_of_kind(rows, kind) for _, rows in groups] for kind in kinds}
    outcomes = {kind: recorded_outcomes(remembered, kind, rows) for kind, rows in parts.items()}
    stage_names = remembered.get("names", {})
    names = canvas.names_of(table["stage"].unique())
    of_all = {kind: of_groups[0] for kind, of_groups in outcomes.items()}
    things = things_of(remembered)
    panels = []
    for at, (group, _) in enumerate(groups):
        for kind in kinds:
            part = parts[kind][at]
            without = remembered.get("without_rows", ())
            known = is_whole(part, remembered)
            sentences = findings(part, outcomes[kind][at], stage_names, without, things) if known else []
            if len(kinds) > 1:
                finding = _finding_of(kind, sentences)
                panels.append(_panel(_heading(group, kind), finding, part, names, kind, remembered))
            else:
                standing = standings({kind: outcomes[kind][at]}, thing_of(remembered))
                panels.append(_panel(group, standing + sentences, part, names, kind, remembered))
    titles = " and ".join(KIND_TITLES.get(kind, kind) for kind in kinds)
    title = canvas.titled(f"Funnel: {titles}" if titles else "Funnel")
    tooltip = {column: heading for column, heading, _ in _SHOWN if column in table.columns}
    tooltip["base"] = f"all {things}"
    if by:
        series = zip((group for group, _ in groups), parts[kinds[0]], strict=True)
        notes = [] if "part" in by else notes_of_funnels(series, remembered)
        return Story(title, notes, panels, tooltip)
    if len(panels) == 1:
        return Story(title, panels[0].sentences, [panels[0]._replace(sentences=[])], tooltip)
    return Story(title, standings(of_all, thing_of(remembered)), panels, tooltip)


def _panel(
    title: str,
    sentences: list[str],
    rows: pd.DataFrame,
    names: Mapping[Any, str],
    kind: str,
    remembered: Mapping[str, Any],
) -> Panel:
    stages = [names[label] for label in rows["stage"]]
    # Stages are skipped in a classic funnel, so the ratio of two of its bars is not a conversion.
    has_steps = kind in ("conversions", "furthest", "strict")
    above = compared_stages(rows, remembered, names)
    steps = _step_records(rows, stages, follows(rows, remembered), above) if has_steps else []
    return Panel(title, sentences, _pieces(rows, stages), _tick_records(rows, stages), steps, stages)


def _finding_of(kind: str, sentences: list[str]) -> list[str]:
    """Choose the finding that this kind of funnel is for: skips of the classic one, losses of the other."""
    return sentences[:1] if kind == "classic" else sentences[1:]


def _of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return rows[rows["kind"] == kind] if "kind" in rows.columns else rows


def _heading(group: str, kind: str) -> str:
    title = KIND_TITLES.get(kind, kind)
    return f"{group}: {title}" if group else title[:1].upper() + title[1:]


def _pieces(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Cut each bar where passed ends and assumed begins; the last piece has the label of the bar."""
    pieces = []
    ticks: dict[str, list[float]] = {stage: [] for stage in stages}
    for tick in _tick_records(rows, stages):
        ticks[tick["stage"]].append(tick["at"])
    for stage, row in zip(stages, rows.to_dict("records"), strict=True):
        texts = {column: write(row[column]) for column, _, write in _SHOWN if column in row}
        end = row["reached"] / row["base"] if row["base"] else 0.0
        cut = row["passed"] / row["base"] if row["base"] else 0.0
        label = f"{brief(row['reached'])} · {texts['conversion_from_all']}"
        own = "passed" if row["outcome"] == "open" else row["outcome"]
        bars = [(own, 0.0, cut), ("assumed", cut, end)] if row["assumed"] else [(own, 0.0, end)]
        for part, start, stop in bars:
            shown = label if stop == bars[-1][2] and part == bars[-1][0] else ""
            place = {"start": start, "end": stop, "label_at": _clear_of(ticks[stage], stop, len(label))}
            pieces.append({"stage": stage, "part": part, "label": shown} | place | texts)
    return pieces


def _clear_of(ticks: list[float], end: float, letters: int) -> float:
    """Return where a number begins behind a bar, so that no tick beyond the bar lies on it."""
    at = end
    for tick in sorted(ticks):
        if end < tick < at + _BEFORE + letters * _LETTER:
            at = tick
    return at


def _tick_records(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Record the share of all items that skipped a stage, and the share that was lost from it."""
    ticks = []
    for stage, row in zip(stages, rows.to_dict("records"), strict=True):
        for part, column, what in _TICKS:
            if row[column] and row["base"]:
                text = f"{count(row[column])} {what}"
                ticks.append({"stage": stage, "part": part, "at": row[column] / row["base"], "text": text})
    return ticks


def _step_records(
    rows: pd.DataFrame, stages: list[str], follow: list[bool], above: list[str]
) -> list[dict[str, Any]]:
    """Record the conversion from the stage above, unless a stage has more items than the stage above.

    A filtered table has bars whose stage before is not there; `follow` flags the others. Where a stage is
    compared with one further up, `above` names that.

    Of several won stages, only the first has the last stage in progress above it.
    """
    is_first = (rows["outcome"] == "open") | (rows["outcome"] != rows["outcome"].shift())
    is_below = is_first & pd.Series(follow, index=rows.index)
    shares = zip(stages, rows["outcome"], rows["conversion_from_previous"], is_below, above, strict=True)
    return [
        {"stage": stage, "text": f"\N{DOWNWARDS ARROW} {percent(value)}{f' of {of}' if of else ''}"}
        for stage, outcome, value, first, of in shares
        if outcome != "lost" and first and value <= 1
    ]
