"""A table made for people: printed on a terminal, on a page and as Markdown."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final

from ..clean import clean, markdown
from ..words import current_catalogue, mark, spoken_in, tr, trn
from .blocks import with_bars
from .folding import Folded, folded
from .grid import Grid
from .plain_text import plain_text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_WITH_BARS: Final = mark("of all")  # the column that is drawn as bars on a terminal
_ALL = 100_000  # columns of a terminal that has room for everything
_SHARE = re.compile(r"(\d+(?:[.,]\d+)?)[\xa0\u202f]?%")


class Shown:
    """A table made for people; it prints itself on a terminal, in a notebook and on a rich console."""

    def __init__(self, title: str, grid: Grid, above: list[str], below: list[str]) -> None:
        # All that is shown of a table passes here, whatever its face.
        self._title = clean(title)
        self._grid = grid.cleaned()
        self._above = [*map(clean, above)]
        self._below = [*map(clean, below)]
        self._all_with = "show(…, wide=True)"
        self._is_wide = False
        self._spoken = current_catalogue()

    @property
    def grid(self) -> Grid:
        """The cells as text."""
        return self._grid

    def followed_by(self, lines: Sequence[str]) -> Shown:
        """Return the table with some more lines below it."""
        return self._changed(_below=[*self._below, *map(clean, lines)])

    def widened(self, *, is_wide: bool = True, all_with: str | None = None) -> Shown:
        """Return the table with all columns, or with those that have room.

        Parameters
        ----------
        is_wide
            Whether all columns are shown, also where there is no room for them.
        all_with
            What shows all columns, as the line about those that are left out says it.
        """
        return self._changed(_is_wide=is_wide, _all_with=all_with or self._all_with)

    def _changed(self, **what: Any) -> Shown:
        changed = copy(self)
        changed.__dict__.update(what)
        return changed

    def __repr__(self) -> str:
        return printed(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        room = None if self._is_wide else options.max_width
        shown, fits = self, folded(self._grid, room)
        if console.is_terminal and console.encoding.startswith("utf"):
            with spoken_in(self._spoken or "en"):
                barred = self._changed(_grid=with_bars(self._grid, tr(_WITH_BARS)))
            of_barred = folded(barred.grid, room)
            if of_barred.left_out == fits.left_out:  # numbers go before bars
                shown, fits = barred, of_barred
        if self._title:
            yield Text(self._title, style="bold")
        yield from (Text(line) for line in self._above)
        table = shown._rich_table("simple_head", fits)
        if self._is_wide:
            width = console.measure(table, options=options.update(max_width=_ALL)).maximum
            yield from console.render(table, options.update(width=width, max_width=width))
        else:
            yield table
        with spoken_in(self._spoken or "en"):
            folded_away = [_of_left_out(fits.left_out, self._all_with)] if fits.left_out else []
        lines = [*folded_away, *self._below]
        yield from (Text(line, style="green") for line in lines)

    def _rich_table(self, box_name: str, fits: Folded) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        boxes = {"simple_head": box.SIMPLE_HEAD, "markdown": box.MARKDOWN}
        table = Table(box=boxes[box_name], pad_edge=False, show_edge=box_name == "markdown")
        for at, i in enumerate(fits.columns):
            is_text = self._grid.is_text[i]
            widest = max((len(row[i]) for row in self._grid.rows), default=1)
            table.add_column(
                Text(self._grid.headings[i]),
                justify="left" if is_text or i in self._grid.barred else "right",
                vertical="bottom",
                overflow="fold",  # an ellipsis would cut names short
                width=fits.widths[at] if fits.widths else None,
                # On a narrow terminal names wrap. A number must not: cut short it is another number.
                min_width=None if is_text else widest,
            )
        for number, row in enumerate(self._grid.rows):
            # A string would be read as markup: a stage may be called "[red]".
            cells = [Text(row[i]) for i in fits.columns]
            table.add_row(*cells, end_section=number in self._grid.breaks)
        return table

    def to_markdown(self) -> str:
        """Write the table and its sentences as Markdown."""
        escaped = Grid(
            [markdown(heading, is_cell=True) for heading in self._grid.headings],
            self._grid.is_text,
            [[markdown(cell, is_cell=True) for cell in row] for row in self._grid.rows],
        )
        from rich.console import Console

        console = Console(color_system=None, highlight=False, force_jupyter=False, width=10_000)
        with console.capture() as capture:
            console.print(Shown("", escaped, [], [])._rich_table("markdown", folded(escaped, None)))
        lines = [line.rstrip() for line in capture.get().splitlines() if line.strip()]
        parts = [f"**{markdown(self._title)}**"] if self._title else []
        parts += [markdown(line) for line in self._above]
        return "\n\n".join([*parts, "\n".join(lines), *map(markdown, self._below)]) + "\n"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in self._grid.headings)
        sides = ["left" if is_text else "right" for is_text in self._grid.is_text]
        body = []
        for i, row in enumerate(self._grid.rows):
            line = ' style="border-bottom:1px solid currentColor"' if i in self._grid.breaks else ""
            cells = "".join(
                f'<td style="text-align:{side}{_bar(cell)}">{html.escape(cell)}</td>'
                for cell, side in zip(row, sides, strict=True)
            )
            body.append(f"<tr{line}>{cells}</tr>")
        above = "".join(f"<p>{html.escape(line)}</p>" for line in self._above)
        below = "".join(f"<p><b>{html.escape(line)}</b></p>" for line in self._below)
        title = f"<p><b>{html.escape(self._title)}</b></p>" if self._title else ""
        return (
            f'<div class="stagefunnel">{title}{above}<table><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table>{below}</div>"
        )


class ShownTogether:
    """Several tables made for people, one below the other."""

    def __init__(self, parts: Sequence[Shown]) -> None:
        self._parts = list(parts)

    def widened(self, *, is_wide: bool = True, all_with: str | None = None) -> ShownTogether:
        """Return the tables with all columns, or with those that have room."""
        return ShownTogether([part.widened(is_wide=is_wide, all_with=all_with) for part in self._parts])

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self._parts))

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        spaced: list[Any] = []
        for part in self._parts:
            spaced += [Text(), part] if spaced else [part]
        return Group(*spaced)

    def to_markdown(self) -> str:
        """Write the tables and their sentences as Markdown."""
        return "\n".join(part.to_markdown() for part in self._parts)

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self._parts)


def printed(shown: Shown) -> str:
    """Print a table as plain text, in the width of the terminal or of COLUMNS.

    A pipe, a file and a page have no width, so the table gets the width that it needs.
    """
    from rich.console import Console

    console = Console(color_system=None, highlight=False, force_jupyter=False)
    if not has_width(is_terminal=console.is_terminal and not Console().is_jupyter):
        options = console.options
        # Where rich takes a notebook for a terminal it draws bars, which plain text has not.
        if not (console.is_terminal or options.ascii_only or options.legacy_windows):
            text = plain_text(shown._title, shown._above, shown._grid, shown._below)
            if text is not None:
                return text
        shown, console.width = shown.widened(), _ALL
    with console.capture() as capture:
        console.print(shown, crop=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def has_width(*, is_terminal: bool) -> bool:
    """Check whether what is printed has a width: that of a terminal, or one that COLUMNS gives."""
    return is_terminal or os.environ.get("COLUMNS", "").isdecimal()


def _of_left_out(headings: Sequence[str], all_with: str) -> str:
    return trn(
        "{n} column is left out for width: {headings}; {all_with} shows all",
        "{n} columns are left out for width: {headings}; {all_with} shows all",
        len(headings),
        n=len(headings),
        headings=", ".join(headings),
        all_with=all_with,
    )


def _bar(cell: str) -> str:
    """Draw a share as a bar behind its number."""
    share = _SHARE.fullmatch(cell)
    if share is None:
        return ""
    width = f"{min(float(share[1].replace(',', '.')), 100):g}%"
    return f";background:linear-gradient(90deg,rgba(0,114,178,.22) {width},transparent {width})"
