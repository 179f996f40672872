"""The chart of the funnel of each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...tables.schema import FUNNEL
from ...words import Language, begins, mark, tr, trc
from ..lost_stage import can_lose
from ..numbers import brief, count, percent
from ..period_rows import PeriodRows
from ..period_sentences import (
    TOO_FEW,
    comparable,
    immature,
    is_change,
    of_periods,
    sides_of_periods,
    win_rates,
)
from ..remarks import of_won_with_rows
from ..things import things_of
from ..titles import KIND_TITLES
from ..unlike import LEAST_BASE
from .canvas import Canvas
from .frame import Frame, columns_for, draw_frame, short_period, spread_out, ticks_of
from .intervals import draw_upright, interval_note, interval_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, ThemeName

ValueName = Literal["win_rate", "conversion_from_all", "conversion_from_previous", "reached"]
_MOST_GROUPS, _MOST_LINES, _MOST_DOTS, _HEIGHT, _LEAST_PANEL = 12, 8, 24, 250, 380
_TITLES = {
    "win_rate": mark("won, of what was closed in the period"),
    "conversion_from_all": mark("of all {items}"),
    "conversion_from_previous": mark("of the previous stage"),
    "reached": "{items}",
}
_WIN_RATE = mark("win rate")
_WIDE_ENOUGH = 14  # pixels between two periods in which ends of intervals do not touch
_SHADE = 0.4  # so much of the colour of the grid
_HIGH_OF_TEXT = 19  # pixels above a dot that its number takes


@dataclass(frozen=True)
class Point:
    """A value of a line in one period, with its bounds where the table has them.

    It is faint where it is too early to tell, or of too few; the former has a shade behind it.
    """

    period: str
    value: float | None
    text: str
    reached: str
    base: float | None
    is_faint: bool
    low: float | None = None
    high: float | None = None
    is_early: bool = False


@dataclass(frozen=True)
class Line:
    """A line with its name and what its stage means; the headline's is drawn strong."""

    name: str
    outcome: str
    is_strong: bool
    points: Sequence[Point]


