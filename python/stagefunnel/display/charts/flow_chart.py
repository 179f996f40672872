"""The chart of a flow: what was in work, what came and left, and what is still there, as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from ...tables.schema import FLOW
from ...words import Language, tr
from ..extremes import with_ties
from ..flow_sentences import flow_title, of_flow
from ..numbers import count, number, so_many
from ..things import things_of
from .canvas import Canvas, Panels
from .flow_parts import Part, has_money, parts_of, totals_of
from .flow_periods_chart import draw_periods, is_of_periods, period_panels
from .frame import columns_for
from .letters import width_of
from .sheet import Sheet
from .style import NAME, ThemeName

_MOST_GROUPS, _LEAST_PANEL, _ROW, _HIGH = 12, 400, 36, 21


class _Unit(NamedTuple):
    """A unit of a balance: its name, whether it is money, and the balance of each group in it."""

    name: str
    in_money: bool
    panels: Sequence[tuple[str, Sequence[Part]]]


def plot_flow(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw a flow as a waterfall: in work at the start, what came and left, in work at the end.

    A table of one period is a waterfall. One of several periods (``every=``) has a column for each: up from
    the line goes what came, down what was won, lost and left otherwise, and a line above them is what is in
    work at the end of each period. With ``amount=`` the money is drawn below the items in the same way, with
    what was raised and lowered while it stood still.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.flow` with up to 12 groups. The rows of one stage alone are drawn as
        the balance of that stage.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A panel per group, all on one scale. Each bar begins where the one above ends.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_flow
    >>> shop = sf.datasets.furniture_shop()
    >>> plot_flow(sf.flow(shop.log, shop.pipeline, period="2026-03")).to_dict()["title"]["text"]
    ['In work: 177 at the start, 111 came in, 45 won, 66 lost, 177 at the end']
    """
    columns = (*FLOW, "period") if isinstance(table, pd.DataFrame) and "period" in table else FLOW
    canvas = Canvas.of(table, columns, "flow()", theme).without("period")
    table = canvas.table
    names = canvas.names_of(canvas.stages())
    one = next(iter(names.values())) if table["stage"].nunique() == 1 else ""
    groups = canvas.groups(_MOST_GROUPS, table if one else table[table["outcome"] == "open"])
    things = things_of(canvas.remembered)
    plain = canvas.titled(
        tr("Flow of {one}", one=one) if one else tr("Flow of {things} in work", things=things)
    )
    plain = flow_title(plain, canvas.remembered)
    title, below = _title_of(canvas, groups, one, plain)
    draw = partial(_draw_units, units=_units_of(groups, bool(one), things), things=things)
    if is_of_periods(table):
        panels = period_panels(groups, bool(one), things)
        below.append(
            tr("Up: what came; down: what left; the line: what is in work at the end of each period")
        )
        draw = partial(draw_periods, panels=panels)
    return canvas.drawn(draw, title, below, width=width)


def _title_of(canvas: Canvas, groups: Panels, one: str, plain: str) -> tuple[str, list[str]]:
    """Say what came and left; of several groups, in which of them the work in progress grew most."""
    if len(groups) == 1:
        found = of_flow(canvas.table) if not (one or canvas.by) else [_of_stage(groups[0][1], one)]
        return (found[0], [plain, *found[1:]]) if found else (plain, [])
    grown = []
    for group, rows in groups:
        totals = _ends(rows)
        grown.append((totals[1] - totals[0], group))
    more = [one for one in grown if one[0] > 0]
    if not more:
        return tr("Work in progress grew in none of {groups} groups", groups=len(groups)), [plain]
    most, group = max(more, key=lambda one: one[0])
    where = (
        tr("all {groups}", groups=len(groups))
        if len(more) == len(groups)
        else tr("{more} of {groups}", more=len(more), groups=len(groups))
    )
    title = tr(
        "Work in progress grew in {where} groups, most in {group} (+{most})",
        where=where,
        group=group,
        most=count(most),
    )
    return with_ties(title, pd.Series([growth for growth, _ in more])), [plain]


