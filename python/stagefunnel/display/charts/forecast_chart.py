"""The chart of a forecast: what is expected of each stage, and what is too old to be forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ...errors import SchemaError
from ...tables.schema import FORECAST
from ...words import Language, mark, marks, tr, trn, trs
from ..extremes import group_name
from ..fit_sentences import of_fit
from ..forecast_sentences import forecast_title, in_never_left, number_known, of_forecast
from ..numbers import brief, count, percent, so_many, tenths
from ..things import open_things, things_of
from .bars import Piece, Row, draw_rows, name_room, number_room
from .canvas import Canvas, rows_of
from .gaps import number_of
from .intervals import Interval, interval_of
from .sheet import Sheet
from .style import Meaning, ThemeName, inert

_MOST_GROUPS: Final = 60
_TOO_OLD: Final = mark("too old to forecast")
_SO_MANY_TOO_OLD: Final = marks("{n} too old to forecast")
_SO_MANY_NO_CHANCE: Final = marks("{n} without a chance that can be read off")


@dataclass(frozen=True)
class Panel:
    """Rows below a heading; panels of one unit, wins or amounts, have one scale."""

    heading: str
    rows: Sequence[Row]
    unit: str


def plot_forecast(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw what is expected to be won of the open items of each stage, with its range.

    Items that are too old to forecast, or have no chance that can be read off, are an outline behind the bar:
    they are in no sum. Items that are not there yet and the total stand apart; new items are in no total.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.forecast`. With ``by=`` there is a row for each group, its total, and
        with ``amount=`` there are amounts below.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 60 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_forecast
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.forecast(shop.log, shop.pipeline, horizon="90d")
    >>> " ".join(plot_forecast(table).to_dict()["title"]["text"])[:65]
    'About 33.7 of 66 open items that can be forecast are expected to '
    """
    canvas = Canvas.of(table, FORECAST, "forecast()", theme)
    remembered = canvas.remembered
    plain = forecast_title(remembered)
    found = of_forecast(canvas.table, remembered)
    if canvas.by:
        title, below = _of_groups(canvas, plain)
        lines = _lines_of_groups(canvas)
    else:
        title, below = (found[0], found[1:]) if found else (plain, [])
        lines = _lines_of_stages(canvas)
    if "confidence" in remembered:
        below = [
            *below,
            tr(
                "Thin lines with ends: {confidence} ranges",
                confidence=percent(float(remembered["confidence"])),
            ),
        ]
    panels = _panels(canvas, lines)
    return canvas.drawn(lambda sheet: _draw(sheet, panels), title, below, width=width)


@dataclass(frozen=True)
class Line:
    """A row of the table, with the name that people read for it."""

    name: str
    row: Mapping[str, Any]
    is_apart: bool = False
    is_new: bool = False
    n_stuck: int = 0  # of those beyond support: in stages that nothing ever left, so that nothing is known


def _lines_of_stages(canvas: Canvas) -> list[Line]:
    table = canvas.table
    names = canvas.names_of(table["stage"].dropna().unique())
    rows = {line: rows_of(table[table["line"] == line]) for line in ("stage", "total", "new_items")}
    things = things_of(canvas.remembered)
    never_left = set(table["stage"][in_never_left(table, canvas.remembered)])
    n_stuck = _n_stuck(table, canvas)
    return [
        *(
            Line(names[row["stage"]], row, n_stuck=row["n_beyond_support"] * (row["stage"] in never_left))
            for row in rows["stage"]
        ),
        *(
            Line(tr("All open {things}", things=things), row, is_apart=True, n_stuck=n_stuck)
            for row in rows["total"]
        ),
        *(Line(tr("Not there yet"), row, is_apart=True, is_new=True) for row in rows["new_items"]),
    ]


def _lines_of_groups(canvas: Canvas) -> list[Line]:
    """Make a line of the total of each group, and one of its new items."""
    groups = canvas.groups(_MOST_GROUPS)
    totals, new = (
        [
            Line(inert(group), row, is_new=line == "new_items", n_stuck=_n_stuck(rows, canvas))
            for group, rows in groups
            for row in rows_of(rows[rows["line"] == line])
        ]
        for line in ("total", "new_items")
    )
    if not totals:
        raise SchemaError(
            "the table has groups without their totals, which the chart draws; keep the rows whose line is "
            "'total'"
        )
    return [*totals, *new]


