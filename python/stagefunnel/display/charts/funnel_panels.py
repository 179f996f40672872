"""The content of a funnel chart: its panels, their sentences, and a row of pieces for each stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from ...tables.skipping import OnTheWay
from ...words import Words, mark, marks, tr
from ..extremes import are_largest
from ..lost_stage import can_lose
from ..numbers import brief, count, number, percent, so_many
from ..outcomes import outcomes_of_records
from ..restored import compared_stages, each_follows, is_whole, labels_in_order
from ..sentences import findings
from ..standing import standings
from ..things import thing_of, things_of
from ..titles import KIND_TITLES
from ..unlike import notes_of_funnels
from .bars import Piece, Row
from .canvas import Canvas, Panels, rows_of
from .groups import finding_of_groups, loss_in_groups, why_groups_are_not_compared
from .intervals import interval_note, interval_of, percent_between
from .style import SO_MANY, Meaning

# What pointing at a bar shows: column, heading, and how the value is written.
_SHOWN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("reached", "reached", count),
    ("conversion_from_all", mark("of all"), percent),
    ("passed", "passed", count),
    ("assumed", "assumed", count),
    ("skipped", "skipped", count),
    ("began_beyond", mark("of these, began beyond it"), count),
    ("skip_rate", mark("skipped, of those beyond"), percent),
    ("lost_from", mark("lost from here"), count),
    ("loss_rate", mark("lost, of its visitors"), percent),
    ("open_at", mark("open here"), count),
    ("amount", "amount", number),
    ("amount_missing", mark("without amount"), count),
    ("amount_conversion", mark("of value"), percent),
    ("base", mark("all items"), count),
    ("left_out", mark("left out"), count),
)
IN_ORDER = mark("passed in order")  # what a bar of a strict funnel says, of which losses are no part
_UNKNOWN = "unknown"  # a table that was read from a file does not say its kind
SO_MANY_IN_ORDER = marks("{n} passed in order")
_ONE_PIECE = {"strict": SO_MANY_IN_ORDER, _UNKNOWN: marks("{n} reached it")}
_EVER = {"won": marks("{n} won, ever"), "lost": marks("{n} lost, ever")}
KINDS = Words(
    {
        "classic": mark("Classic: what was really passed"),
        "conversions": mark("With conversions: wins fill all stages"),
        "furthest": mark("Furthest: all stages up to the furthest"),
        "strict": mark("Strict: passed in order, without a gap"),
    }
)


Records = list[dict[str, Any]]  # the rows of one funnel


class Panel(NamedTuple):
    """One funnel of a chart: its title, the sentences below it, and its rows."""

    title: str
    sentences: list[str]
    rows: list[Row]


class Story(NamedTuple):
    """The content of a chart.

    Attributes
    ----------
    title, sentences
        Texts above the chart.
    panels
        The funnels.
    of_kinds
        Whether the panels are the two kinds of one funnel.
    """

    title: str
    sentences: list[str]
    panels: list[Panel]
    of_kinds: bool


def kinds_of(canvas: Canvas) -> list[str]:
    """List the kinds of a funnel table."""
    if "kind" in canvas.table.columns:
        return [str(kind) for kind in canvas.table["kind"].unique()]
    return [str(canvas.remembered.get("kind", ""))]


def story_of(canvas: Canvas, groups: Panels) -> Story:
    """Make the content of a funnel table: a panel for each group and kind; one where two kinds are equal."""
    remembered = canvas.remembered
    kinds = kinds_of(canvas)
    parts = _records_of(canvas, groups, kinds)
    are_equal = len(kinds) == 2 and _are_equal(*(parts[kind] for kind in kinds))
    outcomes = {kind: outcomes_of_records(remembered, kind, rows) for kind, rows in parts.items()}
    tables = {kind: of_kind(groups[0][1], kind) for kind in kinds} if not canvas.by else {}
    names = canvas.names_of(canvas.table["stage"].unique())
    shown_kinds = kinds[:1] if are_equal else kinds
    panels = []
    for at, (group, _) in enumerate(groups):
        for kind in shown_kinds:
            part = parts[kind][at]
            outcome = outcomes[kind][at]
            if canvas.by:
                is_lossy = can_lose(remembered, groups[at][1])
                standing = standings({kind: outcome}, thing_of(remembered), can_be_lost=is_lossy)
                heading = (
                    tr("{group}: {kind}", group=group, kind=KIND_TITLES.get(kind, kind))
                    if len(shown_kinds) > 1
                    else group
                )
                panels.append(Panel(heading, standing, _rows_of(part, names, kind, canvas)))
            else:
                known = is_whole(tables[kind], remembered)
                sentences = _findings(tables[kind], outcome, remembered) if known else []
                chosen = _finding_of(kind, sentences) if len(shown_kinds) > 1 else sentences
                panels.append(Panel(KINDS.get(kind, ""), chosen, _rows_of(part, names, kind, canvas)))
    if canvas.by:
        title, notes = _of_groups(canvas, groups, kinds)
        return Story(title, [*notes, *interval_note(remembered)], panels, False)
    sure = interval_note(remembered)
    of_all = {kind: found[0] for kind, found in outcomes.items()}
    standing = standings(of_all, thing_of(remembered), can_be_lost=can_lose(remembered))
    if len(panels) == 2:
        are_whole = all(is_whole(table, remembered) for table in tables.values())
        funnels = [parts[kind][0] for kind in kinds]
        title = _title_of_both(funnels, names, remembered) if are_whole else ""
        return Story(title or _plain(kinds), [*standing, *sure], panels, True)
    words = panels[0].sentences
    title, rest = (words[0], words[1:]) if words else (_plain(kinds), [])
    if kinds[0] != "classic" and len(words) > 1 and not are_equal and can_lose(remembered):
        title, rest = words[1], [words[0], *words[2:]]
    both = tr("Classic and with conversions are the same here")
    about = both if are_equal else KINDS.get(kinds[0], "")
    sentences = [line for line in (about, *standing, *rest, *sure) if line]
    return Story(title, sentences, [panels[0]._replace(title="", sentences=[])], False)


def _plain(kinds: Sequence[str]) -> str:
    titles = tr(" and ").join(KIND_TITLES.get(kind, kind) for kind in kinds)
    return tr("Funnel: {titles}", titles=titles) if titles else tr("Funnel")


def _of_groups(canvas: Canvas, groups: Panels, kinds: Sequence[str]) -> tuple[str, list[str]]:
    """Say which group wins the largest and the smallest share of all, and what makes groups unlike."""
    series = [(group, of_kind(rows, kinds[0]) if len(kinds) > 1 else rows) for group, rows in groups]
    notes = [] if "part" in canvas.by else notes_of_funnels(series, canvas.remembered)
    plain = f"{_plain(kinds)}{canvas.by_text}"
    names = canvas.names_of(canvas.stages())
    if "part" in canvas.by:
        return plain, notes
    is_of_groups = not canvas.remembered.get("of_report", False)
    found = finding_of_groups(series, names, canvas.remembered) if is_of_groups else ""
    found = found or loss_in_groups(series, names)
    if not found and is_of_groups:
        found, notes = why_groups_are_not_compared(series, notes, canvas.remembered)
    return (found, [plain, *notes]) if found else (plain, notes)


def _findings(
    part: pd.DataFrame, outcome: Mapping[str, Any] | None, remembered: Mapping[str, Any]
) -> list[str]:
    without = remembered.get("without_rows", ())
    names, is_lossy = remembered.get("names", {}), can_lose(remembered, part)
    return findings(part, outcome, names, without, things_of(remembered), can_be_lost=is_lossy)


def _title_of_both(parts: Sequence[Records], names: Mapping[Any, str], remembered: Mapping[str, Any]) -> str:
    """Say in one line what the two kinds are drawn for: what is skipped, and where most are lost."""
    said = []
    classic, other = parts[0], parts[-1]
    # Of two stages that are skipped as often, or that lose the same number, neither is the most.
    skipped_at, is_tied = _most_skipped(classic, remembered)
    if skipped_at is not None and not is_tied:
        said.append(tr("{names} is skipped most often", names=names[classic[skipped_at]["stage"]]))
    lost_at = _most_lost(other)
    if lost_at is not None and [row["lost_from"] for row in other].count(other[lost_at]["lost_from"]) == 1:
        said.append(tr("most are lost from {names}", names=names[other[lost_at]["stage"]]))
    text = ", ".join(said)
    return text[:1].title() + text[1:]


def _marked(rows: Records, kind: str, remembered: Mapping[str, Any]) -> tuple[int, str]:
    """Return the place of the row that the title is about, and whether it is about skips or losses."""
    (skipped, _), lost = _most_skipped(rows, remembered), _most_lost(rows)
    if kind == "classic" and skipped is not None:
        return skipped, "skipped"
    return (-1, "") if lost is None else (lost, "lost")


def _most_skipped(rows: Records, remembered: Mapping[str, Any]) -> tuple[int | None, bool]:
    """Return the place of the stage that is skipped most often, where that can be said, and if others tie."""
    without = remembered.get("without_rows", ())
    places = [
        at
        for at, row in enumerate(rows)
        if row["outcome"] == "open" and row["skipped"] and str(row["stage"]) not in without
    ]
    if not places:
        return None, False
    names = ("skipped", "began_beyond", "skip_rate")
    on_the_way = OnTheWay.of_rates(*([rows[at][name] for at in places] for name in names))
    ranked = on_the_way.is_ranked & (on_the_way.skipped > 0)
    if not ranked.any():
        return None, False
    is_tied = int(are_largest(pd.Series(on_the_way.rate[ranked])).sum()) > 1
    return places[int(on_the_way.worst_first()[0])], is_tied


def _most_lost(rows: Records) -> int | None:
    most = max(range(len(rows)), key=lambda at: rows[at]["lost_from"], default=0)
    return most if rows and rows[most]["lost_from"] else None


def _are_equal(one: Sequence[Records], other: Sequence[Records]) -> bool:
    return all(
        len(a) == len(b) and all(_without_kind(r) == _without_kind(q) for r, q in zip(a, b, strict=True))
        for a, b in zip(one, other, strict=True)
    )


def _without_kind(row: Mapping[str, Any]) -> list[Any]:
    return [None if pd.isna(value) else value for name, value in row.items() if name != "kind"]


def _finding_of(kind: str, sentences: list[str]) -> list[str]:
    """Choose the finding that this kind of funnel is for: skips of the classic one, losses of the other."""
    return sentences[:1] if kind == "classic" else sentences[1:]


def _records_of(canvas: Canvas, groups: Panels, kinds: Sequence[str]) -> dict[str, list[Records]]:
    """Return the rows of each kind and group as mappings; pandas takes long to choose those of each."""
    every = rows_of(canvas.table)
    place = {index: at for at, index in enumerate(canvas.table.index.tolist())}
    parts: dict[str, list[Records]] = {kind: [] for kind in kinds}
    for _, rows in groups:
        own = [every[place[index]] for index in rows.index.tolist()]
        for kind, found in parts.items():
            found.append([row for row in own if str(row.get("kind", kind)) == kind])
    return parts


def of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Take the rows of one kind."""
    return rows[rows["kind"] == kind] if "kind" in rows.columns else rows


