"""Measures event sequences: how many items do five steps in order inside seven days.

  python benchmarks/sequences.py                 ten million rows
  python benchmarks/sequences.py --quick         small, once; no times are printed

The steps are five of the ten stages; the answer is the number of items that reach each step, whichever row
they enter by. For a small log the answers are compared with plain Python, for a large log with each other.

The package starts from the columns, and from a log that is built already. It is asked for the counts alone,
as the peers are: of a log of all rows, and of a log that keeps only the rows of the steps, which are all rows
that the peers read. It is asked too with the times between the steps, and in the mode of windowFunnel.

The peers start from columns or from a table of their own in memory; loading the table is not timed.
ClickHouse's windowFunnel reads a table of the Memory engine (by chdb). polars and DuckDB are asked in two
ways: as the query is usually written, which carries the latest start of each step forward over the rows of an
item, and in the fastest way that we know, which joins each step's rows to the latest earlier row that a match
reached. No item has two rows of one time, and no stage is in two steps, so that all answers mean the same.
The candidates take turns; the figures are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
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

_STEPS = (0, 1, 2, 4, 6)  # stages
_WINDOW = 7 * 86_400_000
_NEVER = -(1 << 62)
Reached = list[int]  # items that reach each step


def plain(rows: dict[str, Any]) -> Reached:
    """Answer in plain Python, by every entry of every item."""
    reached = [0] * len(_STEPS)
    ordered = sorted(zip(*(rows[name].tolist() for name in ("item", "time", "stage")), strict=True))
    for _, journey in groupby(ordered, key=lambda row: row[0]):
        steps = [(at, stage) for _, at, stage in journey]
        deepest = 0
        for place, (entry, first) in enumerate(steps):
            level = 0
            for at, stage in steps[place:] if first == _STEPS[0] else []:
                level += stage == (*_STEPS, None)[level] and at - entry <= _WINDOW
            deepest = max(deepest, level)
        for level in range(deepest):
            reached[level] += 1
    return reached


def build(rows: dict[str, Any], stages: Sequence[int] | None = None) -> sf.StageLog:
    """Build the log of all rows, or of the rows of some stages."""
    stamps = rows["time"].view("datetime64[ms]")
    return sf.StageLog(item=rows["item"], stage=rows["stage"], time=stamps, stages=stages, threads=2)


def ours(log: sf.StageLog, **options: Any) -> Reached:
    """Ask a built log."""
    table = sf.sequence_funnel(log, _STEPS, window="7d", **options)
    reached: Reached = table["reached"].tolist()
    return reached


def filled_in_polars(rows: pl.LazyFrame) -> Reached:
    """Sort by item and time, and fill the latest start of each step forward.

    Of all matches that reach a row the match that started last can do whatever the others can, and no later
    row has an earlier latest start.
    """
    item = pl.col("item")
    matches = rows.filter(pl.col("stage").is_in(_STEPS)).sort("item", "time")
    matches = matches.with_columns(is_first=(item != item.shift(1)).fill_null(True))
    matches = matches.with_columns(is_last=pl.col("is_first").shift(-1).fill_null(True))
    for k, stage in enumerate(_STEPS):
        does, start = pl.col("stage") == stage, pl.col("time")
        if k > 0:
            start = pl.col(f"start_{k - 1}")
            does &= pl.col("time") <= start + _WINDOW
        carried = pl.when(does).then(start).when("is_first").then(_NEVER).forward_fill()
        matches = matches.with_columns(carried.alias(f"start_{k}"))
    reached = [(pl.col(f"start_{k}") > _NEVER).sum() for k in range(len(_STEPS))]
    return list(matches.filter("is_last").select(reached).collect(engine="in-memory").row(0))


def joined_in_polars(rows: pl.DataFrame) -> Reached:
    """Join the rows of each step to the latest earlier row that a match reached, and keep its start."""
    matches = rows.filter(pl.col("stage") == _STEPS[0]).select("item", "time", start="time").sort("time")
    reached = [matches["item"].n_unique()]
    for stage in _STEPS[1:]:
        following = rows.filter(pl.col("stage") == stage).select("item", "time").sort("time")
        # The rows are sorted, which polars cannot check by item.
        matches = following.join_asof(matches, on="time", by="item", check_sortedness=False)
        matches = matches.filter(pl.col("time") - pl.col("start") <= _WINDOW)
        reached.append(matches["item"].n_unique())
    return reached


def filled_in_duckdb(connection: duckdb.DuckDBPyConnection) -> Reached:
    """Carry the latest start of each step forward by SQL windows."""
    query, last = f"SELECT item, time, stage, time AS start FROM log WHERE stage IN {_STEPS}", "start"
    over = "OVER (PARTITION BY item ORDER BY time)"
    for k, stage in enumerate(_STEPS):
        does = f"stage = {stage} AND time - {last} <= {_WINDOW}"
        start = f"last_value(CASE WHEN {does} THEN {last} END IGNORE NULLS) {over} AS start_{k}"
        query, last = f"SELECT *, {start} FROM ({query})", f"start_{k}"
    counts = [f"count(DISTINCT CASE WHEN start_{k} IS NOT NULL THEN item END)" for k in range(len(_STEPS))]
    row = connection.execute(f"SELECT {', '.join(counts)} FROM ({query})").fetchone()
    return list(row or ())


def joined_in_duckdb(connection: duckdb.DuckDBPyConnection) -> Reached:
    """Join the rows of each step to the latest earlier row that a match reached."""
    matches = [
        f"match_0 AS MATERIALIZED (SELECT item, time, time AS start FROM log WHERE stage = {_STEPS[0]})"
    ]
    matches += [
        f"""match_{k} AS MATERIALIZED (
            SELECT item, log.time, start FROM log ASOF JOIN match_{k - 1} USING (item, time)
            WHERE stage = {stage} AND log.time - start <= {_WINDOW})"""
        for k, stage in enumerate(_STEPS)
        if k > 0
    ]
    counts = [f"(SELECT count(DISTINCT item) FROM match_{k})" for k in range(len(_STEPS))]
    row = connection.execute(f"WITH {', '.join(matches)} SELECT {', '.join(counts)}").fetchone()
    return list(row or ())


def in_chdb(connection: session.Session) -> Reached:
    """Ask windowFunnel for the level of each item, and count the levels."""
    steps = ", ".join(f"stage = {stage}" for stage in _STEPS)
    level = f"SELECT windowFunnel({_WINDOW})(time, {steps}) AS level FROM rows"
    counts = ", ".join(f"countIf(level > {k})" for k in range(len(_STEPS)))
    query = f"SELECT {counts} FROM ({level} WHERE stage IN {_STEPS} GROUP BY item)"
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
    """Prepare all candidates."""
    log, of_steps = build(rows), build(rows, _STEPS)
    frame = pl.DataFrame(rows)
    database = duckdb.connect()
    database.execute("SET threads = 2")
    database.register("rows", pa.table(rows))
    database.execute("CREATE TABLE log AS SELECT * FROM rows")
    stored(connection, rows)
    return {
        "stagefunnel, built log": lambda: ours(log, quantiles=None),
        "stagefunnel, from columns": lambda: ours(build(rows), quantiles=None),
        "stagefunnel, built log of the steps": lambda: ours(of_steps, quantiles=None),
        "stagefunnel, from columns, of the steps": lambda: ours(build(rows, _STEPS), quantiles=None),
        "stagefunnel, built log, with times": lambda: ours(log),
        'stagefunnel, built log, mode="clickhouse"': lambda: ours(log, mode="clickhouse", quantiles=None),
        "chdb, Memory": lambda: in_chdb(connection),
        "polars, starts filled forward": lambda: filled_in_polars(frame.lazy()),
        "polars, as-of joins": lambda: joined_in_polars(frame),
        "DuckDB, starts filled forward": lambda: filled_in_duckdb(database),
        "DuckDB, as-of joins": lambda: joined_in_duckdb(database),
    }


def alike(answer: Reached, expected: Reached, name: str) -> None:
    """Stop if an answer differs from the expected answer."""
    if answer != expected:
        raise SystemExit(f"{name} answers otherwise: {answer}, not {expected}")


def measured(calls: dict[str, Callable[[], Reached]], rounds: int) -> dict[str, list[float]]:
    """Return the times of each candidate's calls, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, ask in calls.items():
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
    if len({*expected, 0}) <= len(_STEPS):
        raise SystemExit(f"a level has no items: {expected}")
    for name, ask in candidates(rows, connection).items():
        alike(ask(), expected, name)
    print("30,000 rows: all answers are those of plain Python")
    if options.quick:
        return
    print(f"\n{machine.description()}\n\n{options.rows:,} rows, {len(_STEPS)} steps, 7 days, two threads\n")
    calls = candidates(workload.columns(options.rows), connection)
    expected = calls["chdb, Memory"]()
    for name, ask in calls.items():
        alike(ask(), expected, name)
    times = measured(calls, options.rounds)
    later = {name: statistics.median(taken[1:]) for name, taken in times.items()}
    own = [name for name in later if name.startswith("stagefunnel")][:4]
    print(f"| | first call, s | later, median, s | {' | '.join(f'times {name[13:]}' for name in own)} |")
    print("|---|---|---|---|---|---|---|")
    for name, seconds in later.items():
        ratios = " | ".join(f"{seconds / later[base]:.1f}" for base in own)
        print(f"| {name} | {times[name][0]:.3f} | {seconds:.3f} | {ratios} |")


if __name__ == "__main__":
    main()
