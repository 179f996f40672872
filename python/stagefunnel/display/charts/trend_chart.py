"""The chart of the funnel of each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...tables.labels import period_label
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
from .frame import columns_for, draw_frame, ticks_of
from .intervals import interval_note, interval_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, ThemeName
from .trend_lines import Line, Point, draw_faint_key, draw_lines, drawn_values, shade_early

ValueName = Literal["win_rate", "conversion_from_all", "conversion_from_previous", "reached"]
_MOST_GROUPS, _MOST_LINES, _HEIGHT, _LEAST_PANEL = 12, 8, 250, 380
_TITLES = {
    "win_rate": mark("won, of what was closed in the period"),
    "conversion_from_all": mark("of all {items}"),
    "conversion_from_previous": mark("of the previous stage"),
    "reached": "{items}",
}
_WIN_RATE = mark("win rate")


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
    periods = list(dict.fromkeys(map(period_label, table["period"])))
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
    plain = canvas.titled(
        tr(
            "Funnel: {kind}, from {first} to {last}",
            kind=KIND_TITLES.get(kind, kind),
            first=periods[0],
            last=periods[-1],
        )
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
    periods = map(period_label, rows["period"])
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
