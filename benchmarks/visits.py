"""Measures the table of visits beside the same table of polars.

  python benchmarks/visits.py                 ten million rows
  python benchmarks/visits.py --quick         small, once; no times are printed

Both give all columns of `stagefunnel.visits`, items in the order of their first rows. For a small log the
answers are compared with plain Python, for a large log with each other. The package starts from the columns,
and from a log that is built already; polars starts from columns in memory. The candidates take turns; the
figures are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

import machine
import stagefunnel as sf
import workload
from workload import LOST, N_OPEN, STAGES, WON

_PIPELINE = sf.Pipeline(list(range(N_OPEN)), won=[WON], lost=[LOST])
_COLUMNS = (
    *("item", "visit", "stage", "visit_of_stage", "stage_outcome", "item_outcome"),
    *("entered", "exited", "duration", "open", "next_stage"),
)
_MISSING = np.iinfo(np.int64).min
Answer = dict[str, npt.NDArray[np.int64]]


def plain_visits(rows: dict[str, Any]) -> Answer:
    """List the visits in plain Python; a value that is missing is the lowest integer."""
    journeys: dict[int, list[tuple[int, int]]] = {}
    for item, stage, at in zip(*(rows[name].tolist() for name in ("item", "stage", "time")), strict=True):
        journeys.setdefault(item, []).append((at, stage))
    table: dict[str, list[int]] = {name: [] for name in _COLUMNS}
    for item, journey in journeys.items():
        journey.sort(key=lambda row: row[0])
        visits = [next(run) for _, run in groupby(journey, key=lambda row: row[1])]
        seen: dict[int, int] = {}
        for number, (entered, stage) in enumerate(visits, start=1):
            seen[stage] = seen.get(stage, 0) + 1
            exited, following = visits[number] if number < len(visits) else (_MISSING, _MISSING)
            values = (
                *(item, number, stage, seen[stage], _outcome(stage), _outcome(visits[-1][1])),
                *(entered, exited, _MISSING if exited == _MISSING else exited - entered),
                *(int(stage < N_OPEN and exited == _MISSING), following),
            )
            for name, value in zip(_COLUMNS, values, strict=True):
                table[name].append(value)
    return {name: np.array(values, dtype=np.int64) for name, values in table.items()}


def _outcome(stage: int) -> int:
    return 0 if stage < N_OPEN else 1 if stage == WON else 2


def build(rows: dict[str, Any]) -> sf.StageLog:
    """Build the log of the rows, whose times are milliseconds."""
    times = rows["time"].view("datetime64[ms]")
    return sf.StageLog({"item": rows["item"], "stage": rows["stage"], "time": times}, threads=2)


def polars_visits(frame: pl.DataFrame) -> pl.DataFrame:
    """List the visits with polars: one sort, then windows over the items."""
    outcome = pl.when(pl.col("stage") < N_OPEN).then(0).when(pl.col("stage") == WON).then(1).otherwise(2)
    visits = (
        frame.lazy()
        .with_row_index("row")
        .with_columns(first=pl.col("row").min().over("item"))
        .sort("first", "time", "row")
        .with_columns(before=pl.col("stage").shift().over("item"))
        .filter(pl.col("before").is_null() | (pl.col("before") != pl.col("stage")))
        .with_columns(
            visit=pl.int_range(1, pl.len() + 1).over("item"),
            visit_of_stage=pl.int_range(1, pl.len() + 1).over("item", "stage"),
            stage_outcome=outcome.cast(pl.Int8),
            entered="time",
            exited=pl.col("time").shift(-1).over("item"),
            next_stage=pl.col("stage").shift(-1).over("item"),
        )
        .with_columns(
            item_outcome=pl.col("stage_outcome").last().over("item"),
            duration=pl.col("exited") - pl.col("entered"),
            open=(pl.col("stage_outcome") == 0) & pl.col("exited").is_null(),
        )
    )
    return visits.select(_COLUMNS).collect()


def of_ours(table: pd.DataFrame) -> Answer:
    """Bring a table of the package to integers."""
    answer = {}
    for name in _COLUMNS:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy().astype(np.int64)
            answer[name] = np.where(codes < 0, _MISSING, codes)
        elif column.dtype.kind in "mM":
            unit = column.dtype.kind + "8[ms]"  # as the rows have them
            answer[name] = column.to_numpy().astype(unit).view(np.int64)
        else:
            answer[name] = column.to_numpy().astype(np.int64)
    return answer


def of_polars(table: pl.DataFrame) -> Answer:
    """Bring a table of polars to integers."""
    return {name: table[name].cast(pl.Int64).fill_null(_MISSING).to_numpy() for name in _COLUMNS}


def alike(answer: Answer, expected: Answer, name: str) -> None:
    """Refuse an answer that is not the expected one."""
    for column in _COLUMNS:
        if not np.array_equal(answer[column], expected[column]):
            raise SystemExit(f"{name}: {column} is not that of the others")


def measured(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Let the candidates take turns, and return the median time of each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, ask in calls.items():
            start = time.perf_counter()
            table = ask()
            times[name].append(time.perf_counter() - start)
            del table
    return {name: statistics.median(of_one) for name, of_one in times.items()}


def main() -> None:
    """Check the answers, then take the times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    small = workload.columns(30_000)
    expected = plain_visits(small)
    alike(of_ours(sf.visits(build(small), _PIPELINE)), expected, "stagefunnel")
    alike(of_polars(polars_visits(pl.DataFrame(small))), expected, "polars")
    print(f"{len(small['item']):,} rows: all answers are those of plain Python")
    if options.quick:
        return
    print(f"\n{machine.description()}\n\n{options.rows:,} rows, {len(STAGES)} stages, two threads")
    rows = workload.columns(options.rows)
    log, frame = build(rows), pl.DataFrame(rows)
    alike(of_ours(sf.visits(log, _PIPELINE)), of_polars(polars_visits(frame)), "stagefunnel")
    calls: dict[str, Callable[[], Any]] = {
        "stagefunnel, built log": lambda: sf.visits(log, _PIPELINE),
        "stagefunnel": lambda: sf.visits(build(rows), _PIPELINE),
        "polars": lambda: polars_visits(frame),
    }
    seconds = measured(calls, options.rounds)
    print("\n| candidate | seconds |\n|---|---|")
    for name, of_one in seconds.items():
        print(f"| {name} | {of_one:.3f} |")


if __name__ == "__main__":
    main()
