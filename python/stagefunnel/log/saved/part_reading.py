"""One part of a saved log, read where it lies: each column is checked when it is first needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...cached import cached_property
from ...errors import SchemaError, core_errors, counted
from ...files.places import FilePlaces
from ..columns.items import ItemsTable
from ..columns.kept import RowColumns
from ..columns.keys import StoredKeys
from ..columns.marks import RowMarks
from ..data import LogData
from ..first_rows import FirstRows
from ..intake.checks import thread_count
from .columns_file import Array, ColumnsFile, Place, checksum, damaged, read_table
from .part_writing import FIRST_IN_WHOLE, ITEMS, KEYS, OFFSETS, ROWS, TABLE, VALUES
from .plain_values import from_json

_OF_JOURNEYS = {
    ROWS: ("stage", "time"),
    ITEMS: ("first_row", "key", "high"),
    OFFSETS: ("offsets",),
}


@dataclass(frozen=True)
class Part:
    """A part of a saved log.

    Attributes
    ----------
    folder
        Where it lies.
    about
        What the header says of it.
    files
        Its files, which stay open: another process may remove them.
    seen
        What was found to be as it was written, and is not looked at again.
    """

    folder: str
    about: Mapping[str, Any]
    files: Mapping[str, ColumnsFile]
    seen: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, path: str, about: Mapping[str, Any]) -> Part:
        """Open a part; nothing of its columns is read."""
        folder = os.path.join(path, about["folder"])
        files = {}
        for name, of_file in about["files"].items():
            files[name] = ColumnsFile(os.path.join(folder, name), of_file["bytes"])
        return cls(folder, about, files)

    def release(self) -> None:
        """Let go of the memory that its files take; who reads them again gets them anew."""
        for file in self.files.values():
            file.mapped.release()

    def place(self, file: str, column: str) -> Place | None:
        """Return where a column lies; ``None`` where the part has none of this name."""
        found = self.about["files"][file]["columns"].get(column)
        return None if found is None else Place(**found)

    def column(self, file: str, column: str) -> Array | None:
        """Return the values of a column after a look at its bytes."""
        place = self.place(file, column)
        if place is None:
            return None
        values = self.files[file].column(column, place, checked=(file, column) not in self.seen)
        self.seen.add((file, column))
        return values

    def table(self, file: str, about: Mapping[str, Any]) -> pd.DataFrame:
        """Read a file that holds a frame of pandas."""
        opened = self.files[file]
        if (file, "") not in self.seen and checksum(opened.data) != self.about["files"][file]["checksum"]:
            raise damaged(opened.path, "its bytes are not those that were written")
        self.seen.add((file, ""))
        frame: pd.DataFrame = read_table(opened, about)
        return frame

    def about_column(self, name: str) -> tuple[int, Mapping[str, Any]]:
        """Return the number of a further column, and what the header says of it."""
        columns = enumerate(self.about["columns"])
        return next((number, column) for number, column in columns if column["name"] == name)

    def values_of_column(self, name: str) -> pd.Series:
        """Return the values that the codes of a further column stand for."""
        number, about = self.about_column(name)
        values: pd.Series = self.table(VALUES.format(number=number), about["values"])["value"]
        return values

    def column_of_rows(self, name: str) -> dict[str, Any]:
        """Return a further column as plain data."""
        _, about = self.about_column(name)
        values = self.column(ROWS, f"column {name}")
        if about["dtype"] is None:
            return {"code": values, "values": self.values_of_column(name)}
        dtype = pd.api.types.pandas_dtype(about["dtype"])
        return {"values": values, "scale": about["scale"], "dtype": dtype}

    @property
    def items_frame(self) -> tuple[pd.DataFrame, Any] | None:
        """The table of items as a frame, and its key; ``None`` without one."""
        about = self.about["items_table"]
        return None if about is None else (self.table(TABLE, about), from_json(about["key"]))


#: Makes the table of items of a log another one; the log may have none.
TableAs: TypeAlias = Callable[[ItemsTable | None, LogData], ItemsTable | None]
#: Makes the further columns of a log others.
ColumnsAs: TypeAlias = Callable[[RowColumns], RowColumns]


class PartData(LogData):
    """The inside of a log that lies in files."""

    part: Part
    mmap: bool
    checks: bool
    #: How a partition's table of items and further columns become parts of those of all partitions.
    table_as: TableAs | None = None
    columns_as: ColumnsAs | None = None

    def __new__(cls, *values: Any, **fields: Any) -> Any:
        """Make the inside of a log that is held otherwise: what ``replace`` makes of this one has no part."""
        return LogData(*values, **fields)

    @classmethod
    def of(
        cls, part: Part, *, mmap: bool = True, checks: bool = True, threads: int | None = None
    ) -> PartData:
        """Make the inside of a log of a part.

        Without `mmap` its rows are copied to memory at once. One without `checks` does for what looks at few
        of its rows, and at no code or offset without its bounds.
        """
        data = object.__new__(cls)
        about = part.about
        vars(data).update(
            part=part,
            mmap=mmap,
            checks=checks,
            n_input_rows=about["n_input_rows"],
            found=dict(about["found"]),
            unit=about["unit"],
            zone=about["zone"],
            labels=list(map(from_json, about["labels"])),
            label_rows=np.array(about["label_rows"], dtype=np.int64),
            label_first_row=np.array(about["label_first_row"], dtype=np.int64),
            threads=thread_count(threads),
            other_labels=list(map(from_json, about["other_labels"])),
            locate=None if about["places"] is None else FilePlaces(**about["places"]),
            has_pipelines=about["has_pipelines"],
            observed_until=about["observed_until"],
            whole_end=about["whole_end"],
            reader_lines={(check, level, note): n for check, level, note, n in about["reader_lines"]},
            read_as=about.get("read_as", {}),  # of which older versions said nothing
        )
        if not mmap:
            vars(data).update({name: getattr(data, name) for name in _READ_LATER})
        return data

    @cached_property
    def journeys(self) -> _core.journeys.Journeys:
        """The rows, after a look at each of them: a question relies on what they are."""
        part, about = self.part, self.part.about
        columns: dict[str, tuple[ColumnsFile, Place | None]] = {}
        for file, names in _OF_JOURNEYS.items():
            columns |= {name: (part.files[file], part.place(file, name)) for name in names}
        found = {name: (of, place) for name, (of, place) in columns.items() if place is not None}
        checks = self.checks and ("journeys", "") not in part.seen
        values = {name: of.column(name, place, checked=checks) for name, (of, place) in found.items()}
        keys: dict[str, Any] = {
            "prefix": None if about["prefix"] is None else bytes.fromhex(about["prefix"]),
            "hash_key": bytes.fromhex(about["hash_key"]),
            "is_unsigned": about["is_unsigned"],
            "n_labels": about["n_labels"],
        }
        with core_errors(f"the saved log is damaged: {part.folder}: "):
            if not self.mmap:
                all_of_it: dict[str, Any] = {"high": values["key"][:0], **values, **keys}
                return _core.journeys.journeys_of_parts(**all_of_it)
            journeys = _core.journeys.mapped_journeys(
                n_rows=about["n_rows"],
                n_items=about["n_items"],
                columns={name: (of.mapped, place.offset) for name, (of, place) in found.items()},
                stage_bytes=values["stage"].itemsize,
                ends=self.time_range,
                **keys,
            )
            if checks:
                _core.journeys.check_journeys(journeys)
                part.seen.add(("journeys", ""))
        return journeys

    @property
    def kinds(self) -> Mapping[str, Any]:
        """The kinds of the items and of the further columns, for which nothing is read."""
        kinds: Mapping[str, Any] = self.part.about["kinds"]
        return kinds

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.part.about["n_items"])

    @cached_property
    def time_range(self) -> tuple[int, int] | None:
        """The earliest and the latest time; ``None`` without rows."""
        ends = self.part.about["ends"]
        return None if ends is None else (int(ends[0]), int(ends[1]))

    @cached_property
    def keys_of(self) -> Callable[[npt.NDArray[np.uint32]], pd.Series] | None:
        """Function that returns the items' keys."""
        keys = self.part.about["keys"]
        if keys is None:
            return None
        ends = self.part.column(ITEMS, "item ends")
        texts = self.part.column(ITEMS, "item bytes")
        series = None
        if KEYS in self.part.about["files"]:
            series = self.part.table(KEYS, self.part.about["key_values"])["item"]
        return StoredKeys(
            self.journeys, **keys, texts=texts, ends=None if ends is None else ends[1:], series=series
        )

    @cached_property
    def columns(self) -> RowColumns | None:
        """Further columns of the rows."""
        names = [column["name"] for column in self.part.about["columns"]]
        if not names:
            return None
        parts = {name: self.part.column_of_rows(name) for name in names}
        with core_errors(f"the saved log is damaged: {self.part.folder}: "):
            columns = RowColumns.of_parts(parts)
        return columns if self.columns_as is None else self.columns_as(columns)

    @cached_property
    def marks(self) -> RowMarks | None:
        """When items left, and where their start is not known."""
        ended, unknown = (self.part.column(ROWS, name) for name in ("ended", "start_unknown"))
        return None if ended is None and unknown is None else RowMarks(ended, unknown)

    @cached_property
    def items_table(self) -> ItemsTable | None:
        """The table of items."""
        own = None
        found, about = self.part.items_frame, self.part.about["items_table"]
        if found is not None:
            frame, key = found
            rows = self.part.column(ITEMS, "table_row")
            own = ItemsTable.of_parts(
                {"frame": frame, "key": key, "rows": rows, "n_keyless": about["n_keyless"]}
            )
        return own if self.table_as is None else self.table_as(own, self)

    @cached_property
    def first_rows(self) -> FirstRows | None:
        """Where the items begin in the whole input; ``None`` in a part that older versions wrote."""
        end = self.part.about.get("rows_end")
        if end is None:
            return None
        of_item = self.part.column(ITEMS, FIRST_IN_WHOLE)
        if of_item is None or len(of_item) != self.n_items or not isinstance(end, int):
            raise damaged(self.part.folder, "its items have no rows in the whole input")
        known = zip(self.labels, self.part.about.get("label_first_in_whole") or [], strict=False)
        return FirstRows(of_item, end, {label: first for label, first in known if first is not None})

    def __repr__(self) -> str:
        return f"PartData: {counted(self.n_items, 'item')} in {self.part.folder}"


#: What is read of the files when a question needs it.
_READ_LATER = ("journeys", "keys_of", "columns", "marks", "items_table", "first_rows")


def checked_part(path: str, about: Any) -> Part:
    """Open a part of a saved log, whose header says what it has.

    Raises
    ------
    SchemaError
        If a file is not there or too short, or the header does not fit.
    """
    try:
        return Part.of(path, about)
    except OSError as error:
        raise damaged(error.filename or path, f"{error.strerror}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, SchemaError):
            raise
        raise damaged(path, f"its header does not fit: {error!r}") from error
