"""A heat map: a cell for each pair of names, coloured by its share, with a legible text in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .letters import fitted, width_of, wrapped
from .sheet import About, Sheet
from .style import NAME, SMALL, Theme

LETTERS = ("#000000", "#FFFFFF")  # no other two colours have a higher least contrast on any cell
_HIGH, _WIDEST, _NARROWEST, _TURNED = 28, 108, 46, 40
_MOST_HEAD = 118  # pixels of a turned name


class Cell(NamedTuple):
    """A cell: its two names, its share (missing where it is too small for one), its text, what it shows."""

    row: str
    column: str
    share: float
    text: str
    about: About


def draw_heat(
    sheet: Sheet,
    cells: Sequence[Cell],
    rows: Sequence[str],
    columns: Sequence[str],
    x: float,
    y: float,
    heat: tuple[str, str],
    *,
    title: str = "",
    largest: float = 1,
    tails: Mapping[str, str] | None = None,
) -> float:
    """Draw the cells, in several blocks where not all columns have room beside each other; return the end.

    Parameters
    ----------
    sheet
        Sheet to draw on.
    cells
        The cells that there are.
    rows, columns
        Their names in order.
    x, y
        Where the map begins.
    heat
        Ends of the scale of colours.
    title
        What the columns are.
    largest
        The share of the darkest colour.
    tails
        What stands behind the name of a row, and is not cut.
    """
    of_row: dict[str, list[Cell]] = {}
    for cell in cells:
        of_row.setdefault(cell.row, []).append(cell)
    tail = max([width_of(text, SMALL) + 6 for text in (tails or {}).values()] + [0])
    widest = max([width_of(name, NAME) for name in rows] + [0]) + 14 + tail
    names = min(widest, 0.4 * sheet.width if sheet.is_narrow else 280)
    needed = max([width_of(cell.text, SMALL) for cell in cells] + [0]) + 10
    least = max(_NARROWEST if not sheet.is_narrow else _TURNED, needed)
    a_line = max(1, int((sheet.width - x - names) // least))
    blocks = math.ceil(len(columns) / a_line)
    a_line = math.ceil(len(columns) / blocks) if blocks else 1
    wide = min(_WIDEST, (sheet.width - x - names) / max(1, a_line))
    for first in range(0, len(columns), a_line):
        block = columns[first : first + a_line]
        y = _draw_heads(sheet, block, x + names, y, wide, title if first == 0 else "")
        place = {name: x + names + at * wide for at, name in enumerate(block)}
        for row in rows:
            _draw_name(sheet, row, x + names - 8 - tail, y, names - 10 - tail)
            if tails:
                of = tails.get(row, "")
                sheet.text(x + names - 8, y + 18.5, of, colour=sheet.look.quiet, align="right")
            for cell in of_row.get(row, ()):
                if cell.column in place:
                    _draw_cell(sheet, cell, place[cell.column], y, wide, heat, largest)
            y += _HIGH
        y += 18
    return y - 18


def _draw_name(sheet: Sheet, name: str, x: float, y: float, room: float) -> None:
    """Write the name of a row, in two lines where it is too long for one."""
    if width_of(name, NAME) <= room:
        sheet.text(x, y + 18.5, name, size=NAME, align="right")
        return
    lines = wrapped([name], room, SMALL)
    if len(lines) > 2:
        lines = [lines[0], fitted(" ".join(lines[1:]), room, SMALL)]
    first = 12.5 if len(lines) > 1 else 18
    for at, line in enumerate(lines):
        about = {"in full": name} if at == 0 else None
        sheet.text(x, y + first + at * 12.5, line, align="right", about=about)


def _draw_cell(
    sheet: Sheet, cell: Cell, x: float, y: float, wide: float, heat: tuple[str, str], largest: float
) -> None:
    has_share = not math.isnan(cell.share)
    share = min(1.0, cell.share / largest) if has_share and largest else 0.0
    fill = mixed(heat, share) if has_share else sheet.look.paper
    sheet.bar(x, y, wide, _HIGH, fill, cell.about, edge=sheet.look.paper if has_share else sheet.look.line)
    colour = letter_on(fill) if has_share else sheet.look.quiet
    sheet.text(x + wide / 2, y + 18, cell.text, colour=colour, align="center")


def _draw_heads(sheet: Sheet, columns: Sequence[str], x: float, y: float, wide: float, title: str) -> float:
    """Write the names of the columns, turned where they are wider than a cell."""
    if title:
        y += SMALL
        sheet.text(x, y, title, colour=sheet.look.quiet)
        y += 6
    lengths = [width_of(name, SMALL) for name in columns]
    if max(lengths, default=0) <= wide - 6:
        y += SMALL + 2
        for at, name in enumerate(columns):
            sheet.text(x + (at + 0.5) * wide, y, name, align="center")
        return y + 6
    lines = [wrapped([name], wide - 6, SMALL) for name in columns]
    if max(len(own) for own in lines) <= 2 and all(
        width_of(word, SMALL) <= wide - 6 for name in columns for word in name.split()
    ):
        y += 2 * SMALL + 4
        for at, own in enumerate(lines):
            for place, line in enumerate(reversed(own)):
                sheet.text(x + (at + 0.5) * wide, y - place * (SMALL + 2), line, align="center")
        return y + 6
    # The last name goes beyond the last cell, and must not leave the sheet.
    beyond = sheet.width - (x + len(columns) * wide) + wide / 2
    room = min(_MOST_HEAD, max(lengths))
    slope = 40.0 if room * math.cos(math.radians(40)) <= beyond + 0.6 * wide else 90.0
    cut = [fitted(name, room, SMALL) for name in columns]
    tall = max(width_of(name, SMALL) for name in cut) * math.sin(math.radians(slope)) + SMALL
    y += tall
    for at, (name, short) in enumerate(zip(columns, cut, strict=True)):
        about = {"in full": name} if short != name else None
        middle = x + (at + 0.5) * wide + (4 if slope == 90 else -4)
        sheet.text(middle, y - 4, short, angle=-slope, about=about)
    return y + 2


def mixed(heat: tuple[str, str], share: float) -> str:
    """Return the colour of a cell: the mix of the two ends of the scale."""
    low, high = (_red_green_blue(end) for end in heat)
    parts = (round(255 * (a + (b - a) * share)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02X}" for part in parts)


def colour_of(look: Theme, share: float) -> str:
    """Return the colour of a cell with a share."""
    return mixed(look.heat, share)


def letter_on(colour: str) -> str:
    """Return the colour of letters with the highest contrast to a cell."""
    return max(LETTERS, key=lambda letter: contrast(letter, colour))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG 2: from 1 to 21; text is legible from 4.5 on."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour by WCAG 2, from 0 to 1."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _red_green_blue(colour)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _red_green_blue(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
