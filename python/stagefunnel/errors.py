"""What can go wrong with an input, as exceptions that say what, where and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StageFunnelError(ValueError):
    """Base of all errors that stagefunnel raises for what it was given."""


class SchemaError(StageFunnelError):
    """A column, an option or a pipeline is not what it should be."""


class RowError(StageFunnelError):
    """Something is wrong with a row.

    Attributes
    ----------
    row
        The first such row, counted from 0 in the order of the input.
    """

    def __init__(self, message: str, *, row: int) -> None:
        super().__init__(message)
        self.row = row


class UnknownStageError(RowError):
    """The log has stages that the pipeline does not list."""


class InvalidRowError(RowError):
    """A row misses its item, stage or time, or its time does not parse."""


class UnknownItemError(StageFunnelError):
    """The log has no such item."""


class ReaderError(StageFunnelError):
    """A file cannot be read as what it should be."""


class MissingColumnError(ReaderError):
    """A file lacks a column that is to be read.

    Attributes
    ----------
    column
        Its name.
    """

    def __init__(self, message: str, *, column: str) -> None:
        super().__init__(message)
        self.column = column


def quoted(labels: Iterable[object], *, most: int = 12) -> str:
    """List labels for a message: ``'New', 'Offer', … (3 more)``."""
    shown = [repr(label) for label in labels]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f", … ({rest:,} more)" if rest > 0 else "")


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Return ``"; did you mean 'Offer'?"`` for the nearest of `known`, or nothing."""
    nearest = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.6)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def check_option(name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not one of the names an option has."""
    options = list(allowed)
    if value not in options:
        hint = did_you_mean(value, options)
        raise SchemaError(f"{name}={value!r} is not one of {quoted(options)}{hint}")
