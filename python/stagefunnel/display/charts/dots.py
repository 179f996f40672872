"""Rows of dots: a share for each name, with its interval, beside a line that stands for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..numbers import percent
from .bars import write_name
from .frame import ticks_of
from .intervals import draw_across
from .letters import width_of
from .sheet import About, Sheet
from .style import NAME, SMALL

_ROW = 30


@dataclass(frozen=True)
class Dot:
    """A row: a share, what it is compared with, and how sure it is.

    Attributes
    ----------
    name, number
        Texts at the left and at the right.
    value
        The share; ``None`` where there is none.
    before
        The share that it is compared with, drawn hollow; ``None`` where it is compared with the line of all.
    low, high
        The interval of the share, where it is known.
    is_faint
        Whether it is of too few to be compared.
    colour
        Colour of the dot; that of what moved on, if empty.
    """

    name: str
    number: str
    value: float | None
    before: float | None = None
    low: float | None = None
    high: float | None = None
    is_faint: bool = False
    colour: str = ""
    about: About = field(default_factory=dict)


def draw_dots(
    sheet: Sheet,
    rows: Sequence[Dot],
    y: float,
    *,
    all_at: float | None = None,
    all_text: str = "",
    from_zero: bool = False,
) -> float:
    """Draw the rows below each other and return where they end.

    Parameters
    ----------
    sheet, rows, y
        The sheet, the rows and where they begin.
    all_at, all_text
        The share of all, which a line marks, and its text.
    from_zero
        Whether the axis begins at nothing.
    """
    look = sheet.look
    values = [
        value for row in rows for value in (row.value, row.before, row.low, row.high) if value is not None
    ]
    values += [all_at] if all_at is not None else []
    ticks = ticks_of(0 if from_zero or not values else max(0.0, min(values) - 0.02), max([*values, 0.01]))
    ticks = [tick for tick in ticks if tick <= 1 + 1e-9]
    names = 0.0 if sheet.is_narrow else min(220.0, max([width_of(row.name, NAME) for row in rows] + [0]) + 16)
    numbers = max([width_of(row.number, SMALL) for row in rows] + [0]) + 14
    left, wide = names + 8, sheet.width - names - (0 if sheet.is_narrow else numbers) - 24
    low, high = ticks[0], max(ticks[-1], *values, ticks[0] + 0.01) if values else 1.0

    def place(value: float) -> float:
        return left + wide * (value - low) / ((high - low) or 1)

    top = y + (20 if all_at is not None else 4)
    pitch = _ROW + (20 if sheet.is_narrow else 0)
    bottom = top + pitch * len(rows)
    free = -1.0
    strips = [(top, bottom)]
    if sheet.is_narrow:  # names and numbers stand between the dots, and no line crosses them
        strips = [(top + at * pitch + 20, top + at * pitch + 46) for at in range(len(rows))]
    for tick in ticks:
        x = place(tick)
        for first, last in strips:
            sheet.rule(x, first, x, last, look.line, thick=1, grid=True)
        half = width_of(percent(tick), SMALL) / 2
        if x - half > free and x + half <= sheet.width:
            sheet.text(max(x, half), bottom + 15, percent(tick), colour=look.quiet, align="center")
            free = x + half + 8
    if all_at is not None:
        x = place(all_at)
        for first, last in strips:
            sheet.rule(x, first, x, last, look.quiet, thick=1.6, grid=True)
        half = width_of(all_text, SMALL) / 2
        sheet.text(min(max(x, half), sheet.width - half), y + 11, all_text, colour=look.quiet, align="center")
    for at, row in enumerate(rows):
        y = top + pitch * at
        if sheet.is_narrow:
            beside = sheet.width - width_of(row.number, SMALL) - 10
            sheet.text(0, y + 14, row.name, size=NAME, room=beside)
            sheet.text(
                sheet.width, y + 14, row.number, align="right", colour=look.quiet if row.is_faint else ""
            )
            y += 18
        else:
            write_name(sheet, names - 8, y + 19, row.name, names - 10)
            ink = look.quiet if row.is_faint else ""
            sheet.text(sheet.width, y + 19, row.number, colour=ink, align="right", bold=not row.is_faint)
        _draw_dot(sheet, row, place, y + 15, all_at)
    return bottom + 20


def _draw_dot(sheet: Sheet, row: Dot, place: object, y: float, all_at: float | None) -> None:
    assert callable(place)
    look = sheet.look
    if row.value is None:
        return
    colour = row.colour or look.moved
    x = place(row.value)
    start = row.before if row.before is not None else all_at
    if start is not None:
        sheet.rule(place(start), y, x, y, colour if not row.is_faint else look.early, thick=3)
    if row.low is not None and row.high is not None:
        draw_across(sheet, place(row.low), place(row.high), y, colour)
    if row.before is not None:
        sheet.point(place(row.before), y, look.skipped, row.about, hollow=True, size=70)
    sheet.point(x, y, colour, row.about, hollow=row.is_faint, size=110)