def _n_stuck(rows: pd.DataFrame, canvas: Canvas) -> int:
    return int(rows["n_beyond_support"][in_never_left(rows, canvas.remembered)].sum())


def _panels(canvas: Canvas, lines: Sequence[Line]) -> list[Panel]:
    """Make the panels of wins and amounts; new items of groups have panels of their own."""
    things = things_of(canvas.remembered)
    apart = [line for line in lines if line.is_new] if canvas.by else []
    wins = tr("Won {things}", things=things)
    units = {False: wins[:1].upper() + wins[1:]}
    if "expected_amount" in canvas.table:
        units[True] = tr("Amount")
    panels = []
    for is_amount, unit in units.items():
        for part in ([line for line in lines if line not in apart], apart):
            heading = unit if len(units) > 1 else ""
            if part is apart:
                heading = tr(
                    "{x}{things} not there yet: in no total",
                    x=heading and tr("{heading}, of ", heading=heading),
                    things=things,
                )
                heading = heading[:1].upper() + heading[1:]
            rows = [
                _row_of_amount(line) if is_amount else _row_of_wins(line, things, bool(apart))
                for line in part
            ]
            panels += [Panel(heading, rows, unit)] if rows else []
    return panels


def _of_groups(canvas: Canvas, plain: str) -> tuple[str, list[str]]:
    """Name the group with most expected wins, if its range lies above that of the next one."""
    totals = canvas.table[canvas.table["line"] == "total"].reset_index(drop=True)
    below = [canvas.titled(plain)]
    n_open, n_stuck = int(totals["n_open"].sum()), _n_stuck(canvas.table, canvas)
    beyond = int(totals["n_beyond_support"].sum()) - n_stuck
    things = things_of(canvas.remembered)
    if n_open and n_open == beyond:
        return tr(
            "None of the {open_things} can be forecast: all are too old",
            open_things=open_things(n_open, canvas.remembered),
        ), below
    known = sum(number_known(row) for row in rows_of(totals))
    if not known:
        title = (
            tr(
                "None of the {open_things} can be forecast",
                open_things=open_things(n_open, canvas.remembered),
            )
            if n_open
            else tr("No {things} are open", things=things)
        )
        return title, [*of_fit(canvas.remembered), *below]
    wins = tenths(float(totals["expected_wins"].sum()))
    below.append(
        tr(
            "Expected wins of all groups together: about {wins} of {open_things}",
            wins=wins,
            open_things=open_things(n_open, canvas.remembered),
        )
    )
    if beyond:
        below.append(
            trn(
                "{n} of {open_things} is too old to forecast",
                "{n} of {open_things} are too old to forecast",
                beyond,
                n=count(beyond),
                open_things=open_things(n_open, canvas.remembered),
            )
        )
    if n_open - beyond - known:
        rest = n_open - beyond - known
        below.append(
            trn(
                "{n} of {open_things} is without a chance that can be read off",
                "{n} of {open_things} are without a chance that can be read off",
                rest,
                n=count(rest),
                open_things=open_things(n_open, canvas.remembered),
            )
        )
    if not canvas.remembered.get("fit_by"):
        below.append(tr("The chances are those of all groups together; fit_by has each group's own."))
    order = totals["expected_wins"].fillna(-1).sort_values(ascending=False, kind="stable").index
    if len(order) < 2:
        return canvas.titled(plain), below[1:]
    first, second = (totals.loc[at] for at in order[:2])
    if not first["expected_wins_low"] > second["expected_wins_high"]:
        return tr("No group is clearly ahead: the ranges of the first two overlap"), below
    sure = Interval(first["expected_wins_low"], first["expected_wins_high"])
    name = inert(group_name(totals.loc[[order[0]]], canvas.by))
    wins = f"{tenths(first['expected_wins'])} {sure.text(_whole)}"
    return tr("Most wins are expected of {name}: {wins}", name=name, wins=wins), below


def _whole(value: Any) -> str:
    return brief(round(value))


