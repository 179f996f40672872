"""The frame of a chart of periods: a grid of values, names that do not overlap, and what each is of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...words import tr
from ..numbers import brief
from .letters import width_of
from .sheet import Sheet
from .style import SMALL


@dataclass(frozen=True)
class Frame:
    """A rectangle on a sheet in which values of periods are drawn.

    Attributes
    ----------
    left, top, width, height
        The rectangle.
    n
        Number of periods.
    low, high
        Values at the lower and the upper edge.
    """

    left: float
    top: float
    width: float
    height: float
    n: int
    low: float
    high: float

    @property
    def pitch(self) -> float:
        """Pixels from one period to the next."""
        return self.width / max(1, self.n)

    def x(self, at: int) -> float:
        """Return where a period stands."""
        return self.left + (at + 0.5) * self.pitch

    def y(self, value: float) -> float:
        """Return where a value stands."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.top + self.height * (1 - share)


def ticks_of(low: float, high: float, most: int = 5) -> list[float]:
    """Choose round values for an axis, the last of them at or above the highest value."""
    span = (high - low) or 1.0
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(at * step, 12) for at in range(first, last + 1)]


def draw_frame(
    sheet: Sheet,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    periods: Sequence[str],
    ticks: Sequence[float],
    write: Callable[[float], str],
    bases: Sequence[float | None] = (),
    right: float = 0,
    inset: float = 0,
) -> tuple[Frame, float]:
    """Draw the grid, the values, the names of periods and how many each is of.

    Parameters
    ----------
    sheet, x, y, width, height
        The sheet, and the place of the frame without what stands below it.
    periods
        Names of the periods.
    ticks, write
        Values on the axis, and how they are written.
    bases
        How many items each period is of, where that is known.
    right, inset
        Pixels that stay free at the right, for names of lines, and at least at the left, for values.

    Returns
    -------
    tuple
        The frame, and where what stands below it ends.
    """
    look = sheet.look
    left = x + max(inset, max(width_of(write(tick), SMALL) for tick in ticks) + 8)
    frame = Frame(left, y + 6, width - (left - x) - right, height, len(periods), ticks[0], ticks[-1])
    for tick in ticks:
        at = frame.y(tick)
        sheet.rule(left, at, left + frame.width, at, look.line, thick=1, grid=True)
        sheet.text(left - 6, at + 4, write(tick), colour=look.quiet, align="right")
    texts = [brief(base) if base is not None else "" for base in bases] or [""] * len(periods)
    widest = max([width_of(text, SMALL) for text in [*periods, *texts]] + [1]) + 10
    step = max(1, math.ceil(widest / max(1e-9, frame.pitch)))
    bottom = frame.top + height + 16
    # Counted from the last one, which people look for, as long as its name does not leave the sheet.
    shown = list(range(len(periods) - 1, -1, -step))
    free = x + width + 10
    for at in shown:
        half = width_of(periods[at], SMALL) / 2
        place = min(max(frame.x(at), x + half), x + width - half)
        if place + half > free - 10:  # the last name stands further to the left than its period
            continue
        free = place - half
        sheet.rule(frame.x(at), frame.top + height, frame.x(at), frame.top + height + 4, look.line, thick=1)
        sheet.text(place, bottom, periods[at], colour=look.quiet, align="center")
        if texts[at]:
            sheet.text(place, bottom + 15, texts[at], colour=look.quiet, align="center")
    if any(texts):
        sheet.text(left - 6, bottom + 15, tr("of"), colour=look.quiet, align="right")
        bottom += 15
    return frame, bottom + 8


def spread_out(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Move places apart, so that names at them do not overlap, as little as possible, within some room."""
    order = sorted(range(len(places)), key=lambda at: places[at])
    moved = list(places)
    for before, at in pairwise(order):
        moved[at] = max(moved[at], moved[before] + least)
    if order and moved[order[-1]] > high:
        moved[order[-1]] = high
        for after, at in zip(order[::-1], order[-2::-1], strict=False):
            moved[at] = min(moved[at], moved[after] - least)
    return [max(low, place) for place in moved]


def columns_for(sheet: Sheet, n: int, least: float, gap: float = 28) -> tuple[int, float]:
    """Return how many panels have room beside each other, and how wide each is."""
    columns = int(max(1, min(n, (sheet.width + gap) // (least + gap))))
    return columns, (sheet.width - (columns - 1) * gap) / columns