def _rows_of(records: Records, names: Mapping[Any, str], kind: str, canvas: Canvas) -> list[Row]:
    """Make the rows of one funnel; the conversion from the stage above stands where it is one."""
    # Stages are skipped in a classic funnel, so the ratio of two of its bars is not a conversion.
    remembered = canvas.remembered
    has_steps = kind in ("conversions", "furthest", "strict")
    kind = kind or (_UNKNOWN if _may_be_strict(records) else "")
    stages, ends = ([row[name] for row in records] for name in ("stage", "outcome"))
    above = compared_stages({"stage": stages, "outcome": ends}, remembered, names)
    is_first = [end == "open" or end != last for end, last in zip(ends, ["", *ends], strict=False)]
    follow = each_follows(list(map(str, stages)), _labels_of(canvas, records))
    marked = _marked(records, kind, remembered)
    rows = []
    before = ""
    for at, row in enumerate(records):
        share = row["conversion_from_previous"]
        is_step = has_steps and row["outcome"] != "lost" and is_first[at] and follow[at] and share <= 1
        sure = percent_between(row, "conversion_from_previous")
        step = (
            "↓ " + (tr("{share} of {stage}", share=sure, stage=above[at]) if above[at] else sure)
            if is_step
            else ""
        )
        mark = marked[1] if at == marked[0] else ""
        made = _row_of(row, names[row["stage"]], kind, things_of(remembered), marked=mark)
        is_apart = before == "open" and row["outcome"] != "open"
        rows.append(replace(made, step=step, is_apart=is_apart))
        before = row["outcome"]
    return rows