def _row_of_wins(line: Line, things: str, is_noted: bool) -> Row:
    row, expected, sure = (
        line.row,
        number_of(line.row["expected_wins"]),
        interval_of(line.row, "expected_wins"),
    )
    n_open, beyond, known = int(row["n_open"]), int(row["n_beyond_support"]), number_known(row)
    text = "–" if expected is None or not (known or line.is_new) else tenths(expected)
    text += f" {sure.text(_whole)}" if sure and text != "–" else ""
    about = {"of": line.name, "expected wins": text}
    low, high = _bounds(sure if known or line.is_new else None, expected)
    if line.is_new:
        note = "" if is_noted else tr("if they come as they came lately; in no total")
        pieces = [Piece("assumed", expected or 0.0, {})]
        return Row(
            line.name, text, pieces, note=note, is_apart=line.is_apart, about=about, low=low, high=high
        )
    about |= {tr("open {things}", things=things): count(n_open), tr(_TOO_OLD): count(beyond - line.n_stuck)}
    wins = min(expected or 0.0, float(known))
    each = (
        tr(" at {win}{word}", win=percent(row["win"]), word=tr(" each on average") if known > 1 else "")
        if known
        else ""
    )
    rest = n_open - beyond - known
    too_old, others = beyond - line.n_stuck, rest + line.n_stuck
    parts = {
        trs("{known} can be forecast{each}", known, known=count(known), each=each): known,
        so_many(_SO_MANY_TOO_OLD, too_old): too_old,
    }
    parts[so_many(_SO_MANY_NO_CHANCE, others)] = others
    return Row(
        line.name,
        text,
        [Piece("won", wins, {}), Piece("open", known - wins, {})],
        ghost=Piece("skipped", float(beyond + rest), {"part": so_many("{n} in no sum", beyond + rest)}),
        note=tr("; ").join(part for part, n in parts.items() if n) or tr("none open"),
        is_apart=line.is_apart,
        about=about,
        low=low,
        high=high,
    )


def _row_of_amount(line: Line) -> Row:
    row, sure = line.row, interval_of(line.row, "expected_amount")
    expected = number_of(row["expected_amount"]) if line.is_new or number_known(row) else None
    text = "–" if expected is None else _whole(expected)
    text += f" {sure.text(_whole)}" if sure and expected is not None else ""
    beyond = number_of(row["amount_beyond_support"]) or 0.0
    left_out = tr("in no sum") if line.n_stuck else tr(_TOO_OLD)
    low, high = _bounds(sure, expected)
    meaning: Meaning = "assumed" if line.is_new else "won"
    return Row(
        line.name,
        text,
        [Piece(meaning, max(expected or 0.0, 0.0), {})],
        note=f"{_whole(beyond)} {left_out}" if beyond else "",
        is_apart=line.is_apart,
        about={"of": line.name, "expected amount": text, left_out: _whole(beyond)},
        low=low,
        high=high,
    )


def _says_no_chance(note: str) -> bool:
    texts = {trs(_SO_MANY_NO_CHANCE, n, n="").strip() for n in (1, 2, 5, 1_000_000)}
    return any(text in note for text in texts)


def _bounds(sure: Interval | None, expected: float | None) -> tuple[float | None, float | None]:
    """Return the bounds that are drawn: none where nothing is expected of the row."""
    if sure is None or expected is None:
        return None, None
    return max(sure.low, 0.0), max(sure.high, 0.0)


def _draw(sheet: Sheet, panels: Sequence[Panel]) -> None:
    used = {piece.meaning for panel in panels for row in panel.rows for piece in row.pieces if piece.n}
    words: dict[Meaning, str] = {"won": tr("expected to be won"), "open": tr("the other open ones")}
    key = {meaning: word for meaning, word in words.items() if meaning in used}
    if any(row.ghost and row.ghost.n for panel in panels for row in panel.rows):
        has_others = any(_says_no_chance(row.note) for panel in panels for row in panel.rows)
        key["skipped"] = tr("{word}: in no sum", word=tr("no forecast") if has_others else tr(_TOO_OLD))
    if "assumed" in used:
        key["assumed"] = tr("expected of those not there yet")
    y = sheet.key(0, 0, key, sheet.width) if key else 0.0
    names = name_room([row for panel in panels for row in panel.rows], sheet)
    numbers = max(number_room(panel.rows) for panel in panels)
    for panel in panels:
        if panel.heading:
            y = sheet.heading(0, y + 2, panel.heading, [], sheet.width) + 4
        whole = max([_longest(row) for other in panels if other.unit == panel.unit for row in other.rows])
        y = draw_rows(sheet, panel.rows, 0, y, sheet.width, whole=whole, names=names, numbers=numbers)
        y += 14


def _longest(row: Row) -> float:
    return max(row.total + (row.ghost.n if row.ghost else 0), row.high or 0.0)
