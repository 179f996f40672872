"""Periods as pandas and Python write them: intervals and slices, and the aliases of frequencies."""

import datetime
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL

# On the left side of February and a microsecond before it, inside, and the same around its right side.
TIMES = [
    *("2026-01-31 23:59:59.999999", "2026-02-01", "2026-02-01 00:00:00.000001"),
    *("2026-02-28 23:59:59.999999", "2026-03-01", "2026-03-01 00:00:00.000001"),
]
SIDES = pd.Timestamp("2026-02-01"), pd.Timestamp("2026-03-01")
CLOSED = {"left": [1, 2, 3], "right": [2, 3, 4], "both": [1, 2, 3, 4], "neither": [2, 3]}


def log_of(times: Any, zone: str | None = None) -> sf.StageLog:
    return sf.StageLog(
        {"item": list(range(len(times))), "stage": ["New"] * len(times), "time": times}, zone=zone
    )


def created_in(log: sf.StageLog, period: Any) -> list[int]:
    items: list[int] = sf.item_table(log, SMALL, period=period, basis="created")["item"].tolist()
    return items


@pytest.mark.parametrize(("closed", "items"), CLOSED.items())
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_an_interval_has_its_closed_sides_and_not_its_open_ones(
    closed: Any, items: list[int], unit: Any, zone: str | None
) -> None:
    left, right = (side.as_unit(unit).tz_localize(zone) for side in SIDES)
    assert created_in(log_of(TIMES, zone), pd.Interval(left, right, closed=closed)) == items


@pytest.mark.parametrize(
    ("closed", "items"), {"left": [0, 1], "right": [1, 2], "both": [0, 1, 2], "neither": [1]}.items()
)
def test_an_interval_over_whole_units_counts_them(closed: Any, items: list[int]) -> None:
    days = [datetime.date(2026, 2, 1), datetime.date(2026, 2, 15), datetime.date(2026, 3, 1)]
    assert created_in(log_of(days), pd.Interval(*SIDES, closed=closed)) == items
    assert created_in(log_of([0, 5, 10]), pd.Interval(0, 10, closed=closed)) == items
    assert created_in(log_of([0, 5, 10]), pd.Interval(0.0, 10.0, closed=closed)) == items
    seconds = pd.Series(pd.to_datetime(["2026-02-01", "2026-02-15", "2026-03-01"])).dt.as_unit("s")
    assert created_in(log_of(seconds), pd.Interval(*SIDES, closed=closed)) == items


def test_an_open_side_between_two_ticks_takes_nothing_away() -> None:
    seconds = pd.Series(pd.to_datetime(["2026-02-01 00:00:00", "2026-02-01 00:00:01"])).dt.as_unit("s")
    half = pd.Timestamp("2026-02-01 00:00:00.5")
    assert created_in(log_of(seconds), pd.Interval(half, SIDES[1])) == [1]
    assert created_in(log_of(seconds), pd.Interval(SIDES[0], half, closed="both")) == [0]


def test_an_interval_tells_the_two_hours_of_autumn_apart() -> None:
    log = log_of(
        ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:00+01:00"], "Europe/Berlin"
    )
    both = pd.Timestamp("2026-10-25T00:30Z"), pd.Timestamp("2026-10-25T01:30Z")
    assert created_in(log, pd.Interval(*both)) == [1]
    assert created_in(log, pd.Interval(*both, closed="left")) == [0]


def test_one_moment_is_an_interval_that_is_closed_on_both_sides() -> None:
    assert created_in(log_of(TIMES), pd.Interval(SIDES[0], SIDES[0], closed="both")) == [1]
    with pytest.raises(sf.SchemaError, match="holds no moment: it is closed='right'"):
        created_in(log_of(TIMES), pd.Interval(SIDES[0], SIDES[0]))


