"""polars: sorts once, then aggregates twice, on the in-memory engine.

The streaming engine, polars' default, takes as long for a million rows and up to twice as long for ten
million. Text keys are hashed first, which is two to three times as fast as sorting by the text or making
categories of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from answers import Answer, Question, funnel_of_states, times_of_stages
from workload import N_OPEN, STAGES, Columns

_item, _stage, _time = pl.col("item"), pl.col("stage"), pl.col("time")


class Polars:
    """Asks a lazy frame; POLARS_MAX_THREADS, set before the import, limits the threads."""

    takes_text = reads_files = True

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Make a frame."""
        series = {
            name: column if isinstance(column, np.ndarray) else pl.from_arrow(column)
            for name, column in drawn.items()
        }
        return pl.DataFrame(series).lazy()

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Collect both halves of the question in one call, so that they share the sort."""
        rows = _ordered(data)
        queries = {"funnel": _states(rows), "durations": _times(rows)}
        names = [name for name in queries if question in ("both", name)]
        tables = pl.collect_all([queries[name] for name in names], engine="in-memory")
        answer_of = {"funnel": funnel_of_states, "durations": times_of_stages}
        answer: Answer = {}
        for name, table in zip(names, tables, strict=True):
            answer |= answer_of[name](table.rows())
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Scan the file."""
        is_parquet = path.suffix == ".parquet"
        scan = pl.scan_parquet(path) if is_parquet else pl.scan_csv(path, try_parse_dates=True)
        codes = _stage.replace_strict(STAGES, list(range(len(STAGES))), return_dtype=pl.Int8)
        return scan.with_columns(stage=codes, time=_time.dt.timestamp("ms"))


def _ordered(frame: pl.LazyFrame) -> pl.LazyFrame:
    if frame.collect_schema()["item"] == pl.String:
        frame = frame.with_columns(_item.hash())
    is_open = _stage < N_OPEN
    return (
        frame.sort("item", "time")
        .with_columns(
            is_last=(_item != _item.shift(-1)).fill_null(True),
            is_first=(_item != _item.shift(1)).fill_null(True),
            duration=_time.shift(-1) - _time,
        )
        .with_columns(
            last_open=pl.when(is_open).then(_stage).when(pl.col("is_first")).then(-1).forward_fill()
        )
    )


def _states(rows: pl.LazyFrame) -> pl.LazyFrame:
    bit = pl.lit(2, pl.Int32).pow(_stage).cast(pl.Int16)
    return (
        rows.group_by("item")
        .agg(visited=bit.bitwise_or(), last=_stage.last(), last_open=pl.col("last_open").last())
        .group_by("visited", "last", "last_open")
        .len()
    )


def _times(rows: pl.LazyFrame) -> pl.LazyFrame:
    return (
        rows.filter((_stage < N_OPEN) & ~pl.col("is_last"))
        .group_by("stage")
        .agg(mean=pl.col("duration").mean(), median=pl.col("duration").median())
    )
