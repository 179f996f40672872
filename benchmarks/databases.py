"""Measures reading a log out of a database, beside the driver alone and the same rows in Parquet.

  python benchmarks/databases.py [--connect postgresql://…] [--rows 5000000] [--calls 5] [--quick]

A table is made in the database that `--connect` names (it is dropped in the end), or in a file of SQLite;
both are read by their ADBC drivers. The driver alone takes all batches and does nothing with them. Before any
time is taken, the log of the database is compared with that of the file. Times are those of this process in
all its threads, not the server's; candidates take turns, and figures are the least of the calls.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import stagefunnel as sf
import workload

_QUICK_ROWS = 20_000
_TABLE = "stagefunnel_benchmark"
_QUERY = f"SELECT item, stage, time FROM {_TABLE}"


def rows(n: int, *, with_times: bool) -> pa.Table:
    """Draw a log, whose times a database without any has as whole numbers."""
    drawn = workload.columns(n)
    stages = pa.array([f"Stage {code}" for code in range(int(drawn["stage"].max()) + 1)])
    seconds = pa.array(drawn["time"].astype("int64"))
    return pa.table(
        {
            "item": pa.array(drawn["item"].astype("int64")),
            "stage": stages.take(pa.array(drawn["stage"])),
            "time": seconds.cast(pa.timestamp("s")).cast(pa.timestamp("us")) if with_times else seconds,
        }
    )


@contextmanager
def database(uri: str | None, folder: str, table: pa.Table) -> Iterator[Any]:
    """Put a table into a database, and give the connection."""
    name = "sqlite" if uri is None else "postgresql"
    driver = import_module(f"adbc_driver_{name}.dbapi")
    with driver.connect(uri or str(Path(folder) / "rows.db")) as connection:
        with connection.cursor() as cursor:
            cursor.adbc_ingest(_TABLE, table, mode="create")
        connection.commit()
        try:
            yield connection
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {_TABLE}")
            connection.commit()


def alone(connection: Any) -> int:
    """Take all batches of the driver."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY)
        return sum(len(batch) for batch in cursor.fetch_record_batch())


def least(calls: int, asked: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Ask one after the other, again and again; return the least seconds of the process of each."""
    seconds = dict.fromkeys(asked, float("inf"))
    for _ in range(calls):
        for name, ask in asked.items():
            start = time.process_time()
            ask()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


def measure(uri: str | None, n: int, calls: int) -> dict[str, float]:
    """Compare the logs of both, then take times."""
    table = rows(n, with_times=uri is not None)
    with tempfile.TemporaryDirectory() as folder, database(uri, folder, table) as connection:
        file = Path(folder) / "rows.parquet"
        pq.write_table(table, file)
        del table
        of_sql = sf.row_table(sf.StageLog.from_sql(_QUERY, connection))
        pd.testing.assert_frame_equal(of_sql, sf.row_table(sf.StageLog.from_parquet(file)))
        del of_sql
        return least(
            calls,
            {
                "driver alone": lambda: alone(connection),
                "from_sql": lambda: sf.StageLog.from_sql(_QUERY, connection),
                "from_parquet": lambda: sf.StageLog.from_parquet(file),
            },
        )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connect", metavar="URI")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    measure(args.connect, _QUICK_ROWS, 1)
    print(f"{_QUICK_ROWS:,} rows: the log of the database is that of the file")
    if args.quick:
        return
    seconds = measure(args.connect, args.rows, args.calls)
    for name, value in seconds.items():
        print(f"{name}: {value:.2f} s")
    print(f"from_sql, times the driver alone: {seconds['from_sql'] / seconds['driver alone']:.2f}")
    print(f"from_sql, times from_parquet: {seconds['from_sql'] / seconds['from_parquet']:.2f}")


if __name__ == "__main__":
    main()
