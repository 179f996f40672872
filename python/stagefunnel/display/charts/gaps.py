"""Rows of differences: each with its interval on both sides of a line at nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ...words import tr
from ..numbers import points, without_points
from .frame import ticks_of
from .letters import width_of
from .sheet import About, Sheet
from .style import NAME, SMALL

_ROW: Final = 30
MOST_ROWS: Final = 24


@dataclass(frozen=True)
class Gap:
    """A row: a difference of two shares with its interval.

    Attributes
    ----------
    name, detail
        What it is about, and the two shares; the second is left out where there is no room.
    value, low, high
        The difference and its bounds; ``None`` where they are not known.
    is_clear
        Whether chance alone does not make it.
    order
        What the clearest are chosen by where there are many: the p-value.
    """

    name: str
    detail: str
    value: float | None
    low: float | None
    high: float | None
    is_clear: bool
    order: float = 1.0
    about: About = field(default_factory=dict)


def number_of(value: float | None) -> float | None:
    """Return a number of a table, ``None`` for a missing one."""
    return None if value is None or value != value else float(value)


def clearest(rows: Sequence[Gap], most: int = MOST_ROWS) -> list[Gap]:
    """Take the clearest of many differences, and put them in order: the largest above nothing first."""
    kept = sorted(rows, key=lambda row: (row.value is None, not row.is_clear, row.order))[:most]
    return sorted(kept, key=lambda row: (row.value is None, -(row.value or 0.0)))


def _written(row: Gap) -> str:
    if row.value is None:
        return tr("not known")
    text = points(row.value)
    if row.low is None or row.high is None:
        return text
    return tr(
        "{text} ({low} to {high})",
        text=text,
        low=without_points(points(row.low)),
        high=without_points(points(row.high)),
    )


def draw_gaps(sheet: Sheet, rows: Sequence[Gap], y: float, *, left: str, right: str) -> float:
    """Draw the rows below each other and return where they end.

    Parameters
    ----------
    sheet, rows, y
        The sheet, the rows and where they begin.
    left, right
        What a difference below and above nothing means, written above the rows.
    """
    look = sheet.look
    ends = [value for row in rows for value in (row.value, row.low, row.high) if value is not None]
    ticks = ticks_of(min([*ends, -0.01]), max([*ends, 0.01]), 4 if sheet.is_narrow else 6)
    low, high = ticks[0], ticks[-1]
    numbers = max([width_of(_written(row), SMALL, bold=True) for row in rows] + [0]) + 14
    names = 0.0
    if not sheet.is_narrow:
        widest = max([width_of(row.name, NAME) for row in rows] + [0])
        details = max([width_of(row.detail, SMALL) for row in rows] + [0])
        names = min(0.36 * sheet.width, max(widest, details) + 16)
    start = names + 8
    wide = sheet.width - start - (0 if sheet.is_narrow else numbers) - 16

    def place(value: float) -> float:
        return start + wide * (value - low) / ((high - low) or 1)

    zero = place(0)
    top = _draw_sides(sheet, y, zero, left, right, start, start + wide)
    pitch = _ROW + (32 if sheet.is_narrow else 8)
    bottom = top + pitch * len(rows)
    strips = [(top, bottom)]
    if sheet.is_narrow:  # names and numbers stand between the dots, and no line crosses them
        strips = [(top + at * pitch + 38, top + at * pitch + pitch) for at in range(len(rows))]
    free = -1.0
    for tick in ticks:
        x = place(tick)
        for first, last in strips:
            is_zero = tick == 0
            ink, thick = (look.quiet, 1.6) if is_zero else (look.line, 1.0)
            sheet.rule(x, first, x, last, ink, thick=thick, grid=True)
        text = "0" if tick == 0 else without_points(points(tick))
        half = width_of(text, SMALL) / 2
        at = min(max(x, half), sheet.width - half)
        if at - half > free:
            sheet.text(at, bottom + 15, text, colour=look.quiet, align="center")
            free = at + half + 8
    for at, row in enumerate(rows):
        _draw_row(sheet, row, top + pitch * at, names, place)
    sheet.text(start + wide, bottom + 31, tr("points"), colour=look.quiet, align="right")
    return bottom + 38


def _draw_sides(
    sheet: Sheet, y: float, zero: float, left: str, right: str, start: float, end: float
) -> float:
    """Write what both sides of nothing mean, where there is room; return where the rows begin."""
    look = sheet.look
    if sheet.is_narrow:
        sheet.text(0, y + 11, f"← {left}", colour=look.quiet, room=sheet.width)
        sheet.text(sheet.width, y + 27, f"{right} →", colour=look.quiet, align="right", room=sheet.width)
        return y + 36
    texts = [(f"← {left}", zero - 8, "right"), (f"{right} →", zero + 8, "left")]
    is_crowded = zero - 8 - width_of(texts[0][0], SMALL) < 0 or (
        zero + 8 + width_of(texts[1][0], SMALL) > sheet.width
    )
    if is_crowded:
        sheet.text(0, y + 11, texts[0][0], colour=look.quiet, room=sheet.width / 2 - 10)
        sheet.text(
            sheet.width, y + 11, texts[1][0], colour=look.quiet, align="right", room=sheet.width / 2 - 10
        )
    else:
        sheet.text(texts[0][1], y + 11, texts[0][0], colour=look.quiet, align="right")
        sheet.text(texts[1][1], y + 11, texts[1][0], colour=look.quiet)
    return y + 20


def _draw_row(sheet: Sheet, row: Gap, y: float, names: float, place: object) -> None:
    assert callable(place)
    look = sheet.look
    ink = "" if row.is_clear else look.quiet
    written = _written(row)
    if sheet.is_narrow:
        sheet.text(0, y + 14, row.name, size=NAME, colour=ink, bold=row.is_clear, room=sheet.width)
        sheet.text(sheet.width, y + 31, written, colour=ink, bold=row.is_clear, align="right")
        beside = sheet.width - width_of(written, SMALL, bold=True) - 14
        sheet.text(0, y + 31, row.detail, colour=look.quiet, room=beside)
        middle = y + 48
    else:
        sheet.text(
            names - 8,
            y + 16,
            row.name,
            size=NAME,
            colour=ink,
            bold=row.is_clear,
            align="right",
            room=names - 10,
        )
        sheet.text(names - 8, y + 31, row.detail, colour=look.quiet, align="right", room=names - 10)
        middle = y + 18
        sheet.text(sheet.width, middle + 4, written, colour=ink, align="right", bold=row.is_clear)
    if row.value is None:
        return
    colour = look.early
    if row.is_clear:
        colour = look.won if row.value > 0 else look.lost
    if row.low is not None and row.high is not None:
        thick = 2.0 if row.is_clear else 1.2
        sheet.rule(place(row.low), middle, place(row.high), middle, colour, thick=thick)
        for end in (row.low, row.high):
            sheet.rule(place(end), middle - 4, place(end), middle + 4, colour, thick=thick)
    sheet.point(place(row.value), middle, colour, row.about, hollow=not row.is_clear, size=90)


def draw_clear_key(sheet: Sheet, y: float = 0) -> float:
    """Say how a difference looks that chance may have made; return where that ends."""
    look = sheet.look
    sheet.rule(0, y + 6, 22, y + 6, look.early, thick=1.2)
    sheet.point(11, y + 6, look.early, hollow=True, size=60)
    sheet.text(30, y + 10, tr("may be chance, or of fewer than 30"), colour=look.quiet)
    return y + 24
