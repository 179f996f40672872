"""Measures breakdowns by a thousand managers, from the items table or the log, and by 24 months.

  python benchmarks/breakdown.py                 ten million rows
  python benchmarks/breakdown.py --quick         small, once; no times are printed

An answer has, per group and pipeline stage, the items that passed it, count in it with conversions, were lost
from it and skipped it, as `answers.py` defines them. There are three questions: by the manager in the items
table; by the manager in the item's first row; by this manager and the month in which the item was created.
For a small log the answers are compared with plain Python, for a large log with each other. The package
starts from the columns, and from a log that is built already; the peers start from columns in memory. The
candidates take turns; the figures are medians.
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
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa

import machine
import stagefunnel as sf
import workload
from workload import LOST, N_OPEN, WON

_MANAGERS = 1_000
_MONTHS = np.arange("2024-01", "2026-02", dtype="datetime64[M]").astype("datetime64[ms]").astype(np.int64)
_PIPELINE = sf.Pipeline(list(range(N_OPEN)), won=[WON], lost=[LOST])
_QUESTIONS = ("items table", "first row", "first row and month")
Counts = dict[str, npt.NDArray[np.int64]]  # name: groups × stages


def drawn(n_rows: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """Draw rows with a manager each, and a table of items with an owner each."""
    rng = np.random.default_rng(workload.SEED)
    rows = dict(workload.columns(n_rows))
    rows["manager"] = rng.integers(0, _MANAGERS, n_rows)
    items = np.unique(rows["item"])
    rng.shuffle(items)
    return rows, pd.DataFrame({"item": items, "owner": rng.integers(0, _MANAGERS, len(items))})


def n_groups(question: str) -> int:
    """Return the number of groups that a question can have."""
    return _MANAGERS * (len(_MONTHS) - 1 if question.endswith("month") else 1)


def counts_of(
    group: npt.ArrayLike,
    visited: npt.ArrayLike,
    last: npt.ArrayLike,
    last_open: npt.ArrayLike,
    items: npt.ArrayLike,
    question: str,
) -> Counts:
    """Add up items by their state, group by group."""
    group, visited, last, last_open, items = (
        np.asarray(values, dtype=np.int64) for values in (group, visited, last, last_open, items)
    )
    furthest = np.array([(v & ((1 << N_OPEN) - 1)).bit_length() - 1 for v in range(1 << 10)])[visited]
    counts = {
        name: np.zeros((n_groups(question), N_OPEN), np.int64)
        for name in ("passed", "filled", "lost", "skipped")
    }
    for stage in range(N_OPEN):
        passed = visited >> stage & 1 == 1
        masks = {
            "passed": passed,
            "filled": passed | (last == WON),
            "lost": (last == LOST) & (last_open == stage),
            "skipped": ~passed & ((last == WON) | (furthest > stage)),
        }
        for name, mask in masks.items():
            counts[name][:, stage] = np.bincount(group[mask], items[mask], n_groups(question))
    return counts


def plain(rows: dict[str, Any], items: pd.DataFrame, question: str) -> Counts:
    """Answer in plain Python."""
    owner = dict(zip(items["item"].tolist(), items["owner"].tolist(), strict=True))
    names = ("item", "time", "stage", "manager")
    ordered = sorted(zip(*(rows[name].tolist() for name in names), strict=True))
    states = []
    for item, journey in groupby(ordered, key=lambda row: row[0]):
        steps = list(journey)
        stages = [step[2] for step in steps]
        group = owner[item] if question == "items table" else steps[0][3]
        if question.endswith("month"):
            stamp = time.gmtime(steps[0][1] // 1000)
            group += ((stamp.tm_year - 2024) * 12 + stamp.tm_mon - 1) * _MANAGERS
        last_open = next((stage for stage in reversed(stages) if stage < N_OPEN), -1)
        states.append((group, sum(1 << stage for stage in set(stages)), stages[-1], last_open, 1))
    return counts_of(*zip(*states, strict=True), question=question)


def build(rows: dict[str, Any], items: pd.DataFrame, question: str) -> sf.StageLog:
    """Build the log with the column or the items table that a question needs."""
    columns = {name: rows[name] for name in ("item", "stage")}
    stamps = rows["time"].view("datetime64[ms]")
    if question == "items table":
        return sf.StageLog(**columns, time=stamps, items=items)
    return sf.StageLog(**columns, time=stamps, columns={"manager": rows["manager"]})


def ours(log: sf.StageLog, question: str) -> pd.DataFrame:
    """Ask a built log."""
    options: dict[str, Any] = {"kind": "both", "lost_then_won": "include"}
    if question.endswith("month"):
        options |= {"every": "month", "basis": "created", "period": ("2024-01", "2026-01")}
        return sf.funnel_by_period(log, _PIPELINE, by="manager", **options)
    return sf.funnel(log, _PIPELINE, by="owner" if question == "items table" else "manager", **options)


def counts_in(table: pd.DataFrame, question: str) -> Counts:
    """Take the counts out of the package's table, to compare them with the peers' counts."""
    if question.endswith("month"):
        month = (table["period"].dt.year - 2024) * 12 + table["period"].dt.month - 1
        group = (month * _MANAGERS + table["manager"]).to_numpy(np.int64)
    else:
        group = table["owner" if question == "items table" else "manager"].to_numpy(np.int64)
    stage = table["stage"].cat.codes.to_numpy()
    is_classic = (table["kind"] == "classic").to_numpy()
    chosen = {"passed": ("passed", True), "filled": ("reached", False), "lost": ("lost_from", True)}
    chosen["skipped"] = ("skipped", True)
    counts = {}
    for name, (column, of_classic) in chosen.items():
        mask = (stage < N_OPEN) & (is_classic == of_classic)
        counts[name] = np.zeros((n_groups(question), N_OPEN), np.int64)
        counts[name][group[mask], stage[mask]] = table[column].to_numpy()[mask]
    return counts


def plain_funnel(log: sf.StageLog) -> Any:
    """Ask for the funnel without a breakdown, without anything kept of an earlier funnel."""
    again = sf.Pipeline([*range(N_OPEN)], won=[WON], lost=[LOST])
    from stagefunnel.questions.funnel import states

    states._kept.pop(log._data, None)
    return sf.funnel(log, again, kind="both", lost_then_won="include")


def in_polars(rows: pl.LazyFrame, items: pl.LazyFrame, question: str) -> Counts:
    """Sort once, aggregate twice."""
    item, stage = pl.col("item"), pl.col("stage")
    is_open = stage < N_OPEN
    by_item = (
        rows.sort("item", "time")
        .with_columns(is_first=(item != item.shift(1)).fill_null(True))
        .with_columns(last_open=pl.when(is_open).then(stage).when(pl.col("is_first")).then(-1).forward_fill())
        .group_by("item")
        .agg(
            visited=pl.lit(2, pl.Int32).pow(stage).cast(pl.Int16).bitwise_or(),
            last=stage.last(),
            last_open=pl.col("last_open").last(),
            group=pl.col("manager").first(),
            begin=pl.col("time").first(),
        )
    )
    if question == "items table":
        by_item = by_item.drop("group").join(items, on="item").rename({"owner": "group"})
    if question.endswith("month"):
        began = pl.col("begin").cast(pl.Datetime("ms"))
        month = (began.dt.year().cast(pl.Int64) - 2024) * 12 + began.dt.month() - 1
        by_item = by_item.with_columns(group=pl.col("group") + month * _MANAGERS)
    states = by_item.group_by("group", "visited", "last", "last_open").len().collect(engine="in-memory")
    return counts_of(*states.get_columns(), question=question)


def in_duckdb(connection: duckdb.DuckDBPyConnection, question: str) -> Counts:
    """Aggregate by item, then by state."""
    group = "manager"
    source = "by_item"
    if question == "items table":
        group, source = "owner", "by_item JOIN items USING (item)"
    if question.endswith("month"):
        group = f"manager + {_MANAGERS} * ((year(began) - 2024) * 12 + month(began) - 1)"
    states = connection.execute(f"""
        WITH by_item AS (
            SELECT item, bit_or(1 << stage::INT) visited, arg_max(stage, time) last_stage,
                   coalesce(arg_max(stage, time) FILTER (stage < {N_OPEN}), -1) last_open,
                   arg_min(manager, time) manager, make_timestamp(min(time) * 1000) began
            FROM rows GROUP BY item)
        SELECT {group} grp, visited, last_stage, last_open, count(*) items FROM {source} GROUP BY ALL""")
    return counts_of(*states.fetchnumpy().values(), question=question)


def alike(answer: Counts | pd.DataFrame, expected: Counts, name: str, question: str) -> None:
    """Stop if an answer differs from the expected answer."""
    if isinstance(answer, pd.DataFrame):
        answer = counts_in(answer, question)
    for column, values in expected.items():
        if not np.array_equal(answer[column], values):
            raise SystemExit(f"{name}, by {question}, answers otherwise: {column}")


def candidates(rows: dict[str, Any], items: pd.DataFrame, question: str) -> dict[str, Callable[[], Any]]:
    """Prepare the candidates of a question: the package returns its table, peers return counts of states."""
    log = build(rows, items, question)
    frame, table = pl.DataFrame(rows).lazy(), pl.DataFrame(items).lazy()
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("rows", pa.table(rows))
    connection.register("items", pa.table(dict(items)))
    return {
        "stagefunnel, built log": lambda: ours(log, question),
        "stagefunnel, from columns": lambda: ours(build(rows, items, question), question),
        "polars": lambda: in_polars(frame, table, question),
        "duckdb": lambda: in_duckdb(connection, question),
    }


def seconds(ask: Callable[[], Any]) -> float:
    """Time one call."""
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


def measured(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, tuple[float, float]]:
    """Return the time of each candidate's first call and the median of its later calls, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, ask in calls.items():
            times[name].append(seconds(ask))
    return {name: (taken[0], statistics.median(taken[1:])) for name, taken in times.items()}


