"""Rows that are more than fit in memory become a log in partitions, each of which does."""

from __future__ import annotations

import os
import secrets
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from ...errors import StageFunnelWarning, counted
from ...files import Progress
from ...files.batches import FileBatches
from ...files.places import FilePlaces
from ...times.periods import Clock
from ..data import Empty, end_given
from ..intake.checks import stages_to_keep
from ..intake.stream import feed, refuse_no_batches
from ..number_dates import read_as_dates, warn_of_format
from ..saved.folder import SPILL, Writer, checked_path, remove_spills, spill_in, writing
from ..saved.part_writing import write_part
from .budget import Budget, frugal, rows_and_bytes
from .building import Reading, TableOfItems, log_of_rows
from .placing import Place
from .placing import as_json as place_to_json
from .spill_files import SpilledRows, SpillWriter, rows_by_place
from .spilling import USUAL_BITS, Spilled, SpillStream
from .state import State, input_of

#: Memory that a partition takes while it is put in order, as `benchmarks/spilled.py` measures it: for each
#: row, and for each byte of its columns.
_PER_ROW: Final = 40
_PER_BYTE: Final = 1.2
#: Memory that a row of a batch takes while it is read, and the fewest rows that are read at once.
_PER_ROW_READ: Final = 1_200
_LEAST_READ: Final = 32_000
#: The share of the memory that rows may take while they wait for being written.
_BUFFERS: Final = 16
#: Partitions are not equally large.
_LARGER: Final = 1.5
_MORE_BITS: Final = 3  # by which a partition that is too large is divided
_DEEPEST: Final = 48
_KEY_BYTES: Final = 16


@dataclass(frozen=True)
class Spilling:
    """Where rows go, and what is done with them there.

    Attributes
    ----------
    folder
        The folder of the log.
    budget
        The memory of the process.
    reading
        How rows are read.
    items
        The table of items.
    empty
        What to do without any row.
    observed_until
        As for a log.
    progress
        Function that is called with the rows so far and the number of all rows: once while they are read,
        and once more while they are put in order.
    """

    folder: str
    budget: Budget
    reading: Reading
    items: TableOfItems | None
    empty: Empty
    observed_until: Any
    progress: Progress | None


def spill(
    batches: Iterable[Any],
    roles: Mapping[str, str],
    *,
    folder: Any,
    memory: Any,
    items: Any,
    items_key: str,
    empty: Empty,
    observed_until: Any,
    threads: int,
    encoders: int,
    progress: Progress | None,
    **options: Any,
) -> str:
    """Put the rows of batches into a folder, as a log in partitions; return its path.

    Parameters
    ----------
    folder
        The folder: a new one, or that of a saved log, which is replaced.
    memory
        The memory that the process may take.
    options
        Those of a stream.
    """
    path = checked_path(folder, "spill")
    budget = Budget(memory)
    refuse_no_batches(batches)
    files = batches if isinstance(batches, FileBatches) else None
    reading = Reading(
        roles,
        options["kept"],
        options["invalid"],
        options["keys"],
        options["hash_key"],
        threads,
        None,
        items_key,
    )
    table = None if items is None else TableOfItems(items, reading)
    own = {"roles": dict(roles), "items_key": items_key, "observed_until": observed_until}
    of_input = input_of(batches, {**options, **own}, table and table.frame)
    spilling = Spilling(path, budget, reading, table, empty, observed_until, progress)
    try:
        with frugal(), writing(path, new=True, option="spill") as writer:
            state, rows_folder = _begun(path, of_input)
            if state is None:
                try:
                    spilled = _rows_of(spilling, batches, rows_folder, files, encoders, options)
                except BaseException:
                    shutil.rmtree(rows_folder, ignore_errors=True)
                    raise
                state = State(spilled, of_input)
                state.write(rows_folder)
            _finish(spilling, writer, state, rows_folder)
    except _OfInput as error:
        raise error.error from None
    return path


def _begun(path: str, of_input: Any) -> tuple[State | None, str]:
    """Return how far an earlier call of the same kind has come, and the folder of rows, or a new one."""
    folder = spill_in(path)
    if folder is not None:
        state = State.read(folder)
        if state is not None and of_input is not None and state.input == of_input:
            return state, folder
        remove_spills(path)
    folder = os.path.join(path, f"{SPILL}{secrets.token_hex(8)}")
    os.mkdir(folder)
    return None, folder


