"""The rows of batches, looked over and dealt out to files on disk by their item."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError
from ...times.stamps import NAT, TICKS_A_SECOND
from ..columns.inputs import Input, read_input
from ..columns.marks import Ends, flags_of
from ..intake.checks import Rows, refuse_empty, refuse_nothing_left
from ..intake.stream import Stream
from ..intake.stream_marks import rows_kept
from ..saved.columns_file import pyarrow
from .kept_values import KeptValues
from .placing import Place, hashes_of_column
from .spill_files import HASH, Form, SpillFile, SpillWriter

ITEM, STAGE, TIME, ENDED, UNKNOWN, KEPT = "item", "stage", "time", "ended", "unknown", "column {name}"
#: The column of the rows' numbers in the whole input.
NUMBER: Final = "number"
#: Partitions of an input whose size is not known, as bits; those that become too large are divided later.
USUAL_BITS: Final = 6
MOST_BITS: Final = 8  # each has a file that is open
_UNITS: Final = ("D", *TICKS_A_SECOND)


@dataclass(frozen=True)
class Spilled:
    """What is known of rows that lie in files.

    Attributes
    ----------
    files, forms
        The files, and the forms of their rows.
    labels, label_rows, label_first_row
        The stages in order of their codes, their rows, and the first row of each in the whole input.
    n_input_rows, found, other_labels
        What a log knows of its input.
    unit, zone, is_unsigned
        Unit and zone of the times, and whether items are integers without a sign.
    ends
        The first and the last time; ``None`` without rows.
    kinds
        A frame without rows, whose columns have the types of the further columns.
    places
        Where rows stand in the files of the input, as :class:`FilePlaces` has it; ``None`` without files.
    hash_key
        The key with which the texts of items are hashed in all partitions, as hexadecimal digits.
    """

    files: list[SpillFile]
    forms: list[Form]
    labels: list[Any]
    label_rows: list[int]
    label_first_row: list[int]
    n_input_rows: int
    found: dict[str, int]
    other_labels: list[Any]
    unit: str | None
    zone: str | None
    ends: tuple[int, int] | None
    kinds: pd.DataFrame
    places: dict[str, Any] | None = None
    hash_key: str = ""

    @property
    def n_rows(self) -> int:
        """Rows in the files."""
        return sum(file.n_rows for file in self.files)


class _TimeRange:
    """The range of the times so far, which stands in the place of the rows of a stream."""

    packs: Final = False

    def __init__(self) -> None:
        self.ends: tuple[int, int] | None = None

    def add(self, ticks: npt.NDArray[np.int64]) -> None:
        if len(ticks):
            first, last = int(ticks.min()), int(ticks.max())
            before = self.ends or (first, last)
            self.ends = min(first, before[0]), max(last, before[1])

    def refine_times(self, factor: int) -> None:
        if self.ends is None:
            return
        first, last = (end * factor for end in self.ends)
        if first <= NAT or last > np.iinfo(np.int64).max:
            raise ValueError("a time does not fit the finer unit")
        self.ends = first, last


class SpillStream(Stream):
    """The rows so far lie in files; what a log knows of all of them is kept.

    Parameters
    ----------
    folder
        Where the files go.
    most_bytes
        How many bytes of rows wait in memory.
    bits_for
        Function that chooses the number of partitions, as bits, by the rows and bytes so far.
    options
        Those of the stream.
    """

    def __init__(
        self,
        folder: str,
        most_bytes: int,
        bits_for: Callable[[int, int], int],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._range = _TimeRange()
        self._rows: Any = self._range
        self._folder, self._most, self._bits_for = folder, most_bytes, bits_for
        self._writer: SpillWriter | None = None
        self._first: list[tuple[Any, Form]] = []  # until the number of partitions is chosen
        self._n_first = 0
        self._values = KeptValues(self._kept.names)
        self._codes: dict[Hashable, int] = {}
        self._label_rows: dict[Hashable, int] = {}
        self._label_first_row: dict[Hashable, int] = {}
        self._end_units: dict[tuple[str | None, str | None], None] = {}  # and what holds such ends exactly

    def _hold(
        self, batch: Any, rows: Rows, kept: Mapping[str, pd.Series], flags: Mapping[str, pd.Series]
    ) -> None:
        pa = pyarrow()
        is_kept = rows_kept(rows)
        self._note_labels(rows.codes)
        places = np.flatnonzero(is_kept)
        ticks = rows.stamps.ticks[places]
        self._range.add(ticks)
        items = _keys_at(batch, rows.inputs["item"], places)
        columns: dict[str, Any] = {
            ITEM: items,
            STAGE: self._stages_at(batch, rows, places),
            TIME: pa.array(ticks),
            NUMBER: pa.array(places.astype(np.uint64) + np.uint64(self.n_rows)),
        }
        ended_unit = None
        if rows.ends is not None:
            ended = Ends(rows.ends.ticks[places], rows.ends.unit)
            self._end_units[ended.unit, _needed(ended)] = None
            columns[ENDED], ended_unit = pa.array(ended.ticks), ended.unit
        for name, column in flags.items():
            columns[UNKNOWN] = pa.array(flags_of(column, name)[places])
        columns |= {KEPT.format(name=name): of for name, of in self._values.arrays(kept, places).items()}
        if not len(places):
            return
        columns[HASH] = pa.array(hashes_of_column(read_input(items, ITEM).column))
        self._add(
            pa.record_batch(list(columns.values()), names=list(columns)),
            Form(rows.times.time_unit, ended_unit),
        )

    def _add(self, batch: Any, form: Form) -> None:
        if self._writer is not None:
            self._writer.add(batch, form)
            return
        self._first.append((batch, form))
        self._n_first += batch.nbytes
        if self._n_first >= self._most:
            self._begin()

    def _begin(self) -> None:
        """Choose the number of partitions."""
        bits = self._bits_for(sum(batch.num_rows for batch, _ in self._first), self._n_first)
        self._writer = SpillWriter(self._folder, Place(0, 0), min(bits, MOST_BITS), self._most, [])
        first, self._first = self._first, []
        for batch, form in first:
            self._writer.add(batch, form)

    def _note_labels(self, codes: _core.columns.StageCodes) -> None:
        for label, n, first in zip(codes.labels, codes.rows.tolist(), codes.first_row.tolist(), strict=True):
            if n:
                self._label_first_row.setdefault(label, self.n_rows + first)
            self._label_rows[label] = self._label_rows.get(label, 0) + n

    def _stages_at(self, batch: Any, rows: Rows, places: npt.NDArray[np.int64]) -> Any:
        """Return the code of each row's stage among all labels so far; a missing stage has none."""
        pa = pyarrow()
        stage = rows.inputs["stage"]
        missing = np.zeros(len(rows), dtype=bool)
        missing[rows.codes.missing_rows] = True
        if stage.column.holds_bytes:
            coded = _texts(batch, stage).dictionary_encode()
            values, code = coded.dictionary.to_pylist(), coded.indices.fill_null(0)
            code = code.to_numpy(zero_copy_only=False)
        else:
            integers = stage.column.take_integers(np.arange(len(rows), dtype=np.uint32))
            found, code = np.unique(integers, return_inverse=True)
            values = found.tolist()
        known = np.array([self._codes.setdefault(label, len(self._codes)) for label in values] or [0])
        return pa.array(known.astype(np.int32)[code][places], mask=missing[places])

    def closed(self, more_found: Mapping[str, int], empty: Any) -> Spilled:
        """Write what is left, and return what is known of all rows.

        Raises
        ------
        SchemaError
            If no row is left, and `empty` does not allow that.
        """
        if not self.n_rows:
            refuse_empty(0, empty)
        refuse_nothing_left(self.n_rows, self._found, self._other_labels, empty)
        if self._writer is None:
            self._begin()
        assert self._writer is not None
        files = list(self._writer.done())
        unit = self._unit
        if self._marks.has_ends:
            unit = self._refined(unit)
        labels = list(self._codes)
        return Spilled(
            files,
            self._writer.forms,
            labels,
            [self._label_rows.get(label, 0) for label in labels],
            [self._label_first_row.get(label, 0) for label in labels],
            self.n_rows,
            {check: self._found.get(check, 0) for check in self.checks} | dict(more_found),
            list(self._other_labels),
            unit,
            self._zone,
            self._range.ends,
            self._values.kinds(),
        )

    def _refined(self, unit: str | None) -> str | None:
        finest = unit
        for of_ends, needed in self._end_units:  # as `Ends.unit_beside` of all ends says it
            if _finer(finest, needed, finest) != finest:
                finest = of_ends
        if finest == unit:
            return unit
        try:
            self._range.refine_times(ratio_of(finest, unit))
        except ValueError as error:
            raise SchemaError(
                f"column {self._columns['exited']!r} has times of unit {finest!r}, and the log has a time "
                f"that is too far away for these; correct it, or round the ends to the unit {unit!r}"
            ) from error
        return finest

    def leave(self) -> None:
        """Leave the files as they are, which are of no use."""
        if self._writer is not None:
            self._writer.leave()


