"""DuckDB over Arrow columns, with an aggregation for the states of items and a window for the times.

Text keys are hashed first, which makes both queries faster. From a table that is loaded before, DuckDB is
about a seventh faster than over Arrow columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from answers import Answer, Question, funnel_of_states, times_of_stages
from workload import N_OPEN, STAGES, Columns

_STATES = f"""
SELECT visited, last, last_open, count(*) FROM (
    SELECT bit_or(1 << stage::INT) visited, arg_max(stage, time) last,
           coalesce(arg_max(stage, time) FILTER (stage < {N_OPEN}), -1) last_open
    FROM {{source}} GROUP BY item)
GROUP BY ALL"""
_TIMES = f"""
SELECT stage, avg(duration), median(duration) FROM (
    SELECT stage, lead(time) OVER (PARTITION BY item ORDER BY time) - time duration FROM {{source}})
WHERE duration IS NOT NULL AND stage < {N_OPEN} GROUP BY stage"""


class DuckDB:
    """Opens a connection for each question."""

    takes_text = reads_files = True

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Make an Arrow table, which DuckDB reads in place."""
        return pa.table(drawn)

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Run one query per half."""
        connection, source = (data, "rows") if isinstance(data, duckdb.DuckDBPyConnection) else (None, "")
        if connection is None:
            connection = _connection(threads)
            connection.register("rows", data)
            is_text = pa.types.is_string(data.schema.field("item").type)
            source = "(SELECT hash(item) item, stage, time FROM rows)" if is_text else "rows"
        answer: Answer = {}
        if question != "durations":
            answer |= funnel_of_states(connection.execute(_STATES.format(source=source)).fetchall())
        if question != "funnel":
            answer |= times_of_stages(connection.execute(_TIMES.format(source=source)).fetchall())
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Load the file into a table, since both queries need it."""
        connection = _connection(threads)
        types = "{'item': 'VARCHAR', 'stage': 'VARCHAR', 'time': 'TIMESTAMP'}"
        is_parquet = path.suffix == ".parquet"
        source = f"read_parquet('{path}')" if is_parquet else f"read_csv('{path}', columns = {types})"
        connection.execute(
            f"CREATE TEMP TABLE rows AS SELECT hash(item) item, "
            f"(list_position({list(STAGES)}, stage) - 1)::TINYINT stage, epoch_ms(time) AS time FROM {source}"
        )
        return connection


def _connection(threads: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET preserve_insertion_order = false")
    return connection
