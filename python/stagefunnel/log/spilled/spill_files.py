"""Rows on their way to their partitions: each partition has a file for every form that the rows come in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from ...cached import cached_property
from ...errors import SchemaError, given
from ..saved.columns_file import pyarrow
from .placing import Hashes, Place, numbers_of

#: The column of hashes, which no other has the name of.
HASH: Final = "hash"
_COMPRESSION: Final = "lz4"


@dataclass(frozen=True)
class Form:
    """The form that rows come in, until some come in another one.

    Attributes
    ----------
    unit, ended_unit
        Units of their times and of their ends; ``None`` for plain integers.
    """

    unit: str | None
    ended_unit: str | None


@dataclass(frozen=True)
class SpillFile:
    """A file with rows of one partition.

    Attributes
    ----------
    name
        Its name.
    form
        The number of the form of its rows.
    prefix, bits
        Its partition.
    n_rows, n_bytes
        How many rows it has, and the memory that they take.
    size
        Its bytes on disk.
    first_hash, last_hash
        The lowest and the highest hash of its items.
    """

    name: str
    form: int
    prefix: int
    bits: int
    n_rows: int
    n_bytes: int
    size: int
    first_hash: int
    last_hash: int

    @property
    def place(self) -> Place:
        """Its partition."""
        return Place(self.prefix, self.bits)

    def as_json(self) -> dict[str, Any]:
        """Write it."""
        return asdict(self)


class _Open:
    """A file that rows are written to."""

    def __init__(self, folder: str, name: str, form: int, place: Place, schema: Any) -> None:
        pa = pyarrow()
        self._path, self._name, self._form, self._place = os.path.join(folder, name), name, form, place
        self._sink = pa.OSFile(self._path, "wb")
        options = pa.ipc.IpcWriteOptions(compression=_COMPRESSION)
        self._writer = pa.ipc.new_stream(self._sink, schema, options=options)
        self._n_rows = self._n_bytes = 0
        self._first, self._last = 2**64 - 1, 0

    def write(self, batch: Any) -> None:
        self._writer.write_batch(batch)
        hashes = batch.column(HASH).to_numpy(zero_copy_only=True)
        self._n_rows += len(hashes)
        self._n_bytes += batch.nbytes
        self._first, self._last = min(self._first, int(hashes.min())), max(self._last, int(hashes.max()))

    def close(self) -> SpillFile:
        try:
            self._writer.close()
        finally:
            self._sink.close()
        with open(self._path, "rb") as file:
            os.fsync(file.fileno())
        size = os.path.getsize(self._path)
        place = (self._place.prefix, self._place.bits)
        rows = (self._n_rows, self._n_bytes, size, self._first, self._last)
        return SpillFile(self._name, self._form, *place, *rows)

    def leave(self) -> None:
        self._sink.close()


class SpillWriter:
    """Deals rows out to the files of their partitions.

    Parameters
    ----------
    folder
        Where the files go.
    begin
        Where partitions are parts of another one: that one.
    bits
        How many more bits of the hash make a partition of its own.
    most_bytes
        How many bytes of rows wait in memory for being written together.
    forms
        The forms that rows came in before, to which those of these rows are added.
    """

    def __init__(self, folder: str, begin: Place, bits: int, most_bytes: int, forms: list[Form]) -> None:
        self._folder, self._begin, self._bits, self._most = folder, begin, bits, most_bytes
        self.forms = forms
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._n_bytes = 0
        self._files: dict[int, _Open] = {}
        self.closed: list[SpillFile] = []

    def add(self, batch: Any, form: Form) -> None:
        """Take a batch of rows, with their hashes; they are written when enough wait."""
        if self._schema is None or form != self.forms[-1] or not batch.schema.equals(self._schema):
            self.flush()
            self._close()
            self.forms.append(form)
            self._schema = batch.schema
        self._waiting.append(batch)
        self._n_bytes += batch.nbytes
        if self._n_bytes >= self._most:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        if not self._waiting:
            return
        pa = pyarrow()
        batches, self._waiting, self._n_bytes = self._waiting, [], 0
        taken, bounds = [], []
        while batches:  # each is let go when it is in order
            batch = batches.pop()
            part = numbers_of(_hashes(batch), self._begin.bits + self._bits)
            own = (part - (self._begin.prefix << self._bits)).astype(np.uint16)
            bounds.append(np.concatenate([[0], np.cumsum(np.bincount(own, minlength=1 << self._bits))]))
            taken.append(batch.take(pa.array(np.argsort(own, kind="stable"))))
            del batch
        taken.reverse()
        bounds.reverse()
        for number in range(1 << self._bits):
            pieces = [
                one.slice(end[number], end[number + 1] - end[number])
                for one, end in zip(taken, bounds, strict=True)
                if end[number + 1] > end[number]
            ]
            if pieces:
                self._file(number).write(pa.concat_batches(pieces) if len(pieces) > 1 else pieces[0])
        del taken
        pa.default_memory_pool().release_unused()

    def _file(self, number: int) -> _Open:
        if number not in self._files:
            place = Place((self._begin.prefix << self._bits) + number, self._begin.bits + self._bits)
            form = len(self.forms) - 1
            name = f"{place.bits:02}-{place.prefix:08x}-{form}.arrows"
            self._files[number] = _Open(self._folder, name, form, place, self._schema)
        return self._files[number]

    def _close(self) -> None:
        files, self._files = self._files, {}
        self.closed += [file.close() for _, file in sorted(files.items())]

    def done(self) -> Sequence[SpillFile]:
        """Write what is left, and return all files."""
        self.flush()
        self._close()
        return self.closed

    def leave(self) -> None:
        """Leave the files as they are, which are of no use."""
        for file in self._files.values():
            file.leave()


def _hashes(batch: Any) -> Hashes:
    hashes: Hashes = batch.column(HASH).to_numpy(zero_copy_only=True)
    return hashes


@dataclass(frozen=True)
class SpilledRows:
    """Rows of one partition, as their files have them.

    Attributes
    ----------
    folder
        Where the files lie.
    files
        The files, in the order in which their rows came.
    """

    folder: str
    files: Sequence[SpillFile]

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(file.n_rows for file in self.files)

    @cached_property
    def n_bytes(self) -> int:
        """The memory that their columns take."""
        return sum(file.n_bytes for file in self.files)

    @property
    def is_one_item(self) -> bool:
        """Whether all rows are of one hash, so that there is nothing to divide."""
        return min(file.first_hash for file in self.files) == max(file.last_hash for file in self.files)

    def batches(self) -> Iterator[tuple[Any, int]]:
        """Read the rows; each batch has the number of its form.

        Raises
        ------
        SchemaError
            If a file is not as it was written.
        """
        pa = pyarrow()
        for file in self.files:
            path = os.path.join(self.folder, file.name)
            n_rows = 0
            try:
                if os.path.getsize(path) != file.size:
                    raise changed(path)
                with pa.OSFile(path, "rb") as source, pa.ipc.open_stream(source) as reader:
                    for batch in reader:
                        n_rows += batch.num_rows
                        yield batch, file.form
            except (pa.ArrowInvalid, FileNotFoundError) as error:
                raise changed(path) from error
            if n_rows != file.n_rows:
                raise changed(path)

    def remove(self) -> None:
        """Remove the files, whose rows lie elsewhere now."""
        for file in self.files:
            path = os.path.join(self.folder, file.name)
            if os.path.exists(path):
                os.unlink(path)


def changed(path: str) -> SchemaError:
    """Make the error of a file of spilled rows that is not as it was written."""
    return SchemaError(
        given("spill", os.path.dirname(os.path.dirname(path))),
        f": {os.path.basename(path)} is not as it was written; remove the folder and read the rows again",
    )


def rows_by_place(folder: str, files: Sequence[SpillFile]) -> Mapping[Place, SpilledRows]:
    """Put the files of each partition together."""
    places: dict[Place, list[SpillFile]] = {}
    for file in files:
        places.setdefault(file.place, []).append(file)
    return {place: SpilledRows(folder, sorted(of, key=lambda one: one.form)) for place, of in places.items()}
