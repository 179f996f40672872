"""A table made for people: its cells as text, printed on a terminal, on a page and as Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_SHARE = re.compile(r"(\d+(?:\.\d+)?) %")


@dataclass
class Grid:
    """The cells of a table as text, for a terminal and for a page.

    Attributes
    ----------
    headings
        One heading for each column; it may have several lines.
    is_text
        Whether a column holds text, which goes to the left, or numbers, which go to the right.
    rows
        The cells of each row.
    breaks
        Numbers of the rows that a line follows.
    """

    headings: list[str]
    is_text: list[bool]
    rows: list[list[str]] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)


class Shown:
    """A table made for people; it prints itself on a terminal, in a notebook and on a rich console."""

    def __init__(self, title: str, grid: Grid, above: list[str], below: list[str]) -> None:
        self._title = title
        self._grid = grid
        self._above = above
        self._below = below

    @property
    def grid(self) -> Grid:
        """The cells as text."""
        return self._grid

    def followed_by(self, lines: Sequence[str]) -> Shown:
        """Return the table with some more lines below it."""
        return Shown(self._title, self._grid, self._above, [*self._below, *lines])

    def __repr__(self) -> str:
        from rich.console import Console

        console = Console(color_system=None, highlight=False, force_jupyter=False)
        if Console().is_jupyter or not console.is_terminal:
            # A pipe, a file and a page have no width, so the table gets the width that it needs.
            console.width = 1_000
            console.width = max(80, console.measure(self.__rich__()).maximum)
        with console.capture() as capture:
            console.print(self)
        return "\n".join(line.rstrip() for line in capture.get().splitlines())

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        parts: list[Any] = [Text(self._title, style="bold")] if self._title else []
        parts += [Text(line) for line in self._above]
        parts.append(self._rich_table("simple_head"))
        parts += [Text(line, style="green") for line in self._below]
        return Group(*parts)

    def _rich_table(self, box_name: str) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        boxes = {"simple_head": box.SIMPLE_HEAD, "markdown": box.MARKDOWN}
        table = Table(box=boxes[box_name], pad_edge=False, show_edge=box_name == "markdown")
        for i, (heading, is_text) in enumerate(zip(self._grid.headings, self._grid.is_text, strict=True)):
            widest = max((len(row[i]) for row in self._grid.rows), default=1)
            table.add_column(
                Text(heading),
                justify="left" if is_text else "right",
                vertical="bottom",
                # On a narrow terminal names wrap. A number must not: cut short it is another number.
                min_width=None if is_text else widest,
            )
        for i, row in enumerate(self._grid.rows):
            # A string would be read as markup: a stage may be called "[red]".
            table.add_row(*[Text(cell) for cell in row], end_section=i in self._grid.breaks)
        return table

    def to_markdown(self) -> str:
        """Write the table and its sentences as Markdown."""
        escaped = Grid(
            [_markdown(heading) for heading in self._grid.headings],
            self._grid.is_text,
            [[_markdown(cell) for cell in row] for row in self._grid.rows],
        )
        from rich.console import Console

        console = Console(color_system=None, highlight=False, force_jupyter=False, width=10_000)
        with console.capture() as capture:
            console.print(Shown("", escaped, [], [])._rich_table("markdown"))
        lines = [line.rstrip() for line in capture.get().splitlines() if line.strip()]
        parts = [f"**{_markdown(self._title)}**"] if self._title else []
        parts += [_markdown(line) for line in self._above]
        return "\n\n".join([*parts, "\n".join(lines), *map(_markdown, self._below)]) + "\n"

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


def _bar(cell: str) -> str:
    """Draw a share as a bar behind its number."""
    share = _SHARE.fullmatch(cell)
    if share is None:
        return ""
    width = f"{min(float(share[1]), 100):g}%"
    return f";background:linear-gradient(90deg,rgba(0,114,178,.22) {width},transparent {width})"


def _markdown(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("*", "\\*")
