"""Times of text beside rows whose time is missing or is not a time."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
# Item 1 is lost 300 nanoseconds into a second and won 900 nanoseconds into it.
LOST, WON = "2026-03-01T10:00:00.000000300", "2026-03-01T10:00:00.000000900"
NINES = "9999-12-31"


def rows_with(*more: Any) -> dict[str, list[Any]]:
    """Return the rows of item 1, the later one first, and rows of the items 2, 3, … at further times."""
    items = [1, 1, *range(2, len(more) + 2)]
    return {"item": items, "stage": ["Won", "Lost", *["New"] * len(more)], "time": [WON, LOST, *more]}


def of_duckdb(rows: dict[str, list[Any]]) -> Any:
    return duckdb.connect().from_arrow(pa.table(rows))


def of_categories(rows: dict[str, list[Any]]) -> pa.Table:
    table = pa.table(rows)
    return table.set_column(2, "time", table["time"].dictionary_encode())


FORMS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "lists": dict,
    "pandas": pd.DataFrame,
    "objects": lambda rows: pd.DataFrame(rows).astype({"time": object}),
    "arrow": pa.table,
    "dictionary": of_categories,
    "polars": pl.DataFrame,
    "duckdb": of_duckdb,
}


def read_whole(table: Any) -> sf.StageLog:
    return sf.StageLog(table, invalid="drop")


def read_batches(table: Any) -> sf.StageLog:
    return sf.StageLog.from_batches([table], invalid="drop")


def counts(log: sf.StageLog) -> dict[str, int]:
    table = log.quality()
    return dict(zip(table["check"], table["count"], strict=True))


def in_order(log: sf.StageLog, item: Any = 1) -> list[str]:
    rows = sf.row_table(log)
    return rows.loc[rows["item"] == item, "stage"].tolist()


@pytest.mark.parametrize("read", [read_whole, read_batches])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", ["no time", None, ""])
def test_a_bad_time_leaves_the_nanoseconds_of_the_others(
    form: str, read: Callable[[Any], sf.StageLog], bad: str | None
) -> None:
    log = read(FORMS[form](rows_with(bad)))
    assert log.unit == "ns"
    assert in_order(log) == ["Lost", "Won"]
    found = counts(log)
    assert (found["missing_time"], found["unparsed_time"]) == ((1, 0) if bad is None else (0, 1))
    assert found["dropped"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_time_is_refused_as_missing(form: str) -> None:
    with pytest.raises(sf.InvalidRowError, match="missing time in row 2 of column 'time'"):
        sf.StageLog(FORMS[form](rows_with(None)))


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([None, None], dtype="str"),
        pd.Series([None, None], dtype="string"),
        pa.array([None, None], pa.string()),
        pa.array([None, None], pa.string()).dictionary_encode(),
        pl.Series([None, None], dtype=pl.String),
    ],
    ids=["str", "string", "arrow", "dictionary", "polars"],
)
def test_a_column_of_missing_times_only_is_missing(times: Any) -> None:
    rows = {"item": [1, 2], "stage": ["New", "New"], "time": times}
    log = sf.StageLog(rows, invalid="drop", empty="allow")
    assert (counts(log)["missing_time"], counts(log)["unparsed_time"]) == (2, 0)


@pytest.mark.parametrize("zone", ["Z", "+02:00"])
def test_a_bad_time_leaves_the_nanoseconds_of_times_with_a_zone(zone: str) -> None:
    rows = rows_with("no time")
    rows["time"][:2] = [WON + zone, LOST + zone]
    log = sf.StageLog(rows, invalid="drop")
    assert (log.unit, log.zone) == ("ns", "UTC")
    assert in_order(log) == ["Lost", "Won"]


def test_a_bad_time_leaves_microseconds_as_they_are() -> None:
    rows = {"item": [1, 2], "stage": ["New", "New"], "time": ["2026-03-01 10:00:00.000001", "no time"]}
    log = sf.StageLog(rows, invalid="drop")
    assert log.unit == "us"
    assert sf.row_table(log)["time"].tolist() == [pd.Timestamp("2026-03-01 10:00:00.000001")]


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("bad", ["no time", None, "2026-03-01T10:00:00"])
@pytest.mark.parametrize("turned", [False, True])
def test_batches_are_the_same_log_however_they_are_cut(cut: int, bad: str | None, turned: bool) -> None:
    table = pa.table(rows_with(bad, "2026-03-01T10:00:00.000001"))
    if turned:  # so that the first batch has no nanoseconds
        table = table.take([3, 2, 0, 1])
    whole = sf.StageLog(table, invalid="drop")
    log = sf.StageLog.from_batches([table.slice(0, cut), table.slice(cut)], invalid="drop")
    assert repr(log) == repr(whole)
    assert log.unit == "ns"
    pd.testing.assert_frame_equal(sf.row_table(log), sf.row_table(whole))


def test_parts_merge_also_where_one_has_a_bad_time() -> None:
    first = sf.StageLog(rows_with("no time"), invalid="drop")
    second = sf.StageLog({"item": [7, 7], "stage": ["Lost", "Won"], "time": [LOST, WON]})
    merged = sf.merge([sf.partial(log, PIPELINE) for log in (first, second)]).summary()
    assert merged.outcomes["won"].tolist() == [2]


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_a_csv_file_keeps_nanoseconds_beside_an_empty_and_a_bad_time(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"log.{ending}"
    pd.DataFrame(rows_with("", "no time")).to_csv(path, index=False)
    log = sf.StageLog.from_csv(path, invalid="drop")
    assert log.unit == "ns"
    assert in_order(log, "1") == ["Lost", "Won"]
    assert (counts(log)["missing_time"], counts(log)["unparsed_time"]) == (1, 1)


def test_a_parquet_file_keeps_nanoseconds_beside_an_empty_and_a_bad_time(tmp_path: Path) -> None:
    pl.DataFrame(rows_with(None, "no time")).write_parquet(tmp_path / "log.parquet")
    log = sf.StageLog.from_parquet(tmp_path / "log.parquet", invalid="drop")
    assert log.unit == "ns"
    assert in_order(log) == ["Lost", "Won"]
    assert (counts(log)["missing_time"], counts(log)["unparsed_time"]) == (1, 1)


def test_an_export_keeps_nanoseconds_beside_a_bad_time(tmp_path: Path) -> None:
    pd.DataFrame(rows_with("no time")).to_csv(tmp_path / "log.csv", index=False)
    log = sf.read(tmp_path / "log.csv", invalid="drop").log
    assert log.unit == "ns"
    assert in_order(log, "1") in (["Lost", "Won"], [])
    assert sf.row_table(log)["stage"].tolist()[:2] == ["Lost", "Won"]


@pytest.mark.parametrize("zone", [None, datetime.UTC])
def test_nanoseconds_of_timestamp_objects_are_kept(zone: Any) -> None:
    times = [pd.Timestamp(text, tz=zone) for text in (WON, LOST)]
    rows = {"item": [1, 1, 2], "stage": ["Won", "Lost", "New"]}
    rows["time"] = pd.Series([*times, None], dtype=object)
    log = sf.StageLog(rows, invalid="drop")
    assert log.unit == "ns"
    assert in_order(log) == ["Lost", "Won"]
    assert counts(log)["missing_time"] == 1


def test_nanoseconds_in_a_week_date_are_kept() -> None:
    # pandas reads no week dates; 2026-W09-7 is 1 March.
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": ["2026-W09-7T10:00:00.000000900"]})
    assert sf.row_table(log)["time"].tolist() == [pd.Timestamp(WON)]


@pytest.mark.parametrize(
    "times",
    [
        [WON, NINES],
        [NINES, WON],
        ["1600-01-01", WON],
        np.array([pd.Timestamp(WON), datetime.datetime(9999, 12, 31)], dtype=object),
    ],
)
def test_nanoseconds_beside_a_year_that_they_do_not_reach_are_refused(times: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"nanoseconds \(row [01].*the year 1677 to 2262.*\(row [01]"):
        sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": times}, invalid="drop")


def test_nanoseconds_before_1970_are_kept_beside_a_bad_time() -> None:
    text = "1965-03-01T10:00:00.000000900"
    log = sf.StageLog({"item": [1, 2], "stage": ["New"] * 2, "time": [text, "no time"]}, invalid="drop")
    assert sf.row_table(log)["time"].tolist() == [pd.Timestamp(text)]


def test_a_far_year_beside_nanoseconds_that_are_zero_is_read() -> None:
    log = sf.StageLog(
        {"item": [1, 2], "stage": ["New"] * 2, "time": ["2026-03-01T10:00:00.000001000", NINES]}
    )
    assert log.unit == "us"
    assert sf.row_table(log)["time"].dt.year.tolist() == [2026, 9999]


def test_a_blank_before_a_date_does_not_make_a_zone() -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [" 2026-03-01"]})
    assert (log.zone, log.unit) == (None, "us")
