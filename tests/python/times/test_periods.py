"""Periods and moments: what may be written, what it means, and what is refused."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL


def hourly_log(start: str, end: str, *, zone: str | None = None, unit: str = "us") -> sf.StageLog:
    """One open item an hour, the item its number of hours since `start`."""
    times = pd.date_range(start, end, freq="h", tz="UTC" if zone else None, inclusive="left").as_unit(unit)
    if zone is not None:
        times = times.tz_convert(zone)
    return sf.StageLog({"item": np.arange(len(times)), "stage": ["New"] * len(times), "time": times})


def created_in(log: sf.StageLog, period: Any) -> list[str]:
    """Return the first and the last time of the items created in a period."""
    times = sf.item_table(log, SMALL, period=period, basis="created")["first_time"]
    return [str(times.iloc[0]), str(times.iloc[-1])]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026", "2026-01-01 00:00:00", "2026-12-31 23:00:00"),
        ("2026-Q1", "2026-01-01 00:00:00", "2026-03-31 23:00:00"),
        ("2026Q4", "2026-10-01 00:00:00", "2026-12-31 23:00:00"),
        ("2026-02", "2026-02-01 00:00:00", "2026-02-28 23:00:00"),
        ("2026-W01", "2025-12-29 00:00:00", "2026-01-04 23:00:00"),
        ("2026-03-31", "2026-03-31 00:00:00", "2026-03-31 23:00:00"),
        ("2026-03-31T07", "2026-03-31 07:00:00", "2026-03-31 07:00:00"),
        (datetime.date(2026, 3, 31), "2026-03-31 00:00:00", "2026-03-31 23:00:00"),
        (pd.Period("2026-02"), "2026-02-01 00:00:00", "2026-02-28 23:00:00"),
        (("2026-01", "2026-03"), "2026-01-01 00:00:00", "2026-03-31 23:00:00"),
        (["2026-01-30", "2026-02"], "2026-01-30 00:00:00", "2026-02-28 23:00:00"),
        ((None, "2026-02"), "2025-12-01 00:00:00", "2026-02-28 23:00:00"),
        (("2026-12-31", None), "2026-12-31 00:00:00", "2027-01-31 23:00:00"),
        (
            (pd.Timestamp("2026-01-01"), datetime.datetime(2026, 1, 2, 5)),
            "2026-01-01 00:00:00",
            "2026-01-02 04:00:00",
        ),
        (
            (np.datetime64("2026-01-01T00:30"), "2026-01-02"),
            "2026-01-01 01:00:00",
            "2026-01-02 23:00:00",
        ),
    ],
)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_period_is_the_span_that_a_calendar_says(period: Any, first: str, last: str, unit: str) -> None:
    log = hourly_log("2025-12-01", "2027-02-01", unit=unit)
    assert created_in(log, period) == [first, last]


def test_text_is_read_in_the_zone_of_the_log() -> None:
    log = hourly_log("2026-02-25", "2026-03-05", zone="Asia/Tokyo")
    assert created_in(log, "2026-03-01") == ["2026-03-01 00:00:00+09:00", "2026-03-01 23:00:00+09:00"]


def test_a_timestamp_of_another_zone_is_the_same_moment() -> None:
    log = hourly_log("2026-02-25", "2026-03-05", zone="Asia/Tokyo")
    start = pd.Timestamp("2026-03-01T00:00", tz="UTC")
    assert created_in(log, (start, start + pd.Timedelta("2h"))) == [
        "2026-03-01 09:00:00+09:00",
        "2026-03-01 10:00:00+09:00",
    ]


def test_text_with_an_offset_is_that_moment() -> None:
    log = hourly_log("2026-02-25", "2026-03-05", zone="Asia/Tokyo")
    expected = ["2026-03-01 09:00:00+09:00", "2026-03-01 10:00:00+09:00"]
    for first, last in (
        ("2026-03-01T00:00:00Z", "2026-03-01T02:00Z"),
        ("2026-03-01 01:00+01", "2026-03-01 11:00:00.000 +0900"),
        ("2026-02-28T23:00:00-01:00", "2026-03-01t02:00z"),
    ):
        assert created_in(log, (first, last)) == expected
    later = log.with_observed_until("2026-06-01T00:00:00Z").observed_until
    assert later == pd.Timestamp("2026-06-01", tz="UTC")
    assert sf.funnel(log, SMALL, as_of="2026-02-25T01:00Z")["passed"].iloc[0] == 1


def test_the_day_the_clock_changes_has_the_hours_it_has() -> None:
    log = hourly_log("2026-03-27", "2026-10-27", zone="Europe/Paris")
    hours = {
        day: len(sf.item_table(log, SMALL, period=day, basis="created"))
        for day in ("2026-03-28", "2026-03-29", "2026-10-25")
    }
    assert hours == {"2026-03-28": 24, "2026-03-29": 23, "2026-10-25": 25}


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04 01:00:00-02:00"),
        ("Pacific/Apia", "2010-09-26", "2010-09-26 01:00:00-10:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31 00:00:00+14:00"),  # there was no such day
    ],
)
def test_a_day_without_midnight_begins_with_its_first_moment(zone: str, day: str, first: str) -> None:
    about = pd.Timestamp(day)
    log = hourly_log(str(about - pd.Timedelta("3D")), str(about + pd.Timedelta("3D")), zone=zone)
    assert created_in(log, (day, None))[0] == first


def test_a_log_of_dates_takes_the_days_that_begin_in_the_period() -> None:
    days = np.arange("2026-01-30", "2026-02-03", dtype="datetime64[D]")
    log = sf.StageLog({"item": np.arange(4), "stage": ["New"] * 4, "time": days})
    noon = (pd.Timestamp("2026-01-30T12:00"), pd.Timestamp("2026-02-01T12:00"))
    assert created_in(log, noon) == ["2026-01-31 00:00:00", "2026-02-01 00:00:00"]
    assert created_in(log, "2026-02") == ["2026-02-01 00:00:00", "2026-02-02 00:00:00"]


def test_plain_integers_take_pairs_of_them() -> None:
    log = sf.StageLog({"item": [1, 2, 3], "stage": ["New"] * 3, "time": [5, 6, 7]})
    table = sf.item_table(log, SMALL, period=(6, 7), basis="created")
    assert table["item"].tolist() == [2]


@pytest.mark.parametrize(
    ("as_of", "passed"),
    [
        ("2026-03-02", 24),
        ("2026-03", 0),
        (datetime.date(2026, 3, 2), 24),
        (pd.Timestamp("2026-03-01T05:00"), 5),
        (None, 48),
    ],
)
def test_as_of_keeps_the_rows_before_a_moment(as_of: Any, passed: int) -> None:
    table = sf.funnel(hourly_log("2026-03-01", "2026-03-03"), SMALL, as_of=as_of)
    assert table["passed"].iloc[0] == passed


NAIVE = hourly_log("2026-03-01", "2026-03-03")
ZONED = hourly_log("2026-03-01", "2026-03-03", zone="Europe/Paris")
NUMBERS = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
MARCH_UTC = pd.Timestamp("2026-03-01", tz="UTC")


@pytest.mark.parametrize(
    ("log", "period", "message"),
    [
        (NAIVE, "March", "'March' is not a period; give text such as \"2026\""),
        (NAIVE, "03/2026", "not a period"),
        (NAIVE, "2026-13", "'2026-13' is not in the calendar"),
        (NAIVE, "2026-02-30", "'2026-02-30' is not in the calendar"),
        (NAIVE, "2025-W53", "'2025-W53' is not in the calendar"),
        (NAIVE, 2026, "is a moment, not a period; give a pair"),
        (NAIVE, pd.Timestamp("2026-03-01"), "is a moment, not a period"),
        (NAIVE, ("2026-03", "2026-01"), "ends before it begins"),
        (NAIVE, ("2026-01", "2026-02", "2026-03"), "has 3 parts"),
        (NAIVE, (1, 2), "1 is a number, and the log's times are timestamps"),
        (NAIVE, ("March", None), "'March' is not the start of a period"),
        (NAIVE, (None, 1.5), "1.5 is not the end of a period"),
        (NAIVE, (pd.NaT, None), "missing (NaT); None leaves a side open"),
        (NAIVE, (MARCH_UTC, None), "has a zone, and the log's times have none"),
        (NAIVE, ("2026-03-01T00:00Z", None), "'2026-03-01T00:00Z' has a zone, and the log's times have none"),
        (ZONED, "2026-03-01T00:00Z", "is a moment, not a period; give a pair"),
        (ZONED, ("2026-02-30T00:00Z", None), "'2026-02-30T00:00Z' is not in the calendar"),
        (NUMBERS, ("2026-03-01T00:00Z", None), "is a calendar time, and the log's times are plain integers"),
        (ZONED, (pd.Timestamp("2026-03-01"), None), "has no zone, and the log's times are in Europe/Paris"),
        (NUMBERS, "2026", "'2026' is a calendar time, and the log's times are plain integers"),
        (NUMBERS, (MARCH_UTC, None), "is a calendar time, and the log's times are plain integers"),
        (NUMBERS, (7, 7), "ends before it begins"),
    ],
)
def test_what_is_no_period_of_the_log_is_refused(log: sf.StageLog, period: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        sf.funnel(log, SMALL, period=period)
    assert message in str(caught.value)
    assert caught.value.option == "period"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "soon"}, "as_of='soon' is not a moment"),
        ({"as_of": ("2026-01", "2026-02")}, "is not a moment"),
        ({"as_of": MARCH_UTC}, "has a zone, and the log's times have none"),
        ({"as_of": "2026-03-01T00:00+00:00"}, "has a zone, and the log's times have none"),
        ({"as_of": "2026-02-30"}, "as_of=: '2026-02-30' is not in the calendar"),
        ({"basis": "open"}, "basis='open'"),
    ],
)
def test_what_is_no_moment_and_no_basis_is_refused(options: dict[str, Any], message: str) -> None:
    for analysis in (sf.funnel, sf.outcomes, sf.time_in_stage, sf.transitions, sf.item_table, sf.summary):
        with pytest.raises(sf.SchemaError) as caught:
            analysis(NAIVE, SMALL, **options)
        assert message in str(caught.value)
        assert caught.value.option == next(iter(options))
    with pytest.raises(sf.SchemaError):
        sf.explain(NAIVE, SMALL, item=0, **options)
