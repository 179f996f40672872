"""A log is saved to a folder, comes back from it, and gets the rows of another day."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ...errors import SchemaError
from ..chosen import ItemKeys, read_keys
from ..chosen_data import taken_out
from ..data import LogData
from .columns_file import damaged
from .erasing import Erasure, data_of_parts, without
from .folder import Writer, checked_path, read_header, writing
from .groups import Groups
from .joined_data import JoinedData, joined_parts, later_are_alike
from .joining import joined, like
from .kinds import refuse_other_kinds
from .known_rows import without_known_rows
from .part_reading import Part, PartData, checked_part
from .part_writing import write_part

T = TypeVar("T")
#: So many parts that came later are put together when one more is added.
MOST_PARTS = 16


def save_log(data: LogData, path: str | os.PathLike[str]) -> None:
    """Write a log into a folder, which has the log whole or not at all."""
    folder = checked_path(path)
    with writing(folder, new=True) as writer:
        with writer.new_folder() as part:
            about = write_part(data, part)
        writer.commit([about])


def load_log(path: str | os.PathLike[str], *, mmap: bool, threads: int | None) -> LogData:
    """Open a saved log."""
    folder = checked_path(path)
    _, parts = opened_parts(folder, lambda: (None, read_header(folder)))
    opened = [PartData.of(part, mmap=mmap, threads=threads) for part in parts]
    if len(opened) == 1:
        return opened[0]
    data = JoinedData.of(opened)
    return data if mmap else data.whole


def opened_parts(folder: str, read: Callable[[], tuple[T, Sequence[Any]]]) -> tuple[T, list[Part]]:
    """Open the parts of a saved log; a function reads what its header says of them, and another thing."""
    other, abouts = read()
    while True:
        try:
            return other, [checked_part(folder, about) for about in abouts]
        except SchemaError:
            # A writer may have put another log in its place between the header and the files.
            before = abouts
            other, abouts = read()
            if abouts == before:
                raise


def append_rows(path: str | os.PathLike[str], later: LogData) -> tuple[int, int]:
    """Add rows to a saved log; return how many were added, and how many it had already."""
    folder = checked_path(path)
    n_new = 0
    with writing(folder) as writer:
        groups = Groups.of(writer)
        abouts = list(chain.from_iterable(groups.parts))
        first = next((about for about in abouts if about["n_rows"]), abouts[0])
        later = groups.numbered(like(_part(folder, first, checks=False), taken_out(later)))
        refuse_other_kinds([about["kinds"] for about in abouts], lambda: _tables_of(folder, abouts), later)
        parts = []
        for own, of_place in zip(groups.dealt(later), groups.parts, strict=True):
            grown, n = _appended(writer, of_place, own)
            n_new += n
            parts.append(grown)
        if parts != groups.parts:
            groups.commit(writer, parts)
    return n_new, int(later.journeys.n_rows) - n_new


def _tables_of(folder: str, abouts: Iterable[Any]) -> Iterator[pd.DataFrame]:
    """Read the tables of items of parts, as far as they are needed."""
    for about in abouts:
        found = checked_part(folder, about).items_frame
        if found is not None:
            yield found[0]


def _appended(writer: Writer, parts: list[Any], later: LogData) -> tuple[list[Any], int]:
    """Write rows as a part behind others, where they are new; return all parts, and how many rows are new."""
    if not later.journeys.n_rows and later.items_table is None:
        return parts, 0
    folder = writer.path
    # A look at the rows of the items that come again, not at all rows of the log.
    saved = [_part(folder, about, checks=False) for about in parts]
    try:
        new = reduce(without_known_rows, saved, later)
    except (IndexError, MemoryError, OverflowError) as error:
        raise damaged(folder, "its offsets do not fit its rows") from error
    n_new = int(new.journeys.n_rows)
    if not n_new and new.items_table is None:
        return parts, 0
    if len(parts) > MOST_PARTS:  # small ones, so that opening stays quick
        is_large = 1 if later_are_alike([*saved, new]) else 0
        new = reduce(joined, [*(_part(folder, about) for about in parts[is_large:]), new])
        parts = parts[:is_large]
    return [*parts, _written(writer, new)], n_new


def compact_log(path: str | os.PathLike[str]) -> None:
    """Make the parts of a saved log one, or those of each of its partitions."""
    folder = checked_path(path)
    with writing(folder) as writer:
        groups = Groups.of(writer)
        if all(len(parts) == 1 for parts in groups.parts):
            return
        compacted = [
            parts
            if len(parts) == 1
            else [_written(writer, joined_parts([_part(folder, about) for about in parts]))]
            for parts in groups.parts
        ]
        groups.commit(writer, compacted)


def erase_items(path: str | os.PathLike[str], items: ItemKeys) -> int:
    """Take items out of a saved log, of which what held them is written anew; return their rows."""
    folder = checked_path(path)
    with writing(folder) as writer:
        groups = Groups.of(writer)
        parts = [[checked_part(folder, about) for about in of_place] for of_place in groups.parts]
        column = read_keys(items)
        given = column.take(np.arange(len(column), dtype=np.uint32))
        erasure = Erasure.of(parts, list(groups.dealt_keys(column, given)), given)
        kept = []
        n_rows = 0
        for number, of_place in enumerate(groups.parts):
            if not erasure.changes(number):
                kept.append(of_place)
                continue
            data = data_of_parts(parts[number])
            rest = without(data, erasure.erased[number], erasure.gone)
            n_rows += int(data.journeys.n_rows) - int(rest.journeys.n_rows)
            kept.append([_written(writer, rest)])
        groups.commit(writer, kept)
    return n_rows


def _written(writer: Writer, data: LogData) -> dict[str, Any]:
    with writer.new_folder() as part:
        return write_part(data, part)


def _part(folder: str, about: Any, **options: Any) -> PartData:
    return PartData.of(checked_part(folder, about), **options)
