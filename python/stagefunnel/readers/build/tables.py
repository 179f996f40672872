"""The files of an export as one table for each role, and the history among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ...errors import ReaderError
from ..notes import Notes
from ..options import Options
from ..sources.dates import read_times
from ..sources.source import Sources, Table


def stacked(sources: Sources, role: str, notes: Notes) -> Table | None:
    """Stack the files of one role; return ``None`` if there are none.

    Parameters
    ----------
    sources
        Files of the export, by role.
    role
        Role of the files to stack.
    notes
        Notes that take over those of the files, and count records that were not fetched.
    """
    if not sources.get(role):
        return None
    for source in sources[role]:
        for check, count, note in source.notes:
            notes.add(check, count, note)
    table = Table.of(sources[role])
    total = max((source.total or 0 for source in sources[role]), default=0)
    notes.add(
        "rows_not_fetched",
        max(total - len(table.frame), 0),
        f"rows of {role} that the answer counts and its pages do not hold; fetch all pages",
    )
    notes.add(
        "pages_not_fetched",
        int(all(source.goes_on for source in sources[role])),
        f"answers with {role} of which every page says that another one follows; fetch all pages",
    )
    return table


def tables_by_role(sources: Sources, roles: Iterable[str], notes: Notes) -> dict[str, Table]:
    """Stack the files of each role; roles without a file are left out."""
    tables = {role: stacked(sources, role, notes) for role in roles}
    return {role: table for role, table in tables.items() if table is not None}


def roles_of(tables: Mapping[str, Table]) -> str:
    """Say which file has which role, for a message: ``a.json has deals; b.json has stages``."""
    return "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())


def one_history(tables: Mapping[str, Table], histories: Sequence[str], items: str, remedy: str) -> str:
    """Return the role of the one history among the tables of an export.

    Parameters
    ----------
    tables
        Tables of the export, by role.
    histories
        Roles that are histories.
    items
        Word for the items in messages, for example ``"deals"``.
    remedy
        What to do where there is no history, for the message.

    Raises
    ------
    ReaderError
        If the export has no history, or several.
    """
    given = {role: tables[role] for role in histories if role in tables}
    if not given:
        raise ReaderError(
            f"there is no history: {roles_of(tables)}. A list of {items} has only the current stage of each, "
            f"and a funnel needs the stages that they passed: {remedy}"
        )
    if len(given) > 1:
        raise ReaderError(f"there are several histories of the same {items}: {roles_of(given)}; give one")
    return next(iter(given))


def times_of(table: Table, column: str, options: Options, notes: Notes) -> pd.Series:
    """Read the times in a column of a table."""
    return read_times(table.frame[column], table.place, options, notes)
