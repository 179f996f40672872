"""The picture of a flow over several periods: what came above a line, what left below it, what remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import pandas as pd

from ...tables.labels import period_label
from ...words import Words, mark, tr
from ..numbers import brief, count, number
from .canvas import Panels
from .flow_parts import Part, has_money, parts_of
from .frame import Frame, columns_for, draw_frame, ticks_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, Meaning

_LEAST_PANEL, _HIGH, _LINE_HIGH = 380, 170, 90
_WORDS: Final[Mapping[Meaning, str]] = Words(
    {
        "open": mark("came"),
        "won": mark("won"),
        "lost": mark("lost"),
        "moved": mark("moved on"),
        "skipped": mark("left otherwise, or lowered"),
    }
)


class Panel(NamedTuple):
    """The balances of one group, period by period, in one unit; money has a name of its own."""

    group: str
    unit: str
    in_money: bool
    periods: list[str]
    balances: list[list[Part]]


def period_panels(groups: Panels, of_stage: bool, things: str) -> list[Panel]:
    """Make the panels of a table: those of items, then those of money."""
    periods = sorted({period_label(period) for _, rows in groups for period in rows["period"].unique()})
    money = has_money(groups[0][1])
    panels = []
    for unit, in_money in ((things, False), (tr("money"), True))[: 2 if money else 1]:
        for group, rows in groups:
            of_period = {
                period_label(period): parts_of(part, of_stage=of_stage, in_money=in_money)
                for period, part in rows.groupby("period", sort=False, observed=True)
            }
            empty = parts_of(rows[:0], of_stage=of_stage, in_money=in_money)
            balances = [of_period.get(period, empty) for period in periods]
            panels.append(Panel(group, unit, in_money, periods, balances))
    return panels


def draw_periods(sheet: Sheet, panels: Sequence[Panel]) -> None:
    """Draw the panels, those of one unit on one scale."""
    used = {part.meaning for panel in panels for parts in panel.balances for part in parts if not part.is_sum}
    y = sheet.key(0, 0, {meaning: word for meaning, word in _WORDS.items() if meaning in used}, sheet.width)
    units = list(dict.fromkeys(panel.unit for panel in panels))
    for unit in units:
        own = [panel for panel in panels if panel.unit == unit]
        columns, wide = columns_for(sheet, len(own), _LEAST_PANEL)
        came, left = (
            max([_side(parts, up=up) for panel in own for parts in panel.balances] + [1e-9])
            for up in (True, False)
        )
        ends = [parts[-1].n for panel in own for parts in panel.balances]
        for first in range(0, len(own), columns):
            bottoms = []
            for at, panel in enumerate(own[first : first + columns]):
                x = at * (wide + 28)
                heading = ", ".join(
                    text for text in (panel.group, unit.capitalize() if len(units) > 1 else "") if text
                )
                top = sheet.heading(x, y, heading, [], wide) + 2 if heading else y
                bottoms.append(_draw_panel(sheet, panel, x, top, wide, came, left, max([*ends, 1e-9])))
            y = max(bottoms) + 14


def _side(parts: Sequence[Part], *, up: bool) -> float:
    """Add up what came, or what left."""
    return sum(abs(part.n) for part in parts if not part.is_sum and (part.n > 0) == up)


def _draw_panel(
    sheet: Sheet, panel: Panel, x: float, y: float, wide: float, came: float, left: float, most: float
) -> float:
    """Draw the columns of a group, and above them the line of what is in work."""
    look = sheet.look
    ticks = ticks_of(-left, came, most=4)
    # Both have the same room for the numbers of their axes, so that their periods stand below each other.
    axis = max(width_of(brief(abs(tick)), SMALL) for tick in (*ticks, *ticks_of(0, most, most=2)))
    inset = axis + 8
    sheet.text(x, y + 11, tr("in work at the end"), colour=look.quiet, room=wide)
    end = _draw_line(sheet, panel, x, y + 14, wide, most, inset)
    sheet.text(x, end + 13, tr("came and left in the period"), colour=look.quiet, room=wide)
    frame, bottom = draw_frame(
        sheet,
        x,
        end + 16,
        wide,
        _HIGH,
        periods=panel.periods,
        ticks=ticks,
        write=lambda value: brief(abs(value)),
        inset=inset,
    )
    thick = min(46.0, 0.66 * frame.pitch)
    for at, parts in enumerate(panel.balances):
        up = down = 0.0
        for part in parts:
            if part.is_sum:
                continue
            start = up if part.n > 0 else down
            ends = frame.y(start), frame.y(start + part.n)
            high = abs(ends[1] - ends[0])
            about = _about(panel, at, part)
            sheet.bar(
                frame.x(at) - thick / 2, min(ends), thick, max(0.8, high), look.colour(part.meaning), about
            )
            up, down = (up + part.n, down) if part.n > 0 else (up, down + part.n)
    zero = frame.y(0)
    sheet.rule(frame.left, zero, frame.left + frame.width, zero, look.quiet, thick=1.2)
    return bottom


def _draw_line(
    sheet: Sheet, panel: Panel, x: float, y: float, wide: float, most: float, inset: float
) -> float:
    look = sheet.look
    ticks = ticks_of(0, most, most=2)
    left = x + inset
    frame = Frame(left, y + 16, wide - inset, _LINE_HIGH - 16, len(panel.periods), ticks[0], ticks[-1])
    for tick in ticks:
        at = frame.y(tick)
        sheet.rule(left, at, left + frame.width, at, look.line, thick=1, grid=True)
        sheet.text(left - 6, at + 4, brief(tick), colour=look.quiet, align="right")
    ends = [parts[-1] for parts in panel.balances]
    for (at, before), (after, one) in pairwise(enumerate(ends)):
        sheet.line([(frame.x(at), frame.y(before.n)), (frame.x(after), frame.y(one.n))], look.moved)
    for at, one in enumerate(ends):
        sheet.point(frame.x(at), frame.y(one.n), look.moved, _about(panel, at, one), size=34)
    for at in dict.fromkeys((0, len(ends) - 1)):
        text = brief(round(ends[at].n))
        half = width_of(text, SMALL, bold=True) / 2
        place = min(max(frame.x(at), left + half), left + frame.width - half)
        # Above the line where it goes up or down from there.
        near = [one.n for other, one in enumerate(ends) if abs(frame.x(other) - place) <= half + 6]
        sheet.text(place, max(frame.y(max(near)) - 8, y + 11), text, align="center", bold=True)
    return y + _LINE_HIGH + 14


def _about(panel: Panel, at: int, part: Part) -> dict[str, str]:
    of = number(round(abs(part.n), 2)) if panel.in_money else count(abs(part.n))
    return {"period": panel.periods[at], "part": part.name, panel.unit: of}


def is_of_periods(table: pd.DataFrame) -> bool:
    """Check for a balance of several periods."""
    return "period" in table and table["period"].nunique() > 1
