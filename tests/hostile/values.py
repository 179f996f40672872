"""Hostile values of items, stages and times, over every way in.

A case is right if the log has the rows that were given, but for those that it counts as invalid, and every
stage that it has is one of those given, with as many rows.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import io
import json
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import stagefunnel as sf
from stagefunnel import cli
from stagefunnel.readers.sources.tidy import tidy

Columns: TypeAlias = dict[str, list[Any]]
Case: TypeAlias = Callable[[Path], None]
Way: TypeAlias = Callable[[Columns, Path], sf.StageLog]

TABLE: Columns = {
    "item": ["a", "a", "b", "c"],
    "stage": ["New", "Won", "New", "New"],
    "time": ["2026-01-01", "2026-01-05", "2026-01-02", "2026-01-03T10:00:00"],
}
LONG = "x" * 30_000
# Of each kind of text some are tried over every way in, and all over two of them.
TIMES = {
    **{text: text for text in ("now", "today", "inf", "-infinity", "NaT", "nan", "", " ", "1e400", "0")},
    **{text: text for text in ("0000-01-01", "2026-02-30", "2026-13-01", "2026-01-01T25:00", "9999999999")},
    **{text: text for text in ("2026-01-01T00:00:60", "2026-01-01T00:00+99:99", "9999-12-31", "0001-01-01")},
    "past the last zone": "9999-12-31T23:59:59-05:00",
    "before the first zone": "0001-01-01T00:00:00+05:00",
    "digits": "9" * 5_000,
    "negative digits": "-" + "9" * 30,
    "nul": "2026-01-01\x00",
    "a long word": LONG,
    "Arabic digits": "٢٠٢٦-٠١-٠١",
    "a week": "2026-W01-1",
    "half a letter": "\ud800",
}
STAGES = {
    **{repr(text): text for text in ("", " ", "=1+1", "nan", "None", "__proto__", "\x1b[31m", "\x00")},
    **{repr(text): text for text in ("\u202eNew", "a\nb", "a\rb", 'a"b', "a,b;c\td", "\ufeff", "e\u0301")},
    "a long name": LONG,
    "half a letter": "\ud800",
    "<script>": "</script><script>alert(1)</script>",
}
# What only objects of Python can be.
OBJECTS = {
    "a list": ["x"],
    "a dict": {"ID": 1},
    "a set": {"x", "y"},
    "a frozenset": frozenset("xy"),
    "an object": object(),
    "a class": dict,
    "a moment": datetime.datetime(2026, 1, 1),
    "a day": datetime.date(2026, 1, 1),
    "a time of day": datetime.time(1),
    "a length": datetime.timedelta(1),
    "a complex number": 1j,
    "a fraction": 1.5,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "a whole number": 10**40,
    "the lowest number": -(2**63),
    "truth": True,
    "bytes": b"\xff\x00",
    "a decimal": decimal.Decimal("sNaN"),
    "a key of 128 bits": uuid.UUID(int=1),
    "nothing": None,
    "missing": pd.NA,
    "an array": np.array([1, 2]),
    "a frame": pd.DataFrame(),
}


def _frame(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def _written(columns: Columns, path: Path) -> Path:
    _frame(columns).to_csv(path, index=False)
    return path


def _export(path: Path, **options: Any) -> sf.StageLog:
    log: sf.StageLog = sf.read(path, invalid="drop", **options).log
    return log


def _workbook(columns: Columns, folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [[*columns], *zip(*columns.values(), strict=True)]:
        sheet.append(list(row))
    book.save(folder / "log.xlsx")
    return folder / "log.xlsx"


def _lines(columns: Columns, folder: Path) -> Path:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    (folder / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return folder / "log.jsonl"


def _parquet(columns: Columns, folder: Path) -> Path:
    pq.write_table(pa.table(columns), folder / "log.parquet")
    return folder / "log.parquet"


def _command(path: Path) -> sf.StageLog:
    """Let the command turn a file into a log, and read what it wrote."""
    out = path.with_suffix(".out.json")
    toml = path.with_suffix(".toml")
    toml.write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    words = ["quality", str(path), "--pipeline", str(toml), "--invalid", "drop", "--out", str(out)]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        status = cli.main(words)
    if status:
        assert errors.getvalue().startswith("stagefunnel: error: "), errors.getvalue()
        raise sf.StageFunnelError(errors.getvalue())
    assert {"check", "count"} <= {*json.loads(out.read_text())[0]}
    return sf.StageLog(TABLE)


def _polars_of_objects(columns: Columns, _: Path) -> sf.StageLog:
    frame = {
        name: values if all(isinstance(one, str) for one in values) else pl.Series(values, dtype=pl.Object)
        for name, values in columns.items()
    }
    return sf.StageLog(pl.DataFrame(frame))


WAYS: dict[str, Way] = {
    "pandas": lambda columns, _: sf.StageLog(_frame(columns), invalid="drop"),
    "pandas of text": lambda columns, _: sf.StageLog(pd.DataFrame(columns), invalid="drop"),
    "lists": lambda columns, _: sf.StageLog(columns, invalid="drop"),
    "records": lambda columns, _: sf.StageLog(
        [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], invalid="drop"
    ),
    "polars": lambda columns, _: sf.StageLog(pl.DataFrame(columns, strict=False), invalid="drop"),
    "polars of objects": _polars_of_objects,
    "Arrow": lambda columns, _: sf.StageLog(pa.table(columns), invalid="drop"),
    "batches": lambda columns, _: sf.StageLog.from_batches([columns, columns], invalid="drop"),
    "CSV in batches": lambda columns, folder: sf.StageLog.from_csv(
        _written(columns, folder / "log.csv"), invalid="drop"
    ),
    "Parquet in batches": lambda columns, folder: sf.StageLog.from_parquet(
        _parquet(columns, folder), invalid="drop"
    ),
    "read of CSV": lambda columns, folder: _export(_written(columns, folder / "log.csv")),
    "read of a workbook": lambda columns, folder: _export(_workbook(columns, folder)),
    "read of JSON lines": lambda columns, folder: _export(_lines(columns, folder)),
    "read of Parquet": lambda columns, folder: _export(_parquet(columns, folder)),
    "the command and CSV": lambda columns, folder: _command(_written(columns, folder / "log.csv")),
    "the command and JSON lines": lambda columns, folder: _command(_lines(columns, folder)),
}
EVERYTHING = ("lists", "CSV in batches")
OF_OBJECTS = ("lists", "polars of objects")
# An input that the library which makes it refuses is none of ours.
NOT_MADE = (pa.ArrowException, pl.exceptions.PolarsError, openpyxl.utils.exceptions.IllegalCharacterError)


def hostile(way: str, role: str, value: Any, folder: Path) -> None:
    columns = {name: list(values) for name, values in TABLE.items()}
    columns[role][2] = value
    try:
        _made(way, columns, folder)
    except (*NOT_MADE, UnicodeEncodeError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, sf.StageFunnelError):
            raise
        return  # the input cannot be made
    log = WAYS[way](columns, folder)
    if way.startswith("the command"):
        return
    times = 2 if way == "batches" else 1
    found = dict(zip(log.stages["stage"], log.stages["rows"], strict=True))
    assert sum(found.values()) == log.n_rows
    assert 3 * times <= log.n_rows <= 4 * times
    if role == "stage" and log.n_rows == 4 * times:
        known = {*map(str, found)} - {"Won"}
        # A reader of exports takes out what nobody sees, and counts it.
        assert str(value) in known or (
            way.startswith("read of") and tidy(str(value).replace("\r", "\n")) in known
        )
    assert found["Won"] == times


def _made(way: str, columns: Columns, folder: Path) -> None:
    """Make the input of a way alone, to see whether it can be made."""
    if way == "polars":
        pl.DataFrame(columns, strict=False)
    elif way in ("Arrow", "Parquet in batches", "read of Parquet"):
        pa.table(columns)
    elif way == "pandas of text":
        pd.DataFrame(columns)
    elif "JSON" in way:
        _lines(columns, folder)
    elif "workbook" in way:
        _workbook(columns, folder)
    elif "CSV" in way:
        _written(columns, folder / "log.csv").read_text(encoding="utf-8")


def hostile_column(way: str, role: str, value: Any, folder: Path) -> None:
    """Give a whole column of one odd value: no mixture of types gives it away."""
    columns = {**TABLE, role: [value] * 4}
    log = WAYS[way](columns, folder)
    assert log.n_rows == 4
    labels = [type(label) for label in log.stages["stage"]]
    if role == "stage":
        assert labels == [type(value)]
    if role == "item":
        assert log.n_items == 1
        assert isinstance(value, int | bytes | uuid.UUID)
    if role == "time":
        assert isinstance(value, datetime.date)


def cases() -> Iterator[tuple[str, Case]]:
    for number, way in enumerate(way for way in WAYS if way != "polars of objects"):
        for role, odd in (("time", TIMES), ("stage", STAGES), ("item", STAGES)):
            for at, (name, value) in enumerate(odd.items()):
                one_of = 10 if way.startswith(("read", "the command")) else 5
                if way in EVERYTHING or (at + number) % one_of == 0:
                    yield f"{way}: {role} {name}", partial(hostile, way, role, value)
    for role in ("item", "stage", "time"):
        for name, value in OBJECTS.items():
            yield f"pandas: {role} is {name}", partial(hostile, "pandas", role, value)
            for way in OF_OBJECTS:
                yield f"{way}: every {role} is {name}", partial(hostile_column, way, role, value)
