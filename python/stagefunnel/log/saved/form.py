"""How the rows of a saved log are to be read, as its header says it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .columns_file import is_number, names_and_types
from .folder import checked_path, read_header
from .part_writing import ITEMS, TABLE
from .plain_values import from_json


@dataclass(frozen=True)
class SavedForm:
    """What rows have to be like to join a saved log.

    Attributes
    ----------
    columns
        Its further columns, and for each whether it holds numbers.
    has_text_items
        Whether its items are text, and not integers.
    zone
        The zone of its times.
    items_key
        The key of its table of items; ``None`` without one.
    items
        The columns of that table, and for each whether it holds numbers.
    read_as
        The name of the column that its first rows took as their item, stage, time and so on; nothing is known
        of a log that was read from an export, from arrays, or by an earlier version.
    """

    columns: dict[str, bool]
    has_text_items: bool
    zone: str | None
    items_key: Any
    items: dict[str, bool]
    read_as: dict[str, str]


def form_of(path: str | os.PathLike[str]) -> SavedForm:
    """Look at the header of a saved log for how rows to append are to be read."""
    folder = checked_path(path)
    parts = read_header(folder)
    # A partition may have no rows, and none of the table of items.
    about = next((part for part in parts if part["n_rows"]), parts[0])
    table = None
    items: dict[str, bool] = {}
    for part in parts:
        if part["items_table"] is not None:
            table = part["items_table"]
            types = names_and_types(os.path.join(folder, part["folder"], TABLE))
            items = {name: is_number(kind) for name, kind in types.items()} | items
    return SavedForm(
        {column["name"]: _holds_numbers(column, parts) for column in about["columns"]},
        about["prefix"] is not None or "high" in about["files"][ITEMS]["columns"],
        about["zone"],
        None if table is None else from_json(table["key"]),
        items,
        about.get("read_as", {}),
    )


def _holds_numbers(column: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> bool:
    """Check whether a further column holds numbers; these lie as codes where few are different."""
    kinds = (part["kinds"]["columns"].get(column["name"]) for part in parts)
    known = next((kind for kind in kinds if kind is not None), None)
    return known == "numbers" if known is not None else column["dtype"] is not None
