"""What the folder of a log in partitions says of all of them, whose files stay open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...cached import cached_property
from ..columns.items import ItemsTable
from ..columns.joined_columns import columns_of_types
from ..columns.kept import RowColumns
from ..data import LogData
from ..saved.folder import read_parts_and_partitions
from ..saved.part_reading import Part
from ..saved.plain_values import from_json
from ..saved.saved_log import opened_parts
from .kept_later import KeptLater
from .one_table import OneTable
from .one_type_each import types_of_columns
from .placing import Place
from .placing import from_json as place_from_json


@dataclass(frozen=True)
class AllPartitions:
    """What the header of the folder says of all partitions.

    Attributes
    ----------
    places
        The hashes of the items of each partition.
    parts
        The parts of each, whose files stay open: another process may remove them.
    later
        What came later than the first part of each, where that was needed.
    """

    places: list[Place]
    parts: list[list[Part]]
    later: KeptLater = field(default_factory=KeptLater)

    @cached_property
    def table(self) -> OneTable | None:
        """The columns of the table of items; ``None`` where each partition has all of them, or none has."""
        return OneTable.of(self.parts)

    def table_as(self, table: ItemsTable | None, data: LogData) -> ItemsTable | None:
        """Give a partition's table of items the columns of all partitions, when it is read."""
        return table if self.table is None else self.table.of_part(table, data)

    @cached_property
    def types(self) -> dict[str, Any]:
        """The types of further columns that differ from part to part."""
        return types_of_columns(self.parts)

    def columns_as(self, columns: RowColumns) -> RowColumns:
        """Give a partition's further columns the types of all partitions, when they are read."""
        return columns_of_types(columns, self.types)

    @classmethod
    def of(cls, path: str) -> AllPartitions:
        """Open the parts of all partitions; nothing of their columns is read."""

        def read() -> tuple[list[Any], list[dict[str, Any]]]:
            abouts, stored = read_parts_and_partitions(path)
            return stored, abouts

        stored, opened = opened_parts(path, read)
        places = list(map(place_from_json, stored))
        parts: list[list[Part]] = [[] for _ in places]
        for part in opened:
            parts[part.about["partition"]].append(part)
        return cls(places, parts)

    @property
    def abouts(self) -> list[Mapping[str, Any]]:
        """What the header says of each part, partition after partition."""
        return [part.about for of_partition in self.parts for part in of_partition]

    @property
    def about(self) -> Mapping[str, Any]:
        """The first part that has rows: one without any may not know what the times are."""
        abouts = self.abouts
        return next((about for about in abouts if about["n_rows"]), abouts[0])

    @property
    def days(self) -> list[list[Mapping[str, Any]]]:
        """The first parts of all partitions, and then those that were appended, day after day."""
        most = max(map(len, self.parts), default=0)
        return [[of[number].about for of in self.parts if number < len(of)] for number in range(most)]

    @property
    def ends(self) -> tuple[int, int] | None:
        """The first and the last time; ``None`` without rows."""
        known = [about["ends"] for about in self.abouts if about["ends"] is not None]
        return (min(first for first, _ in known), max(last for _, last in known)) if known else None

    @property
    def end(self) -> int | None:
        """The time of the last row, also of one that was erased since."""
        known = [about["whole_end"] for about in self.abouts if about["whole_end"] is not None]
        return max([*known, *(() if self.ends is None else self.ends[1:])], default=None)

    def rows_of_labels(self) -> tuple[Mapping[Any, int], dict[Any, int]]:
        """Count the rows of each stage, and number its first one in the whole input."""
        rows: dict[Any, int] = {}
        first_row: dict[Any, int] = {}
        behind = 0  # rows that came later are numbered behind all that were there
        for abouts in self.days:
            for about in abouts:
                labels = map(from_json, about["labels"])
                in_part = [behind + at for at in about["label_first_row"]]
                in_whole = about.get("label_first_in_whole") or [None] * len(in_part)  # of older versions
                for label, n, at, known in zip(labels, about["label_rows"], in_part, in_whole, strict=True):
                    if n:
                        number = at if known is None else known
                        rows[label] = rows.get(label, 0) + n
                        first_row[label] = min(first_row.get(label, number), number)
            behind += sum(about["n_input_rows"] for about in abouts)
        return rows, first_row

    def sums_of(self, name: str) -> dict[str, int]:
        """Add up what the parts say of their rows, if all do: older versions did not count marks."""
        sums: dict[str, int] = {}
        known = [about.get(name, {}) for about in self.abouts]
        for of_part in known if all(name in about for about in self.abouts) else []:
            for check, n in (of_part or {}).items():
                sums[check] = sums.get(check, 0) + n
        return sums
