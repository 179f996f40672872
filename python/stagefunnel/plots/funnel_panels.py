"""What a funnel chart says: its panels, their words, and a record for every piece of a bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ..errors import SchemaError, quoted
from ..schema import FUNNEL
from ..wording import KIND_TITLES, count, findings, number, percent, recorded_outcomes, standings, value_label

_MOST_GROUPS = 12

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


class Panel(NamedTuple):
    """One funnel of a chart: its title, the sentences under it, its bars and its stages in order."""

    title: str
    sentences: list[str]
    pieces: list[dict[str, Any]]
    stages: list[str]


class Story(NamedTuple):
    """All that a chart says; `tooltip` has fields of the pieces and their headings."""

    title: str
    sentences: list[str]
    panels: list[Panel]
    tooltip: dict[str, str]


def tell(table: pd.DataFrame) -> Story:
    """Read a funnel table: one panel per group, or two where it has both kinds."""
    _check(table)
    told = table.attrs.get("stagefunnel", {})
    by = [name for name in table.columns[: list(table.columns).index("stage")] if name != "kind"]
    if "kind" in table.columns:
        kinds = [str(kind) for kind in table["kind"].unique()]
    else:
        kinds = [str(told.get("kind", ""))]
    groups = _groups(table, by)
    parts = {kind: [_of_kind(rows, kind) for _, rows in groups] for kind in kinds}
    outcomes = {kind: recorded_outcomes(told, kind, rows) for kind, rows in parts.items()}
    words = told.get("names", {})
    names = _unique_names(table["stage"], words)
    panels = []
    for at, (group, _) in enumerate(groups):
        for kind in kinds:
            part = parts[kind][at]
            said = findings(part, outcomes[kind][at], words)
            if len(kinds) > 1:
                panels.append(_panel(_heading(group, kind), _finding_of(kind, said), part, names))
            else:
                standing = standings({kind: outcomes[kind][at]})
                panels.append(_panel(group, standing + said, part, names))
    title = _inert(_title(kinds, by))
    tooltip = {column: heading for column, heading, _ in _TOLD if column in table.columns}
    if by:
        return Story(title, [], panels, tooltip)
    if len(panels) == 1:
        return Story(title, panels[0].sentences, [panels[0]._replace(sentences=[])], tooltip)
    return Story(title, standings({kind: known[0] for kind, known in outcomes.items()}), panels, tooltip)


def _panel(title: str, said: list[str], rows: pd.DataFrame, names: Mapping[Hashable, str]) -> Panel:
    stages = [names[label] for label in rows["stage"]]
    return Panel(_inert(title), [_inert(line) for line in said], _pieces(rows, stages), stages)


def _finding_of(kind: str, said: list[str]) -> list[str]:
    """Choose the finding for whose sake people draw this one of the two funnels."""
    return said[:1] if kind == "classic" else said[1:]


def _check(table: pd.DataFrame) -> None:
    lacking = [name for name in FUNNEL if name not in table.columns]
    if lacking:
        raise SchemaError(f"this is no table of funnel(): it lacks {quoted(lacking)}")
    if table.empty:
        raise SchemaError("the funnel table has no rows to draw")


def _title(kinds: list[str], by: list[str]) -> str:
    said = " and ".join(KIND_TITLES.get(kind, kind) for kind in kinds)
    title = f"Funnel: {said}" if said else "Funnel"
    return f"{title}, by {', '.join(by)}" if by else title


def _groups(table: pd.DataFrame, by: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """Split the table by group, each with what people read of it."""
    if not by:
        return [("", table)]
    grouped = table.groupby(by, sort=False, dropna=False, observed=True)
    if grouped.ngroups > _MOST_GROUPS:
        raise SchemaError(
            f"a chart has room for {_MOST_GROUPS} groups, the table has {grouped.ngroups:,}; filter it "
            f"first, for example table[table[{by[0]!r}].isin([...])]"
        )
    return [(", ".join(map(value_label, values)), rows) for values, rows in grouped]


def _of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return rows[rows["kind"] == kind] if "kind" in rows.columns else rows


def _heading(group: str, kind: str) -> str:
    title = KIND_TITLES.get(kind, kind)
    return f"{group}: {title}" if group else title[:1].upper() + title[1:]


def _unique_names(stages: pd.Series, names: Mapping[str, str]) -> dict[Hashable, str]:
    """Name every stage; codes of one name stand behind it, or their bars would fall on each other."""
    shown = {label: names.get(str(label), str(label)) for label in stages.unique()}
    times = Counter(shown.values())
    return {label: _inert(f"{name} ({label})" if times[name] > 1 else name) for label, name in shown.items()}


def _inert(text: str) -> str:
    """Part ``<`` from what follows, invisibly.

    A chart is written into a page's script as it is, where a name like ``</script>`` would end it.
    """
    return text.replace("<", "<\N{ZERO WIDTH SPACE}")


def _pieces(rows: pd.DataFrame, stages: list[str]) -> list[dict[str, Any]]:
    """Cut every bar where passed ends and assumed begins; the last piece carries the bar's label."""
    pieces = []
    for stage, row in zip(stages, rows.to_dict("records"), strict=True):
        told = {column: write(row[column]) for column, _, write in _TOLD if column in row}
        end = row["reached"] / row["base"] if row["base"] else 0.0
        cut = row["passed"] / row["base"] if row["base"] else 0.0
        label = f"{told['reached']} · {told['conversion_from_all']}"
        own = "passed" if row["outcome"] == "open" else row["outcome"]
        bars = [(own, 0.0, cut), ("assumed", cut, end)] if row["assumed"] else [(own, 0.0, end)]
        for part, start, stop in bars:
            shown = label if stop == bars[-1][2] and part == bars[-1][0] else ""
            pieces.append({"stage": stage, "part": part, "start": start, "end": stop, "label": shown} | told)
    return pieces