def plot_trend(
    table: pd.DataFrame,
    *,
    value: ValueName | None = None,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw the funnel of each period, as a line per stage, or the win rate of each.

    A period that the log covers in part, that has more open items than earlier ones, or fewer than 30 items,
    is faint: a hollow dot and a dashed line; the first two have a shade behind them. Below each period stands
    how many items it is of. The line of the title is strong, with the bounds of its shares where the table
    has some; won is drawn in the colour of won and lost in that of lost. Other stages are grey, with their
    names at the end of their lines.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel_by_period` of one kind, with up to 12 groups.
    value
        ``"conversion_from_all"``, ``"conversion_from_previous"`` (without a point where more items reached a
        stage than the one before), ``"reached"``, or ``"win_rate"``: one line, of what was closed in each
        period. By default that is drawn for ``basis="active"``, in which an item that stays open is in
        the base of many periods, and ``"conversion_from_all"`` for all others.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        One panel per group, all on one scale. Of more than 8 stages it has the first won one, the first lost
        one and the first stages in progress, and a sentence under the title says so.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows, has both kinds or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_trend
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.funnel_by_period(shop.log, shop.pipeline, every="quarter", within="90d")
    >>> plot_trend(table).to_dict()["title"]["text"]
    ['Won within 90d, of all created: 38.4% in 2026Q1 after 40.4% in 2025Q2 (−2.0 points)']
    """
    if value is not None:
        check_option("value", value, get_args(ValueName))
    canvas = Canvas.of(table, (*FUNNEL, "period"), "funnel_by_period()", theme).without("period")
    table, remembered = canvas.table, canvas.remembered
    if "kind" in table.columns:
        raise SchemaError(
            'both kinds are too much for one chart; give table[table["kind"] == …].drop(columns="kind")'
        )
    outcome_of = dict(zip(table["stage"], table["outcome"].astype(str), strict=True))
    labels = canvas.stages()
    shown = _shown_stages(labels, outcome_of)
    names = canvas.names_of(labels)
    groups = canvas.groups(_MOST_GROUPS)
    parts = [PeriodRows.of(rows) for _, rows in groups]
    value = value or _default_value(parts, remembered)
    periods = list(dict.fromkeys(map(str, table["period"])))
    strong = next((label for label in shown if outcome_of[label] == "won"), shown[-1])
    panels = []
    for (group, rows), part in zip(groups, parts, strict=True):
        early, faint = _early_and_faint(part, remembered)
        if value == "win_rate":
            lines = [Line(tr(_WIN_RATE), "won", True, _win_rates(part, remembered, early, faint))]
        else:
            points = _points_of(rows, value, early, faint)
            lines = [
                Line(names[label], outcome_of[label], label == strong, points.get(label, []))
                for label in shown
            ]
        panels.append((group, lines))
    sentences = of_periods(of_won_with_rows(table, remembered), remembered, names.__getitem__, canvas.by)
    title, below = _title_of(canvas, periods, sentences)
    below.insert(0, _axis_title(value, remembered, things_of(remembered)))
    if any(point.low is not None for _, lines in panels for line in lines for point in line.points):
        below += interval_note(remembered)
    if value != "win_rate" and len(shown) < len(labels):
        below.append(tr("{shown} of {labels} stages are drawn", shown=len(shown), labels=len(labels)))
    # Of younger items, which have had less time, no number is written as if it could be compared.
    is_alike = remembered.get("basis") != "created" or "within" in remembered
    return canvas.drawn(
        lambda sheet: _draw(sheet, panels, periods, value, things_of(remembered), is_alike),
        title,
        below,
        width=width,
    )


def _shown_stages(labels: Sequence[Any], outcome_of: Mapping[Any, str]) -> list[Any]:
    """Choose the stages to draw: of many the first ones, the first won one and the first lost one."""
    if len(labels) <= _MOST_LINES:
        return list(labels)
    final = [
        found
        for outcome in ("won", "lost")
        if (found := next((label for label in labels if outcome_of[label] == outcome), None)) is not None
    ]
    others = [label for label in labels if label not in final][: _MOST_LINES - len(final)]
    return [label for label in labels if label in others or label in final]


def _title_of(canvas: Canvas, periods: Sequence[str], sentences: list[str]) -> tuple[str, list[str]]:
    """Take the sentence that compares two periods as the title, or the one that says why none are."""
    kind = str(canvas.remembered.get("kind", ""))
    first, last = short_period(periods[0]), short_period(periods[-1])
    plain = canvas.titled(
        tr("Funnel: {kind}, from {first} to {last}", kind=KIND_TITLES.get(kind, kind), first=first, last=last)
    )
    found = next((line for line in sentences if is_change(line) or begins(line, TOO_FEW)), None)
    if found is None:
        return plain, sentences
    return found, [plain, *(line for line in sentences if line != found)]


def _default_value(parts: Sequence[PeriodRows], remembered: Mapping[str, Any]) -> ValueName:
    """Choose the win rate for items that are active in many periods, if the table knows how they stand.

    Without a lost stage there is none.
    """
    has_rates = remembered.get("basis") == "active" and can_lose(remembered)
    closed = [n for part in parts for n in win_rates(part, remembered)[1]] if has_rates else [None]
    return "conversion_from_all" if None in closed else "win_rate"


def _axis_title(value: str, remembered: Mapping[str, Any], things: str) -> str:
    """Say what a value is a share of, by the basis of the trend."""
    basis = remembered.get("basis")
    if value != "conversion_from_all" or basis is None:
        text = tr(_TITLES[value], items=things)
    else:
        within = remembered.get("within")
        text = tr(
            "of all {things} {basis} in the period{word}",
            things=things,
            basis=trc("basis", basis),
            word=tr(", within {within}", within=within) if within else "",
        )
    return text[:1].upper() + text[1:]


def _early_and_faint(periods: PeriodRows, remembered: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """List the periods that are too early to tell, and with them those of too few items to be compared."""
    sides = sides_of_periods(periods, remembered)
    flags = zip(sides, immature(sides, remembered), strict=True)
    early = {side.name for side, is_young in flags if is_young or side.is_partial}
    firm = zip(sides, comparable(sides, remembered), strict=True)
    return early, {side.name for side, is_firm in firm if not is_firm}


def _points_of(rows: pd.DataFrame, value: str, early: set[str], faint: set[str]) -> dict[Any, list[Point]]:
    """Make the points of each stage."""
    is_share = value != "reached"
    made: dict[Any, list[Point]] = {}
    columns = (rows[name].tolist() for name in ("stage", value, "reached", "base"))
    bounds = [f"{value}_{side}" for side in ("low", "high")]
    of_bounds = (rows[name].tolist() if name in rows else [None] * len(rows) for name in bounds)
    periods = map(str, rows["period"])
    for period, stage, of, reached, base, low, high in zip(periods, *columns, *of_bounds, strict=True):
        # More items than the previous stage has are not a share of it, and a share of none is none.
        known = None if pd.isna(of) or (is_share and of > 1) else float(of)
        sure = interval_of(dict(zip(bounds, (low, high), strict=True)), value) if known is not None else None
        text = f"{percent(of) if is_share else count(of)}{f' {sure.text()}' if sure else ''}"
        low, high = (None, None) if sure is None else sure
        point = Point(
            period, known, text, count(reached), int(base), period in faint, low, high, period in early
        )
        made.setdefault(stage, []).append(point)
    return made


def _win_rates(
    periods: PeriodRows, remembered: Mapping[str, Any], early: set[str], faint: set[str]
) -> list[Point]:
    rates, closed = win_rates(periods, remembered)
    if None in closed:
        raise SchemaError(
            given("value", "win_rate"),
            " needs to know how the items of every period stand, which the table remembers beside its rows "
            "and has lost; draw the table as funnel_by_period() returns it, or another ",
            named("value"),
        )
    points = []
    for period, rate, n in zip(periods.names, rates, closed, strict=True):
        is_faint = period in faint or (n or 0) < LEAST_BASE
        won = count(round((rate or 0) * (n or 0)))
        points.append(Point(period, rate, percent(rate), won, n, is_faint, is_early=period in early))
    return points


def _draw(
    sheet: Sheet,
    panels: Sequence[tuple[str, Sequence[Line]]],
    periods: Sequence[str],
    value: str,
    things: str,
    is_alike: bool,
) -> None:
    is_share = value != "reached"
    values = [value for _, lines in panels for line in lines for value in drawn_values(line)]
    highest = max([*values, 0.05 if is_share else 1])
    ticks = ticks_of(0, highest)
    write = percent if is_share else brief
    has_faint = any(point.is_faint for _, lines in panels for line in lines for point in line.points)
    y = 0.0
    if has_faint:
        y = draw_faint_key(sheet) + 4
    columns, wide = columns_for(sheet, len(panels), _LEAST_PANEL)
    high = _HEIGHT if len(panels) == 1 else 0.7 * _HEIGHT
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, lines) in enumerate(panels[first : first + columns]):
            x = at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 4 if group else y
            names = [line.name for line in lines]
            right = min(max(width_of(name, SMALL, bold=True) for name in names) + 12, 0.3 * wide)
            of_period = {point.period: point.base for line in lines for point in line.points}
            frame, end = draw_frame(
                sheet,
                x,
                top,
                wide,
                high,
                periods=periods,
                ticks=ticks,
                write=write,
                bases=[of_period.get(period) for period in periods],
                right=right,
            )
            shade_early(sheet, frame, lines, periods)
            draw_lines(sheet, frame, lines, periods, right, things, is_alike=is_alike)
            ends.append(end)
        y = max(ends) + 16


def drawn_values(line: Line) -> list[float]:
    """List the values of a line; those of a strong one have their bounds drawn too."""
    values = [(one.value, one.high if line.is_strong else None) for one in line.points]
    return [value for pair in values for value in pair if value is not None]


def shade_early(sheet: Sheet, frame: Frame, lines: Sequence[Line], periods: Sequence[str]) -> None:
    """Put a shade behind the periods that are too early to tell, whatever their lines do."""
    early = {one.period for line in lines for one in line.points if one.is_early}
    for is_early, run in groupby(range(len(periods)), lambda at: periods[at] in early):
        if is_early:
            places = [frame.x(at) for at in run]
            x, wide = places[0] - frame.pitch / 2, places[-1] - places[0] + frame.pitch
            sheet.bar(x, frame.top, wide, frame.height, sheet.look.line, opacity=_SHADE)


def draw_faint_key(sheet: Sheet) -> float:
    """Say how periods look that cannot be compared; return where that ends."""
    look = sheet.look
    sheet.line([(0, 6), (22, 6)], look.quiet, thick=1.6, dashed=True)
    sheet.point(22, 6, look.quiet, hollow=True, size=40)
    words = tr("too early to tell, or fewer than {least_base}", least_base=LEAST_BASE)
    sheet.text(34, 10, words, colour=look.quiet)
    return 20


def draw_lines(
    sheet: Sheet,
    frame: Frame,
    lines: Sequence[Line],
    periods: Sequence[str],
    right: float,
    things: str,
    *,
    is_alike: bool = True,
) -> None:
    """Draw lines in a frame, with their names at their ends if there is room at the right.

    Where periods are alike, the first and the last value that can be compared are written at their dots.
    """
    look = sheet.look
    place = {period: at for at, period in enumerate(periods)}
    ends: list[tuple[float, Line, str]] = []
    for line in sorted(lines, key=lambda one: one.is_strong):
        other = look.moved if line.is_strong else look.skipped
        colour = {"won": look.won, "lost": look.lost}.get(line.outcome, other)
        thick = 2.6 if line.is_strong else 1.4
        known = [(place[one.period], one) for one in line.points if one.value is not None]
        for (left, one), (at, after) in pairwise(known):
            pair = [(frame.x(left), frame.y(one.value or 0)), (frame.x(at), frame.y(after.value or 0))]
            is_faint = one.is_faint or after.is_faint or at - left > 1
            sheet.line(pair, colour, thick=thick / 2 if is_faint else thick, dashed=is_faint)
        if line.is_strong and is_alike:
            _write_compared(sheet, frame, known, _places_of(frame, lines))
        for at, one in known if line.is_strong or len(periods) <= _MOST_DOTS else ():
            about = {
                "period": one.period,
                "stage": line.name,
                "value": one.text,
                "reached": one.reached,
                tr("all {things}", things=things): count(one.base),
            }
            # Many periods have room for the intervals of those that can be compared.
            has_ends = frame.pitch >= _WIDE_ENOUGH
            has_room = line.is_strong and (has_ends or not one.is_faint)
            if has_room and one.low is not None and one.high is not None:
                low, high = frame.y(one.low), frame.y(one.high)
                draw_upright(sheet, frame.x(at), low, high, colour, has_ends=has_ends)
            size = (46 if line.is_strong else 24) if not one.is_faint else 30
            sheet.point(frame.x(at), frame.y(one.value or 0), colour, about, hollow=one.is_faint, size=size)
        if known and right:
            ink = {"won": look.won_ink, "lost": look.lost_ink}.get(line.outcome, look.quiet)
            firm = [one for _, one in known if not one.is_faint] or [one for _, one in known]
            ends.append((frame.y(firm[-1].value or 0), line, ink))
    # Names of lines stand at their ends, at the last value that can be compared.
    moved = spread_out([y + 4 for y, _, _ in ends], 14, frame.top + 4, frame.top + frame.height + 4)
    for y, (_, line, ink) in zip(moved, ends, strict=True):
        behind = frame.left + frame.width + 4
        sheet.text(behind, y, line.name, colour=ink, bold=line.is_strong, room=right - 6)


def _places_of(frame: Frame, lines: Sequence[Line]) -> dict[str, list[float]]:
    """Return where lines that are not strong stand in each period."""
    places: dict[str, list[float]] = {}
    for line in lines:
        for one in line.points:
            if one.value is not None and not line.is_strong:
                places.setdefault(one.period, []).append(frame.y(one.value))
    return places


def _write_compared(
    sheet: Sheet,
    frame: Frame,
    known: Sequence[tuple[int, Point]],
    others: Mapping[str, Sequence[float]],
) -> None:
    """Write the first and the last value that can be compared at their dots."""
    firm = [(at, one) for at, one in known if not one.is_faint]
    if len(firm) < 2:
        return
    for at, one in (firm[0], firm[-1]):
        own = frame.y(one.value or 0)
        # A number stands beyond the end of the interval, where there is one.
        top, bottom = (own if end is None else frame.y(end) for end in (one.high, one.low))
        is_below = top - _HIGH_OF_TEXT < frame.top - 10 or any(
            0 < top - y < _HIGH_OF_TEXT for y in others.get(one.period, ())
        )
        text = one.text.split(",")[0].split(" (")[0]
        half = width_of(text, SMALL, bold=True) / 2
        x = min(max(frame.x(at), frame.left + half), frame.left + frame.width - half)
        # A number stands below its dot where another line runs through the room above.
        y = min(bottom + 18, frame.top + frame.height - 3) if is_below else max(top - 9, frame.top + 4)
        sheet.bar(x - half, y - 9, 2 * half, 11, sheet.look.paper, opacity=0.8)  # above lines that pass by
        sheet.text(x, y, text, align="center", bold=True)
