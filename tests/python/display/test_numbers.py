"""Numbers as people read them: never rounded into something else."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.display.numbers import (
    brief,
    change,
    count,
    counted,
    difference,
    length,
    number,
    percent,
    points,
    precise_points,
)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (2 / 3, "67%"),
        (0.9996, "99.9%"),
        (0.996, "99.6%"),
        (1 - 1e-12, "99.9%"),
        (0.0004, "< 0.1%"),
        (0.004, "0.4%"),
        (1e-12, "< 0.1%"),
        (4 / 3, "133%"),
        (1.004, "100.4%"),
        (float("nan"), "–"),
    ],
)
def test_a_share_is_written_in_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0%"),
        (-0.0, "0%"),
        (0.5061, "+51%"),
        (-0.18, "-18%"),
        (-0.0004, "> -0.1%"),
        (0.0004, "< 0.1%"),
        (-0.004, "-0.4%"),
        (0.004, "+0.4%"),
        (-0.9996, "-99.9%"),
        (-1.0, "-100%"),
        (12.0, "+1,200%"),
        (float("nan"), "–"),
    ],
)
def test_a_change_has_its_sign(value: float, text: str) -> None:
    assert change(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.07, "+7 points"),
        (-0.12, "-12 points"),
        (0.01, "+1 point"),
        (-0.0101, "-1 point"),
        (0.0, "0 points"),
        (-0.0, "0 points"),
        (0.004, "+0.4 points"),
        (-0.004, "-0.4 points"),
        (-0.0003, "0.0 points"),
        (0.0003, "0.0 points"),
        (1.0, "+100 points"),
        (0.996, "+100 points"),
        (float("nan"), "–"),
    ],
)
def test_a_difference_of_shares_is_in_points(value: float, text: str) -> None:
    assert points(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.076, "+7.6"), (-0.003, "−0.3"), (-0.0004, "0.0"), (0.0, "0.0"), (-0.0, "0.0")]
)
def test_points_of_a_sentence_have_one_decimal_and_no_sign_of_nothing(value: float, text: str) -> None:
    assert precise_points(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(87, "+87"), (-10, "-10"), (0, "0"), (-0.0, "0"), (-1234.5, "-1,234.50"), (-0.004, "> -0.01")],
)
def test_a_difference_of_numbers_has_its_sign(value: float, text: str) -> None:
    assert difference(value) == text


@examples(ci=100, night=1_000)
@given(st.floats(-1e6, 1e6))
def test_nothing_is_written_as_less_than_nothing(value: float) -> None:
    texts = [write(value) for write in (percent, number, count, change, points, difference, precise_points)]
    for text in texts:
        digits = text.lstrip("+").replace(",", "").split(" ")[0]
        assert not digits.startswith("-0") or float(digits) < 0, text
        assert digits not in ("-0", "-0.0", "-0.00"), text


@examples(ci=100, night=1_000)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_part_of_something_is_never_said_to_be_nothing_or_all(share: float) -> None:
    assert percent(share) not in ("0%", "0.0%", "100%", "100.0%")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0s", "0 s"),
        ("4D 6h", "4 d 6 h"),
        ("4D 6h 29min", "4 d 6 h"),
        ("4D 6h 31min", "4 d 7 h"),
        ("1D", "1 d"),
        ("100D 11h", "100 d"),
        ("1234D 13h", "1,235 d"),
        ("23h 59min 59s", "1 d"),
        ("5h 7min", "5 h 7 min"),
        ("59min 59s", "1 h"),
        ("36min", "36 min"),
        ("1min 50s", "2 min"),
        ("59.9s", "1 min"),
        ("1.9s", "2 s"),
        ("0.9999s", "1 s"),
        ("12ms", "12 ms"),
        ("7us", "7 µs"),
        ("300ns", "< 1 µs"),
        ("-36min", "-36 min"),
        ("-0s", "0 s"),
    ],
)
def test_a_length_of_time_is_written_in_its_two_largest_units_at_most(value: str, text: str) -> None:
    assert length(pd.Timedelta(value)) == text
    assert length(pd.Timedelta(value).to_timedelta64()) == text


@examples(ci=100, night=1_000)
@given(st.integers(1, 10**15))
def test_a_length_is_rounded_to_its_smallest_unit(microseconds: int) -> None:
    units = {"d": 86_400e6, "h": 3_600e6, "min": 60e6, "s": 1e6, "ms": 1e3, "µs": 1.0}
    words = length(pd.Timedelta(microseconds, "us")).replace(",", "").split()
    written = sum(int(value) * units[unit] for value, unit in zip(words[::2], words[1::2], strict=True))
    finest = min(units[unit] for unit in words[1::2])
    assert abs(written - microseconds) <= finest / 2 or written == finest >= microseconds


@pytest.mark.parametrize("value", [pd.NaT, np.timedelta64("NaT"), float("nan"), None])
def test_a_missing_value_is_a_dash(value: Any) -> None:
    assert length(value) == number(value) == count(value) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345, "12,345"),
        (2.5, "2.50"),
        (3.0, "3"),
        (1e6, "1,000,000"),
        (-0.0, "0"),
        (-0.001, "> -0.01"),
        (0.001, "< 0.01"),
        (-0.006, "-0.01"),
    ],
)
def test_a_plain_number_has_no_decimals_that_it_does_not_need(value: float, text: str) -> None:
    assert number(value) == length(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9_999, "9,999"),
        (10_000, "10,000"),
        (99_999, "99,999"),
        (100_000, "100 k"),
        (123_456, "123 k"),
        (200_000, "200 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (1_234_567, "1.23 M"),
        (10_000_000, "10 M"),
        (3_400_000_000, "3.4 bn"),
        (float("nan"), "–"),
    ],
)
def test_large_numbers_in_pictures_are_brief(value: float, text: str) -> None:
    assert brief(value) == text


@pytest.mark.parametrize(
    ("noun", "several"),
    [
        ("item", "items"),
        ("company", "companies"),
        ("key", "keys"),
        ("branch", "branches"),
        ("business", "businesses"),
        ("y", "ys"),
    ],
)
def test_things_are_counted_in_their_plural(noun: str, several: str) -> None:
    assert counted(1, noun) == f"1 {noun}"
    assert counted(0, noun) == f"0 {several}"
    assert counted(1200, noun) == f"1,200 {several}"


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.5, "30 min"),
        (1, "1 working hour"),
        (7.5, "7 working hours 30 min"),
        (7.99, "7 working hours 59 min"),
        (8, "1 working day"),
        (8.75, "1 working day 1 h"),
        (24, "3 working days"),
        (15.9, "2 working days"),
        (804, "100 working days"),
        (0, "0 s"),
    ],
)
def test_working_time_is_written_in_days_of_its_calendar(hours: float, text: str) -> None:
    assert length(pd.Timedelta(hours=hours), 8 * 3600) == text


def test_the_error_of_an_incidence_is_in_points_as_its_share_is_in_percent() -> None:
    shop = sf.datasets.furniture_shop()
    table = sf.cumulative_incidence(shop.log, shop.pipeline, times=["60d"])
    table["se"] = [0.0123, 0.0456]
    text = str(sf.show(table))
    assert ("1.2 points" in text, "4.6 points" in text) == (True, True)
