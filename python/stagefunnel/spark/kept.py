"""Logs that are kept in a DataFrame: a row for each partition, with its saved log as bytes."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from typing import Any, Final, TypeAlias

from ..errors import SchemaError, counted, quoted
from ..log.stage_log import StageLog

#: Formats in which times read as dates, ``None`` where they do not, and the first time of each.
WrittenAs: TypeAlias = Mapping[str | None, int]
LOG: Final = "saved_log"
SCHEMA: Final = (
    "keep string, partition int, first_item string, unit string, is_moved boolean, is_ordered boolean, "
    f"times string, rows bigint, items bigint, types string, empty_log binary, {LOG} binary"
)
_NAMES: Final = tuple(one.split()[0] for one in SCHEMA.split(", "))
_MOST_BYTES: Final = 2**31 - 2**20  # the most that one value of Spark holds, with some room for its row


@dataclass(frozen=True)
class Kept:
    """What a row says of its log.

    Attributes
    ----------
    keep
        The call that made it.
    partition
        Number of the partition where it was made: Spark may make it again elsewhere, under another one.
    first_item
        The least of its items, which no other log of the call has where Spark moved the rows.
    unit
        The unit whose items are in one partition; ``None`` where items are.
    is_moved
        Whether Spark moved the rows, so that no item is in two of the logs of the call.
    is_ordered
        Whether rows of equal time were ordered by a column.
    times
        How its times read, as JSON.
    """

    keep: str
    partition: int
    first_item: str
    unit: str | None
    is_moved: bool
    is_ordered: bool
    times: str

    @property
    def written_as(self) -> WrittenAs:
        """The format in which its times read as dates, and the first of them."""
        return dict(json.loads(self.times))


def is_kept(rows: Any) -> bool:
    """Check for a DataFrame of saved logs, which may have further columns, such as those of a lake.

    Raises
    ------
    SchemaError
        If it has lost columns of them.
    """
    lost = [name for name in _NAMES if name not in rows.columns]
    if LOG in rows.columns and lost and len(lost) < len(_NAMES) - 1:
        raise SchemaError(
            f"rows has saved logs of keep() without their columns {quoted(lost)}; give all that keep() made"
        )
    return not lost


def row_of(log: StageLog, kept: Kept, types: str, empty_log: bytes) -> Any:
    """Make the row of a log, beside what the logs of all rows have: types of columns, and a log of no rows.

    Raises
    ------
    SchemaError
        If the log is larger than a value of Spark may be.
    """
    import pyarrow as pa

    data = packed(log)
    if len(data) > _MOST_BYTES:
        raise SchemaError(
            f"the log of partition {kept.partition:,} has {counted(len(data), 'byte')}, and a value of Spark "
            f"holds {_MOST_BYTES:,}; keep the rows with more partitions, as in partitions=400"
        )
    values = (*astuple(kept), int(log._data.journeys.n_rows), log.n_items, types, empty_log, data)
    kinds = (
        *(pa.string(), pa.int32(), pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.string()),
        *(pa.int64(), pa.int64(), pa.string(), pa.binary(), pa.binary()),
    )
    columns = [pa.array([value], kind) for value, kind in zip(values, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(columns, list(_NAMES))


def packed(log: StageLog) -> bytes:
    """Put the files of a saved log into one archive, which is not compressed."""
    written = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="stagefunnel-") as folder:
        path = os.path.join(folder, "log")
        log.save(path)
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(_files_in(path)):
                archive.write(os.path.join(path, name), name)
    return written.getvalue()


def _files_in(path: str) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), path)


@contextmanager
def unpacked(data: bytes, threads: int) -> Iterator[StageLog]:
    """Open a log that was packed, for as long as it is needed.

    Raises
    ------
    SchemaError
        If the bytes are not those of a saved log, or are damaged.
    """
    with tempfile.TemporaryDirectory(prefix="stagefunnel-") as folder:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                archive.extractall(folder)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise SchemaError(f"column {LOG!r} holds a saved log that is damaged: {error}") from error
        yield StageLog.load(folder, threads=threads)


@dataclass(frozen=True)
class First:
    """What all saved logs of a call have in common.

    Attributes
    ----------
    types
        The types of Spark of the columns.
    empty_log
        A log of no rows, packed.
    is_moved, written_as
        As of :class:`Kept`; how times read is that of one log.
    """

    types: Mapping[str, str]
    empty_log: bytes
    is_moved: bool
    written_as: WrittenAs


def first_of(rows: Any) -> First:
    """Return what all logs of a DataFrame have in common.

    Raises
    ------
    SchemaError
        If there are none.
    """
    found = rows.select("types", "empty_log", "is_moved", "times").limit(1).collect()
    if not found:
        raise SchemaError("there are no saved logs in the DataFrame; keep() makes a row for each partition")
    types, empty_log, is_moved, times = found[0]
    return First(json.loads(types), bytes(empty_log), bool(is_moved), dict(json.loads(times)))


def kept_in(rows: Any) -> list[Kept]:
    """Read what the rows of a DataFrame say of their logs."""
    names = [one.name for one in fields(Kept)]
    return [Kept(*map(row.__getitem__, names)) for row in rows.select(*names).collect()]


def logs_in(batches: Iterator[Any]) -> Iterator[tuple[Kept, bytes]]:
    """Read the rows of a DataFrame of saved logs."""
    for batch in batches:
        for row in batch.to_pylist():
            yield Kept(**{one.name: row[one.name] for one in fields(Kept)}), row[LOG]


def refuse_unlike(kept: Sequence[Kept], unit: str | None, checks_items: bool) -> None:
    """Refuse saved logs that may share items, or units.

    Raises
    ------
    SchemaError
        If one is there twice, they come of several calls and their items are not compared, or the items of a
        unit may be in several of them.
    """
    seen = set[tuple[str, str]]()
    for one in sorted(kept, key=lambda one: one.partition):
        if one.is_moved and (one.keep, one.first_item) in seen:
            raise SchemaError(
                f"the saved log of partition {one.partition:,} is there twice, with item {one.first_item}; "
                "keep each row once"
            )
        seen.add((one.keep, one.first_item))
    if len({one.keep for one in kept}) > 1 and not checks_items:
        raise SchemaError(
            "the saved logs are of several calls of keep(), so that an item may be in two of them; "
            'pass check="keys" to compare their items'
        )
    if unit is not None and any(one.unit != unit for one in kept):
        raise SchemaError(
            f"the items of a unit {unit!r} may be in several of the saved logs; keep them with unit={unit!r}"
        )
