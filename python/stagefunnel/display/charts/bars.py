"""Rows of bars: a name, a bar of pieces that add up, a number at the right, and a note below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..restored import parted
from .intervals import draw_below_bar
from .letters import width_of, wrapped
from .sheet import About, Sheet
from .style import NAME, SMALL, Meaning

_BAR, _LOW_BAR = 21, 13
_NOTE = 17  # pixels of a line below a bar
_LEAST = 1.5  # pixels of a piece that is not nothing
_STEP = 6  # pixels that a conversion between two rows takes where no note is above it
_INTO_GAP = 22  # so far a conversion may reach into the gap between two panels
MANY_ROWS = 24  # with more of them the rows are low


@dataclass(frozen=True)
class Piece:
    """A piece of a bar: what it means, how many it stands for, and what pointing at it shows."""

    meaning: Meaning
    n: float
    about: About


@dataclass(frozen=True)
class Row:
    """One row of bars.

    Attributes
    ----------
    name, number
        Texts on the left and on the right.
    pieces
        Pieces of the bar, from left to right.
    ghost
        The outline behind the bar, of what is not in it.
    note, marked
        Text below the bar, and what the title says of this row: ``"lost"``, ``"skipped"``, or nothing.
    step
        Text between the names of this row and the one above.
    is_apart
        Whether a gap parts it from the row above.
    low, high
        The interval of what the bar stands for, where it is known.
    """

    name: str
    number: str
    pieces: Sequence[Piece]
    ghost: Piece | None = None
    note: str = ""
    marked: str = ""
    step: str = ""
    is_apart: bool = False
    low: float | None = None
    high: float | None = None
    about: About = field(default_factory=dict)

    @property
    def total(self) -> float:
        """How many the bar stands for."""
        return sum(piece.n for piece in self.pieces)


def name_room(rows: Sequence[Row], sheet: Sheet, *, most: float = 190) -> float:
    """Return the width of a column for the names of rows; there is none on a phone."""
    if sheet.is_narrow:
        return 0
    widest = max([width_of(row.name, NAME) for row in rows] + [width_of(row.step, SMALL) for row in rows])
    return min(most, widest + 14)


def number_room(rows: Sequence[Row]) -> float:
    """Return the width of the column for the numbers of rows."""
    return max([width_of(row.number, NAME, bold=True) for row in rows], default=0) + 12


def write_name(sheet: Sheet, x: float, y: float, name: str, room: float) -> None:
    """Write the name of a row, on a base line and up to its right end.

    The mark of an optional stage that does not fit behind its name stands below it.
    """
    bare, sign = parted(name)
    if not sign or width_of(name, NAME) <= room:
        sheet.text(x, y, name, size=NAME, align="right", room=room)
        return
    sheet.text(x, y - 4, bare, size=NAME, align="right", room=room)
    sheet.text(x, y + 8, sign, align="right", colour=sheet.look.quiet, room=room)


def draw_rows(
    sheet: Sheet,
    rows: Sequence[Row],
    x: float,
    y: float,
    width: float,
    *,
    whole: float,
    names: float,
    numbers: float,
    shows_names: bool = True,
    tops: Sequence[float] | None = None,
) -> float:
    """Draw rows below each other and return where they end.

    Parameters
    ----------
    sheet
        Sheet to draw on.
    rows
        The rows.
    x, y, width
        Where they stand, names and numbers included.
    whole
        What the longest possible bar stands for.
    names, numbers
        Widths of the columns of names and numbers; names stand above the bars where there is no column.
    shows_names
        Whether there are names; rows beside this panel may have them already.
    tops
        Where the bars begin, as :func:`tops_beside` finds it, so that rows of panels beside each other are
        level.
    """
    is_low = len(rows) > MANY_ROWS
    high = _LOW_BAR if is_low else _BAR
    left = x + names
    room = width if sheet.is_narrow else width - names - numbers
    scale = max(1.0, room) / (whole or 1)
    line: tuple[float, float] | None = None  # end of the note above, and its base line
    for at, row in enumerate(rows):
        if row.is_apart and at:
            y += 12
        if row.step and not is_low:
            y = _below_step(sheet, row.step, x, y, width, line)
        if tops is not None:
            y = tops[at]
        if row.step and not is_low and not sheet.is_narrow:
            # A step may reach into the gap at the left of its panel.
            room = names - 10 + (_INTO_GAP if x else 0)
            sheet.text(left - 10, y - 4, row.step, colour=sheet.look.quiet, align="right", room=room)
        middle = y + high / 2 + 4.5
        if sheet.is_narrow:
            y += NAME + 1
            beside = width - width_of(row.number, NAME, bold=True) - 10
            sheet.text(x, y, row.name, size=NAME, room=beside)
            sheet.text(x + width, y, row.number, size=NAME, bold=True, align="right")
            y += 5
        else:
            if shows_names:
                write_name(sheet, left - 10, middle, row.name, names - 12)
            sheet.text(x + width, middle, row.number, size=NAME, bold=True, align="right")
        end = _draw_bar(sheet, row, left, y, scale, high)
        _draw_ghost(sheet, row, end, y, scale, high)
        if row.low is not None and row.high is not None:
            draw_below_bar(sheet, left + row.low * scale, left + row.high * scale, y + high)
        y += high
        line = None
        if row.note and not is_low:
            y, line = _draw_note(sheet, row, left, y, x + width - left)
        y += 5 if is_low else 10
    return y


def _draw_bar(sheet: Sheet, row: Row, x: float, y: float, scale: float, high: float) -> float:
    for piece in row.pieces:
        if not piece.n:
            continue
        wide = max(_LEAST, piece.n * scale)
        colour = sheet.look.colour(piece.meaning)
        about = {**row.about, **piece.about}
        if piece.meaning == "assumed":
            sheet.hatched(x, y, wide, high, colour, about)
        else:
            sheet.bar(x, y, wide, high, colour, about)
        x += wide
    if not row.total:
        sheet.rule(x, y, x, y + high, sheet.look.line, thick=1)
    return x


def _draw_ghost(sheet: Sheet, row: Row, x: float, y: float, scale: float, high: float) -> None:
    if row.ghost is None or not row.ghost.n:
        return
    wide = max(_LEAST, row.ghost.n * scale - 1)
    sheet.ghost(x + 1, y + 1, wide, high - 2, {**row.about, **row.ghost.about})


def _draw_note(sheet: Sheet, row: Row, x: float, y: float, room: float) -> tuple[float, tuple[float, float]]:
    """Write what is the row's own below its bar; return where that ends, and the end of its last line."""
    look, is_bold = sheet.look, bool(row.marked)
    colour = {"lost": look.lost_ink, "": look.quiet}.get(row.marked, look.ink)
    wide = 0.0
    y += 0 if row.low is None else 4  # below the interval
    for line in wrapped([row.note], room, SMALL, bold=is_bold):
        y += _NOTE - 2
        wide = sheet.text(x, y, line, colour=colour, bold=is_bold)
    return y + 2, (x + wide, y)


