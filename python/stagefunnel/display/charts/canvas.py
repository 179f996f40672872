"""A result table as every chart reads it: checked, with its breakdown, its names and its colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import pandas as pd

from ...errors import SchemaError, quoted
from ...tables.labels import columns_before, spoken
from ...words import current_catalogue, spoken_in, tr
from ..given import as_spoken
from ..heads import group_word, head
from ..remarks import of_later, period_of, where_of
from ..restored import marked_optional, named_columns, named_parts, restored
from .picture import picture_of, require_pictures
from .sheet import Sheet
from .style import Theme, checked_width, inert, theme_of

Draw: TypeAlias = Callable[[Sheet], object]  # draws on a sheet of whatever width
Panels = list[tuple[str, pd.DataFrame]]  # the rows of each group, with what people read for it


@dataclass(frozen=True)
class Canvas:
    """A table to draw.

    Attributes
    ----------
    table
        The table, in the order of the pipeline whatever was done to it; see :func:`restored`. What it
        remembers stands apart.
    look
        Colours of the chart.
    by
        Columns that the table is broken down by.
    remembered
        What the table remembers beside its numbers.
    """

    table: pd.DataFrame
    look: Theme
    by: list[str]
    remembered: Mapping[str, Any]

    @classmethod
    def of(cls, table: Any, columns: Sequence[str], made_by: str, theme: str, *, sort: bool = True) -> Self:
        """Read a table of the function `made_by`; the first of `columns` follows the breakdown.

        Raises
        ------
        SchemaError
            If the table is of another function, empty or put together of several, or if there is no such
            theme.
        ImportError
            If altair is not installed, and the chart is not plain.
        """
        require_pictures()
        look = theme_of(theme)
        if isinstance(table, pd.DataFrame):
            table = named_columns(table)
        _check_table(table, columns, made_by)
        remembered = as_spoken(table.attrs.get("stagefunnel", {}))
        table, remembered = named_parts(restored(table, columns, made_by, sort=sort), remembered)
        table.attrs = {}  # pandas copies them with every step
        by = [str(name) for name in columns_before(table, columns[0])]
        return cls(table, look, by, remembered)

    def remembering(self) -> pd.DataFrame:
        """Return the table with what it remembers, for sentences that read it there."""
        table = self.table.copy(deep=False)
        table.attrs["stagefunnel"] = dict(self.remembered)
        return table

    def without(self, column: str) -> Self:
        """Take a column such as ``kind`` out of the breakdown: its values are not groups of items."""
        return replace(self, by=[name for name in self.by if name != column])

    def names_of(self, labels: Iterable[Hashable]) -> dict[Hashable, str]:
        """Return the name that people read for each label, as :func:`unique_names` does.

        Optional stages are marked.
        """
        return marked_optional(unique_names(labels, self.remembered.get("names", {})), self.remembered)

    def stages(self) -> list[Hashable]:
        """List the stages of the table in the order of the pipeline."""
        column = self.table["stage"]
        seen = list(column.unique())
        if isinstance(column.dtype, pd.CategoricalDtype):
            return [label for label in column.cat.categories if label in seen]
        return seen

    def titled(self, title: str) -> str:
        """Add the breakdown to a title."""
        return f"{title}{self.by_text}"

    @property
    def by_text(self) -> str:
        """How titles go on where there are groups: ``, by manager``."""
        return (
            tr(", by {columns}", columns=", ".join(head(spoken(name)) for name in self.by)) if self.by else ""
        )

    def groups(self, most: int, rows: pd.DataFrame | None = None) -> Panels:
        """Split the table, or some `rows` of it, by its breakdown into at most `most` groups."""
        rows = self.table if rows is None else rows
        if not self.by:
            return [("", rows)]
        grouped = rows.groupby(self.by, sort=False, dropna=False, observed=True)
        self.check_room(grouped.ngroups, most)
        return [(", ".join(map(group_word, self.by, values)), part) for values, part in grouped]

    def refuse_groups(self, what: str) -> None:
        """Refuse a table of groups where a chart, named by `what`, has room for one."""
        if self.by:
            raise SchemaError(
                f"{what} has room for one group; give the rows of one group, without the column "
                f"{quoted(self.by)}: table[table[{self.by[0]!r}] == …].drop(columns={self.by})"
            )

    def check_room(self, groups: int, most: int) -> None:
        """Refuse more groups than a chart has room for."""
        if groups > most:
            raise SchemaError(
                f"a chart has room for {most} groups, the table has {groups:,}; filter it first, for example "
                f"table[table[{self.by[0]!r}].isin([...])]"
            )

    def drawn(
        self,
        draw: Draw,
        title: str,
        sentences: Sequence[str] = (),
        *,
        width: int | None = None,
        of_panels: Sequence[str | tuple[str, str]] = (),
    ) -> Any:
        """Draw on a sheet, and make a chart of it with its title, and sentences below the title.

        The period and the conditions of the items that it is about are the last sentences.

        Parameters
        ----------
        draw
            Draws on a sheet; it is called again where the chart is needed in another width.
        title
            What a reader is to take away.
        sentences
            What it is about: what is counted, in which period, of how many.
        width
            Width of the chart in pixels.
        of_panels
            Sentences that stand above its panels; one that does not name its panel comes with the heading,
            which a screen reader needs.
        """
        width = checked_width(width)
        period = [] if "called" in self.remembered else period_of(self.remembered)
        below = [*sentences, *period, *where_of(self.remembered)]
        below += [line for line in of_later(self.remembered) if line != title]
        sheet = Sheet(self.look, width)
        draw(sheet)
        spoken = current_catalogue()

        def in_width(other: int) -> Any:
            with spoken_in(spoken or "en"):
                return self.drawn(draw, title, sentences, width=other, of_panels=of_panels)

        pairs = [("", one) if isinstance(one, str) else one for one in of_panels]
        named = [tr("{rows}: {sentence}", rows=head, sentence=one) if head else one for head, one in pairs]
        made = sheet.specification(
            title, below, [*below, *(one for _, one in pairs)], described=[*below, *named]
        )
        return picture_of(made, in_width)


def _check_table(table: Any, columns: Sequence[str], made_by: str) -> None:
    """Refuse a table that another function made, or an empty one."""
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"a chart draws a table of {made_by}, got {type(table).__name__}")
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise SchemaError(f"this is not a table of {made_by}: it lacks {quoted(lacking)}")
    if table.empty:
        raise SchemaError(f"the table of {made_by} has no rows to draw")


def unique_names(labels: Iterable[Hashable], names: Mapping[str, str]) -> dict[Hashable, str]:
    """Return a name for each label; a name that several labels share has the label in brackets behind it.

    Otherwise the marks of two stages with one name would lie on each other.
    """
    shown = {label: names.get(str(label), str(label)) for label in labels}
    times = Counter(shown.values())
    return {label: inert(f"{name} ({label})" if times[name] > 1 else name) for label, name in shown.items()}


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
