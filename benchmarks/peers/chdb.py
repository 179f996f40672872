"""ClickHouse within the process (chdb), over Arrow columns or from a Memory table of its own.

Text keys are hashed first, which is up to three times as fast.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import chdb
import pyarrow as pa
from chdb import session

from answers import Answer, Question, funnel_of_states, times_of_stages
from workload import N_OPEN, STAGES, Columns

_STATES = f"""
SELECT visited, last, last_open, count() FROM (
    SELECT groupBitOr(toUInt16(bitShiftLeft(1, stage))) visited, argMax(stage, time) last,
           if(countIf(stage < {N_OPEN}) = 0, -1, toInt32(argMaxIf(stage, time, stage < {N_OPEN}))) last_open
    FROM {{source}} GROUP BY item)
GROUP BY visited, last, last_open SETTINGS max_threads = {{threads}}"""
_TIMES = f"""
SELECT from_stage, avg(duration), quantileExactInclusive(0.5)(duration) FROM (
    SELECT a.2 AS from_stage, b.1 - a.1 AS duration FROM (
        SELECT arraySort(groupArray((time, stage))) AS journey FROM {{source}}
        GROUP BY item HAVING length(journey) > 1)
    ARRAY JOIN arrayPopBack(journey) AS a, arrayPopFront(journey) AS b)
WHERE from_stage < {N_OPEN} GROUP BY from_stage SETTINGS max_threads = {{threads}}"""
_HASHED = "(SELECT cityHash64(item) item, stage, time FROM {source})"

# The table function Python() looks a variable up by its name in the module that sends the query.
ROWS: Any = None


class ChdbArrow:
    """Reads an Arrow table through the Python() table function."""

    takes_text = True
    reads_files = False

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Make an Arrow table."""
        return _hold(drawn, "Python(ROWS)")

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Run one query per half; the data is the source that stands after FROM."""
        answer: Answer = {}
        if question != "durations":
            states = self.rows(_STATES.format(source=data, threads=threads))
            answer |= funnel_of_states([int(value) for value in row] for row in states)
        if question != "funnel":
            times = self.rows(_TIMES.format(source=data, threads=threads))
            answer |= times_of_stages([float(value) for value in row] for row in times)
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Refuse a file, as `reads_files` says: a Memory table is faster than a file read per query."""
        raise NotImplementedError("chdb reads files into its Memory table")

    def rows(self, query: str) -> list[list[Any]]:
        """Run a query; whole numbers of 64 bits come back as text."""
        return _parsed(chdb.query(query, "JSONCompactEachRow"))


class ChdbMemory(ChdbArrow):
    """Reads a Memory table; loading it from columns is not timed, loading it from a file is timed."""

    reads_files = True

    def __init__(self) -> None:
        self.session = session.Session()

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Load the table from columns."""
        source = _hold(drawn, "held.log")
        kind = "Int64" if source == "held.log" else "String"
        self._load(kind, "SELECT item, stage, time FROM Python(ROWS)")
        return source

    def read(self, path: Path, threads: int) -> Any:
        """Load the table from the file."""
        layout = "'item String, stage String, time DateTime64(3, \\'UTC\\')'"
        is_parquet = path.suffix == ".parquet"
        file = f"file('{path}', Parquet)" if is_parquet else f"file('{path}', CSVWithNames, {layout})"
        self._load(
            "UInt64",
            f"SELECT cityHash64(item), toInt8(indexOf({list(STAGES)}, stage) - 1), "
            f"toUnixTimestamp64Milli(time) FROM {file} SETTINGS max_threads = {threads}",
        )
        return "held.log"

    def _load(self, kind: str, rows: str) -> None:
        for statement in (
            "DROP DATABASE IF EXISTS held",
            "CREATE DATABASE held ENGINE = Memory",
            f"CREATE TABLE held.log (item {kind}, stage Int8, time Int64) ENGINE = Memory",
            f"INSERT INTO held.log {rows}",
        ):
            self.session.query(statement)

    def rows(self, query: str) -> list[list[Any]]:
        """Run a query in the session that holds the table."""
        return _parsed(self.session.query(query, "JSONCompactEachRow"))


def _hold(drawn: Columns, source: str) -> str:
    global ROWS
    ROWS = pa.table(drawn)
    is_text = pa.types.is_string(ROWS.schema.field("item").type)
    return _HASHED.format(source=source) if is_text else source


def _parsed(result: Any) -> list[list[Any]]:
    return [json.loads(line) for line in result.bytes().decode().splitlines()]
