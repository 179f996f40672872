"""Windows and gaps as people write them, and months by the calendar of a zone."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from reference import Months as PlainMonths
from reference.sequence_steps import after
from stagefunnel.times.lengths import Months, Reach, length_of, length_text, reach_of
from stagefunnel.times.periods import Clock

MICRO = Clock("us", None)
PLAIN = Clock(None, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7d", 7 * 86_400),
        ("7 days", 7 * 86_400),
        ("1w", 7 * 86_400),
        ("1.5h", 5_400),
        ("30 min", 1_800),
        ("90S", 90),
        ("250ms", 0.25),
        ("0d", 0),
        (timedelta(hours=2), 7_200),
        (pd.Timedelta("1D"), 86_400),
        (np.timedelta64(3, "D"), 3 * 86_400),
        (np.timedelta64(1_500_000, "ns"), 0.0015),
    ],
)
def test_a_length_is_text_with_a_unit_or_a_timedelta(value: Any, seconds: float) -> None:
    assert length_of(value, MICRO, "window") == round(seconds * 1_000_000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=30), "30d"),  # no whole number of weeks
        (timedelta(days=14), "2w"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90min"),
        (timedelta(seconds=61), "61s"),
        (timedelta(milliseconds=1_250), "1250ms"),
        (np.timedelta64(1_500_000, "ns"), "1500us"),
        (np.timedelta64(1, "ns"), "1ns"),
        ("1 month", "1 month"),
        (3, 3),
        (np.float64(2.5), 2.5),
    ],
)
def test_a_length_is_written_in_the_largest_unit_in_which_it_is_whole(value: Any, text: Any) -> None:
    assert length_text(value) == text
    if not isinstance(value, str | int | float):
        assert length_of(text, Clock("ns", None), "window") == length_of(value, Clock("ns", None), "window")


@pytest.mark.parametrize(
    ("value", "months"), [("1 month", 1), ("3months", 3), ("1 quarter", 3), ("2 years", 24), ("0.5 year", 6)]
)
def test_months_quarters_and_years_are_of_the_calendar(value: str, months: int) -> None:
    assert length_of(value, MICRO, "window") == Months(months)


def test_a_length_between_two_ticks_is_rounded_so_that_the_same_rows_are_inside() -> None:
    seconds, days = Clock("s", None), Clock("D", None)
    assert (length_of("1500ms", seconds, "window"), length_of("1500ms", seconds, "min_gap", up=True)) == (
        1,
        2,
    )
    assert (length_of("36h", days, "window"), length_of("36h", days, "min_gap", up=True)) == (1, 2)
    assert (length_of(2.5, PLAIN, "window"), length_of(2.5, PLAIN, "min_gap", up=True)) == (2, 3)


@pytest.mark.parametrize(
    ("value", "clock", "message"),
    [
        (7, MICRO, "has no unit, and the log's times are timestamps"),
        ("7", MICRO, "has no unit; give"),
        ("7d", PLAIN, "has a unit, and the log's times are plain integers"),
        (timedelta(1), PLAIN, "is a length of time, and the log's times are plain integers"),
        ("-7d", MICRO, "is negative"),
        (-1, PLAIN, "is negative"),
        (timedelta(-1), MICRO, "is negative"),
        ("-1 month", MICRO, "is not between"),
        ("1.5 months", MICRO, "is not a whole number of months"),
        ("5m", MICRO, 'is it "min" or "months"'),
        ("5 dayz", MICRO, "did you mean 'day'"),
        ("soon", MICRO, "is not a length of time"),
        (True, PLAIN, "is not a length of time"),
        ([7], PLAIN, "is not a length of time"),
        (float("inf"), PLAIN, "None means no bound"),
        (10**19, PLAIN, "longer than any log"),
        (pd.NaT, MICRO, "missing"),
        (np.timedelta64("NaT"), MICRO, "missing"),
        (np.timedelta64(1, "M"), MICRO, "is not a length of time"),
    ],
)
def test_what_is_no_length_of_the_logs_time_is_refused(value: Any, clock: Clock, message: str) -> None:
    with pytest.raises(sf.SchemaError, match="window=") as raised:
        length_of(value, clock, "window")
    assert message in str(raised.value)


ZONES = [
    *(None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Asia/Tehran", "America/Sao_Paulo", "UTC+05:30"),
]


@examples(ci=100, night=1_000)
@given(
    st.sampled_from(ZONES),
    st.sampled_from([0, 1, 2, 3, 6, 12, 13, 24]),
    st.lists(st.datetimes(pd.Timestamp("2008-01-01"), pd.Timestamp("2026-12-31")), min_size=1, max_size=20),
    st.sampled_from(["s", "ms", "us", "ns"]),
)
def test_months_end_where_the_calendar_of_the_zone_says(
    zone: str | None, months: int, times: list[Any], unit: str
) -> None:
    stamps = pd.DatetimeIndex(times).as_unit(unit)
    if zone is not None:
        stamps = stamps.tz_localize("UTC").tz_convert(zone)
    assert_reaches(stamps, months, zone, unit)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("months", [1, 5])
def test_months_end_right_all_through_three_years_with_changes_of_the_clock(
    zone: str | None, months: int
) -> None:
    stamps = pd.date_range("2010-01-01", "2013-01-01", freq="330min", unit="s")
    assert_reaches(stamps if zone is None else stamps.tz_localize("UTC").tz_convert(zone), months, zone, "s")


def assert_reaches(stamps: pd.DatetimeIndex, months: int, zone: str | None, unit: str) -> None:
    ticks = stamps.asi8
    reach = reach_of(Months(months), int(ticks.min()), int(ticks.max()), Clock(unit, zone))
    assert_never_falls(reach)
    moments = pd.DatetimeIndex([after(stamp, PlainMonths(months)) for stamp in stamps])
    expected = (moments if zone is None else moments.tz_convert("UTC")).floor(unit).as_unit(unit)
    assert ends(reach, ticks).tolist() == expected.asi8.tolist()


def assert_never_falls(reach: Reach) -> None:
    edges = np.concatenate([reach.begin, reach.begin[1:] - 1])
    assert (np.diff(ends(reach, np.sort(edges))) >= 0).all()


def test_a_month_from_a_day_that_the_next_one_has_not_ends_with_it() -> None:
    stamps = pd.DatetimeIndex(["2026-01-28 23:00", "2026-01-29 01:00", "2026-01-31 12:00"]).as_unit("s")
    reach = reach_of(Months(1), int(stamps.asi8[0]), int(stamps.asi8[-1]), Clock("s", None))
    found = pd.DatetimeIndex(ends(reach, stamps.asi8).view("datetime64[s]"))
    assert list(found) == [pd.Timestamp("2026-02-28 23:00"), *[pd.Timestamp("2026-02-28 23:59:59")] * 2]


def ends(reach: Reach, ticks: Any) -> Any:
    piece = np.searchsorted(reach.begin, ticks, side="right") - 1
    assert (piece >= 0).all()
    return np.maximum(ticks + reach.shift[piece], reach.least[piece])


def test_months_of_dates_and_of_far_years_need_few_pieces() -> None:
    first, last = (int(np.datetime64(text, "D").astype(int)) for text in ("1990-01-31", "2030-01-31"))
    reach = reach_of(Months(1), first, last, Clock("D", None))
    assert list(ends(reach, np.array([first, last]))) == [first + 28, last + 28]
    assert len(reach.begin) < 40 * 24
    far = int(np.datetime64("9999-12-31", "s").astype(int))
    assert list(ends(reach_of(Months(12), far, far, Clock("s", None)), np.array([far]))) == [
        far + 366 * 86_400
    ]
