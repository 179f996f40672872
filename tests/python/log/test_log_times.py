"""Times of every kind: read exactly, given back in their own unit and zone."""

import datetime
import zoneinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_series_equal

import stagefunnel as sf
from helpers import SMALL

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def log_at(times: Any, **options: Any) -> sf.StageLog:
    """Read items with a row each, all of the stage New."""
    return sf.StageLog({"item": range(len(times)), "stage": ["New"] * len(times), "time": times}, **options)


def first_times(times: Any) -> "pd.Series[Any]":
    return sf.item_table(log_at(times), SMALL)["first_time"].rename(None)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_keep_their_unit(unit: str) -> None:
    times = pd.Series(np.array(["1677-12-01", "1970-01-01", "2026-03-29T02:30"], dtype=f"datetime64[{unit}]"))
    assert_series_equal(first_times(times), times)
    assert log_at(times).unit == unit


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/St_Johns", "+05:30"])
def test_zoned_timestamps_keep_their_zone(zone: str) -> None:
    times = pd.Series(pd.date_range("2026-03-28", periods=3, freq="D", tz="UTC")).dt.tz_convert(zone)
    assert_series_equal(first_times(times), times)
    assert log_at(times).zone == zone


@pytest.mark.parametrize(
    "times",
    [
        pa.array([datetime.date(2026, 3, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)]),
        pa.array(
            [datetime.date(2026, 3, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)], pa.date64()
        ),
        pl.Series([datetime.date(2026, 3, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)]),
        np.array(["2026-03-01", "1969-12-31", "9999-12-31"], dtype="datetime64[D]"),
        [datetime.date(2026, 3, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)],
        np.array(
            [datetime.date(2026, 3, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)],
            dtype=object,
        ),
        ["2026-03-01", "1969-12-31", "9999-12-31"],
        pa.array(["2026-03-01", "1969-12-31", "9999-12-31"]).dictionary_encode(),
        pd.Series(["2026-03-01", "1969-12-31", "9999-12-31"], dtype="category"),
    ],
    ids=[
        *["date32", "date64", "polars dates", "NumPy days", "dates", "dates as objects"],
        *["text", "text in a dictionary", "text as categories"],
    ],
)
def test_days_are_midnights_also_in_the_year_9999(times: Any) -> None:
    found = first_times(times)
    assert found.dtype.kind == "M"
    assert [str(time.date()) for time in found] == ["2026-03-01", "1969-12-31", "9999-12-31"]
    assert [time.time() for time in found] == [datetime.time()] * 3


def test_python_datetimes_are_read_to_the_microsecond() -> None:
    times = [
        datetime.datetime(2026, 3, 1, 1, 2, 3, 456789),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
    ]
    for given in (times, np.array(times, dtype=object), pd.Series(times, dtype=object)):
        assert first_times(given).tolist() == [pd.Timestamp(time) for time in times]


def test_a_date_among_datetimes_is_its_midnight() -> None:
    noon, day = datetime.datetime(2026, 1, 2, 12), datetime.date(2026, 1, 1)
    for given in ([noon, day], [day, noon]):
        times = first_times(np.array(given, dtype=object))
        assert sorted(times) == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02 12:00")]


def test_zoned_python_datetimes_of_one_zone_keep_it() -> None:
    # 02:30 happens twice on the day that the clocks go back: fold tells which.
    times = [datetime.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=fold) for fold in (0, 1)]
    found = first_times(np.array(times, dtype=object))
    assert str(found.dtype) == "datetime64[us, Europe/Paris]"
    assert [str(time) for time in found] == ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00"]


def test_python_datetimes_of_several_zones_come_out_in_utc() -> None:
    times = [
        datetime.datetime(2026, 3, 1, 12, tzinfo=PARIS),
        datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=-3))),
    ]
    found = first_times(np.array(times, dtype=object))
    assert [str(time) for time in found] == ["2026-03-01 11:00:00+00:00", "2026-03-01 15:00:00+00:00"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026-03-01", "2026-03-01T08:05", "2026-03-01 08:05:06"], ["00:00:00", "08:05:00", "08:05:06"]),
        (["2026-03-01T08:05:06.5", "2026-03-01T08:05:06.789012"], ["08:05:06.500000", "08:05:06.789012"]),
        (["20260301T080506", "2026-03-01T08"], ["08:05:06", "08:00:00"]),
    ],
)
def test_iso_texts_without_an_offset_are_naive(texts: list[str], expected: list[str]) -> None:
    found = first_times(texts)
    assert found.dt.tz is None
    assert [str(time.time()) for time in found] == expected


def test_iso_texts_with_offsets_are_one_instant_whatever_the_offset() -> None:
    texts = [
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
        "2026-03-29T00:30:00Z",
        "9999-12-31T23:00+0000",
    ]
    found = first_times(texts)
    assert str(found.dt.tz) == "UTC"
    assert [str(time) for time in found] == [
        *["2026-03-29 00:30:00+00:00", "2026-03-29 01:30:00+00:00", "2026-03-29 00:30:00+00:00"],
        "9999-12-31 23:00:00+00:00",
    ]


def test_texts_are_ordered_as_times_and_not_as_texts() -> None:
    log = sf.StageLog(
        {
            "item": [1, 1, 1],
            "stage": ["Won", "New", "Offer"],
            "time": ["2026-03-01T10:00+01:00", "2026-03-01T09:30+02:00", "2026-03-01T08:15Z"],
        }
    )
    assert sf.transitions(log, SMALL)["to_stage"].tolist() == ["Offer", "Won"]


