"""Spilled rows come back as what they were: types of columns, units, marks, and what was left out."""

import datetime
import decimal
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel.log.spilled.budget import Budget

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
N = 120
STAGES = ["New", "Offer", "Won", "Lost"]
DAY = pd.Timestamp("2026-03-01")
BASE: dict[str, Any] = {
    "item": [number % 17 for number in range(N)],
    "stage": [STAGES[number * 7 % 4] for number in range(N)],
    "time": [DAY + pd.Timedelta(hours=number * 5 % 97) for number in range(N)],
}
NAMES = [f"long name of deal {number}" for number in BASE["item"]]


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "room", property(lambda _: 5_000))
    monkeypatch.setattr(os, "fsync", lambda _: None)


def halves(rows: Any) -> list[Any]:
    frame = pd.DataFrame(rows) if isinstance(rows, dict) else rows
    return (
        [frame[:50], frame[50:]] if isinstance(frame, pd.DataFrame) else [frame.slice(0, 50), frame.slice(50)]
    )


def assert_alike(batches: list[Any], path: Path, by: list[str], **options: Any) -> sf.PartitionedLog:
    """Compare the answers of a spilled log with those of one in memory."""
    whole = sf.StageLog.from_batches(batches, **options)
    log = sf.StageLog.from_batches(batches, spill=path / "log.sf", **options)
    assert isinstance(log, sf.PartitionedLog)
    assert log.n_partitions > 2
    assert (log.unit, log.zone, log.n_items) == (whole.unit, whole.zone, whole.n_items)
    assert_frame_equal(log.quality(PIPELINE), whole.quality(PIPELINE))
    assert_frame_equal(log.stages, whole.stages)
    asked: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore"}
    for one in [None, *by]:
        for question in (sf.time_in_stage, sf.funnel, sf.losses):
            expected = question(whole, PIPELINE, by=one, **asked)
            assert_frame_equal(question(log, PIPELINE, by=one, **asked), expected)
    return log


@pytest.mark.parametrize(
    "items",
    [
        pd.Series(NAMES),
        pd.Series(NAMES, dtype=object),
        pd.Series(NAMES, dtype="category"),
        pd.Series([name.encode() for name in NAMES]),
        pd.Series([uuid.UUID(int=number) for number in BASE["item"]]),
        pd.Series(BASE["item"], dtype="uint64") + np.uint64(2**63),
        pd.Series(BASE["item"], dtype="int8") - 9,
        pd.Series(BASE["item"], dtype="float64"),
    ],
)
def test_items_of_any_type(items: pd.Series, tmp_path: Path) -> None:
    assert_alike(halves({**BASE, "item": items}), tmp_path, [])


@pytest.mark.parametrize(
    "times",
    [
        pd.Series(range(N)),
        pd.Series(BASE["time"]).dt.tz_localize("Europe/Berlin"),
        pd.Series(BASE["time"]).dt.date,
        pd.Series(BASE["time"]).astype("datetime64[s]"),
        pd.Series(BASE["time"]).astype(str),
        pd.Series(BASE["time"])
        .astype(str)
        .where(lambda texts: texts.index < 100, "2026-03-09T10:00:00.000000001"),
    ],
)
def test_times_of_any_unit(times: pd.Series, tmp_path: Path) -> None:
    assert_alike(halves({**BASE, "time": times}), tmp_path, [])


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([number % 3 for number in range(N)]),
        pd.Series([number * 10**8 for number in range(N)]),
        pd.Series([number / 8 for number in range(N)]).where(lambda of: of.index % 5 > 0),
        pd.Series([None] * 50 + [number % 4 for number in range(70)], dtype=object),
        pd.Series([f"value {number % 5}" for number in range(N)]).where(lambda of: of.index % 7 > 0),
        pd.Series(
            pd.Categorical([["low", "high"][number % 2] for number in range(N)], ["none", "low", "high"])
        ),
        pd.Series([number % 3 == 0 for number in range(N)]),
        pd.Series([None if number % 3 == 0 else number % 2 == 0 for number in range(N)], dtype="boolean"),
        pd.Series([None if number % 3 == 0 else number % 5 for number in range(N)], dtype="Int64"),
        pd.Series([datetime.date(2026, 1, 1 + number % 3) for number in range(N)]),
        pd.Series([DAY + pd.Timedelta(days=number % 3) for number in range(N)]),
        pd.Series([decimal.Decimal(number % 4) / (4 if number < 60 else 8) for number in range(N)]),
        pd.Series([None] * N, dtype=object),
    ],
)
def test_further_columns_of_any_type(values: pd.Series, tmp_path: Path) -> None:
    log = assert_alike(halves({**BASE, "value": values}), tmp_path, ["value"], columns="value")
    whole = sf.StageLog.from_batches(halves({**BASE, "value": values}), columns="value")
    for one in log.partitions():
        assert one._data.columns is not None
        assert whole._data.columns is not None
        assert {*one._data.columns.parts["value"]} == {*whole._data.columns.parts["value"]} or one.n_rows < N


