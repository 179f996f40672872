"""Partitions become parts of a saved log: the rows of each are read and put in order by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ... import _core
from ...times.stamps import NAT
from ..columns.inputs import FORMATS
from ..columns.items import ItemsTable
from ..columns.kept import RowColumns
from ..columns.marks import Ends
from ..data import LogData
from ..first_rows import FirstRows, Numbers
from ..intake.stream import read_batches
from ..saved.columns_file import pyarrow
from .kept_values import series_of_array
from .placing import Hashes, Place, hashes_of_keys
from .spill_files import SpilledRows
from .spilling import ENDED, ITEM, KEPT, NUMBER, STAGE, TIME, UNKNOWN, Spilled, ratio_of

# Further columns may have any name that people write.
_ROLES: Final = {"item": "\0item", "stage": "\0stage", "time": "\0time"}
_MORE_ROLES: Final = {"exited": ("\0ended", ENDED), "start_unknown": ("\0unknown", UNKNOWN)}


@dataclass(frozen=True)
class Reading:
    """How rows are read, whichever partition they are of.

    Attributes
    ----------
    roles
        The column of each role.
    kept
        The further columns.
    invalid, keys, hash_key, threads
        As for a log.
    locate
        Function that finds a row in its file.
    items_key
        The key of the table of items.
    """

    roles: Mapping[str, str]
    kept: Sequence[str]
    invalid: Any
    keys: Any
    hash_key: bytes | None
    threads: int
    locate: Any
    items_key: str


class TableOfItems:
    """The table of items, which partitions take their rows of.

    Raises
    ------
    SchemaError
        As for :class:`ItemsTable`, whatever the items of the log are.
    """

    def __init__(self, source: Any, reading: Reading) -> None:
        nothing = _core.journeys.RowStream(_core.columns.TextHash.of_process()).build(1)
        table = ItemsTable(source, reading.items_key, nothing, reading.invalid, reading.threads)
        self.frame, self._reading = table.frame, reading
        keys = table.frame[reading.items_key]
        self._is_known = keys.notna().to_numpy()
        self._hashes: Hashes = np.zeros(len(keys), dtype=np.uint64)
        if self._is_known.any():
            self._hashes[self._is_known] = hashes_of_keys(keys[self._is_known].reset_index(drop=True))

    def at(self, place: Place, data: LogData) -> ItemsTable:
        """Return the rows of the items of a partition; those without a key are in the first one."""
        is_here = place.holds(self._hashes)
        if place.prefix:
            is_here &= self._is_known
        frame = self.frame[is_here].reset_index(drop=True)
        reading = self._reading
        return ItemsTable(frame, reading.items_key, data.journeys, reading.invalid, data.threads)


def log_of_rows(
    rows: Sequence[SpilledRows], place: Place, spilled: Spilled, reading: Reading, items: TableOfItems | None
) -> LogData:
    """Make a log of the rows of a partition; the first one has what is known of rows that were left out."""
    more = {role: name for role, (name, _) in _MORE_ROLES.items() if role in reading.roles}
    numbers: list[Numbers] = []
    data = read_batches(
        _tables(rows, spilled, reading, numbers),
        _ROLES | more,
        time_format=None,
        invalid="keep_stage" if reading.invalid == "keep_stage" else "error",
        empty="allow",
        keys=reading.keys,
        hash_key=reading.hash_key,
        threads=reading.threads,
        encoders=reading.threads,
        progress=None,
        kept=reading.kept,
    )
    first_row = dict(zip(spilled.labels, spilled.label_first_row, strict=True))
    left_out = 0 if place.prefix else spilled.n_input_rows - spilled.n_rows
    data = replace(
        data,
        n_input_rows=data.n_input_rows + left_out,
        found={check: 0 if place.prefix else n for check, n in spilled.found.items()},
        unit=spilled.unit,
        zone=spilled.zone,
        label_first_row=np.array([first_row[label] for label in data.labels], dtype=np.int64),
        other_labels=spilled.other_labels,
        locate=reading.locate,
        read_as=dict(reading.roles),
        first_rows=FirstRows(_numbers_at(numbers, data), spilled.n_input_rows, first_row),
    )
    if not data.journeys.n_rows and data.columns is not None:
        nothing = {name: spilled.kinds[name] for name in reading.kept}
        data = replace(data, columns=RowColumns(nothing, np.zeros(0, dtype=np.uint32), 1))
    return data if items is None else replace(data, items_table=items.at(place, data))


def _numbers_at(numbers: Sequence[Numbers], data: LogData) -> Numbers:
    """Take the numbers of the rows that items begin in."""
    of_rows = np.concatenate([np.zeros(0, dtype=np.uint64), *numbers])
    return of_rows[data.journeys.first_row]


def _tables(
    rows: Sequence[SpilledRows], spilled: Spilled, reading: Reading, numbers: list[Numbers]
) -> Iterator[dict[str, Any]]:
    """Give the rows as tables, whose times have the unit of the log; their numbers go to a list."""
    pa = pyarrow()
    is_text = all(isinstance(label, str) for label in spilled.labels)
    labels = pa.array(spilled.labels or [""], pa.large_string() if is_text else pa.int64())
    for one in rows:
        for batch, number in one.batches():
            form = spilled.forms[number]
            ratio = ratio_of(spilled.unit, form.unit)
            table: dict[str, Any] = {
                _ROLES["item"]: batch.column(ITEM),
                _ROLES["stage"]: _stages(batch.column(STAGE), labels),
                _ROLES["time"]: _times(batch.column(TIME).to_numpy() * ratio, spilled),
            }
            if "exited" in reading.roles:
                ended = Ends(batch.column(ENDED).to_numpy(), form.ended_unit)
                table[_MORE_ROLES["exited"][0]] = _times(
                    ended.in_unit(spilled.unit, reading.roles["exited"]), spilled
                )
            if "start_unknown" in reading.roles:
                table[_MORE_ROLES["start_unknown"][0]] = pd.Series(batch.column(UNKNOWN).to_numpy() != 0)
            for name in reading.kept:
                dtype = spilled.kinds[name].dtype
                table[name] = series_of_array(batch.column(KEPT.format(name=name)), dtype)
            numbers.append(batch.column(NUMBER).to_numpy().copy())
            yield table


def _stages(codes: Any, labels: Any) -> Any:
    pa = pyarrow()
    if pa.types.is_integer(labels.type):
        return labels.take(codes)
    return pa.DictionaryArray.from_arrays(codes, labels)


def _times(ticks: Any, spilled: Spilled) -> Any:
    """Make times of their ticks; those that stand for none are missing."""
    pa = pyarrow()
    missing = ticks == NAT
    values = pa.array(ticks, mask=missing if missing.any() else None)
    if spilled.unit == "D":
        return values.cast(pa.int32()).cast(pa.date32())
    return values if spilled.unit not in FORMATS else values.cast(pa.timestamp(spilled.unit, spilled.zone))
