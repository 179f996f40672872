"""The parts of a saved log by their partition; a log without partitions is as one that has all items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, advised
from ..chosen import refuse_missing
from ..chosen_data import taken_out, with_places_chosen
from ..columns.inputs import Input, read_input
from ..columns.items import ItemsTable
from ..columns.keys import StoredKeys
from ..data import LogData
from ..first_rows import FirstRows, Numbers
from ..spilled.placing import Place, as_json, from_json, hashes_of_keys, place_of_all
from .folder import Writer
from .joining import rows_before


@dataclass(frozen=True)
class Groups:
    """The parts of a saved log.

    Attributes
    ----------
    places
        The items of each partition; ``None`` for a log without partitions.
    parts
        What the header says of the parts of each.
    """

    places: Sequence[Place] | None
    parts: list[list[dict[str, Any]]]

    @classmethod
    def of(cls, writer: Writer) -> Groups:
        """Take those of a log that is to change."""
        stored = writer.partitions
        if stored is None:
            return cls(None, [writer.parts])
        parts: list[list[dict[str, Any]]] = [[] for _ in stored]
        for part in writer.parts:
            parts[part["partition"]].append(part)
        return cls(list(map(from_json, stored)), parts)

    def commit(self, writer: Writer, parts: Sequence[Sequence[dict[str, Any]]]) -> None:
        """Make the log one of other parts."""
        if self.places is None:
            writer.commit(parts[0])
            return
        numbered = [{**part, "partition": number} for number, of in enumerate(parts) for part in of]
        writer.commit(numbered, list(map(as_json, self.places)))

    def numbered(self, later: LogData) -> LogData:
        """Give the rows of a log numbers behind those of all partitions, where these have some."""
        ends = [part.get("rows_end") for of in self.parts for part in of]
        known: list[int] = [end for end in ends if end is not None]
        if self.places is None or len(known) < len(ends):
            return replace(later, first_rows=None)
        behind = max(known)
        of_item: Numbers = later.journeys.first_row.astype(np.uint64) + np.uint64(behind)
        of_label = {
            label: behind + first
            for label, first, n in zip(
                later.labels, later.label_first_row.tolist(), later.label_rows.tolist(), strict=True
            )
            if n
        }
        return replace(later, first_rows=FirstRows(of_item, behind + rows_before(later), of_label))

    def dealt(self, later: LogData) -> Iterator[LogData]:
        """Give the rows of a log that belong to each partition, with their rows of the table of items."""
        if self.places is None:
            yield later
            return
        of_items = np.zeros(0, dtype=np.int64)
        if later.n_items:
            if later.keys_of is None:
                raise SchemaError(
                    "the texts of the new rows' items are not kept, so that nobody knows their partitions; "
                    "read the rows with ",
                    advised("keys", "keep"),
                )
            keys = StoredKeys.of(later.keys_of, later.journeys)  # once, and not for each partition
            later = replace(later, keys_of=keys)
            of_items = place_of_all(self.places, hashes_of_keys(keys(later.journeys.first_row)))
        table = later.items_table
        of_rows = np.zeros(0, dtype=np.int64)
        if table is not None and len(table.frame):
            keys = table.frame[table.parts["key"]]
            of_rows = np.zeros(len(keys), dtype=np.int64)  # those without a key are counted in the first one
            known = np.flatnonzero(keys.notna())
            of_rows[known] = place_of_all(
                self.places, hashes_of_keys(keys.iloc[known].reset_index(drop=True))
            )
        for number in range(len(self.places)):
            places = np.flatnonzero(of_items == number)
            own = replace(taken_out(with_places_chosen(later, places)), items_table=None, whole_end=None)
            frame = None if table is None else table.frame[of_rows == number].reset_index(drop=True)
            if table is not None and frame is not None and len(frame):
                of_place = ItemsTable(frame, table.parts["key"], own.journeys, "drop", own.threads)
                own = replace(own, items_table=of_place)
            yield own

    def dealt_keys(self, column: Input, keys: pd.Series) -> Iterator[Input | None]:
        """Give the keys of items that belong to each partition; ``None`` where there is none.

        Raises
        ------
        SchemaError
            If a key is missing, which is in no partition.
        """
        if self.places is None:
            yield column
            return
        refuse_missing(keys)
        of_items = place_of_all(self.places, hashes_of_keys(keys)) if len(keys) else np.zeros(0)
        for number in range(len(self.places)):
            own = keys[of_items == number].reset_index(drop=True)
            yield read_input(own, "items") if len(own) else None
