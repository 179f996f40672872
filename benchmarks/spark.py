"""Measures questions about a DataFrame of Spark beside the same questions in Spark SQL, written by hand.

  python benchmarks/spark.py [--rows 20000000] [--rounds 2] [--partitions 4] [--quick]

Both funnels, the moves and exact medians of the time in each stage, of rows in Parquet. Before any time is
taken the answers are compared. A figure is the least processor time of the rounds, of this process and all
that it started: the JVM and the workers; candidates take turns. `shuffle` moves the rows by item and hands
them to Python as Arrow, which the package cannot do without; `again` asks saved logs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import stagefunnel as sf

_QUICK_ROWS = 20_000
_TICKS = os.sysconf("SC_CLK_TCK")
STAGES = ["New", "Call", "Offer", "Terms"]
PIPELINE = sf.Pipeline(STAGES, won="Won", lost="Lost")
QUESTIONS = {"funnel": (sf.funnel, {"kind": "both"}), "moves": sf.transitions, "time": sf.time_in_stage}

# One pass over the rows by item, without a sort: a bit for each stage.
FUNNELS = """
with items as (select item, bit_or(shiftleft(1, array_position(stages, stage) - 1)) as seen
               from (select *, array('New', 'Call', 'Offer', 'Terms', 'Won', 'Lost') as stages from rows)
               group by item)
select number, count_if(seen & shiftleft(1, number) > 0) as reached,
       count_if(seen & shiftleft(1, number) > 0 or (number < 4 and seen & 16 > 0)) as implied
from items lateral view explode(sequence(0, 5)) as number group by number order by number
"""
VISITS = """
with rows_before as (select item, stage, time, lag(stage) over by_time as before from rows
                     window by_time as (partition by item order by time)),
     visits as (select item, stage, time, lead(stage) over by_time as next_stage,
                       lead(time) over by_time as ended
                from rows_before where before is null or before <> stage
                window by_time as (partition by item order by time))
"""
MOVES = f"""{VISITS}
select stage, next_stage, count(*) as moves, count(distinct item) as items
from visits where next_stage is not null group by stage, next_stage
"""
MEDIANS = f"""{VISITS}
select stage, median(timestampdiff(microsecond, time, ended)) as median
from visits where ended is not null group by stage
"""


def write_rows(path: str, n: int, seed: int = 1) -> None:
    """Draw items of five rows each, the last of which is won, lost or open, in the order of time."""
    random = np.random.default_rng(seed)
    n_items = n // 5
    codes = np.sort(random.integers(0, len(STAGES), (n_items, 5), dtype=np.int8), axis=1)
    codes[:, 4] = np.where(random.random(n_items) < 0.7, random.integers(4, 6, n_items), codes[:, 4])
    times = random.integers(0, 63_000_000, (n_items, 1)) + np.cumsum(
        random.integers(60, 900_000, (n_items, 5)), axis=1
    )
    order = np.argsort(times, axis=None)
    labels = pa.array([*STAGES, "Won", "Lost"])
    item = np.repeat(np.arange(n_items), 5)[order]
    table = pa.table(
        {
            "item": item,
            "stage": pa.DictionaryArray.from_arrays(codes.ravel()[order], labels),
            "time": pa.array(times.ravel()[order] * 1_000_000).cast(pa.timestamp("us")),
        }
    )
    pq.write_table(table, path, row_group_size=1_000_000)


# Spark ends a worker that has nothing to do, and its time with it: what each process took is remembered.
_SEEN: dict[tuple[int, str], float] = {}


def processor_seconds() -> float:
    """Return the processor time of this process and of all that it started, also of what has ended."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, tuple[str, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = entry.joinpath("stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            began, own = fields[19], sum(map(int, fields[11:13])) / _TICKS
            seconds[int(entry.name)] = (began, own)
    waiting = [os.getpid()]
    while waiting:
        process = waiting.pop()
        began, own = seconds[process]
        _SEEN[process, began] = own
        waiting += children.get(process, [])
    return sum(_SEEN.values())


