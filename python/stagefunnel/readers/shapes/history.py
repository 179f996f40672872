"""The files of a home-made history as one table."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ReaderError, given, named
from ..build.tables import stacked
from ..notes import Notes
from ..options import Options
from ..sources.columns import find_column
from ..sources.source import Sources, Table
from .about_stages import StageRows, about_stages
from .column_names import columns_of
from .item_column import columns_in, note_titles


def stage_history(
    sources: Sources,
    role: str,
    options: Options,
    roles: Sequence[str],
    notes: Notes,
    *,
    also: Sequence[str] = (),
) -> StageRows:
    """Stack the files of a history, and take the rows that are about stages.

    Parameters
    ----------
    sources, role, roles
        As :func:`history` takes them.
    also
        Roles of columns that the history may have.
    """
    table = history(sources, role, options, roles, notes)
    for source in sources[role]:
        source.refuse_nested(columns_in(source.frame, options, also).values())
    return about_stages(table, columns_in(table.frame, options, (*roles, *also)), options, notes)


def history(sources: Sources, role: str, options: Options, roles: Sequence[str], notes: Notes) -> Table:
    """Stack the files of a history.

    Parameters
    ----------
    sources
        Files of the export, by role.
    role
        Role of the history's files.
    roles
        Roles of the columns that every file must have, under the same names.

    Raises
    ------
    ReaderError
        If files name the columns differently, or if the column of the item holds an id of each row.
    """
    first, *others = sources[role]
    names = columns_of(first.columns, options, roles)
    for other in others:
        other_names = columns_of(other.columns, options, roles)
        if other_names != names:
            raise ReaderError(
                f"{first.name} and {other.name} name the same columns differently ({names} and "
                f"{other_names}); rename them, or read each file by itself"
            )
    for source in sources[role]:
        source.refuse_nested(names.values())
    table = stacked(sources, role, notes)
    assert table is not None
    item = columns_in(table.frame, options, roles)["item"]
    note_titles(table.frame, item, options, notes)
    if len(roles) > 1:  # a wide table has each item once
        _refuse_row_ids(table, item, options)
    return table


def _refuse_row_ids(table: Table, item: str, options: Options) -> None:
    """Refuse a plain ``id`` that differs on every row of a history: it identifies the row, not the item."""
    is_plain = options.item is None and find_column([item], ["id"]) is not None
    if is_plain and len(table.frame) > 2 and table.frame[item].is_unique:
        raise ReaderError(
            f"{table.sources[0].name}: column {item!r} differs on every row, as the id of a row does; name "
            "the column of the item: ",
            named("item"),
            " (",
            given("item", item),
            " if each item has one row)",
            option="item",
        )
