"""A process that stops reading a file in the middle ends: no thread that reads ahead outlives the reading.

Where one does, Arrow waits for it at exit, or aborts, in about one run of ten; so each way out is taken many
times. A child that hangs is ended by its own alarm, and what it returned shows that.
"""

import gzip
import random
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import stagefunnel as sf
from helpers import run_python
from stagefunnel.files import batches
from stagefunnel.files.batches import CsvBatches
from stagefunnel.files.read_ahead import Gate, reading_ahead

HEADER = "item,stage,time\n"
TOML = '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n'
N_RUNS = 10
# Children of one process share what it has imported; each ends as a program does.
RUNS = """
import gc, gzip, os, signal, sys, time
import pyarrow.csv
import pyarrow.pandas_compat
import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.cli.commands import questions
from stagefunnel.files import batches

for name in sf.__all__:  # each is else imported when a child needs it
    getattr(sf, name)
gc.freeze()  # else each child searches all that is imported for garbage as it ends
batches._CSV_BYTES = 1 << 15
unpack = gzip.GzipFile.read

def slowly(self, size=-1):
    time.sleep(0.005)  # so that a process which does not wait ends in the middle of it
    return unpack(self, size)

def stop(*_):
    raise RuntimeError("enough")

gzip.GzipFile.read = slowly

for way_out in {ways_out}:
    for _ in range({runs}):
        child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(30)
            exec(way_out)
            sys.exit(3)
        print(os.waitpid(child, 0)[1], flush=True)  # else each child would print it again as it ends
    print(flush=True)
"""


def write_rows(path: Path, *more: str, cut: float = 1.0) -> None:
    """Write a packed file of many blocks, some lines of which are others; it may be cut short."""
    draw = random.Random(1)
    lines = [f"{draw.getrandbits(40):x},New,2026-01-{1 + at % 28:02}\n" for at in range(10_000)]
    text = "".join([HEADER, *lines[:5_000], *more, *lines[5_000:]])
    packed = gzip.compress(text.encode(), 1)
    path.write_bytes(packed[: round(cut * len(packed))])