def table(times: dict[str, tuple[float, float]], names: Sequence[str]) -> str:
    """Write the table of one question; ratios are to the first of the names, the built log."""
    lines = ["| | first call, s | later, median, s | times as long as a built log |", "|---|---|---|---|"]
    base = times[names[0]][1]
    for name, (first, later) in times.items():
        lines.append(f"| {name} | {first:.4f} | {later:.4f} | {later / base:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    rows, items = drawn(30_000)
    for question in _QUESTIONS:
        expected = plain(rows, items, question)
        for name, ask in candidates(rows, items, question).items():
            alike(ask(), expected, name, question)
    print("30,000 rows: all answers are those of plain Python")
    if options.quick:
        return
    print(f"\n{machine.description()}\n\n{options.rows:,} rows, {_MANAGERS:,} managers, two threads")
    rows, items = drawn(options.rows)
    for question in _QUESTIONS:
        calls = candidates(rows, items, question)
        expected = calls["polars"]()
        for name, ask in calls.items():
            alike(ask(), expected, name, question)
        log = build(rows, items, question)
        calls["stagefunnel, built log, no breakdown, nothing kept"] = lambda log=log: plain_funnel(log)
        print(f"\n### By {question}\n\n{table(measured(calls, options.rounds), list(calls))}", flush=True)


if __name__ == "__main__":
    main()