def test_amounts_of_text_are_numbers(tmp_path: Path) -> None:
    rows = {**BASE, "paid": [str(number / 4) for number in range(N)]}
    whole = sf.StageLog.from_batches(halves(rows), columns="paid")
    log = sf.StageLog.from_batches(halves(rows), columns="paid", spill=tmp_path / "log.sf")
    for amount_at in ("last", "stage"):
        expected = sf.funnel(whole, PIPELINE, amount="paid", amount_at=amount_at)
        assert_frame_equal(sf.funnel(log, PIPELINE, amount="paid", amount_at=amount_at), expected)


@pytest.mark.parametrize("unit", ["datetime64[s]", "datetime64[ms]", "datetime64[ns]"])
def test_ends_and_unknown_starts(unit: str, tmp_path: Path) -> None:
    rows = pd.DataFrame(BASE).astype({"time": "datetime64[s]"})
    rows["left"] = (rows["time"] + pd.Timedelta(milliseconds=1500)).astype(unit)
    rows["left"] = rows["left"].where(rows.index % 3 > 0)
    rows["since"] = rows.index % 4 == 0
    assert_alike(halves(rows), tmp_path, [], exited="left", start_unknown="since")


@pytest.mark.parametrize(
    "options",
    [
        {"invalid": "drop"},
        {"invalid": "drop", "stages": STAGES},
        {"invalid": "drop", "zone": "Europe/Berlin"},
        {"invalid": "drop", "keys": "exact"},
        {"invalid": "drop", "hash_key": b"0123456789abcdef"},
    ],
)
def test_rows_that_are_left_out_are_counted_once(options: dict[str, Any], tmp_path: Path) -> None:
    rows = pd.DataFrame({**BASE, "item": NAMES})
    rows.loc[[3, 70], "stage"] = None
    rows.loc[[20, 80], "stage"] = "Other"
    rows.loc[[4, 71, 90], "item"] = None
    rows.loc[5, "time"] = pd.NaT
    items = pd.DataFrame({"item": [*dict.fromkeys(NAMES[:15]), None], "team": ["x", "y"] * 8})
    assert_alike(halves(rows), tmp_path, ["team"], items=items, **options)


def test_rows_without_a_stage_are_kept(tmp_path: Path) -> None:
    rows = pd.DataFrame(BASE)
    rows.loc[[3, 70], "stage"] = None
    assert_alike(halves(rows), tmp_path, [], invalid="keep_stage")


def test_stages_that_are_integers(tmp_path: Path) -> None:
    rows = {**BASE, "stage": [number * 7 % 4 for number in range(N)]}
    pipeline = sf.Pipeline([0, 1], won=2, lost=3)
    log = sf.StageLog.from_batches(halves(rows), spill=tmp_path / "log.sf")
    expected = sf.funnel(sf.StageLog.from_batches(halves(rows)), pipeline)
    assert_frame_equal(sf.funnel(log, pipeline), expected)


def test_batches_of_any_kind(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(pd.DataFrame({**BASE, "item": NAMES}))
    polars = pytest.importorskip("polars")
    kinds = {
        "arrow": [table.slice(0, 50), table.slice(50)],
        "batches": table.to_batches(30),
        "lists": [table.slice(0, 50).to_pydict(), table.slice(50).to_pydict()],
        "records": [table.slice(0, 50).to_pylist(), table.slice(50).to_pylist()],
        "polars": [polars.from_arrow(table.slice(0, 50)), polars.from_arrow(table.slice(50))],
    }
    for name, batches in kinds.items():
        (tmp_path / name).mkdir()
        assert_alike(batches, tmp_path / name, [])