def ratio_of(finer: str | None, coarser: str | None) -> int:
    """Return how many ticks of a finer unit one of a coarser unit has."""
    return Ends(np.zeros(0, dtype=np.int64), finer).ticks_of(coarser)


def _needed(ends: Ends) -> str | None:
    """Return the coarsest unit that holds ends exactly."""
    if ends.unit is None:
        return None
    known = ends.ticks[ends.ticks != NAT]
    for unit in _UNITS:
        ratio = ratio_of(ends.unit, unit) if _finer(unit, ends.unit, ends.unit) == ends.unit else 1
        if unit == ends.unit or not (known % ratio).any():
            return unit
    return ends.unit


def _finer(first: str | None, second: str | None, default: str | None) -> str | None:
    """Return the finer of two units; plain integers have none."""
    known = [unit for unit in (first, second) if unit is not None]
    return max(known, key=_UNITS.index) if known else default


def _keys_at(batch: Any, item: Input, places: npt.NDArray[np.int64]) -> Any:
    """Take the keys of some rows: as integers, as text or as bytes."""
    pa = pyarrow()
    if not item.column.holds_bytes:
        keys = item.column.take_integers(places.astype(np.uint32))
        return pa.array(keys.view(np.uint64) if item.column.value_format == "L" else keys)
    if item.holds_text:
        return _texts(batch, item).take(pa.array(places))
    return pa.array(item.column.take_bytes(places.astype(np.uint32)), pa.large_binary())


def _texts(batch: Any, of: Input) -> Any:
    """Return a column of text as an array of Arrow."""
    pa = pyarrow()
    array = None
    if isinstance(batch, pa.RecordBatch | pa.Table):
        array = batch.column(of.name)
    elif isinstance(batch, pd.DataFrame | Mapping):
        try:
            array = pa.array(batch[of.name], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            array = None  # such as text beside values that are read as text too
    if array is not None:
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        array = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        if array.type in (pa.string(), pa.string_view(), pa.large_string()):
            return array.cast(pa.large_string())
    rows = np.arange(len(of), dtype=np.uint32)
    return pa.array(of.column.take_text(rows), pa.large_string())