def _below_step(
    sheet: Sheet, step: str, x: float, y: float, width: float, line: tuple[float, float] | None
) -> float:
    """Return where a bar begins below a conversion; on a phone write that at the right of the line above."""
    if not sheet.is_narrow:
        return y + (0 if line else _STEP)
    if line is None or line[0] + width_of(step, SMALL) + 12 > x + width:
        y += 11
        line = (x, y - 4)
    sheet.text(x + width, line[1], step, colour=sheet.look.quiet, align="right")
    return y


def tops_beside(panels: Sequence[Sequence[Row]], rooms: Sequence[float], y: float) -> list[float]:
    """Return where the bars of panels beside each other begin, so that the same rows are level.

    Parameters
    ----------
    panels
        The rows of each panel, as many in each.
    rooms
        The width that there is for the notes of each.
    y
        Where they begin.
    """
    own = [_tops(rows, room) for rows, room in zip(panels, rooms, strict=True)]
    tops = [y + max(places[0] for places in own)]
    for at in range(1, len(own[0])):
        tops.append(tops[-1] + max(places[at] - places[at - 1] for places in own))
    return tops


def _tops(rows: Sequence[Row], room: float) -> list[float]:
    """Return where the bars of one panel begin by themselves, on a sheet that is not narrow."""
    is_low = len(rows) > MANY_ROWS
    tops, y, has_note = [], 0.0, False
    for at, row in enumerate(rows):
        y += (12 if row.is_apart and at else 0) + (_STEP if row.step and not is_low and not has_note else 0)
        tops.append(y)
        has_note = bool(row.note) and not is_low
        y += (_LOW_BAR + 5) if is_low else (_BAR + 10)
        if has_note:
            lines = len(wrapped([row.note], room, SMALL, bold=bool(row.marked)))
            y += (0 if row.low is None else 4) + (_NOTE - 2) * lines + 2
    return tops


def most_of(rows: Sequence[Row]) -> Any:
    """Return what the longest bar with its ghost stands for."""
    return max([row.total + (row.ghost.n if row.ghost else 0) for row in rows] + [1])