COMMAND = "sys.exit(main(['funnel', 'log.csv.gz', '--pipeline', 'pipeline.toml', *{more!r}]))"
WAYS_OUT = {
    "a wrong format of times": (COMMAND.format(more=["--time-format", "%d/%m/%Y"]), 1),
    "a file that is cut short behind the error": (
        COMMAND.format(more=["--time-format", "%d/%m/%Y"]).replace("log", "cut"),
        1,
    ),
    "a row of too many fields": (COMMAND.format(more=[]).replace("log", "ragged"), 1),
    "an error of the caller": ("sf.StageLog.from_csv('log.csv.gz', progress=stop)", 1),
    "an error of the caller while rows are left out": (
        "sf.StageLog.from_csv('often.csv.gz', invalid='drop', progress=stop)",
        1,
    ),
    "rows left out of an iterator that is left open": (
        "rows = iter(batches.CsvBatches('often.csv.gz', {'item': 'item', 'stage': 'stage', 'time': 'time'}, "
        "time_format=None, drop=True, threads=2)); next(rows); sys.exit(0)",
        0,
    ),
    "an iterator that is left open": (
        "rows = iter(batches.CsvBatches('log.csv.gz', {'item': 'item', 'stage': 'stage', 'time': 'time'}, "
        "time_format=None, drop=True, threads=2)); next(rows); sys.exit(0)",
        0,
    ),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Take every way out many times; return how the children ended, and what they wrote on failures."""
    folder = tmp_path_factory.mktemp("ends")
    with chdir(folder):
        Path("pipeline.toml").write_text(TOML)
        write_rows(Path("log.csv.gz"))
        write_rows(Path("cut.csv.gz"), cut=0.5)
        write_rows(Path("ragged.csv.gz"), "7,New,2026-01-01,and more\n")
        write_rows(Path("often.csv.gz"), *["7,New,2026-01-01,and more\n", "8,New,2026-01-01\n"] * 10_000)
        statements = [statement for statement, _ in WAYS_OUT.values()]
        done = run_python("-c", RUNS.format(runs=N_RUNS, ways_out=statements), STAGEFUNNEL_THREADS="2")
    blocks = done.stdout.split("\n\n")
    return {way: block.split() for way, block in zip(WAYS_OUT, blocks, strict=False)} | {"": [done.stderr]}


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_a_process_ends_on_every_way_out(way_out: str, ends: dict[str, list[str]]) -> None:
    _, code = WAYS_OUT[way_out]
    # waitpid has the code of a program in its upper byte, and the signal that ended it in the lower one.
    assert ends[way_out] == [str(code << 8)] * N_RUNS, ends[""][0]


class Endless:
    """A file that never ends, and a reader of it that notes what it has read."""

    def __init__(self) -> None:
        self.n_reads = 0

    def read(self, _n_bytes: int) -> bytes:
        self.n_reads += 1
        return b"rows"

    def batches(self, gate: Gate) -> Iterator[bytes]:
        while len(data := gate.read(4)):
            yield bytes(data)


def test_a_file_is_at_its_end_once_its_reading_is_over() -> None:
    file, gates = Endless(), list[Gate]()

    def opened(gate: Gate) -> Iterator[bytes]:
        gates.append(gate)
        return file.batches(gate)

    def fails_in_the_middle() -> None:
        with reading_ahead(opened, file) as rows:
            raise ValueError(next(rows))

    with pytest.raises(ValueError, match="rows"):
        fails_in_the_middle()
    assert (gates[0].read(4), file.n_reads) == (b"", 1)


def test_the_end_waits_until_the_reader_lets_go_of_a_function() -> None:
    held, calls = list[Any](), list[int]()
    released = Event()

    def opened(gate: Gate) -> Iterator[bytes]:
        held.append(gate.lend(calls.append))
        return iter([b"rows"])

    def let_go() -> None:
        time.sleep(0.1)
        held[0](1)
        released.set()
        held.clear()

    with reading_ahead(opened, Endless()) as rows:
        thread = Thread(target=let_go)
        assert next(rows) == b"rows"
        thread.start()
    assert released.is_set()
    assert calls == [1]
    assert held == []
    thread.join()


def test_the_end_waits_until_the_reader_lets_go_of_the_file() -> None:
    held, released = list[Any](), Event()

    def opened(gate: Gate) -> Iterator[bytes]:
        held.append(gate.lend_file())
        return iter([b"rows"])

    def let_go() -> None:
        time.sleep(0.1)
        released.set()
        held.clear()

    with reading_ahead(opened, Endless()) as rows:
        thread = Thread(target=let_go)
        assert next(rows) == b"rows"
        thread.start()
    assert released.is_set()
    assert held == []
    thread.join()


def test_no_reader_of_csv_holds_the_file_or_the_function_that_leaves_rows_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, lent = tmp_path / "often.csv.gz", list[weakref.ref[Any]]()
    write_rows(file, *["7,New,2026-01-01,and more\n"] * 10_000)

    def noted(method: Callable[..., Any]) -> Callable[..., Any]:
        def lend(*arguments: Any) -> Any:
            given = method(*arguments)
            lent.append(weakref.ref(given))
            return given

        return lend

    monkeypatch.setattr(Gate, "lend", noted(Gate.lend))
    monkeypatch.setattr(Gate, "lend_file", noted(Gate.lend_file))
    monkeypatch.setattr(batches, "_CSV_BYTES", 1 << 15)
    columns = {"item": "item", "stage": "stage", "time": "time"}
    for n_batches in range(1, 9):
        rows = iter(CsvBatches(str(file), columns, time_format=None, drop=True, threads=2))
        for _ in range(n_batches):
            next(rows)
        rows.close()
        assert [given() for given in lent[-2:]] == [None, None]
    assert len(lent) == 16


def test_an_iterator_of_the_caller_stays_open_after_an_error() -> None:
    good = {"item": [1], "stage": ["New"], "time": [0]}
    given = (rows for rows in [good, {**good, "stage": [None]}, good])
    with pytest.raises(sf.InvalidRowError, match="missing stage in row 1"):
        sf.StageLog.from_batches(given)
    assert list(given) == [good]


class Batches:
    """Batches whose iterator is made anew, and that know whether it was closed."""

    is_closed = False

    def __iter__(self) -> Iterator[Any]:
        try:
            yield {"item": [1], "stage": [None], "time": [0]}
        finally:
            self.is_closed = True


def test_an_iterator_that_is_made_for_the_reading_is_closed_after_an_error() -> None:
    rows = Batches()
    with pytest.raises(sf.InvalidRowError) as error:
        sf.StageLog.from_batches(rows)
    assert rows.is_closed, error  # the error still holds the frames that it came through
