"""What runs on the executors: a partition's rows become a log, a log its counts, and counts are merged."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from ..errors import RowError, StageFunnelError, StageFunnelWarning
from ..log.memory import release_memory
from ..log.number_dates import without_warning_of_dates
from ..log.stage_log import StageLog, with_data
from ..log.tied_rows import with_ties_ordered
from ..pipeline import Pipeline
from ..questions.parts.fit_counts import KINDS
from ..questions.parts.part_bytes import Check, Precision
from ..questions.parts.partial import Partial, counted_part
from .counted import Counted, counted_in, merged, written_as
from .kept import Kept, WrittenAs, logs_in, row_of, unpacked
from .listing import Listing
from .names import received
from .reading import IS_OF_TABLE, OF_TABLE, Reading

_BYTES_AT_ONCE: Final = 2**23


@dataclass(frozen=True)
class Asked:
    """Questions about the log of a partition.

    Attributes
    ----------
    reading
        How its rows are read; of logs that were kept nothing is read anew.
    pipeline
        The stages; ``None`` for sequences.
    questions
        Name of the function and options of each question, by its own name.
    precision, check
        As for :func:`stagefunnel.partial`.
    hash_key
        The secret with which texts of items are hashed on all executors.
    """

    reading: Reading
    pipeline: Pipeline | None
    questions: Mapping[str, tuple[str, Mapping[str, Any]]]
    precision: Precision
    check: Check
    hash_key: bytes | None

    def part_of(self, log: StageLog) -> Partial:
        """Count what the questions need of a log."""
        asked = {name: (KINDS[of], options) for name, (of, options) in self.questions.items()}
        return counted_part(log, self.pipeline, asked, self.precision, self.check)


@dataclass(frozen=True)
class Keeping:
    """How the log of a partition is kept.

    Attributes
    ----------
    reading
        How its rows are read.
    keep
        What tells this call from others.
    unit, is_moved
        As of the row of a log.
    types, empty_log
        Types of the columns, and a log of no rows, which say later what the logs are.
    """

    reading: Reading
    keep: str
    unit: str | None
    is_moved: bool
    types: str
    empty_log: bytes


def count_rows(batches: Iterator[Any], asked: Asked) -> Iterator[Any]:
    """Count what questions need of the rows of a partition; one without rows gives nothing."""
    number, threads = _place()

    def parts() -> Iterator[tuple[bytes, WrittenAs]]:
        log = read_rows(batches, asked.reading, threads, hash_key=asked.hash_key)
        if log is not None:
            ordered = with_ties_ordered(log._data, asked.pipeline, asked.reading.order)
            yield asked.part_of(with_data(log, ordered)).to_bytes(), written_as(log)

    yield from _rows_of(_counted(parts, number), batches)


def count_kept(batches: Iterator[Any], asked: Asked) -> Iterator[Any]:
    """Count what questions need of the saved logs of a partition."""
    number, threads = _place()
    found: list[Counted] = []
    for kept, data in logs_in(batches):

        def parts(kept: Kept = kept, data: bytes = data) -> Iterator[tuple[bytes, WrittenAs]]:
            with unpacked(data, threads) as log:
                if not kept.is_ordered:
                    log = with_data(log, with_ties_ordered(log._data, asked.pipeline))
                yield asked.part_of(log).to_bytes(), kept.written_as

        counted = _counted(parts, kept.partition)
        if counted is not None:
            found.append(replace(counted, kept=(kept,)))
    yield from _rows_of(replace(merged(found), partition=number) if found else None, iter(()))


def keep_rows(batches: Iterator[Any], keeping: Keeping) -> Iterator[Any]:
    """Save the log of the rows of a partition; one without rows gives nothing."""
    number, threads = _place()
    with _said_shortly(number):
        log = read_rows(batches, keeping.reading, threads, hash_key=None, keys="keep")
    if log is not None:
        order = keeping.reading.order
        log = with_data(log, with_ties_ordered(log._data, None, order))
        of_times = json.dumps([*written_as(log).items()])
        keys = log._data.keys_at(log._data.journeys.first_row.copy()).tolist()
        first_item = repr(min(keys))
        kept = Kept(
            *(keeping.keep, number, first_item, keeping.unit, keeping.is_moved, order is not None, of_times)
        )
        yield row_of(log, kept, keeping.types, keeping.empty_log)
    del log
    release_memory()


def list_rows(batches: Iterator[Any], listing: Listing) -> Iterator[Any]:
    """Make the rows of a table of single items of the rows of a partition."""
    number, threads = _place()
    with _said_shortly(number):
        log = read_rows(batches, listing.reading, threads, hash_key=None, keys="keep")
        if log is not None:
            ordered = with_ties_ordered(log._data, listing.pipeline, listing.reading.order)
            yield from listing.batches_of(with_data(log, ordered))
    del log
    release_memory()


def list_kept(batches: Iterator[Any], listing: Listing) -> Iterator[Any]:
    """Make the rows of a table of single items of the saved logs of a partition."""
    _, threads = _place()
    for kept, data in logs_in(batches):
        with _said_shortly(kept.partition), unpacked(data, threads) as log:
            if not kept.is_ordered:
                log = with_data(log, with_ties_ordered(log._data, listing.pipeline))
            yield from listing.batches_of(log)
        del log
    release_memory()


@contextmanager
def _said_shortly(number: int) -> Iterator[None]:
    """Raise what is wrong with rows or options without the way to it, which Spark would show line by line."""
    try:
        yield
    except RowError as error:
        raise error.within(f"in partition {number:,}: ").with_traceback(None) from None
    except StageFunnelError as error:
        raise error.with_traceback(None) from None


def merge_counted(batches: Iterator[Any], _: None) -> Iterator[Any]:
    """Merge what came of several partitions."""
    found = [counted for batch in batches for counted in counted_in(batch.column(0).to_pylist())]
    if found:
        yield from _rows_of(merged(found), iter(()))


def read_rows(
    batches: Iterator[Any], reading: Reading, threads: int, *, hash_key: bytes | None, keys: Any = "auto"
) -> StageLog | None:
    """Read the log of a partition batch by batch; ``None`` where it has no row."""
    of_table: list[Any] = []
    n_rows = 0

    def of_log() -> Iterator[Any]:
        nonlocal n_rows
        for batch in map(received, _joined(batches)):
            rows = _without_table(batch, of_table) if reading.table else batch
            n_rows += len(rows)
            yield rows

    with without_warning_of_dates():
        log = StageLog.from_batches(
            of_log(),
            **reading.options,
            columns=reading.kept,
            invalid=reading.invalid,
            empty="allow",
            keys=keys,
            hash_key=hash_key,
            observed_until=None,
            threads=threads,
        )
    data = log._data.with_observed_until(reading.observed_until)
    table = _table_of(of_table, reading.table) if reading.table else reading.items
    data = data.with_items(table, reading.items_key, reading.invalid)  # whose own rows may be wrong
    return with_data(log, data) if n_rows else None


def _joined(batches: Iterator[Any]) -> Iterator[Any]:
    """Put the batches of Spark together: to read one costs as much as thousands of its 10,000 rows."""
    import pyarrow as pa

    held: list[Any] = []
    n_bytes = 0
    for batch in batches:
        held.append(batch)
        n_bytes += batch.nbytes
        if n_bytes >= _BYTES_AT_ONCE:
            yield from pa.Table.from_batches(held).combine_chunks().to_batches()
            held, n_bytes = [], 0
    if held:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()


def _without_table(batch: Any, of_table: list[Any]) -> Any:
    """Take the rows of the items table out of a batch."""
    import pyarrow.compute as pc

    is_of_table = batch.column(IS_OF_TABLE)
    own = [name for name in batch.schema.names if name.startswith(OF_TABLE)]
    is_here = pc.any(is_of_table).as_py()
    if is_here or not of_table:  # the first one says of which types the table is
        of_table.append(batch.filter(is_of_table).select(own))
    if is_here:
        batch = batch.filter(pc.invert(is_of_table))
    return batch.drop_columns([*own, IS_OF_TABLE])


def _table_of(batches: Sequence[Any], names: Sequence[str]) -> Any:
    import pyarrow as pa

    if not batches:
        return None
    return pa.Table.from_batches(batches).rename_columns(list(names))


def _counted(parts: Callable[[], Iterator[tuple[bytes, WrittenAs]]], number: int) -> Counted | None:
    """Count, and catch what is wrong with rows or options: an error is an answer, which no task repeats."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StageFunnelWarning)
        try:
            found = list(parts())
        except RowError as error:
            return Counted(None, number, error.within(f"in partition {number:,}: "))
        except StageFunnelError as error:
            return Counted(None, number, error)
        finally:
            release_memory()
    warned = [str(one.message) for one in caught if issubclass(one.category, StageFunnelWarning)]
    if not found:
        return None
    part, of_times = found[0]
    return Counted(part, number, None, tuple(dict.fromkeys(warned)), of_times)


def _rows_of(counted: Counted | None, batches: Iterator[Any]) -> Iterator[Any]:
    import pyarrow as pa

    for _ in batches:  # what an error left; Spark waits until its rows are read
        pass
    if counted is not None:
        yield pa.RecordBatch.from_pydict({"counted": pa.array([pickle.dumps(counted)], pa.binary())})


def _place() -> tuple[int, int]:
    """Return the number of this partition, and of the processors that it may use."""
    from pyspark import TaskContext

    context = TaskContext.get()
    if context is None:
        return 0, 1
    return int(context.partitionId()), max(int(context.cpus()), 1)
