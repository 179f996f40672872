"""What is measured: named lists of comparisons, each a case and those who take part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from case import Case
from peers import NAMES

_OURS = "stagefunnel"
_ALL = tuple(name for name in NAMES if name != "stagefunnel log")
_THREADED = tuple(name for name in _ALL if name not in ("numpy", "pandas"))
_FAST = (_OURS, "polars", "duckdb", "chdb memory")
_BUILT = ("stagefunnel log", "polars", "duckdb", "chdb memory", "numpy")


@dataclass(frozen=True)
class Comparison:
    """One case, and the candidates that are measured in turns."""

    case: Case
    names: tuple[str, ...]


def memory(rows: int) -> Iterator[Comparison]:
    """Everything from columns in memory: both numbers of threads, then the orders and the keys."""
    yield Comparison(Case(rows, 1), _ALL)
    yield Comparison(Case(rows, 2), _THREADED)
    yield Comparison(Case(rows, 2, order="time"), _FAST)
    yield Comparison(Case(rows, 2, order="grouped"), _FAST)
    yield Comparison(Case(rows, 2, keys="dense"), _FAST)
    for threads in (1, 2):
        yield Comparison(Case(rows, threads, keys="string"), _FAST)
        yield Comparison(Case(rows, threads, keys="uuid"), _FAST)


def small(rows: int) -> Iterator[Comparison]:
    """Everything from a tenth of the rows: what a call costs beside them."""
    yield Comparison(Case(rows // 10, 1), _ALL)
    yield Comparison(Case(rows // 10, 2), _THREADED)


def further(rows: int) -> Iterator[Comparison]:
    """Half a question each, of a log that is built already; the peers are asked this half alone."""
    for threads in (1, 2):
        yield Comparison(Case(rows, threads, question="funnel"), _BUILT)
        yield Comparison(Case(rows, threads, question="durations"), _BUILT)


def files(rows: int) -> Iterator[Comparison]:
    """Everything from a file, text keys and names of stages: reading is part of the time."""
    for threads in (1, 2):
        for file in ("parquet", "csv"):
            yield Comparison(Case(rows, threads, file=file), (*_FAST, "pandas"))


SUITES = {"memory": memory, "small": small, "further": further, "files": files}
