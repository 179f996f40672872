"""A saved log of several parts, which are put together when a question needs its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any, Final

from ... import _core
from ...cached import cached_property
from ..columns.items import ItemsTable
from ..columns.kept import RowColumns
from ..data import LogData
from .insertion import Insertion
from .joining import joined
from .part_reading import ColumnsAs, TableAs


@dataclass(frozen=True)
class Later:
    """What came later than the first part of a log.

    Attributes
    ----------
    data
        The later parts, put together.
    insertion
        Where their rows go among those of the first one.
    """

    data: LogData
    insertion: Insertion

    @classmethod
    def of(cls, parts: Sequence[LogData]) -> Later:
        """Put the later parts together, which are small; the first one is only looked at."""
        data = reduce(joined, parts[1:])
        return cls(data, Insertion.of(parts[0], data))

    @property
    def n_rows(self) -> int:
        """Rows that came later."""
        return int(self.data.journeys.n_rows)


class JoinedData(LogData):
    """The inside of a log of several parts: it is opened without a look at their rows."""

    parts: Sequence[LogData]
    #: How a partition's table of items and further columns become parts of those of all partitions.
    table_as: TableAs | None = None
    columns_as: ColumnsAs | None = None

    def __new__(cls, *values: Any, **fields: Any) -> Any:
        """Make the inside of a log that is held otherwise: what ``replace`` makes has no parts."""
        return LogData(*values, **fields)

    @classmethod
    def of(
        cls, parts: Sequence[LogData], later_of: Callable[[Sequence[LogData]], Later] = Later.of
    ) -> JoinedData:
        """Take the parts in their order; `later_of` may know already what the later ones are together."""
        data = object.__new__(cls)
        alike = {name: getattr(parts[0], name) for name in _ALIKE}
        vars(data).update(parts=tuple(parts), later_of=later_of, **alike)
        return data

    @cached_property
    def later(self) -> Later:
        """What came later than the first part."""
        later: Later = vars(self)["later_of"](self.parts)
        return later

    @cached_property
    def whole(self) -> LogData:
        """All parts as one."""
        if not later_are_alike(self.parts):
            return reduce(joined, self.parts)
        return joined(self.parts[0], self.later.data, self.later.insertion)

    @cached_property
    def items_table(self) -> ItemsTable | None:
        """The table of items."""
        return (
            self.whole.items_table if self.table_as is None else self.table_as(self.whole.items_table, self)
        )

    @cached_property
    def columns(self) -> RowColumns | None:
        """Further columns of the rows."""
        columns = self.whole.columns
        return columns if columns is None or self.columns_as is None else self.columns_as(columns)

    @property
    def n_items(self) -> int:
        """Number of items, which the keys alone say."""
        if not later_are_alike(self.parts):
            return self.whole.n_items
        return self.parts[0].n_items + len(self.later.insertion.new)


def joined_parts(parts: Sequence[LogData]) -> LogData:
    """Make one log of all parts; the later ones, which are small, are put together first."""
    return parts[0] if len(parts) == 1 else JoinedData.of(parts).whole


def later_are_alike(parts: Sequence[LogData]) -> bool:
    """Check whether the later parts can be put together without the first one.

    That takes their texts, or hashes of one key.
    """
    later = parts[1:]
    if all(data.keys_of is not None for data in later):
        return True
    forms = {_form_of(data) for data in later}
    return len(forms) == 1 and None not in forms


def _form_of(data: LogData) -> bytes | None:
    """Return the key with which the texts of items are hashed; ``None`` where they are not."""
    parts = _core.journeys.parts_of(data.journeys)
    return bytes(parts["hash_key"]) if len(parts["high"]) else None


def _of_whole(name: str) -> cached_property[Any]:
    read = cached_property(lambda data: getattr(data.whole, name))
    read.__set_name__(JoinedData, name)
    return read


#: What is known without a look at the rows.
_ALIKE: Final = ("threads",)
_OWN: Final = (*_ALIKE, "items_table", "columns")
# A field with a default would be found on the class, so each of them has a property of its own.
for _name in (one.name for one in fields(LogData) if one.name not in _OWN):
    setattr(JoinedData, _name, _of_whole(_name))
