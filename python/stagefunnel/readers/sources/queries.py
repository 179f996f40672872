"""The rows of queries, as tables of an export."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...databases.opening import open_database
from ...databases.queries import frame_of_query, queries_by_name
from ...errors import SchemaError, named
from ...files import Progress


def tables_of(sql: Any, connection: Any, progress: Progress | None) -> dict[str, pd.DataFrame]:
    """Run queries one after the other over one connection, and return their rows by their names.

    Raises
    ------
    SchemaError
        If one of the two is given without the other.
    ReaderError
        As for :meth:`StageLog.from_sql`.
    """
    if sql is None and connection is None:
        return {}
    if sql is None or connection is None:
        given, other = ("connection", "sql") if sql is None else ("sql", "connection")
        raise SchemaError(named(given), " needs ", named(other), "; give both")
    tables: dict[str, pd.DataFrame] = {}
    n_before = 0
    with open_database(connection) as database:
        for name, query in queries_by_name(sql).items():
            tables[name] = frame_of_query(database, query, name, _from(n_before, progress))
            n_before += len(tables[name])
    return tables


def _from(n_before: int, progress: Progress | None) -> Any:
    return None if progress is None else lambda n_rows: progress(n_before + n_rows, None)
