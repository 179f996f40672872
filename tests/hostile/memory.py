"""Damaged columns of Arrow, and columns that change while they are read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

import stagefunnel as sf

Case: TypeAlias = Callable[[Path], None]
TEXTS: Final = ["New", "Won", "New", "New"]
COLUMNS: Final = {
    "item": ["a", "a", "b", "c"],
    "stage": TEXTS,
    "time": ["2026-01-01", "2026-01-05", "2026-01-02", "2026-01-03"],
}
# What stands in the place of the ends of four texts.
OFFSETS: Final = {
    "that fall": lambda ends: [ends[0], ends[2], ends[1], ends[3], ends[4]],
    "below zero": lambda ends: [-5, *ends[1:]],
    "of a text below zero": lambda ends: [*ends[:2], -1, *ends[3:]],
    "beyond the data": lambda ends: [*ends[:4], ends[4] + 1_000_000],
    "far beyond the data": lambda ends: [*ends[:4], 2**31 - 1],
    "at the lowest number": lambda ends: [-(2**31), *ends[1:]],
    "in the middle beyond the data": lambda ends: [*ends[:2], 2**31 - 1, *ends[3:]],
}


def of_offsets(kind: pa.DataType, role: str, change: Callable[[list[int]], list[int]], _: Path) -> None:
    """Change the offsets of a column of text after it is made: Arrow looks at some of them itself."""
    width = np.int64 if kind in (pa.large_string(), pa.large_binary()) else np.int32
    array = pa.array(COLUMNS[role]).cast(pa.large_string() if width is np.int64 else pa.string())
    _valid, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, dtype=width)[:5].copy()
    column = pa.Array.from_buffers(kind, 4, [None, pa.py_buffer(ends), data])
    table = _table({role: column})
    ends[:] = change(ends.tolist())
    _refused(table)


def of_codes(codes: list[int], role: str, _: Path) -> None:
    """Give codes of a dictionary that it has no entry for."""
    values = pa.array(sorted(set(COLUMNS[role])))
    _refused(_table({role: pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), values, safe=False)}))


def of_views(change: dict[str, int], role: str, _: Path) -> None:
    """Change the views of a column of text, which name a buffer and a place in it."""
    view = np.dtype([("length", "<i4"), ("prefix", "S4"), ("buffer", "<i4"), ("offset", "<i4")])
    array = pa.array([f"a longer text {text}" for text in COLUMNS[role]]).cast(pa.string_view())
    valid, views, *data = array.buffers()
    new = np.frombuffer(views, dtype=view).copy()
    table = _table({role: pa.Array.from_buffers(pa.string_view(), 4, [valid, pa.py_buffer(new), *data])})
    for name, value in change.items():
        new[name][1] = value
    _refused(table)


def _table(changed: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in COLUMNS.items()} | changed)


def _refused(table: pa.Table) -> None:
    """Give the whole table, and its columns one by one."""
    try:
        sf.StageLog({name: table.column(name) for name in table.column_names})
    except sf.StageFunnelError:
        log = sf.StageLog(table)
    else:
        raise AssertionError("columns alone are not refused")
    raise AssertionError(f"it is not refused: {log.stages['stage'].tolist()}")


N: Final = 20_000


# Columns of text whose numbers say where each text lies, and how wide those are.
LAID_OUT: Final = {"offsets": np.int32, "wide offsets": np.int64, "views": np.int32}


def _text_to_write_into(kind: str, role: str) -> tuple[Any, Any]:
    """Make a column of text, and the numbers that say where its texts lie."""
    texts = [
        f"2026-01-01 00:00:{row % 60:02}" if role == "time" else f"text number {row % 50:07}"
        for row in range(N)
    ]
    if kind == "views":
        valid, views, *data = pa.array(texts).cast(pa.string_view()).buffers()
        written = np.frombuffer(views, dtype=np.int32).copy()
        return pa.Array.from_buffers(pa.string_view(), N, [valid, pa.py_buffer(written), *data]), written
    form = pa.string() if kind == "offsets" else pa.large_string()
    _valid, offsets, data = pa.array(texts).cast(form).buffers()
    written = np.frombuffer(offsets, dtype=LAID_OUT[kind])[: N + 1].copy()
    return pa.Array.from_buffers(form, N, [None, pa.py_buffer(written), data]), written


def changing(kind: str, role: str, _: Path) -> None:
    """Let a thread write into a column meanwhile: a log of as many rows, or an error."""
    columns: dict[str, Any] = {"item": np.arange(N) // 3, "stage": np.arange(N) % 3, "time": np.arange(N)}
    if kind == "numbers":
        written = columns[role] = columns[role].astype(np.int64)
    elif kind in LAID_OUT:
        columns[role], written = _text_to_write_into(kind, role)
    else:
        written = np.zeros(N, dtype=np.int32)
        values = ["New", "Won", "Lost"] if role != "time" else [f"2026-01-0{day}" for day in (1, 2, 3)]
        columns[role] = pa.DictionaryArray.from_buffers(
            pa.dictionary(pa.int32(), pa.string()), N, [None, pa.py_buffer(written)], pa.array(values)
        )
    given = columns if kind == "numbers" else pa.table(columns)
    ended = threading.Event()
    luck = np.random.default_rng(1)
    odd = luck.integers(-(2**31), 2**31, len(written)).astype(written.dtype)
    n_at_once = len(written) // 10 if kind in LAID_OUT else 50

    def write() -> None:
        while not ended.is_set():
            at = luck.integers(0, len(written), n_at_once)
            before = written[at].copy()
            written[at] = odd[at]
            written[at] = before

    writer = threading.Thread(target=write)
    writer.start()
    refused = 0
    try:
        for _round in range(10):
            try:
                log = sf.StageLog(given, invalid="drop")
                assert log.n_rows <= N
                assert log.stages["rows"].sum() == log.n_rows
            except sf.StageFunnelError:
                refused += 1
    finally:
        ended.set()
        writer.join()


def keys_that_change(_: Path) -> None:
    """Write other keys into a column whose rows are grouped by item already, which is read by its runs."""
    n = 1 << 17
    item = np.arange(n) // 4
    columns = {"item": item, "stage": (np.arange(n) % 3).astype(np.int8), "time": np.arange(n)}
    ended, luck = threading.Event(), np.random.default_rng(2)

    def write() -> None:
        while not ended.is_set():
            at = luck.integers(1, n, 200)
            before = item[at].copy()
            item[at] = item[at - 1]
            item[at] = before

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _round in range(10):
            with contextlib.suppress(sf.StageFunnelError):
                log = sf.StageLog(columns)
                assert log.n_rows == n
                assert log.stages["rows"].sum() == n
                assert len(sf.transitions(log, sf.Pipeline([0, 1], won=2), missing="ignore"))
    finally:
        ended.set()
        writer.join()


def times_that_change(_: Path) -> None:
    """Write into the times of spells while curves are estimated of them."""
    time = np.arange(N, dtype=np.int64) % 1_000
    cause = np.where(np.arange(N) % 3 > 0, "won", None)
    ended, luck = threading.Event(), np.random.default_rng(3)

    def write() -> None:
        while not ended.is_set():
            at = luck.integers(0, N, 200)
            before = time[at].copy()
            time[at] = 2**62
            time[at] = before

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _round in range(10):
            with contextlib.suppress(sf.StageFunnelError):
                assert len(sf.stats.cumulative_incidence(time, cause))
    finally:
        ended.set()
        writer.join()


def cases() -> Iterator[tuple[str, Case]]:
    kinds = {"text": pa.string(), "large text": pa.large_string(), "bytes": pa.binary()}
    for role in COLUMNS:
        for name, kind in kinds.items():
            for offsets, change in OFFSETS.items():
                yield f"offsets {offsets} of {name}: {role}", partial(of_offsets, kind, role, change)
        for codes in ([0, 1, 0, 99], [0, -1, 0, 1], [0, 2**31 - 1, 0, 0], [-(2**31), 0, 0, 0]):
            yield f"codes {codes}: {role}", partial(of_codes, codes, role)
        for change in (
            {"buffer": 9},
            {"buffer": -1},
            {"offset": 10**6},
            {"offset": -1},
            {"length": 10**6},
            {"length": -1},
        ):
            yield f"views with {change}: {role}", partial(of_views, change, role)
        for kind in ("numbers", "codes", *LAID_OUT):
            yield f"{kind} that change: {role}", partial(changing, kind, role)
    yield "keys that change in a log by item", keys_that_change
    yield "times of spells that change", times_that_change