def session(partitions: int) -> Any:
    """Start Spark with two workers."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    made = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.shuffle.partitions", str(partitions))
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("ERROR")
    return made


def count(batches: Iterator[Any]) -> Iterator[Any]:
    """Count the rows of a partition, and do nothing else."""
    yield pa.RecordBatch.from_pydict({"n": [sum(len(batch) for batch in batches)]})


def check(spark: Any, rows: Any, partitions: int) -> None:
    """Stop where an answer differs."""
    from stagefunnel import spark as on_spark

    found = on_spark.ask_all(rows, PIPELINE, QUESTIONS, partitions=partitions)
    labels = [*STAGES, "Won", "Lost"]
    funnel = found["funnel"]
    of_kind = {kind: funnel[funnel["kind"] == kind] for kind in ("classic", "conversions")}
    by_hand = spark.sql(FUNNELS).collect()
    assert of_kind["classic"]["reached"].tolist() == [row["reached"] for row in by_hand]
    assert of_kind["conversions"]["reached"].tolist() == [row["implied"] for row in by_hand]
    moves = found["moves"].astype({"from_stage": str, "to_stage": str})
    columns = ["from_stage", "to_stage", "moves", "items"]
    theirs = sorted(map(tuple, spark.sql(MOVES).collect()))
    assert sorted(moves[columns].itertuples(index=False, name=None)) == theirs
    medians = {row[0]: row[1] for row in spark.sql(MEDIANS).collect()}
    times = found["time"].set_index("stage")["median"]
    assert all(times[label].total_seconds() * 1e6 == medians[label] for label in labels if label in medians)


def candidates(spark: Any, rows: Any, partitions: int, kept: Any) -> dict[str, Callable[[], object]]:
    """List what is measured."""
    from stagefunnel import spark as on_spark

    def sql(text: str) -> Callable[[], object]:
        return lambda: spark.sql(text).collect()

    return {
        "SQL: both funnels": sql(FUNNELS),
        "SQL: moves": sql(MOVES),
        "SQL: exact medians": sql(MEDIANS),
        "shuffle": lambda: rows.repartition(partitions, "item").mapInArrow(count, "n bigint").collect(),
        "stagefunnel: all three": lambda: on_spark.ask_all(rows, PIPELINE, QUESTIONS, partitions=partitions),
        "stagefunnel, bounded": lambda: on_spark.ask_all(
            rows, PIPELINE, QUESTIONS, partitions=partitions, precision="bounded"
        ),
        "stagefunnel: again": lambda: on_spark.ask_all(kept, PIPELINE, QUESTIONS),
    }


def main() -> None:
    """Compare the answers, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="compare the answers alone, of few rows")
    options = parser.parse_args()
    from stagefunnel import spark as on_spark

    n = _QUICK_ROWS if options.quick else options.rows
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "rows.parquet")
        write_rows(path, n)
        spark = session(options.partitions)
        rows = spark.read.parquet(path)
        rows.createOrReplaceTempView("rows")
        check(spark, rows, options.partitions)
        print(f"{n:,} rows: the answers are those of Spark SQL", flush=True)
        if options.quick:
            return
        logs = str(Path(folder) / "kept")
        on_spark.keep(rows, partitions=options.partitions).write.parquet(logs)
        least: dict[str, float] = {}
        for _ in range(options.rounds):
            for name, run in candidates(spark, rows, options.partitions, spark.read.parquet(logs)).items():
                began = processor_seconds()
                run()
                seconds = processor_seconds() - began
                least[name] = min(least.get(name, float("inf")), seconds)
                # Rounds take long: what is measured stands there even if the run is ended before its end.
                print(f"{name:<24} {seconds:8.1f} CPU-seconds in this round", flush=True)
        for name, seconds in least.items():
            print(f"{name:<24} {seconds:8.1f} CPU-seconds")
        spark.stop()


if __name__ == "__main__":
    main()
