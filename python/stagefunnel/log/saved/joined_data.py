"""A saved log of several parts, which are put together when a question needs its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import reduce
from typing import Any, Final

from ...cached import cached_property
from ..data import LogData
from .joining import joined


class JoinedData(LogData):
    """The inside of a log of several parts: it is opened without a look at their rows."""

    parts: Sequence[LogData]

    @classmethod
    def of(cls, parts: Sequence[LogData]) -> JoinedData:
        """Take the parts in their order."""
        data = object.__new__(cls)
        vars(data).update(parts=tuple(parts), **{name: getattr(parts[0], name) for name in _ALIKE})
        return data

    @cached_property
    def whole(self) -> LogData:
        """All parts as one."""
        return joined_parts(self.parts)


def joined_parts(parts: Sequence[LogData]) -> LogData:
    """Make one log of all parts; the later ones, which are small, are put together first."""
    if len(parts) == 1 or not have_texts(parts):
        return reduce(joined, parts)
    return joined(parts[0], reduce(joined, parts[1:]))


def have_texts(parts: Sequence[LogData]) -> bool:
    """Check whether the keys of all parts are known; else the hashes of the first one are those of all."""
    return all(data.keys_of is not None for data in parts)


def _of_whole(name: str) -> cached_property[Any]:
    read = cached_property(lambda data: getattr(data.whole, name))
    read.__set_name__(JoinedData, name)
    return read


#: What is known without a look at the rows.
_ALIKE: Final = ("threads",)
# A field with a default would be found on the class, so each of them has a property of its own.
for _name in (one.name for one in fields(LogData) if one.name not in _ALIKE):
    setattr(JoinedData, _name, _of_whole(_name))