@pytest.mark.parametrize(
    "times",
    [
        [5, -3, 2**40],
        np.array([5, -3, 2**40]),
        np.array([5.0, -3.0, 2.0**40]),
        pd.array([5, -3, 2**40], dtype="Int64"),
        np.array([5, 7, 2**30], dtype=np.int32),
        np.array([5, 7, 2**63 - 1], dtype=np.uint64),
    ],
)
def test_plain_integers_stay_plain_integers(times: Any) -> None:
    found = first_times(times)
    assert found.dtype == "int64"
    assert found.tolist() == [int(time) for time in times]
    assert log_at(times).unit is None


def test_integers_at_the_ends_of_their_range_are_times_like_others() -> None:
    assert first_times([-(2**63) + 1, 2**63 - 1]).tolist() == [-(2**63) + 1, 2**63 - 1]


@pytest.mark.parametrize(
    "order",
    [
        [30, 4, 200],
        ["30", "4", "200"],
        ["030", "0004", "00200"],
        pa.array(["30", "4", "200"]).dictionary_encode(),
        np.array([2**63 + 30, 4, 2**64 - 1], dtype=np.uint64),
        [30.0, 4.0, 200.0],
        ["b", "a", "c"],
        ["é", "a", "ü"],
        pd.to_datetime(["2026-03-02", "2026-03-01", "2026-03-03"]),
        ["1" + "0" * 40, "9" * 40, "2" + "0" * 40],
    ],
)
def test_an_order_column_decides_between_rows_of_equal_time(order: Any) -> None:
    rows = {"item": [1] * 3, "stage": ["Offer", "New", "Won"], "time": [0] * 3, "id": order}
    # From New and from Offer: along New, Offer, Won, and along Offer, New, Won.
    assert sf.transitions(sf.StageLog(rows, order="id"), SMALL)["to_stage"].tolist() == ["Offer", "Won"]
    assert sf.transitions(sf.StageLog(rows), SMALL)["to_stage"].tolist() == ["Won", "New"]


def test_an_order_column_never_overrules_the_time() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1], "id": [2, 1]}
    assert sf.outcomes(sf.StageLog(rows, order="id"), SMALL)["won"].tolist() == [1]


def test_a_text_that_is_no_time_can_be_dropped_from_zoned_ones() -> None:
    log = log_at(["2026-03-01T10:00Z", "yesterday", "2026-02-30T10:00Z"], invalid="drop")
    assert log.n_rows == 1
    assert log.zone == "UTC"


@pytest.mark.parametrize("naive", ["2026-03-01", "2026-03", "9999-12-31"])
def test_a_naive_text_is_never_read_as_one_of_the_zone_of_others(naive: str) -> None:
    with pytest.raises(sf.SchemaError, match=rf"mixes times .* without \(row 1: '{naive}'\)"):
        log_at(["2026-03-01T10:00Z", naive], invalid="drop")


def test_text_of_a_named_format_is_read_and_settings_fit_the_log() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": ["03/04/2026 10:00", "04/04/2026 10:00"]}
    columns = {"item": "item", "time_format": "%d/%m/%Y %H:%M"}
    log = sf.StageLog(rows, **columns)
    first = sf.item_table(log, sf.Pipeline("New", won="Won"))["first_time"].iloc[0]
    assert first == pd.Timestamp("2026-04-03 10:00")


def test_a_format_with_offsets_gives_times_in_utc() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": ["3.4.2026 10:00 +0200", "3.4.2026 10:00 +0000"]}
    log = sf.StageLog(rows, time_format="%d.%m.%Y %H:%M %z")
    assert log.zone == "UTC"
    times = sf.time_in_stage(log, sf.Pipeline("New", won="Won"))
    assert times["mean"].iloc[0] == pd.Timedelta("2h")


@pytest.mark.parametrize("way", ["arrays", "frame", "stream", "spilled stream"])
def test_the_integer_that_means_no_time_is_refused_and_its_neighbour_is_a_time(
    way: str, tmp_path: Path
) -> None:
    def log_from(first: int, **options: Any) -> Any:
        columns = {"item": [1, 1, 1], "stage": ["Spam", "Won", "New"], "time": np.array([5, 5, first])}
        if way == "arrays":
            return sf.StageLog(**columns, **options)
        frame = pd.DataFrame(columns)
        if way == "frame":
            return sf.StageLog(frame, **options)
        options |= {"spill": tmp_path / "log.sf"} if way == "spilled stream" else {}
        return sf.StageLog.from_batches([frame[:1], frame[1:]], **options)

    with pytest.raises(
        sf.InvalidRowError,
        match=r"^the time in row 2 of column 'time' is -9223372036854775808, the integer that stands for a "
        r"missing time; .* -9223372036854775807 on$",
    ) as caught:
        log_from(-(2**63))
    assert caught.value.row == 2
    # Rows that are left out may have any time.
    assert log_from(-(2**63), stages=["Won"]).n_rows == 1
    table = sf.item_table(
        log_from(-(2**63) + 1).filter(items=[1]),  # a log in partitions lists some of its items
        sf.Pipeline(["New", "Spam"], won=["Won"], lost=["Lost"]),
        missing="ignore",
    )
    assert table["first_time"].to_list() == [-(2**63) + 1]
