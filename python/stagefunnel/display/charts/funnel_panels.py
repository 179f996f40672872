"""The content of a funnel chart: its panels, their sentences, and a row of pieces for each stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from ...tables.skipping import OnTheWay
from ..numbers import brief, count, number, percent
from ..outcomes import recorded_outcomes
from ..restored import compared_stages, follows, is_whole
from ..sentences import KIND_TITLES, findings, standings
from ..things import thing_of, things_of
from ..unlike import notes_of_funnels
from .bars import Piece, Row
from .canvas import Canvas, Panels, rows_of
from .groups import furthest_groups
from .style import WORDS, Meaning

# What pointing at a bar shows: column, heading, and how the value is written.
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
    ("amount_conversion", "of value", percent),
    ("base", "all items", count),
    ("left_out", "left out", count),
)
IN_ORDER = "passed in order"  # what a bar of a strict funnel says, of which losses are no part
_UNKNOWN = "unknown"  # a table that was read from a file does not say its kind
_ONE_PIECE = {"strict": IN_ORDER, _UNKNOWN: "reached it"}
KINDS = {
    "classic": "Classic: what was really passed",
    "conversions": "With conversions: wins fill all stages",
    "furthest": "Furthest: all stages up to the furthest",
    "strict": "Strict: passed in order, without a gap",
}


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
    parts = {kind: [of_kind(rows, kind) for _, rows in groups] for kind in kinds}
    are_equal = len(kinds) == 2 and _are_equal(*(parts[kind] for kind in kinds))
    outcomes = {kind: recorded_outcomes(remembered, kind, rows) for kind, rows in parts.items()}
    names = canvas.names_of(canvas.table["stage"].unique())
    shown_kinds = kinds[:1] if are_equal else kinds
    panels = []
    for at, (group, _) in enumerate(groups):
        for kind in shown_kinds:
            part = parts[kind][at]
            known = is_whole(part, remembered)
            outcome = outcomes[kind][at]
            sentences = _findings(part, outcome, remembered) if known else []
            if canvas.by:
                standing = standings({kind: outcome}, thing_of(remembered))
                heading = f"{group}: {KIND_TITLES.get(kind, kind)}" if len(shown_kinds) > 1 else group
                panels.append(Panel(heading, standing, _rows_of(part, names, kind, remembered)))
            else:
                chosen = _finding_of(kind, sentences) if len(shown_kinds) > 1 else sentences
                panels.append(Panel(KINDS.get(kind, ""), chosen, _rows_of(part, names, kind, remembered)))
    if canvas.by:
        title, notes = _of_groups(canvas, groups, parts[kinds[0]], kinds)
        return Story(title, notes, panels, False)
    standing = standings({kind: found[0] for kind, found in outcomes.items()}, thing_of(remembered))
    if len(panels) == 2:
        title = _title_of_both([parts[kind][0] for kind in kinds], names, remembered)
        return Story(title or _plain(kinds), standing, panels, True)
    words = panels[0].sentences
    title, rest = (words[0], words[1:]) if words else (_plain(kinds), [])
    if kinds[0] != "classic" and len(words) > 1 and not are_equal:
        title, rest = words[1], [words[0], *words[2:]]
    both = "Classic and with conversions are the same here"
    about = both if are_equal else KINDS.get(kinds[0], "")
    sentences = [line for line in (about, *standing, *rest) if line]
    return Story(title, sentences, [panels[0]._replace(title="", sentences=[])], False)


def _plain(kinds: Sequence[str]) -> str:
    titles = " and ".join(KIND_TITLES.get(kind, kind) for kind in kinds)
    return f"Funnel: {titles}" if titles else "Funnel"


def _of_groups(
    canvas: Canvas, groups: Panels, parts: Sequence[pd.DataFrame], kinds: Sequence[str]
) -> tuple[str, list[str]]:
    """Say which group wins the largest and the smallest share of all, and what makes groups unlike."""
    series = list(zip((group for group, _ in groups), parts, strict=True))
    notes = [] if "part" in canvas.by else notes_of_funnels(series, canvas.remembered)
    plain = f"{_plain(kinds)}, by {', '.join(canvas.by)}"
    names = canvas.names_of(canvas.stages())
    has_groups = "part" not in canvas.by and not canvas.remembered.get("of_report", False)
    found = furthest_groups(series, names, canvas.remembered) if has_groups else ""
    return (found, [plain, *notes]) if found else (plain, notes)


def _findings(
    part: pd.DataFrame, outcome: Mapping[str, Any] | None, remembered: Mapping[str, Any]
) -> list[str]:
    without = remembered.get("without_rows", ())
    return findings(part, outcome, remembered.get("names", {}), without, things_of(remembered))


def _title_of_both(
    parts: Sequence[pd.DataFrame], names: Mapping[Any, str], remembered: Mapping[str, Any]
) -> str:
    """Say in one line what the two kinds are drawn for: what is skipped, and where most are lost."""
    if not all(is_whole(part, remembered) for part in parts):
        return ""
    said = []
    skipped_at = _most_skipped(parts[0], remembered)
    if skipped_at is not None:
        said.append(f"{names[parts[0]['stage'].iloc[skipped_at]]} is skipped most often")
    lost_at = _most_lost(parts[-1])
    if lost_at is not None:
        said.append(f"most are lost from {names[parts[-1]['stage'].iloc[lost_at]]}")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def _marked(part: pd.DataFrame, kind: str, remembered: Mapping[str, Any]) -> tuple[int, str]:
    """Return the place of the row that the title is about, and whether it is about skips or losses."""
    skipped, lost = _most_skipped(part, remembered), _most_lost(part)
    if kind == "classic" and skipped is not None:
        return skipped, "skipped"
    return (-1, "") if lost is None else (lost, "lost")


def _most_skipped(part: pd.DataFrame, remembered: Mapping[str, Any]) -> int | None:
    """Return the place of the stage that is skipped most often, where that can be said."""
    is_known = (part["outcome"] == "open") & ~part["stage"].astype(str).isin(
        remembered.get("without_rows", ())
    )
    places = [at for at, known in enumerate(is_known) if known]
    on_the_way = OnTheWay.of_funnel(part[is_known])
    ranked = on_the_way.is_ranked & (on_the_way.skipped > 0)
    return places[on_the_way.worst_first()[0]] if ranked.any() else None


def _most_lost(part: pd.DataFrame) -> int | None:
    return int(part["lost_from"].to_numpy().argmax()) if part["lost_from"].any() else None


def _are_equal(one: Sequence[pd.DataFrame], other: Sequence[pd.DataFrame]) -> bool:
    return all(
        a.drop(columns="kind").reset_index(drop=True).equals(b.drop(columns="kind").reset_index(drop=True))
        for a, b in zip(one, other, strict=True)
    )


def _finding_of(kind: str, sentences: list[str]) -> list[str]:
    """Choose the finding that this kind of funnel is for: skips of the classic one, losses of the other."""
    return sentences[:1] if kind == "classic" else sentences[1:]


def of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Take the rows of one kind."""
    return rows[rows["kind"] == kind] if "kind" in rows.columns else rows


