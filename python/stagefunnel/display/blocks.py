"""Bars of block characters behind the shares of a table, for a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

from .grid import Grid

_SHARE = re.compile(r"(?:< )?(\d+(?:[.,]\d+)?)[\xa0\u202f]?%")
_PARTS = " ▏▎▍▌▋▊▉"
_LONGEST = 10  # letters of a bar of all


def with_bars(grid: Grid, heading: str) -> Grid:
    """Put a bar behind each share of the columns with a heading; other cells get as many blanks."""
    places = [
        at
        for at, name in enumerate(grid.headings)
        if name.replace("\n", " ").split(" ")[-2:] == heading.split()
    ]
    if not places:
        return grid
    widest = {at: max(len(row[at]) for row in grid.rows) for at in places} if grid.rows else {}
    rows = [
        [f"{cell.rjust(widest[at])} {bar_of(cell)}" if at in places else cell for at, cell in enumerate(row)]
        for row in grid.rows
    ]
    return replace(grid, rows=rows, barred={*places})


def bar_of(cell: str) -> str:
    """Draw a share as a bar; what is not nothing has at least an eighth of a letter."""
    share = _SHARE.fullmatch(cell.strip())
    if share is None:
        return " " * _LONGEST
    value = min(float(share[1].replace(",", ".")) / 100, 1.0)
    eighths = round(value * _LONGEST * 8)
    eighths = max(eighths, 1) if value else 0
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_PARTS[rest] if rest else "")).ljust(_LONGEST)
