"""Result tables the way people read them, in a notebook and on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import pandas as pd

from ..errors import SchemaError
from ..tables.labels import group_label, value_label
from ..tables.schema import AMOUNTS, BOTH
from ..tables.summary import Summary
from .grid import Grid, Shown, ShownTogether
from .numbers import count, length, number, percent
from .sentences import (
    KIND_TITLES,
    PER_TITLES,
    answers,
    findings,
    of_periods,
    recorded_outcomes,
    standing,
    standings,
)
from .sequence_sentences import sequence_findings, sequence_title

_MOST_GROUPS = 20
_MOST_MOVES = 10
_OF_SEQUENCES = ("sequence_funnel", "sequence_items", "sequence_trend", "time_to_convert", "sequence_paths")
_TITLES = {
    "outcomes": "How items stand",
    "item_table": "Items",
    "transitions": "Moves between stages",
    "losses": "Where items are lost",
    "skips": "Skipped stages, the worst first",
    "flow": "Flow balance",
}
_HEADINGS = {
    "reached": "reached",
    "assumed": "assumed",
    "conversion_from_all": "of all",
    "conversion_from_previous": "of previous",
    "skipped": "skipped",
    "lost_from": "lost\nhere",
    "open_at": "open\nhere",
    "amount": "amount",
    "amount_missing": "no amount",
}


@overload
def show(table: pd.DataFrame) -> Shown: ...
@overload
def show(table: Summary) -> ShownTogether: ...
def show(table: pd.DataFrame | Summary) -> Shown | ShownTogether:
    """Show a result table the way people read it, or all tables of a summary.

    Stages go by their names, shares are percents, lengths of time are said as people say them. Under a
    funnel stand the two sentences it exists for: which stage is skipped most often, and from which
    most items are lost; above it, how its items stand now. A funnel with ``kind="both"`` shows the two
    funnels side by side.

    Parameters
    ----------
    table
        A table of this package, or a summary: of its moves the most frequent ones are shown, of its
        checks those that found something. Any other frame is shown as it is.

    Returns
    -------
    Shown or ShownTogether
        Prints itself on a terminal and in a notebook; ``to_markdown()`` gives text for a page.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> print(str(sf.show(sf.funnel(shop.log, shop.pipeline))).splitlines()[-1])
    Most often lost from: Won (2 of 5 lost, 40 %)
    """
    if isinstance(table, Summary):
        return _show_summary(table)
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"show takes a result table, got {type(table).__name__}")
    told = table.attrs.get("stagefunnel", {})
    if told.get("table") == "chain":
        return _show_chain(table, told)
    if told.get("table") in _OF_SEQUENCES:
        return _show_sequence(table, told)
    if {"stage", "reached", "lost_from", "skip_rate"} <= set(table.columns):
        return _show_funnel(table, told)
    return _show_plain(table, told.get("names", {}), title=_title_of(told), below=answers(table, told))


def _show_sequence(table: pd.DataFrame, told: Mapping[str, Any]) -> Shown:
    """Show a table of sequences; of the many columns of times the medians.

    After an optional step more may have come than before it, which is no conversion.
    """
    shown = table
    if told["table"] == "sequence_funnel":
        hidden = ("conversion_from_all", "mean_", "q")
        names = [name for name in table.columns if name in told["by"] or not str(name).startswith(hidden)]
        shown = table[names]
        if "conversion_from_previous" in names:
            shares = shown["conversion_from_previous"]
            shown = shown.assign(conversion_from_previous=shares.where(shares <= 1))
    findings = sequence_findings(table, told)
    return _show_plain(shown, {}, title=sequence_title(told), below=findings)


def _title_of(told: Mapping[str, Any]) -> str:
    if told.get("table") == "time_in_stage":
        return f"Time in stage, {PER_TITLES[told.get('per', 'visit')]}"
    if told.get("table") != "comparison":
        return _TITLES.get(told.get("table", ""), "")
    now, before = told["called"]
    return f"Funnel: {KIND_TITLES.get(told['kind'], told['kind'])}, {now} compared with {before}"


def _show_chain(table: pd.DataFrame, told: Mapping[str, Any]) -> Shown:
    """Show the parts of a chain as groups of a funnel; each has names of its own for its stages."""
    if "part" not in table.columns:
        return _show_plain(table, {})
    names = told["names"]
    parts, labels = table["part"].astype(str), table["stage"].astype(str)
    named = [names[part].get(label, label) for part, label in zip(parts, labels, strict=True)]
    sizes = table.groupby([name for name in ("kind", "part") if name in table], observed=True).size()
    is_whole = sizes.tolist() == [len(names[part]) for part in sizes.index.get_level_values("part")]
    # Categories of which some are missing tell that rows were filtered away: then no stage is the worst.
    known = dict.fromkeys(name for part in names.values() for name in part.values())
    stages = named if is_whole else pd.Categorical(named, categories=[*known])
    unlinked = max(told["unlinked"].values(), default=0)
    what = "Chain, counted in leads" if told["basis"] == "origin" else "Chain"
    said = [f"Deals without a lead: {count(unlinked)}"] if unlinked else []
    return _show_funnel(table.assign(stage=stages), {**told, "names": {}}, what=what, also=said)


def _show_funnel(
    table: pd.DataFrame, told: Mapping[str, Any], *, what: str = "Funnel", also: Sequence[str] = ()
) -> Shown:
    names: Mapping[str, str] = told.get("names", {})
    by = [name for name in table.columns[: list(table.columns).index("stage")] if name != "kind"]
    if "kind" in table.columns:
        present = [kind for kind in BOTH if (table["kind"] == kind).any()] or BOTH[:1]
        parts = {kind: table[table["kind"] == kind] for kind in present}
    else:
        parts = {told.get("kind", "classic"): table}
    blocks = {kind: _blocks(part, by) for kind, part in parts.items()}
    grid = _funnel_grid(parts, blocks, by, names)
    above, below = _funnel_words(blocks, by, told, names)
    if by[:1] == ["period"] and len(parts) == 1:
        also = [*of_periods(table, lambda stage: _label(stage, names), by[1:]), *also]
    title = f"{what}: " + " and ".join(KIND_TITLES.get(kind, kind) for kind in parts)
    return Shown(title, grid, above, [*below, *also])


def _funnel_grid(
    parts: Mapping[str, pd.DataFrame],
    blocks: Mapping[str, list[pd.DataFrame]],
    by: list[str],
    names: Mapping[str, str],
) -> Grid:
    """Lay the kinds side by side, one block of rows per group."""
    per_kind = {kind: _kind_columns(kind, part) for kind, part in parts.items()}
    shared = ["skipped", "lost_from", "open_at"]
    headings = [*by, "stage"]
    for kind, columns in per_kind.items():
        above = f"{kind}\n" if len(parts) > 1 else ""
        headings += [above + _HEADINGS[columns[0]], *(_HEADINGS[column] for column in columns[1:])]
    headings += [_HEADINGS[column] for column in shared]
    grid = Grid(headings, [*[True] * (len(by) + 1), *[False] * (len(headings) - len(by) - 1)])
    first = next(iter(blocks.values()))
    for group, rows in enumerate(first[:_MOST_GROUPS]):
        # A group may be left out of one kind altogether: match by its values, not its place.
        others = {kind: _same_group(blocks[kind], rows, by) for kind in parts}
        for i in range(len(rows)):
            row = rows.iloc[i]
            cells = ["" if i else value_label(row[name]) for name in by]
            cells.append(_label(row["stage"], names))
            for kind, columns in per_kind.items():
                other = others[kind]
                cells += [
                    _cell(column, other.iloc[i][column]) if other is not None else "" for column in columns
                ]
            cells += [_cell(column, row[column]) for column in shared]
            grid.rows.append(cells)
            ends_part = i + 1 == len(rows) or row["outcome"] != rows.iloc[i + 1]["outcome"]
            ends_block = i + 1 == len(rows) and group + 1 < len(first)
            if (ends_part and row["outcome"] == "open" and i + 1 < len(rows)) or ends_block:
                grid.breaks.add(len(grid.rows) - 1)
    return grid


def _blocks(part: pd.DataFrame, by: list[str]) -> list[pd.DataFrame]:
    """Split a table of one kind into its groups."""
    if not by:
        return [part]
    return [rows for _, rows in part.groupby(by, sort=False, dropna=False, observed=True)]


def _same_group(blocks: list[pd.DataFrame], rows: pd.DataFrame, by: list[str]) -> pd.DataFrame | None:
    wanted = group_label(rows, by)
    for block in blocks:
        same_rows = list(block["stage"]) == list(rows["stage"])
        if same_rows and group_label(block, by) == wanted:
            return block
    return None


def _kind_columns(kind: str, part: pd.DataFrame) -> list[str]:
    columns = ["reached"]
    if kind in ("conversions", "furthest"):
        columns.append("assumed")
    columns.append("conversion_from_all")
    if kind in ("furthest", "strict"):
        # Only here does a stage never have more items than the one before it.
        columns.append("conversion_from_previous")
    return columns + [name for name in AMOUNTS if name in part.columns]


def _funnel_words(
    blocks: Mapping[str, list[pd.DataFrame]],
    by: list[str],
    told: Mapping[str, Any],
    names: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    outcomes = {kind: recorded_outcomes(told, kind, groups) for kind, groups in blocks.items()}
    above = [] if by else standings({kind: known[0] for kind, known in outcomes.items()})
    below = []
    first = next(iter(blocks))
    groups = blocks[first]
    for group, outcome in list(zip(groups, outcomes[first], strict=True))[:_MOST_GROUPS]:
        prefix = ", ".join(group_label(group, by))
        if by and outcome is not None:
            below.append(f"{prefix}: {standing(outcome)}")
        if len(groups) <= 6 or not by:
            words = findings(group, outcome, names)
            below += [f"{prefix}: {word}" if by else word for word in words]
    if len(groups) > _MOST_GROUPS:
        below.append(f"… and {count(len(groups) - _MOST_GROUPS)} more groups")
    return above, below


def _cell(column: str, value: Any) -> str:
    if column.startswith("conversion"):
        return percent(value)
    return number(value) if column == "amount" else count(value)


def _label(value: Any, names: Mapping[str, str]) -> str:
    return value_label(value) if pd.isna(value) else names.get(str(value), str(value))


def _show_summary(summary: Summary) -> ShownTogether:
    times = summary.time_in_stage
    told = times.attrs.get("stagefunnel", {})
    names, said = told.get("names", {}), answers(times, told)
    title = _title_of({**told, "table": "time_in_stage"})
    parts = [
        _show_funnel(summary.funnel, summary.funnel.attrs.get("stagefunnel", {})),
        _show_plain(times.drop(columns=["outcome", "visits"]), names, title=title, below=said),
    ]
    if len(summary.transitions):
        # Stable: moves of equal number stay in the order of the pipeline.
        moves = summary.transitions.sort_values("moves", ascending=False, kind="stable")
        said = answers(moves, moves.attrs.get("stagefunnel", {}))
        title = "Moves, the most frequent first"
        parts.append(_show_plain(moves, names, title=title, most=_MOST_MOVES, below=said))
    parts.append(_show_findings(summary.quality))
    return ShownTogether(parts)


def _show_findings(quality: pd.DataFrame) -> Shown:
    found = quality[quality["count"] > 0]
    silent = f"{len(quality) - len(found)} other checks found nothing."
    return _show_plain(found, {}, title="What was read", below=[silent])


def _show_plain(
    table: pd.DataFrame,
    names: Mapping[str, str],
    *,
    title: str = "",
    most: int = 60,
    below: Sequence[str] = (),
) -> Shown:
    writers = [_writer(name, table[name], names) for name in table.columns]
    is_text = [not pd.api.types.is_numeric_dtype(table[name].dtype) for name in table.columns]
    is_text = [
        text and table[name].dtype.kind != "m" for text, name in zip(is_text, table.columns, strict=True)
    ]
    headings = [str(name).replace("_", " ") for name in table.columns]
    grid = Grid(headings, is_text)
    texts = [map(write, table[name].head(most)) for write, name in zip(writers, table.columns, strict=True)]
    grid.rows = [list(cells) for cells in zip(*texts, strict=True)]
    rest = len(table) - most
    return Shown(title, grid, [], [*([f"… and {count(rest)} more rows"] if rest > 0 else []), *below])


def _writer(name: str, column: pd.Series, names: Mapping[str, str]) -> Callable[[Any], str]:
    kind = column.dtype.kind
    if kind == "m" or name in ("mean", "median"):
        return length
    if kind == "f":
        is_share = name.startswith(("conversion", "share")) or name.endswith(("rate", "_change"))
        return percent if is_share else number
    if kind == "i" and name != "item":
        return count
    if kind == "b":
        return lambda value: "yes" if value else ""
    return lambda value: "" if pd.isna(value) else _label(value, names)
