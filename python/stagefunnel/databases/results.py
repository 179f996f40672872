"""What a query gives, batch by batch, whichever driver runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from .psycopg_times import TextKind

# Rows of a batch: of Python objects, and of Arrow, which takes a tenth of their memory.
PYTHON_ROWS: Final = 50_000
ARROW_ROWS: Final = 250_000


@dataclass
class Result:
    """The answer of a query that runs while its batches are taken.

    Attributes
    ----------
    names
        Names of the columns, as the database gives them.
    batches
        Batches of Arrow, or lists of rows.
    close
        Function that ends the query and lets go of what it holds.
    has_arrow
        Whether the batches are of Arrow.
    cancel
        Function that ends what is being fetched now, from another thread.
    scales
        Decimal places of columns, as far as the driver says them; by place.
    texts
        Columns whose values are texts with a meaning, and what they are in the database; by place.
    """

    names: list[str]
    batches: Iterator[Any]
    close: Callable[[], None]
    has_arrow: bool
    cancel: Callable[[], None] = lambda: None
    scales: dict[int, int] = field(default_factory=dict)
    texts: dict[int, TextKind] = field(default_factory=dict)


def rows_of(cursor: Any) -> Iterator[list[Sequence[Any]]]:
    """Fetch the rows of a cursor of Python's interface for databases, many at a time.

    A cursor may give each row as a dict, whose keys are no values.
    """
    while rows := cursor.fetchmany(PYTHON_ROWS):
        yield [tuple(row.values()) for row in rows] if isinstance(rows[0], Mapping) else rows


def names_of(description: Sequence[Any] | None) -> list[str] | None:
    """Read the names of the columns; ``None`` where a statement gives no rows."""
    if description is None:
        return None
    return [str(column[0]) for column in description]


def scales_of(description: Sequence[Any]) -> dict[int, int]:
    """Read the decimal places of columns, where a driver says precision and scale."""
    found = {}
    for place, column in enumerate(description):
        with suppress(Exception):  # drivers differ in what they hold here
            precision, scale = column[4], column[5]
            if precision and isinstance(scale, int):
                found[place] = scale
    return found
