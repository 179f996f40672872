"""What the fields of counts are: the fields of a dataclass say how those of several parts add up.

Counts of a question are a frozen dataclass, of which each field is made by one of the functions below::

    @dataclass(frozen=True, eq=False)
    class LossRows:
        group: Integers = key_of_group()
        stage: Integers = key()
        items: Integers = value()
        lengths: Samples = samples()

    @dataclass(frozen=True, eq=False)
    class LossCounts:
        groups: Groups = groups()
        about: About = about()
        unit: str | None = same()
        base: Integers = dense()
        rows: LossRows = rows(LossRows)

It holds nothing of single items. A value of ``None`` is that of a part that counts nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from functools import cache
from typing import Any, Final, Literal

Rule = Literal["sum", "least", "most"]
What = Literal[
    "dense",
    "rows",
    "key",
    "group",
    "label",
    "value",
    "sums",
    "samples",
    "groups",
    "about",
    "same",
    "settled",
    "nested",
    "whole",
]
_NAME: Final = "counted"


@dataclass(frozen=True)
class Kind:
    """What one field of counts is.

    Attributes
    ----------
    what
        The kind.
    rule
        How values of one place go together.
    by_group
        Whether the first axis of an array is the group.
    of
        The dataclass of rows or of nested counts.
    settle
        Function that makes one value of those of all parts.
    """

    what: What
    rule: Rule = "sum"
    by_group: bool = True
    of: type | None = None
    settle: Callable[[Sequence[Any]], Any] | None = None


def kinds_of(counted: Any) -> tuple[tuple[str, Kind], ...]:
    """Return the name and the kind of each field of counts, or of their class."""
    return _kinds_of(counted if isinstance(counted, type) else type(counted))


@cache
def _kinds_of(counted: Any) -> tuple[tuple[str, Kind], ...]:
    for one in fields(counted):
        if _NAME not in one.metadata:
            raise TypeError(f"{one.name!r} of {counted!r} does not say how it adds up")
    return tuple((one.name, one.metadata[_NAME]) for one in fields(counted))


def dense(rule: Rule = "sum", *, by_group: bool = True, default: Any = ...) -> Any:
    """Make a field of an int64 array, whose other axes are the same in all parts."""
    return _field(Kind("dense", rule, by_group), default)


def sums(*, by_group: bool = True, default: Any = ...) -> Any:
    """Make a field of :class:`ExactSums`: of an array as of :func:`dense`, or one for each of the rows."""
    return _field(Kind("sums", by_group=by_group), default)


def samples(*, by_group: bool = True, default: Any = ...) -> Any:
    """Make a field of :class:`Samples`: one for each group and row, or for each of the rows."""
    return _field(Kind("samples", by_group=by_group), default)


def rows(of: type, *, default: Any = ...) -> Any:
    """Make a field of rows: a dataclass of columns of one length, some of which are keys."""
    return _field(Kind("rows", of=of), default)


def key_of_group() -> Any:
    """Make a column of rows with the number of their group."""
    return _field(Kind("group"))


def key() -> Any:
    """Make a column of rows with an integer that means the same in all parts, such as a stage or a period."""
    return _field(Kind("key"))


def key_of_label() -> Any:
    """Make a column of rows, a list of values of any type that has a plain form; equal ones are one key."""
    return _field(Kind("label"))


def value(rule: Rule = "sum") -> Any:
    """Make a column of rows, of int64 in one or more dimensions, that adds up."""
    return _field(Kind("value", rule))


def groups() -> Any:
    """Make the field of the groups: all of them, with their values alone."""
    return _field(Kind("groups"))


def about() -> Any:
    """Make the field of what tables remember."""
    return _field(Kind("about"))


def same(*, default: Any = ...) -> Any:
    """Make a field of a plain value that has to be equal in all parts."""
    return _field(Kind("same"), default)


def settled(settle: Callable[[Sequence[Any]], Any], *, default: Any = ...) -> Any:
    """Make a field of a plain value; `settle` makes one of those of all parts, whatever their order."""
    return _field(Kind("settled", settle=settle), default)


def nested(of: type, *, default: Any = ...) -> Any:
    """Make a field of other counts with the same groups, or of a dict of them by name."""
    return _field(Kind("nested", of=of), default)


def of_whole(*, default: Any = None) -> Any:
    """Make a field that only the counts of one log have, because it does not add up."""
    return _field(Kind("whole"), default)


def _field(kind: Kind, default: Any = ...) -> Any:
    made: Field[Any] = (
        field(metadata={_NAME: kind}) if default is ... else field(default=default, metadata={_NAME: kind})
    )
    return made
