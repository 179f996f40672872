"""The table of items of all partitions: what only some of them have is missing in the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from ..columns.items import ItemsTable, table_text
from ..columns.joined_tables import joined_frames
from ..columns.one_type import as_type, missing_values, samples_of, type_of_all
from ..data import LogData
from ..saved.part_reading import Part
from ..saved.plain_values import from_json


@dataclass(frozen=True, eq=False)
class OneTable:
    """The columns of the table of items that all partitions have together.

    Attributes
    ----------
    columns
        An empty column of the type of all values, by name.
    key
        The name of the key.
    """

    columns: dict[Any, pd.Series]
    key: Any

    @classmethod
    def of(cls, parts: Sequence[Sequence[Part]]) -> OneTable | None:
        """Look at the tables of all parts of each partition; ``None`` where these are alike.

        The columns have the types of all values together, as in a log of one part.
        """
        forms = {_form_of(part) for of_partition in parts for part in of_partition}
        if len(forms) == 1 and "category" not in str(forms):
            return None
        most = max(map(len, parts))
        of_days = [of[day].items_frame for day in range(most) for of in parts if day < len(of)]
        tables = [table for table in of_days if table is not None]
        key = tables[-1][1]  # the latest one, as far as that is known
        names = dict.fromkeys(key if name == its_key else name for frame, its_key in tables for name in frame)
        samples: dict[Any, list[pd.Series]] = {name: [] for name in names}
        for of_partition in parts:
            own = [table for part in of_partition if (table := part.items_frame) is not None]
            if own:
                frame, its_key = joined_frames(own)
                frame = frame.rename(columns={its_key: key})
                for name, of_column in samples.items():
                    in_frame = name in frame
                    of_column += samples_of(frame[name] if in_frame else missing_values(len(frame)))
        return cls({name: pd.Series(dtype=type_of_all(of)) for name, of in samples.items()}, key)

    def of_part(self, table: ItemsTable | None, data: LogData) -> ItemsTable:
        """Give a partition's table all columns; one that a partition lacks has no value there."""
        if table is None:
            rows = np.full(data.n_items, -1, dtype=np.int64)
            nothing = pd.DataFrame(dict(self.columns))
            return ItemsTable.of_parts({"frame": nothing, "key": self.key, "rows": rows, "n_keyless": 0})
        frame = table.frame.rename(columns={table.parts["key"]: self.key})
        columns = {
            name: as_type(frame[name] if name in frame else missing_values(len(frame)), kind.dtype)
            for name, kind in self.columns.items()
        }
        whole = pd.DataFrame(columns, index=frame.index)
        return ItemsTable.of_parts({**table.parts, "frame": whole, "key": self.key})


def text_of_table(parts: Sequence[Sequence[Part]], table: OneTable | None) -> str | None:
    """Write how many rows the table of items has, and which columns; ``None`` without one."""
    own = [[part for part in of_partition if part.about["items_table"] is not None] for of_partition in parts]
    first = next(chain.from_iterable(own), None)
    if first is None:
        return None
    about = first.about["items_table"]
    n_rows = sum(map(_n_rows, own))
    if table is not None:
        return table_text(n_rows, table.columns, table.key)
    return table_text(n_rows, map(from_json, about["names"]), from_json(about["key"]))


def _n_rows(parts: Sequence[Part]) -> int:
    """Count the rows of the table of a partition, of which some replace others."""
    if len(parts) == 1 and "n_rows" in parts[0].about["items_table"]:
        return int(parts[0].about["items_table"]["n_rows"])
    frames = [frame for part in parts if (frame := part.items_frame) is not None]
    return len(joined_frames(frames)[0]) if frames else 0


def _form_of(part: Part) -> str:
    """Return the columns of a part's table of items, with their types and the key."""
    about = part.about["items_table"]
    return "" if about is None else repr((about["key"], about["names"], about["dtypes"]))
