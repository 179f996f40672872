"""Measures event sequences: how many items come through five steps in order inside seven days.

  python benchmarks/sequences.py                 ten million rows
  python benchmarks/sequences.py --quick         small, once; no times are printed

The steps are the first five stages, the answer the number of items that reach each of them, whichever row
they enter by. A small log is answered in plain Python too, and a large one has to be answered alike by all.
Ours from the columns, and of a log that is built already, asked for the counts alone as the peers are; then
with the times between the steps, and in the mode of windowFunnel. Peers start from columns or from a table
of their own in memory, which to load is not timed: ClickHouse's windowFunnel from a table of its Memory
engine (by chdb); polars and DuckDB join each step's rows to the latest row before that a chain has come to.
They pass over the rows of other stages. No item has two rows of one time, and no stage is in two steps, so
that all of them mean the same. The candidates take turns; the figures are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import groupby
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
Reached = list[int]  # items at each step


def plain(rows: dict[str, Any]) -> Reached:
    """Answer in plain Python: try every entry of every item."""
    reached = [0] * _STEPS
    ordered = sorted(zip(*(rows[name].tolist() for name in ("item", "time", "stage")), strict=True))
    for _, journey in groupby(ordered, key=lambda row: row[0]):
        steps = [(at, stage) for _, at, stage in journey]
        deepest = 0
        for place, (entry, first) in enumerate(steps):
            level = 0
            for at, stage in steps[place:] if first == 0 else []:
                level += stage == level and at - entry <= _WINDOW and level < _STEPS
            deepest = max(deepest, level)
        for level in range(deepest):
            reached[level] += 1
    return reached


def build(rows: dict[str, Any]) -> sf.StageLog:
    """Build the log."""
    stamps = rows["time"].view("datetime64[ms]")
    return sf.StageLog(item=rows["item"], stage=rows["stage"], time=stamps, threads=2)


def ours(log: sf.StageLog, **options: Any) -> Reached:
    """Ask a log that is built."""
    table = sf.sequence_funnel(log, list(range(_STEPS)), window="7d", **options)
    reached: Reached = table["reached"].tolist()
    return reached


def in_polars(rows: pl.DataFrame) -> Reached:
    """Join the rows of each step to the latest one before that a chain has come to, and keep its start.

    Of all chains to a row the one that started last can do whatever the others can, and no later row has an
    earlier one. Filling the starts forward over rows sorted by item took 1.3 to 1.4 times as long.
    """
    chains = rows.filter(pl.col("stage") == 0).select("item", "time", start="time").sort("time")
    reached = [chains["item"].n_unique()]
    for step in range(1, _STEPS):
        following = rows.filter(pl.col("stage") == step).select("item", "time").sort("time")
        # It is sorted, which polars cannot check by item.
        chains = following.join_asof(chains, on="time", by="item", check_sortedness=False)
        chains = chains.filter(pl.col("time") - pl.col("start") <= _WINDOW)
        reached.append(chains["item"].n_unique())
    return reached


def in_duckdb(connection: duckdb.DuckDBPyConnection) -> Reached:
    """Do the same; windows of SQL over each item took four times as long."""
    chains = ["chain_0 AS MATERIALIZED (SELECT item, time, time AS start FROM log WHERE stage = 0)"]
    chains += [
        f"""chain_{step} AS MATERIALIZED (
            SELECT item, log.time, start FROM log ASOF JOIN chain_{step - 1} USING (item, time)
            WHERE stage = {step} AND log.time - start <= {_WINDOW})"""
        for step in range(1, _STEPS)
    ]
    counts = [f"(SELECT count(DISTINCT item) FROM chain_{step})" for step in range(_STEPS)]
    found = connection.execute(f"WITH {', '.join(chains)} SELECT {', '.join(counts)}").fetchone()
    return list(found or ())


def in_chdb(connection: session.Session) -> Reached:
    """Ask for windowFunnel."""
    steps = ", ".join(f"stage = {step}" for step in range(_STEPS))
    level = f"SELECT windowFunnel({_WINDOW})(time, {steps}) AS level FROM rows"
    counts = ", ".join(f"countIf(level > {step})" for step in range(_STEPS))
    query = f"SELECT {counts} FROM ({level} WHERE stage < {_STEPS} GROUP BY item)"
    return [int(count) for count in str(connection.query(query, "CSV")).split(",")]


def stored(connection: session.Session, rows: dict[str, Any]) -> None:
    """Put the columns into a table of the Memory engine."""
    connection.query("DROP TABLE IF EXISTS rows")
    connection.query("CREATE TABLE rows (item Int64, stage Int8, time UInt64) ENGINE = Memory")
    columns = pa.table({"item": rows["item"], "stage": rows["stage"], "time": rows["time"].view(np.uint64)})
    globals()["handed_over"] = columns
    connection.query("INSERT INTO rows SELECT item, stage, time FROM Python(handed_over)")
    connection.query("SET max_threads = 2")
    connection.query("SET group_by_two_level_threshold = 1")  # up to 1.2 times as fast


def candidates(rows: dict[str, Any], connection: session.Session) -> dict[str, Callable[[], Reached]]:
    """Prepare everybody who answers."""
    log = build(rows)
    frame = pl.DataFrame(rows)
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.register("rows", pa.table(rows))
    database.execute("CREATE TABLE log AS SELECT * FROM rows")
    stored(connection, rows)
    return {
        "stagefunnel, built log": lambda: ours(log, quantiles=None),
        "stagefunnel, from columns": lambda: ours(build(rows), quantiles=None),
        "stagefunnel, built log, with times": lambda: ours(log),
        'stagefunnel, built log, mode="clickhouse"': lambda: ours(log, mode="clickhouse", quantiles=None),
        "chdb, Memory": lambda: in_chdb(connection),
        "polars": lambda: in_polars(frame),
        "duckdb": lambda: in_duckdb(database),
    }


def alike(found: Reached, expected: Reached, name: str) -> None:
    """Stop where two answers differ."""
    if found != expected:
        raise SystemExit(f"{name} answers otherwise: {found}, not {expected}")


def measured(asked: dict[str, Callable[[], Reached]], rounds: int) -> dict[str, list[float]]:
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
    if len({*expected, 0}) <= _STEPS:
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
