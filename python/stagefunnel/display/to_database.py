"""The public way into a database."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from ..databases.connection import Connection
from ..databases.writing import write_tables
from ..errors import SchemaError, check_option, given, named, quoted
from ..tables.frames import as_pandas
from .write import with_seconds


def write(
    table: pd.DataFrame,
    name: str,
    connection: Connection,
    *,
    if_exists: Literal["error", "append", "replace"] = "error",
    schema: str | None = None,
) -> None:
    """Write a table into a database, for a dashboard that reads it there.

    All of it happens in one transaction: after an error there is what there was before. Counts become whole
    numbers of 64 bits, shares doubles, names text, and times timestamps, in UTC where they have a zone. A
    length of time becomes seconds, in a column whose name ends in ``_seconds``; NaN and missing values are
    NULL. All names are quoted, so that they are kept as they are.

    Parameters
    ----------
    table
        A table of pandas, polars or Arrow: an answer, :func:`row_table`, :func:`item_table` or any other.
    name
        Name of the table in the database.
    connection
        A URI or an open connection, as :meth:`StageLog.from_sql` takes it: of PostgreSQL, SQLite, DuckDB or
        any database that SQLAlchemy knows. An open connection that is within a transaction stays within it,
        and committing is up to you; else the table is committed. One of ADBC without autocommit is committed.
    if_exists
        What happens where there is a table of this name: ``"error"`` (default) refuses it; ``"append"`` adds
        rows, to columns of the same names; ``"replace"`` puts these rows in the place of all others. If
        the columns have the same names the table itself stays, with its rights, views and indexes; otherwise
        it is made anew. Without such a table all of them make it.
    schema
        Schema of the table; by default the connection's own.

    Raises
    ------
    SchemaError
        If the table that is there does not fit, or `table` is not a table.
    ReaderError
        If the database cannot be opened, or refuses the table.

    Examples
    --------
    >>> import sqlite3
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> dashboard = sqlite3.connect(":memory:")
    >>> sf.write(sf.outcomes(shop.log, shop.pipeline), "outcomes", dashboard, if_exists="replace")
    >>> dashboard.execute("SELECT base, won, lost, open FROM outcomes").fetchall()
    [(13, 6, 5, 2)]
    >>> dashboard.close()
    """
    check_option("if_exists", if_exists, ("error", "append", "replace"))
    frame = as_pandas(table)
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(
            named("table"),
            f" is a {type(frame).__name__}, not a table; of a summary write each of its tables",
        )
    for option, value in (("name", name), ("schema", schema)):
        if not isinstance(value, str) and not (option == "schema" and value is None):
            raise SchemaError(given(option, value), " is not a name")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise SchemaError(named("table"), f" has several columns named {quoted(twice)}")
    write_tables({name: with_seconds(frame)}, connection, if_exists, schema)
