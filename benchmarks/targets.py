"""The targets, and the figure of a run for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from case import Case
from harness import Measured
from peers import OURS
from store import Format
from workload import Keys, Order


class NotMeasured(LookupError):
    """Raised where the run did not make a measurement that a target needs."""


class Results:
    """The measurements of a run, by case and candidate."""

    def __init__(self, measured: Iterable[Measured], rows: int, import_seconds: float | None) -> None:
        self._measured = {(figures.case, figures.name): figures for figures in measured}
        self.rows = rows
        self.import_seconds = import_seconds

    def of(self, case: Case, name: str = "stagefunnel") -> Measured:
        """Return one measurement."""
        if (case, name) not in self._measured:
            raise NotMeasured(f"{name}, {case}")
        return self._measured[case, name]

    def ratio(self, case: Case, peer: str) -> float:
        """Return a peer's median divided by the package's median."""
        return self.of(case, peer).median / self.of(case).median

    def against_fastest(self, case: Case) -> float:
        """Return the fastest peer's median divided by the median of the built log."""
        ours = self.of(case, "stagefunnel log").median
        peers = [
            measured.median
            for (measured_case, name), measured in self._measured.items()
            if measured_case == case and name not in OURS
        ]
        if not peers:
            raise NotMeasured(f"a peer, {case}")
        return min(peers) / ours

    def case(self, threads: int = 2, order: Order = "random", keys: Keys = "sparse") -> Case:
        """Return the case of everything from columns in memory."""
        return Case(self.rows, threads, order, keys)

    def keys_cost(self, keys: Keys) -> float:
        """Return the time relative to integer keys, the worse of one and two threads."""
        return max(
            self.of(self.case(threads, keys=keys)).median / self.of(self.case(threads)).median
            for threads in (1, 2)
        )


@dataclass(frozen=True)
class Target:
    """A bound on a figure of the run."""

    words: str
    figure: Callable[[Results], float]
    bound: float
    at_least: bool = True

    def line(self, results: Results) -> str:
        """Write the row of the table."""
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        try:
            figure = self.figure(results)
        except NotMeasured:
            return f"| {self.words}: {bound} | not measured | |"
        met = figure >= self.bound if self.at_least else figure <= self.bound
        return f"| {self.words}: {bound} | {figure:.3g} | {'yes' if met else 'no'} |"


def _import_seconds(results: Results) -> float:
    if results.import_seconds is None:
        raise NotMeasured("imports")
    return results.import_seconds


def _small(results: Results) -> float:
    return results.ratio(Case(results.rows // 10, 2), "polars")


def _file(results: Results, peer: str, file: Format) -> float:
    return results.ratio(Case(results.rows, 2, file=file), peer)


def _first_against_steady(results: Results) -> float:
    ours = results.of(results.case())
    return ours.median_first / ours.median


def _grouped_against_random(results: Results) -> float:
    return results.of(results.case()).median / results.of(results.case(order="grouped")).median


def _kept(results: Results) -> float:
    return max(results.of(Case(results.rows, 2, question="funnel"), "stagefunnel log").held)


TARGETS: Sequence[Target] = (
    Target("times polars, two threads", lambda r: r.ratio(r.case(), "polars"), 12),
    Target("times DuckDB, two threads", lambda r: r.ratio(r.case(), "duckdb"), 15),
    Target("times chdb's Memory table, two threads", lambda r: r.ratio(r.case(), "chdb memory"), 6),
    Target("times polars, one thread", lambda r: r.ratio(r.case(1), "polars"), 12),
    Target("times NumPy, one thread", lambda r: r.ratio(r.case(1), "numpy"), 17),
    Target(
        "both funnels of a built log, times the fastest peer",
        lambda r: r.against_fastest(Case(r.rows, 2, question="funnel")),
        50,
    ),
    Target(
        "time in stage of a built log, times the fastest peer",
        lambda r: r.against_fastest(Case(r.rows, 2, question="durations")),
        50,
    ),
    Target("peak extra memory, B/row", lambda r: max(r.of(r.case()).extra), 24, at_least=False),
    Target("kept by a log, B/row", _kept, 14, at_least=False),
    Target("first call, times the steady one", _first_against_steady, 2, at_least=False),
    Target("grouped rows, times as fast as random", _grouped_against_random, 1.4),
    Target("packed text keys, times integers", lambda r: r.keys_cost("string"), 1.3, at_least=False),
    Target("hashed text keys, times integers", lambda r: r.keys_cost("uuid"), 1.8, at_least=False),
    Target("Parquet, text keys, times DuckDB", lambda r: _file(r, "duckdb", "parquet"), 4),
    Target("Parquet, text keys, times polars", lambda r: _file(r, "polars", "parquet"), 4),
    Target("CSV, text keys, times DuckDB", lambda r: _file(r, "duckdb", "csv"), 3),
    Target("CSV, text keys, times polars", lambda r: _file(r, "polars", "csv"), 3),
    Target("import beyond NumPy and pandas, s", _import_seconds, 0.1, at_least=False),
    Target("a tenth of the rows, times polars", _small, 8),
)


def table(results: Results) -> str:
    """Write the table of the targets."""
    head = ["| target | measured | met |", "|---|---|---|"]
    return "\n".join([*head, *(target.line(results) for target in TARGETS)])
