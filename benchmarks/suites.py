"""The suites: named lists of comparisons, each a case and the candidates that take part."""

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
    """A case and the candidates that are measured in turns."""

    case: Case
    names: tuple[str, ...]


def memory(rows: int) -> Iterator[Comparison]:
    """Yield everything from columns in memory: both numbers of threads, then the orders and the keys."""
    yield Comparison(Case(rows, 1), _ALL)
    yield Comparison(Case(rows, 2), _THREADED)
    yield Comparison(Case(rows, 2, order="time"), _FAST)
    yield Comparison(Case(rows, 2, order="grouped"), _FAST)
    yield Comparison(Case(rows, 2, keys="dense"), _FAST)
    for threads in (1, 2):
        yield Comparison(Case(rows, threads, keys="string"), _FAST)
        yield Comparison(Case(rows, threads, keys="uuid"), _FAST)


def small(rows: int) -> Iterator[Comparison]:
    """Yield everything from a tenth of the rows, which shows the cost of a call beside its rows."""
    yield Comparison(Case(rows // 10, 1), _ALL)
    yield Comparison(Case(rows // 10, 2), _THREADED)


def further(rows: int) -> Iterator[Comparison]:
    """Yield each half of the question, of a log that is built already; the peers answer this half alone."""
    for threads in (1, 2):
        yield Comparison(Case(rows, threads, question="funnel"), _BUILT)
        yield Comparison(Case(rows, threads, question="durations"), _BUILT)


def files(rows: int) -> Iterator[Comparison]:
    """Yield everything from a file with text keys and names of stages; the time includes reading."""
    for threads in (1, 2):
        for file in ("parquet", "csv"):
            yield Comparison(Case(rows, threads, file=file), (*_FAST, "pandas"))


SUITES = {"memory": memory, "small": small, "further": further, "files": files}