def _rows_of(
    spilling: Spilling,
    batches: Iterable[Any],
    folder: str,
    files: FileBatches | None,
    encoders: int,
    options: Mapping[str, Any],
) -> Spilled:
    """Read all rows, and deal them out."""
    room = spilling.budget.room
    expected = None
    if files is not None:
        expected = files.expected
        files.rows_at_once = min(files.rows_at_once, max(room // _PER_ROW_READ, _LEAST_READ))

    def bits_for(n_rows: int, n_bytes: int) -> int:
        if expected is None or not n_rows:
            return USUAL_BITS
        n_read = max(stream.n_rows, n_rows)
        share = max(expected(n_read) / n_read, 1.0)
        partitions = share * _weight(n_rows, n_bytes) * _LARGER / room
        return max(int(partitions) - 1, 0).bit_length() if partitions > 1 else 0

    stream = SpillStream(
        folder,
        max(room // _BUFFERS, 1 << 20),
        bits_for,
        columns=spilling.reading.roles,
        time_format=options["time_format"],
        zone=options["zone"],
        invalid=options["invalid"],
        keys="auto",
        hash_key=options["hash_key"],
        encoders=encoders,
        stages=stages_to_keep(options["stages"]),
        kept=options["kept"],
    )
    try:
        feed(stream, _guarded(batches), spilling.progress, expected)
        found = {} if files is None else files.found()
        spilled = stream.closed(found, spilling.empty)
    finally:
        stream.leave()
    key = spilling.reading.hash_key or secrets.token_bytes(_KEY_BYTES)
    places = None if files is None else asdict(files.places())
    return replace(spilled, places=places, hash_key=key.hex())


class _OfInput(Exception):
    """An error of the system about the input, which must not be taken for one of the folder."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _guarded(batches: Iterable[Any]) -> Iterator[Any]:
    try:
        yield from batches
    except OSError as error:
        raise _OfInput(error) from error


def _weight(n_rows: int, n_bytes: int) -> float:
    return n_rows * _PER_ROW + n_bytes * _PER_BYTE


def _finish(spilling: Spilling, writer: Writer, state: State, folder: str) -> None:
    """Make parts of the partitions, one after the other, and a log of all of them."""
    try:
        _make_parts(spilling, writer, state, folder)
    except Exception:  # an interrupt is none: what it leaves can be gone on with
        remove_spills(spilling.folder)
        raise
    parts = sorted(state.done, key=lambda one: one[0].prefix << (_DEEPEST - one[0].bits))
    numbered = [{**part, "partition": number} for number, (_, part) in enumerate(parts)]
    writer.commit(numbered, [place_to_json(place) for place, _ in parts])
    spilling.budget.give_back()
    _warn_of_keys([part for _, part in parts])


def _make_parts(spilling: Spilling, writer: Writer, state: State, folder: str) -> None:
    spilled, room = state.spilled, spilling.budget.room
    places = spilled.places
    reading = replace(
        spilling.reading,
        locate=None if places is None else FilePlaces(**places),
        hash_key=bytes.fromhex(spilled.hash_key),
    )
    until = end_given(spilling.observed_until, Clock(spilled.unit, spilled.zone), spilled.ends)
    n_done = sum(part["n_rows"] for _, part in state.done)
    finished = [place for place, _ in state.done]
    left = [file for file in spilled.files if not any(file.place.lies_in(place) for place in finished)]
    written_as: set[str | None] = set()
    waiting = list(_groups(Place(0, 0), rows_by_place(folder, left), room, finished))
    while waiting:
        place, of = waiting.pop(0)
        if _weigh(of) > room and not _is_indivisible(place, of):
            waiting[:0] = _divided(place, of, folder, state, room)
            continue
        if _weigh(of) > room:
            _warn_of_size(of)
        spilling.budget.give_back()
        data = log_of_rows(of, place, spilled, reading, spilling.items)
        data = replace(data, observed_until=until)
        if data.journeys.n_rows:
            written_as.add(read_as_dates(data))
        with writer.new_folder() as part:
            about = write_part(data, part)
        n_done += int(data.journeys.n_rows)
        del data
        state.done.append((place, about))
        state.write(folder)
        for one in of:
            one.remove()
        if spilling.progress is not None:
            spilling.progress(n_done, spilled.n_rows)
    if len(written_as) == 1 and spilled.ends is not None and (written := written_as.pop()) is not None:
        warn_of_format(written, spilled.ends[0], stacklevel=6)


Group = tuple[Place, list[SpilledRows]]


def _groups(
    place: Place, rows: Mapping[Place, SpilledRows], room: float, finished: Sequence[Place] = ()
) -> Iterator[Group]:
    """Put small partitions together, as far as they fit, but not with those that are finished."""
    if place in finished:
        return
    inside = [of for at, of in sorted(rows.items()) if at.lies_in(place)]
    is_whole = not any(at.lies_in(place) for at in finished)
    if is_whole and (_weigh(inside) <= room or place in rows):
        yield place, inside
        return
    for half in place.halves:
        yield from _groups(half, rows, room, finished)


def _weigh(rows: Iterable[SpilledRows]) -> float:
    return sum(_weight(one.n_rows, one.n_bytes) for one in rows)


def _is_indivisible(place: Place, rows: list[SpilledRows]) -> bool:
    return place.bits >= _DEEPEST or all(one.is_one_item for one in rows)


def _divided(place: Place, rows: list[SpilledRows], folder: str, state: State, room: float) -> list[Group]:
    """Divide a partition that is too large."""
    forms = state.spilled.forms
    writer = SpillWriter(folder, place, _MORE_BITS, max(int(room) // _BUFFERS, 1 << 20), forms)
    try:
        for one in rows:
            for batch, form in one.batches():
                writer.add(batch, forms[form])
        files = writer.done()
    finally:
        writer.leave()
    old = {file.name for one in rows for file in one.files}
    state.spilled.files[:] = [file for file in state.spilled.files if file.name not in old] + [*files]
    state.write(folder)
    for one in rows:
        one.remove()
    return list(_groups(place, rows_by_place(folder, files), room))


def _warn_of_keys(parts: Sequence[Mapping[str, Any]]) -> None:
    """Warn where the keys of some items are kept and those of others are not, which nobody would expect."""
    unknown = {part["keys"] is None for part in parts if part["n_items"]}
    if len(unknown) == 2:
        n_items = sum(part["n_items"] for part in parts if part["keys"] is None)
        warnings.warn(
            f"some keys are too long to be kept as they are: of {counted(n_items, 'item')} only hashes are "
            "kept, and no question can list these items; read the rows with keys='keep' if one has to",
            StageFunnelWarning,
            stacklevel=5,
        )


def _warn_of_size(rows: list[SpilledRows]) -> None:
    n_rows, size = sum(one.n_rows for one in rows), int(_weigh(rows))
    warnings.warn(
        f"one item has {rows_and_bytes(n_rows, size)}: more than memory= allows, and an item is never "
        "divided",
        StageFunnelWarning,
        stacklevel=5,
    )
