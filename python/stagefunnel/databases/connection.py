"""What a connection to a database may be."""

from __future__ import annotations

import os
from typing import Any, Protocol, TypeAlias


class HasCursor(Protocol):
    """An open connection of Python's interface for databases, of ADBC or of DuckDB."""

    def cursor(self) -> Any:
        """Make a cursor."""
        ...


class RunsQueries(Protocol):
    """An open connection of SQLAlchemy."""

    def exec_driver_sql(self, statement: str) -> Any:
        """Run a statement as it is."""
        ...


class Connects(Protocol):
    """An engine of SQLAlchemy."""

    def connect(self) -> Any:
        """Open a connection."""
        ...


# A URI, the path of a file, or what is open.
Connection: TypeAlias = str | os.PathLike[str] | HasCursor | RunsQueries | Connects
