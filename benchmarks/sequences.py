"""Measures event sequences: how many items come through five steps in order inside seven days.

  python benchmarks/sequences.py                 ten million rows
  python benchmarks/sequences.py --quick         small, once; no times are printed

The steps are the first five stages, the answer the number of items at each level, from 0 to 5. A small log is
answered in plain Python too, and a large one has to be answered alike by all. Ours from the columns, and of a
log that is built already, asked for the counts alone as the peers are. Peers start from columns in memory:
ClickHouse's windowFunnel from a table of its Memory engine (by chdb); polars and DuckDB carry the start of
the latest chain of each step from row to row, DuckDB from Arrow. No item has two rows of one time, and no
stage is in two steps, so that all of them mean the same. The candidates take turns; the figures are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from chdb import session

import machine
import stagefunnel as sf
import workload

_STEPS = 5
_WINDOW = 7 * 86_400_000
_NEVER = -(2**62)
Levels = list[int]  # items that came to level 0, 1, … and no further


def plain(rows: dict[str, Any]) -> Levels:
    """Answer in plain Python: try every entry of every item."""
    levels = [0] * (_STEPS + 1)
    ordered = sorted(zip(*(rows[name].tolist() for name in ("item", "time", "stage")), strict=True))
    for _, journey in groupby(ordered, key=lambda row: row[0]):
        steps = [(at, stage) for _, at, stage in journey]
        deepest = 0
        for place, (entry, first) in enumerate(steps):
            level = 0
            for at, stage in steps[place:] if first == 0 else []:
                level += stage == level and at - entry <= _WINDOW and level < _STEPS
            deepest = max(deepest, level)
        levels[deepest] += 1
    return levels


def build(rows: dict[str, Any]) -> sf.StageLog:
    """Build the log."""
    stamps = rows["time"].view("datetime64[ms]")
    return sf.StageLog(item=rows["item"], stage=rows["stage"], time=stamps, threads=2)


def ours(log: sf.StageLog) -> Levels:
    """Ask a log that is built."""
    table = sf.sequence_funnel(log, list(range(_STEPS)), window="7d", quantiles=None)
    reached = [table.attrs["stagefunnel"]["items"], *table["reached"].tolist(), 0]
    return [here - beyond for here, beyond in pairwise(reached)]


def in_polars(rows: pl.LazyFrame) -> Levels:
    """Sort once; carry the latest start of each step from row to row of an item."""
    at, stage = pl.col("time"), pl.col("stage")
    chained = rows.sort("item", "time").with_columns(is_first=pl.col("item") != pl.col("item").shift(1))
    chained = chained.with_columns(is_first=pl.col("is_first").fill_null(True), s0=at)
    for step in range(1, _STEPS + 1):
        before = pl.col(f"s{step - 1}")
        does = (stage == step - 1) & (at - before <= _WINDOW)
        start = pl.when(does).then(before).when(pl.col("is_first")).then(_NEVER).forward_fill()
        chained = chained.with_columns(start.alias(f"s{step}"))
    level = pl.sum_horizontal(pl.col(f"s{step}").max() > _NEVER for step in range(1, _STEPS + 1))
    levels = chained.group_by("item").agg(level=level).group_by("level").len()
    return _counted(*levels.collect(engine="in-memory").get_columns())


def in_duckdb(connection: duckdb.DuckDBPyConnection) -> Levels:
    """Do the same with windows of SQL."""
    query = "SELECT item, time, stage, time AS s0 FROM rows"
    for step in range(1, _STEPS + 1):
        does = f"stage = {step - 1} AND time - s{step - 1} <= {_WINDOW}"
        over = "OVER (PARTITION BY item ORDER BY time)"
        query = f"SELECT *, max(CASE WHEN {does} THEN s{step - 1} END) {over} AS s{step} FROM ({query})"
    level = " + ".join(f"(count(s{step}) > 0)::INT" for step in range(1, _STEPS + 1))
    levels = f"SELECT item, {level} AS level FROM ({query}) GROUP BY item"
    found = connection.execute(f"SELECT level, count(*) FROM ({levels}) GROUP BY level").fetchnumpy()
    return _counted(*found.values())


def in_chdb(connection: session.Session) -> Levels:
    """Ask for windowFunnel."""
    steps = ", ".join(f"stage = {step}" for step in range(_STEPS))
    level = f"SELECT windowFunnel({_WINDOW})(time, {steps}) AS level FROM rows GROUP BY item"
    found = str(connection.query(f"SELECT level, count() FROM ({level}) GROUP BY level", "CSV"))
    return _counted(*zip(*(map(int, line.split(",")) for line in found.splitlines()), strict=True))


def _counted(levels: Any, items: Any) -> Levels:
    return np.bincount(np.asarray(levels, dtype=np.int64), np.asarray(items), _STEPS + 1).astype(int).tolist()


def stored(connection: session.Session, rows: dict[str, Any]) -> None:
    """Put the columns into a table of the Memory engine."""
    connection.query("DROP TABLE IF EXISTS rows")
    connection.query("CREATE TABLE rows (item Int64, stage Int8, time UInt64) ENGINE = Memory")
    columns = pa.table({"item": rows["item"], "stage": rows["stage"], "time": rows["time"].view(np.uint64)})
    globals()["handed_over"] = columns
    connection.query("INSERT INTO rows SELECT item, stage, time FROM Python(handed_over)")
    connection.query("SET max_threads = 2")


def candidates(rows: dict[str, Any], connection: session.Session) -> dict[str, Callable[[], Levels]]:
    """Prepare everybody who answers."""
    log = build(rows)
    frame = pl.DataFrame(rows).lazy()
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.register("rows", pa.table(rows))
    stored(connection, rows)
    return {
        "stagefunnel, built log": lambda: ours(log),
        "stagefunnel, from columns": lambda: ours(build(rows)),
        "chdb, Memory": lambda: in_chdb(connection),
        "polars": lambda: in_polars(frame),
        "duckdb": lambda: in_duckdb(database),
    }


def alike(found: Levels, expected: Levels, name: str) -> None:
    """Stop where two answers differ."""
    if found != expected:
        raise SystemExit(f"{name} answers otherwise: {found}, not {expected}")


def measured(asked: dict[str, Callable[[], Levels]], rounds: int) -> dict[str, list[float]]:
    """Take turns."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds + 1):
        for name, ask in asked.items():
            start = time.perf_counter()
            ask()
            times[name].append(time.perf_counter() - start)
    return times


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    connection = session.Session()
    rows = workload.columns(30_000)
    expected = plain(rows)
    if not all(expected):
        raise SystemExit(f"a level has no items: {expected}")
    for name, ask in candidates(rows, connection).items():
        alike(ask(), expected, name)
    print("30,000 rows: all answers are those of plain Python")
    if options.quick:
        return
    print(f"\n{machine.description()}\n\n{options.rows:,} rows, {_STEPS} steps, 7 days, two threads\n")
    asked = candidates(workload.columns(options.rows), connection)
    expected = asked["chdb, Memory"]()
    for name, ask in asked.items():
        alike(ask(), expected, name)
    times = measured(asked, options.rounds)
    later = {name: statistics.median(all_of[1:]) for name, all_of in times.items()}
    built, columns = later["stagefunnel, built log"], later["stagefunnel, from columns"]
    print("| | first call, s | later, median, s | times a built log | times from columns |")
    print("|---|---|---|---|---|")
    for name, seconds in later.items():
        ratios = f"{seconds / built:.1f} | {seconds / columns:.1f}"
        print(f"| {name} | {times[name][0]:.3f} | {seconds:.3f} | {ratios} |")


if __name__ == "__main__":
    main()