def _of_stage(rows: pd.DataFrame, one: str) -> str:
    """Say how a stage began and ended, and how many came and left."""
    start, end = _ends(rows)
    totals = totals_of(rows, in_money=False)
    came = totals["entered"]
    parts = [
        tr("{at_start} at the start", at_start=count(start)),
        so_many("{n} came in", came),
        so_many("{n} left", start + came - end),
        tr("{at_end} at the end", at_end=count(end)),
    ]
    return tr("{what}: {parts}", what=one or tr("In work"), parts=", ".join(parts))


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    """Return what stood there before the first period, and after the last one."""
    if "period" not in rows:
        return float(rows["at_start"].sum()), float(rows["at_end"].sum())
    periods = rows["period"].astype(str)
    return (
        float(rows["at_start"][periods == periods.min()].sum()),
        float(rows["at_end"][periods == periods.max()].sum()),
    )


def _units_of(groups: Panels, of_stage: bool, things: str) -> list[_Unit]:
    money = has_money(groups[0][1])
    return [
        _Unit(
            name if money else "",
            in_money,
            [(group, parts_of(rows, of_stage=of_stage, in_money=in_money)) for group, rows in groups],
        )
        for name, in_money in ((things.capitalize(), False), (tr("Money"), True))
        if money or not in_money
    ]


def _draw_units(sheet: Sheet, units: Sequence[_Unit], things: str) -> None:
    """Draw the balance of items, and below it that of money; a single group has both beside each other."""
    if len(units) == 2 and all(len(unit.panels) == 1 for unit in units):
        columns, wide = columns_for(sheet, 2, _LEAST_PANEL)
        y = 0.0
        for at, unit in enumerate(units):
            x = (wide + 28) * (at % columns)
            heading = [(unit.name, parts) for _, parts in unit.panels]
            end = _draw(sheet, heading, things, unit.in_money, x, y, wide)
            y = y if columns == 2 else end
        return
    y = 0.0
    for unit in units:
        if unit.name:
            y = sheet.heading(0, y, unit.name, [], sheet.width) + 4
        y = _draw(sheet, unit.panels, things, unit.in_money, 0, y, sheet.width)


def _draw(
    sheet: Sheet,
    panels: Sequence[tuple[str, Sequence[Part]]],
    things: str,
    in_money: bool,
    left: float,
    y: float,
    room: float,
) -> float:
    every = [part for _, parts in panels for part in parts]
    columns, wide = columns_for(sheet, len(panels), _LEAST_PANEL) if room == sheet.width else (1, room)
    highest = max([_highest(parts) for _, parts in panels] + [1])
    names = min(max(width_of(part.name, NAME, bold=True) for part in every) + 16, 0.45 * wide)
    numbers = max(width_of(part.text, NAME, bold=True) for part in every) + 14
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, parts) in enumerate(panels[first : first + columns]):
            x = left + at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 6 if group else y
            scale = max(20.0, wide - names - numbers) / highest
            ends.append(_draw_parts(sheet, parts, x, top, wide, names, scale, things, in_money))
        y = max(ends) + 16
    return y


def _highest(parts: Sequence[Part]) -> float:
    at = highest = 0.0
    for part in parts:
        at = part.n if part.is_sum else at + part.n
        highest = max(highest, at)
    return highest


def _draw_parts(
    sheet: Sheet,
    parts: Sequence[Part],
    x: float,
    y: float,
    wide: float,
    names: float,
    scale: float,
    things: str,
    in_money: bool,
) -> float:
    look = sheet.look
    left = x + names
    at = 0.0
    for place, part in enumerate(parts):
        start, end = (0.0, part.n) if part.is_sum else (at, at + part.n)
        at = end
        low, high = min(start, end), max(start, end)
        of = {"amount": number(round(abs(part.n), 2))} if in_money else {things: count(abs(part.n))}
        colour = look.colour(part.meaning)
        sheet.text(left - 10, y + 15, part.name, size=NAME, align="right", bold=part.is_sum, room=names - 12)
        if high > low:
            about = {"part": part.name, **of}
            sheet.bar(left + low * scale, y, max(1.5, (high - low) * scale), _HIGH, colour, about)
        sheet.text(x + wide, y + 15, part.text, size=NAME, bold=True, align="right")
        if place < len(parts) - 1:
            sheet.rule(left + at * scale, y + _HIGH, left + at * scale, y + _ROW, look.quiet, thick=1)
        y += _ROW
    return y