def _labels_of(canvas: Canvas, records: Records) -> list[str] | None:
    """List all stages that the rows of a funnel may be about, in order; parts of a chain have their own."""
    table = canvas.table
    if "part" in table.columns and records:
        table = table[table["part"] == records[0]["part"]]
    return labels_in_order(table, canvas.remembered)


def _may_be_strict(records: Records) -> bool:
    """Check whether rows without a kind may be of a strict funnel, of whose bars losses are no part.

    A stage's loss rate is of all its visitors, who are those that passed it in every other kind.
    """
    with_losses = [row for row in records if row["lost_from"] > 0 and row["loss_rate"] > 0]
    return not with_losses or any(
        round(row["lost_from"] / row["loss_rate"]) != row["passed"] for row in with_losses
    )


def _row_of(row: Mapping[str, Any], name: str, kind: str, things: str, *, marked: str) -> Row:
    texts = {
        heading: percent_between(row, column) if write is percent else write(row[column])
        for column, heading, write in _SHOWN
        if column in row
    }
    texts[tr("all {things}", things=things)] = texts.pop("all items")
    reached, assumed = int(row["reached"]), int(row["assumed"])
    # In a strict funnel an item may be lost from a stage that it did not pass in order.
    own_lost, own_open = (0, 0) if kind in _ONE_PIECE else (int(row["lost_from"]), int(row["open_at"]))
    moved = reached - assumed - own_lost - own_open
    if moved < 0:  # a table that was changed by hand: its numbers do not add up
        moved, own_lost, own_open = reached - assumed, 0, 0
    passed = _EVER.get(row["outcome"]) or _ONE_PIECE.get(kind, SO_MANY["moved"])
    final: dict[str, Meaning] = {"won": "won", "lost": "lost"}
    pieces: list[tuple[Meaning, int, str]] = [
        (final.get(row["outcome"], "moved"), moved, so_many(passed, moved)),
        ("assumed", assumed, so_many(SO_MANY["assumed"], assumed)),
        ("open", own_open, so_many(SO_MANY["open"], own_open)),
        ("lost", own_lost, so_many(SO_MANY["lost"], own_lost)),
    ]
    sure = interval_of(row, "conversion_from_all")
    unseen = max(0, int(row["skipped"]) - assumed)
    return Row(
        name=name,
        number=f"{brief(reached)} · {percent(row['conversion_from_all'])}",
        pieces=[Piece(meaning, n, {"part": text}) for meaning, n, text in pieces],
        ghost=Piece("skipped", unseen, {"part": so_many(SO_MANY["skipped"], unseen)}) if unseen else None,
        note=_note(row),
        marked=marked,
        low=None if sure is None else sure.low * row["base"],
        high=None if sure is None else sure.high * row["base"],
        about={"stage": name, **texts},
    )


def _note(row: Mapping[str, Any]) -> str:
    """Name what is the stage's own, never a difference of two bars."""
    lost, still_open, skipped, assumed = (
        int(row[name]) for name in ("lost_from", "open_at", "skipped", "assumed")
    )
    parts = [so_many("{n} lost", lost, brief)] if lost else []
    parts += [so_many("{n} open", still_open, brief)] if still_open else []
    of_skipped = so_many(SO_MANY["skipped"], skipped, brief)
    of_assumed = so_many(SO_MANY["assumed"], assumed, brief)
    if skipped and 0 < assumed <= skipped:
        parts.append(f"{of_skipped} ({of_assumed})")
    else:
        parts += [of_skipped] if skipped else []
        parts += [of_assumed] if assumed else []
    return ", ".join(parts)
