"""The exceptions for bad input, whose texts say what is wrong, where, and what would be right."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final, Self, TypeAlias, TypeGuard

from .clean import clean
from .naming import public

_LONGEST_WORD: Final = 200  # characters of a name that may be misspelled
_LONGEST_VALUE: Final = 1_000  # characters of a value in a message


@dataclass(frozen=True)
class Option:
    """An option in the text of an error: each face spells it its own way, ``by=`` or ``--by``.

    Attributes
    ----------
    name
        Name of the Python argument.
    value
        Text of its value as Python code; empty where only the option is named.
    plain
        Text of its value without quotes, as a command line takes it; a comma stands between several values.
    """

    name: str
    value: str = ""
    plain: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def named(name: str) -> Option:
    """Name an option: ``by=``."""
    return Option(name)


def given(name: str, value: object) -> Option:
    """Name an option with the value that it was given: ``at='middle'``."""
    several = value if isinstance(value, list | tuple | set | frozenset) else [value]
    plain = ",".join(written(one, str) for one in several)
    return Option(name, written(value), plain)


def written(value: object, write: Callable[[object], str] = repr) -> str:
    """Write a value for a message: not all of a long one, and what cannot be written by its type."""
    try:
        text = write(value)
    except Exception:  # a value may break whatever it likes, such as a number of thousands of digits
        return f"<{type(value).__name__}>"
    if "\n" in text and not isinstance(value, str):
        return f"<{type(value).__name__}>"  # such as a column or a table, which is no part of a sentence
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text):,} characters)"


def given_period(name: str, value: object) -> Option:
    """Name an option with a stretch of time, whose two sides a command has as ``2026-01..2026-03``."""
    if not isinstance(value, list | tuple):
        return given(name, value)
    return Option(name, repr(value), "..".join("" if side is None else str(side) for side in value))


def advised(name: str, value: str) -> Option:
    """Name an option with a value that would be right: ``invalid="drop"``."""
    return Option(name, json.dumps(value, ensure_ascii=False), value)


@dataclass(frozen=True)
class Way:
    """What to do, in the text of an error, where Python and a shell have other ways to do it.

    Attributes
    ----------
    python, shell
        The way of each; it is an empty text where there is none.
    """

    python: str
    shell: str

    def __str__(self) -> str:
        return self.python


Parts: TypeAlias = tuple[str | Option | Way, ...]


@public
class StageFunnelError(ValueError):
    """Base of all errors that stagefunnel raises for bad input.

    Parameters
    ----------
    *parts
        The text of the error, with an :class:`Option` where it names one.

    Attributes
    ----------
    option
        Name of the option that is wrong; ``None`` where it is not an option.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> try:
    ...     sf.Pipeline(["New"], moved_out="hide")
    ... except sf.SchemaError as error:
    ...     print(error.option, "|", error)
    moved_out | moved_out='hide' is not one of 'exclude', 'include'
    """

    def __init__(self, *parts: str | Option | Way, option: str | None = None) -> None:
        super().__init__(clean("".join(map(str, parts)), lines=True))
        self.parts: Parts = parts
        first = next((part.name for part in parts[:1] if isinstance(part, Option)), None)
        self.option = option or first

    def spelled(self, spell: Callable[[Option], str]) -> str:
        """Write the text, with the options as a face spells them, and what to do in a shell."""
        ways = [part.shell if isinstance(part, Way) else part for part in self.parts]
        text = "".join(spell(part) if isinstance(part, Option) else part for part in ways)
        return clean(text, lines=True)

    def add_note(self, note: str) -> None:
        """Add a note, which a traceback shows below the text."""
        super().add_note(clean(note, lines=True))

    def within(self, where: str) -> Self:
        """Copy the error with the place it is about before its text."""
        error = type(self).__new__(type(self))
        StageFunnelError.__init__(error, where, *self.parts, option=self.option)
        error.__dict__ = self.__dict__ | error.__dict__
        return error

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[StageFunnelError], args: tuple[Any, ...], state: dict[str, Any]) -> StageFunnelError:
    """Make an error again that another process raised."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


@public
class SchemaError(StageFunnelError):
    """A column, an option or a pipeline is not what it should be."""


@public
class StageFunnelWarning(UserWarning):
    """What was read can be answered, and is likely not to mean what it says."""

    def __init__(self, text: str = "") -> None:
        super().__init__(clean(text, lines=True))