def _rows_of(
    part: pd.DataFrame, names: Mapping[Any, str], kind: str, remembered: Mapping[str, Any]
) -> list[Row]:
    """Make the rows of one funnel; the conversion from the stage above stands where it is one."""
    # Stages are skipped in a classic funnel, so the ratio of two of its bars is not a conversion.
    has_steps = kind in ("conversions", "furthest", "strict")
    kind = kind or (_UNKNOWN if _may_be_strict(part) else "")
    above = compared_stages(part, remembered, names)
    is_first = (part["outcome"] == "open") | (part["outcome"] != part["outcome"].shift())
    follow = follows(part, remembered)
    marked = _marked(part, kind, remembered)
    rows = []
    before = ""
    for at, row in enumerate(rows_of(part)):
        share = row["conversion_from_previous"]
        is_step = has_steps and row["outcome"] != "lost" and is_first.iloc[at] and follow[at] and share <= 1
        step = f"↓ {percent(share)}{f' of {above[at]}' if above[at] else ''}" if is_step else ""
        mark = marked[1] if at == marked[0] else ""
        made = _row_of(row, names[row["stage"]], kind, things_of(remembered), marked=mark)
        is_apart = before == "open" and row["outcome"] != "open"
        rows.append(replace(made, step=step, is_apart=is_apart))
        before = row["outcome"]
    return rows


def _may_be_strict(part: pd.DataFrame) -> bool:
    """Check whether rows without a kind may be of a strict funnel, of whose bars losses are no part.

    A stage's loss rate is of all its visitors, who are those that passed it in every other kind.
    """
    with_losses = part[(part["lost_from"] > 0) & (part["loss_rate"] > 0)]
    visitors = (with_losses["lost_from"] / with_losses["loss_rate"]).round()
    return with_losses.empty or bool((visitors != with_losses["passed"]).any())


def _row_of(row: Mapping[str, Any], name: str, kind: str, things: str, *, marked: str) -> Row:
    texts = {heading: write(row[column]) for column, heading, write in _SHOWN if column in row}
    texts[f"all {things}"] = texts.pop("all items")
    reached, assumed = int(row["reached"]), int(row["assumed"])
    # In a strict funnel an item may be lost from a stage that it did not pass in order.
    own_lost, own_open = (0, 0) if kind in _ONE_PIECE else (int(row["lost_from"]), int(row["open_at"]))
    moved = reached - assumed - own_lost - own_open
    if moved < 0:  # a table that was changed by hand: its numbers do not add up
        moved, own_lost, own_open = reached - assumed, 0, 0
    passed = _ONE_PIECE.get(kind, WORDS["moved"])
    final: dict[str, Meaning] = {"won": "won", "lost": "lost"}
    pieces: list[tuple[Meaning, int, str]] = [
        (final.get(row["outcome"], "moved"), moved, passed),
        ("assumed", assumed, WORDS["assumed"]),
        ("open", own_open, WORDS["open"]),
        ("lost", own_lost, WORDS["lost"]),
    ]
    if row["outcome"] != "open":
        pieces[0] = (pieces[0][0], moved, f"{row['outcome']}, ever")
    unseen = max(0, int(row["skipped"]) - assumed)
    return Row(
        name=name,
        number=f"{brief(reached)} · {percent(row['conversion_from_all'])}",
        pieces=[Piece(meaning, n, {"part": f"{count(n)} {word}"}) for meaning, n, word in pieces],
        ghost=Piece("skipped", unseen, {"part": f"{count(unseen)} skipped it"}) if unseen else None,
        note=_note(row),
        marked=marked,
        about={"stage": name, **texts},
    )


def _note(row: Mapping[str, Any]) -> str:
    """Name what is the stage's own, never a difference of two bars."""
    lost, still_open, skipped, assumed = (
        int(row[name]) for name in ("lost_from", "open_at", "skipped", "assumed")
    )
    parts = [f"{brief(lost)} lost"] if lost else []
    parts += [f"{brief(still_open)} open"] if still_open else []
    if skipped and 0 < assumed <= skipped:
        parts.append(f"{brief(skipped)} skipped it ({brief(assumed)} assumed)")
    else:
        parts += [f"{brief(skipped)} skipped it"] if skipped else []
        parts += [f"{brief(assumed)} assumed"] if assumed else []
    return ", ".join(parts)
