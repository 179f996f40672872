"""Periods before a period, where their ends meet a change of the clock or the end of the calendar."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline("New", won="Won")


def log_in(zone: str, *times: str) -> sf.StageLog:
    """Read items that are created at some moments of UTC."""
    stamps = pd.DatetimeIndex(times, tz="UTC").tz_convert(zone)
    return sf.StageLog({"item": range(len(times)), "stage": ["New"] * len(times), "time": stamps})


def periods_of(zone: str, period: Any, against: Any) -> list[str]:
    table = sf.compare_periods(log_in(zone, "2026-01-01"), PIPELINE, period, against=against)
    found: list[str] = table.attrs["stagefunnel"]["periods"]
    return found


def between(zone: str, start: str, end: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(start).tz_convert(zone), pd.Timestamp(end).tz_convert(zone)


# In Chile 6 September 2026 begins at one o'clock: the clock passes over its midnight.
@pytest.mark.parametrize(
    ("period", "against", "expected"),
    [
        ("2026-09-05", "previous", ["2026-09-05 … 2026-09-06", "2026-09-04 … 2026-09-05"]),
        ("2026-09-05", "last_year", ["2026-09-05 … 2026-09-06", "2025-09-05 … 2025-09-06"]),
        ("2026-09-05", "2026-09-06", ["2026-09-05 … 2026-09-06", "2026-09-06 … 2026-09-07"]),
        ("2026-09-06", "previous", ["2026-09-06 … 2026-09-07", "2026-09-05 … 2026-09-06"]),
        ("2026-09-06", "last_year", ["2026-09-06 … 2026-09-07", "2025-09-06 … 2025-09-07"]),
        ("2026-09-07", "previous", ["2026-09-07 … 2026-09-08", "2026-09-06 … 2026-09-07"]),
        ("2026-09-08", ("2026-09-05", "2026-09-06"), ["2026-09-08 … 2026-09-09", "2026-09-05 … 2026-09-07"]),
        (("2026-09-06", "2026-09-07"), "previous", ["2026-09-06 … 2026-09-08", "2026-09-04 … 2026-09-06"]),
    ],
)
def test_a_day_without_midnight_is_a_day(period: Any, against: Any, expected: list[str]) -> None:
    assert periods_of("America/Santiago", period, against) == expected


def test_a_day_without_midnight_is_called_by_its_date_and_has_its_23_hours() -> None:
    # The day is from 04:00 to 03:00 UTC: the clock goes from -04:00 to -03:00.
    log = log_in(
        "America/Santiago", "2026-09-06 03:59", "2026-09-06 04:00", "2026-09-07 02:59", "2026-09-07 03:00"
    )
    table = sf.compare_periods(log, PIPELINE, "2026-09-06", basis="created")
    assert table.attrs["stagefunnel"]["called"] == ["2026-09-06", "2026-09-05"]
    assert table[["base", "base_before"]].iloc[0].tolist() == [2, 1]


def test_a_day_whose_midnight_comes_twice_begins_with_the_first_one() -> None:
    # In Cuba the clock goes from one o'clock back to midnight of 1 November 2026, which has 25 hours.
    log = log_in(
        "America/Havana", "2026-11-01 03:59", "2026-11-01 04:00", "2026-11-01 05:00", "2026-11-02 04:59"
    )
    table = sf.compare_periods(log, PIPELINE, "2026-11-01", basis="created")
    assert table.attrs["stagefunnel"]["periods"] == ["2026-11-01 … 2026-11-02", "2026-10-31 … 2026-11-01"]
    assert table[["base", "base_before"]].iloc[0].tolist() == [3, 1]


# In Berlin the clock goes from 02:00 to 03:00 on 30 March 2025, and from 03:00 to 02:00 on 26 October 2025.
@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        # The minute comes twice a year before: the first of the two counts.
        (
            "2026-10-26T02:01+01:00",
            "2026-10-26T12:00+01:00",
            "2025-10-26 02:01:00+02:00 … 2025-10-26 12:00:00+01:00",
        ),
        # It comes twice itself, and once a year before.
        (
            "2025-10-26T02:01+02:00",
            "2025-10-26T12:00+01:00",
            "2024-10-26 02:01:00+02:00 … 2024-10-26 12:00:00+02:00",
        ),
        (
            "2025-10-26T02:01+01:00",
            "2025-10-26T12:00+01:00",
            "2024-10-26 02:01:00+02:00 … 2024-10-26 12:00:00+02:00",
        ),
        # A year before the clock passes over it: the first moment after counts.
        (
            "2026-03-30T02:01+02:00",
            "2026-03-30T12:00+02:00",
            "2025-03-30 03:00:00+02:00 … 2025-03-30 12:00:00+02:00",
        ),
        # On the clock the end is before the start: the period is as long as the other, half an hour.
        (
            "2025-10-26T02:40+02:00",
            "2025-10-26T02:10+01:00",
            "2024-10-26 02:40:00+02:00 … 2024-10-26 03:10:00+02:00",
        ),
        # 2023 has no 29 February.
        (
            "2024-02-28T12:00+01:00",
            "2024-02-29T12:00+01:00",
            "2023-02-28 12:00:00+01:00 … 2023-03-01 12:00:00+01:00",
        ),
    ],
)
def test_last_year_is_what_the_clock_shows(start: str, end: str, before: str) -> None:
    period = between("Europe/Berlin", start, end)
    assert periods_of("Europe/Berlin", period, "last_year")[1] == before


def test_moments_of_another_zone_are_read_on_the_clock_of_the_log() -> None:
    # March in Berlin, written in UTC.
    period = between("UTC", "2026-02-28T23:00Z", "2026-03-31T22:00Z")
    assert periods_of("Europe/Berlin", period, "previous") == [
        "2026-03-01 … 2026-04-01",
        "2026-02-01 … 2026-03-01",
    ]
    assert periods_of("Europe/Berlin", period, "last_year")[1] == "2025-03-01 … 2025-04-01"


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2026-W53", "2025-12-29 … 2026-01-05"),  # 364 days before 28 December 2026, a W01
        (("2026-W01", "2026-W02"), "2024-12-30 … 2025-01-13"),
        (("2025-12-29", "2026-01-11"), "2024-12-29 … 2025-01-12"),  # the same days, not written as weeks
    ],
)
def test_what_is_written_as_weeks_goes_back_52_weeks(period: Any, before: str) -> None:
    assert periods_of("Europe/Berlin", period, "last_year")[1] == before


def test_weeks_that_are_a_whole_month_follow_the_month_before() -> None:
    # February 2027 begins on a Monday and has four weeks.
    assert periods_of("UTC", ("2027-W05", "2027-W08"), "previous")[1] == "2027-01-01 … 2027-02-01"


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_moments_beyond_nanoseconds_are_moments(zone: str | None) -> None:
    time = pd.DatetimeIndex(["2026-03-05"], tz=zone).as_unit("ns")
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": time})
    far = pd.Timestamp("9999-01-01", tz=zone)
    for as_of in (far, "9999-01-01"):
        assert sf.funnel(log, PIPELINE, as_of=as_of)["base"].tolist() == [1, 1]
    assert sf.funnel(log, PIPELINE, period=(pd.Timestamp("0001-01-01", tz=zone), far))["base"].tolist() == [
        1,
        1,
    ]
    assert sf.funnel(log, PIPELINE, period=(far, None), basis="created")["base"].tolist() == [0, 0]


def test_the_last_year_of_the_calendar_is_a_period_and_has_no_end_in_a_zone() -> None:
    naive = sf.StageLog({"item": [1], "stage": ["New"], "time": [pd.Timestamp("2026-03-05")]})
    table = sf.compare_periods(naive, PIPELINE, "9999-12", basis="created")
    assert table.attrs["stagefunnel"]["called"] == ["9999-12", "9999-11"]
    with pytest.raises(sf.SchemaError, match="period=: 10000-01-01 00:00:00 is later than the year 9999"):
        sf.compare_periods(log_in("Europe/Berlin", "2026-03-05"), PIPELINE, "9999-12")