@pytest.mark.parametrize(
    ("interval", "problem"),
    [
        (pd.Interval(0, 10), "is a number, and the log's times are timestamps"),
        (pd.Interval(pd.Timedelta("1D"), pd.Timedelta("2D")), "is not the side of a period"),
        (
            pd.Interval(*(side.tz_localize("UTC") for side in SIDES)),
            "has a zone, and the log's times have none",
        ),
    ],
)
def test_an_interval_of_something_else_is_refused(interval: Any, problem: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"^period=: .*{problem}"):
        created_in(log_of(TIMES), interval)


def test_an_interval_of_half_numbers_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match=r"0.5 is not the side of a period"):
        created_in(log_of([0, 5, 10]), pd.Interval(0.5, 10))


@pytest.mark.parametrize(
    ("period", "items"),
    [
        (slice("2026-02", "2026-02"), [1, 2, 3]),
        (slice("2026-02", "2026-03"), [1, 2, 3, 4, 5]),
        (slice("2026-03", None), [4, 5]),
        (slice(None, "2026-01"), [0]),
        (slice(None), [0, 1, 2, 3, 4, 5]),
        (slice(*SIDES), [1, 2, 3]),
        (slice(pd.Period("2026-02"), pd.Period("2026-02")), [1, 2, 3]),
    ],
)
def test_a_slice_is_the_pair_of_its_ends(period: slice, items: list[int]) -> None:
    log = log_of(TIMES)
    assert created_in(log, period) == items
    assert created_in(log, (period.start, period.stop)) == items


def test_a_slice_of_numbers_is_half_open() -> None:
    log = log_of([0, 5, 10])
    assert created_in(log, slice(0, 10)) == created_in(log, range(10)) == [0, 1]
    with pytest.raises(sf.SchemaError, match="has a step"):
        created_in(log, slice(0, 10, 2))
    with pytest.raises(sf.SchemaError, match="ends before it begins"):
        created_in(log, slice(10, 0))


def test_a_slice_of_weeks_goes_back_by_weeks() -> None:
    table = sf.compare_periods(log_of(TIMES), SMALL, slice("2026-W05", "2026-W06"), against="last_year")
    assert table.attrs["stagefunnel"]["periods"][1] == "2025-01-27 … 2025-02-10"


def test_a_slice_outside_the_log_is_named_as_a_pair_is() -> None:
    shown = str(sf.show(sf.funnel(log_of(TIMES), SMALL, period=slice("2027-01", None))))
    assert "period 2027-01 to …" in shown


@pytest.mark.parametrize(
    ("every", "word"),
    [
        *(("M", "month"), ("MS", "month"), ("ME", "month"), ("1M", "month"), ("1mo", "month")),
        *(
            ("D", "day"),
            ("W", "week"),
            ("W-SUN", "week"),
            ("w", "week"),
            ("Q", "quarter"),
            ("QE-DEC", "quarter"),
        ),
        *(("Y", "year"), ("YS", "year"), ("A", "year"), ("monthly", "month"), ("Month", "month")),
        (pd.offsets.MonthBegin(), "month"),
    ],
)
def test_an_alias_of_pandas_is_refused_with_the_word_that_is_meant(every: Any, word: str) -> None:
    for ask in (
        lambda: sf.funnel_by_period(log_of(TIMES), SMALL, every=every),
        lambda: sf.sequence_trend(log_of(TIMES), ["New", "Won"], every=every),
    ):
        with pytest.raises(sf.SchemaError, match=f'; pass every="{word}"$') as caught:
            ask()
        assert caught.value.option == "every"


@pytest.mark.parametrize(
    ("every", "problem"),
    [
        ("W-WED", 'pass every="week", whose weeks begin on Monday'),
        ("Q-NOV", 'pass every="quarter", of the calendar year'),
        ("h", "the shortest period is a day"),
        ("30D", "not several"),
        ("mnth", "did you mean 'month'"),
        (7, "every=7 is not one of"),
        (None, "every=None is not one of"),
    ],
)
def test_another_length_is_refused_with_what_there_is(every: Any, problem: str) -> None:
    with pytest.raises(sf.SchemaError, match=problem):
        sf.funnel_by_period(log_of(TIMES), SMALL, every=every)
