"""The cells of a table as text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..clean import clean


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
    spare
        Numbers of the columns that are left out where there is no room, the least important first.
    barred
        Numbers of the columns whose cells are a number and a bar, which begin below each other.
    """

    headings: list[str]
    is_text: list[bool]
    rows: list[list[str]] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)
    spare: list[int] = field(default_factory=list)
    barred: set[int] = field(default_factory=set)

    def cleaned(self) -> Grid:
        """Return the table without letters that a terminal or a page would obey."""
        return replace(
            self,
            headings=[clean(heading, lines=True) for heading in self.headings],
            rows=[[clean(cell) for cell in row] for row in self.rows],
        )