class RowError(StageFunnelError):
    """Something is wrong with a row.

    Attributes
    ----------
    row
        The first such row, counted from 0 in the order of the input.
    """

    def __init__(self, *parts: str | Option | Way, row: int) -> None:
        super().__init__(*parts)
        self.row = row


@public
class UnknownStageError(RowError):
    """The log has stages that the pipeline does not list."""


@public
class InvalidRowError(RowError):
    """A row misses its item, stage or time, or its time does not parse.

    Attributes
    ----------
    problem
        Parts of the text without the advice, for a caller whose options differ.
    """

    def __init__(self, *problem: str | Option | Way, row: int, advice: Parts = ()) -> None:
        super().__init__(*problem, *advice, row=row)
        self.problem: Parts = problem


@public
class UnknownItemError(StageFunnelError):
    """The log has no such item."""


@public
class ReaderError(StageFunnelError):
    """A file cannot be read as what it should be."""


@public
class MissingColumnError(ReaderError):
    """A file lacks a column that is to be read.

    Attributes
    ----------
    column
        Its name.
    """

    def __init__(self, *parts: str | Option | Way, column: str) -> None:
        super().__init__(*parts)
        self.column = column


@contextmanager
def core_errors(where: str = "") -> Iterator[None]:
    """Raise what the core refuses as a :class:`SchemaError`, after the place it is about."""
    try:
        yield
    except StageFunnelError:
        raise
    except ValueError as error:
        raise SchemaError(f"{where}{error}") from error


_TOO_LARGE: Final = ("amounts are infinite or add up beyond", "a sum of amounts goes beyond")
_MOST: Final = "4.6e18"


@contextmanager
def amount_errors(column: str | None, scale: int = 0) -> Iterator[None]:
    """Do the same, and name the column of the amounts where these do not add up.

    The core holds them as whole numbers of 10 to the power of -`scale`.
    """
    try:
        with core_errors():
            yield
    except SchemaError as error:
        text = str(error)
        if column is None or not text.startswith(_TOO_LARGE):
            raise
        text = text.replace(_MOST, f"4.6e{18 - scale}").replace("amounts", f"amounts of column {column!r}", 1)
        raise SchemaError(
            f"{text}; give them in a larger unit, such as thousands", option="amount"
        ) from error


def quoted(labels: Iterable[object], *, most: int = 12) -> str:
    """List labels for a message: ``'New', 'Offer', … (3 more)``."""
    shown = [*map(written, labels)]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f", … ({rest:,} more)" if rest > 0 else "")


def counted(n: int, noun: str) -> str:
    """Write a number of things: ``1 row``, ``2 rows``, ``1,234 rows``.

    Examples
    --------
    >>> from stagefunnel.errors import counted
    >>> counted(1, "row"), counted(0, "row"), counted(1_234, "invalid row")
    ('1 row', '0 rows', '1,234 invalid rows')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Return ``"; did you mean 'Offer'?"`` for the nearest of `known`, or nothing."""
    if len(text := written(word, str)) > _LONGEST_WORD:  # to compare texts takes the square of their length
        return ""
    near = [other for other in map(str, known) if len(other) <= _LONGEST_WORD]
    same_letters = [other for other in near if other.casefold() == text.casefold()]
    nearest = difflib.get_close_matches(text, near, n=1, cutoff=0.6) or same_letters
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def is_whole_number(value: object) -> TypeGuard[int]:
    """Check for an integer; ``True`` and ``False`` are not numbers, although Python counts them as such."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_whole(name: str, number: Any, most: int) -> None:
    """Refuse a value of an option that is not a whole number from 1 to `most`."""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise SchemaError(given(name, number), f" is not a whole number from 1 to {most:,}")


def is_named(value: object, name: str) -> bool:
    """Check whether an option has a name; what is not text, such as an array, is none."""
    return isinstance(value, str) and value == name


def may_be_label(value: object) -> bool:
    """Check whether a value can be the label of a stage or the name of a column; arrays and pd.NA cannot."""
    return isinstance(value, Hashable) and type(value).__name__ != "NAType"


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise SchemaError(given(name, value), " is not True or False")


def check_option(name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not one of the names an option has."""
    options = list(allowed)
    if not isinstance(value, str) or value not in options:
        hint = did_you_mean(value, options)
        raise SchemaError(given(name, value), f" is not one of {quoted(options)}{hint}")
