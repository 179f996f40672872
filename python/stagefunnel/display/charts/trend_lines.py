"""The lines of a trend: a dot for each period, faint where it cannot be compared, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from ...words import tr
from ..numbers import count
from ..unlike import LEAST_BASE
from .frame import Frame, spread_out
from .intervals import draw_upright
from .letters import width_of
from .sheet import Sheet
from .style import SMALL

_MOST_DOTS: Final = 24  # periods with a dot for each line
_WIDE_ENOUGH: Final = 14  # pixels between two periods in which ends of intervals do not touch
_SHADE: Final = 0.4  # so much of the colour of the grid
_HIGH_OF_TEXT: Final = 19  # pixels above a dot that its number takes


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
