"""Which arrays the statistics of plain arrays take, and what they say of others."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf

TIME, EVENT = [2, 4, 5, 8], ["won", "lost", None, "won"]

TIMES: dict[str, Any] = {
    "range": range(2, 6),
    "nullable": pd.array(TIME, dtype="Int64"),
    "column of Arrow": pd.Series(TIME, dtype="int64[pyarrow]"),
    "Arrow": pa.array(TIME),
    "chunks of Arrow": pa.chunked_array([TIME[:1], TIME[1:]]),
    "polars": pl.Series(TIME),
    "categories": pd.Categorical(TIME),
    "decimals": [Decimal(value) for value in TIME],
    "fractions": [Fraction(value) for value in TIME],
    "other order of bytes": np.array(TIME, dtype=">i8"),
    "not masked": np.ma.masked_array(TIME, mask=False),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_of_any_type_are_those_of_a_list(name: str) -> None:
    expected = sf.stats.cumulative_incidence(list(range(2, 6)) if name == "range" else TIME, EVENT)
    found = sf.stats.cumulative_incidence(TIMES[name], EVENT)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


LENGTHS: dict[str, Any] = {
    "objects": [dt.timedelta(days=value) for value in TIME],
    "seconds": np.array(TIME, dtype="timedelta64[D]").astype("timedelta64[s]"),
    "column of Arrow": pd.Series(pd.to_timedelta(TIME, unit="D")).astype("duration[us][pyarrow]"),
    "polars": pl.Series([dt.timedelta(days=value) for value in TIME]),
    "not masked": np.ma.masked_array(np.array(TIME, dtype="timedelta64[D]"), mask=False),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_of_any_type_are_those_in_days(name: str) -> None:
    expected = sf.stats.cumulative_incidence(np.array(TIME, dtype="timedelta64[D]"), EVENT)
    pd.testing.assert_frame_equal(sf.stats.cumulative_incidence(LENGTHS[name], EVENT), expected)


LABELS: dict[str, Any] = {
    "Arrow": pa.array(EVENT),
    "chunks of Arrow": pa.chunked_array([EVENT[:1], EVENT[1:]]),
    "polars": pl.Series(EVENT),
    "index": pd.Index(EVENT),
    "categories": pd.Categorical(EVENT),
    "masked": np.ma.masked_array(["won", "lost", "won", "won"], mask=[False, False, True, False]),
    "generator": (label for label in EVENT),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_other_libraries_are_those_of_a_list(name: str) -> None:
    expected = sf.stats.cumulative_incidence(TIME, EVENT)
    pd.testing.assert_frame_equal(sf.stats.cumulative_incidence(TIME, LABELS[name]), expected)


def test_labels_may_be_of_several_levels() -> None:
    pairs = [("won", 1), ("lost", 2), ("won", 1), ("lost", 2)]
    found = sf.stats.cumulative_incidence(TIME, pd.MultiIndex.from_tuples(pairs))
    pd.testing.assert_frame_equal(found, sf.stats.cumulative_incidence(TIME, pairs))


def test_whole_numbers_under_a_mask_are_missing() -> None:
    mask = [False, False, True, False]
    found = sf.stats.cumulative_incidence(TIME, np.ma.masked_array([7, 8, 8, 7], mask=mask))
    assert found["cause"].unique().tolist() == [7, 8]
    assert found["events"].sum() == 3
    entry = np.ma.masked_array([1, 1, 4, 7], mask=mask)
    later = sf.stats.cumulative_incidence(TIME, EVENT, entry=entry, times=[4])
    assert later["at_risk"].tolist() == [2, 2]  # the third is watched from the beginning


MOMENTS: dict[str, Any] = {
    "zone": pd.date_range("2026-01-01", periods=4, tz="UTC"),
    "dates": [dt.date(2026, 1, 1)] * 4,
    "months": pd.period_range("2026-01", periods=4, freq="M"),
    "objects": [dt.datetime(2026, 1, 1)] * 4,
}


@pytest.mark.parametrize("option", ["time", "entry", "times"])
@pytest.mark.parametrize("name", MOMENTS)
def test_moments_are_no_times(name: str, option: str) -> None:
    options = {"time": TIME, "event": EVENT, option: MOMENTS[name]}
    with pytest.raises(sf.SchemaError, match=f"{option}= has moments; give lengths of time"):
        sf.stats.cumulative_incidence(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": np.array([1, 2**63], dtype=np.uint64)}, "time= is 9223372036854775808 at place 1"),
        ({"times": np.array([2**63], dtype=np.uint64)}, "times= is 9223372036854775808 at place 0"),
        ({"time": np.array([1, 2**40], dtype="timedelta64[W]")}, "time= is 1099511627776 weeks at place 1"),
        ({"time": np.array([1, -(2**40)], dtype="timedelta64[W]")}, "weeks at place 1, which is more than"),
        ({"time": np.array([1, 2], dtype="timedelta64[M]")}, "which are not the same everywhere; give days"),
        ({"time": np.array([1, 2], dtype="timedelta64[ps]")}, "a nanosecond is the finest unit"),
        ({"time": np.ma.masked_array([1, 2], mask=[False, True])}, "time= is missing at place 1"),
        (
            {"time": [1, pd.Timedelta(days=2)]},
            "at place 1, of type Timedelta; give numbers alone",
        ),
        ({"entry": [None, [1]]}, "entry= is [1] at place 1, of type list"),
        ({"time": 3}, "time=3 is not a list or an array of times"),
        ({"time": {1: 2}}, "time={1: 2} is not a list or an array of times"),
        ({"event": [["won"], None]}, "event= is ['won'] at place 0, which is not a label"),
        ({"event": [dt.date(2026, 1, 1), b"won"]}, "types that have no order (date, bytes); give text"),
        ({"group": [["won"], None]}, "group= is ['won'] at place 0, which is not a label"),
        ({"event": "ab"}, "event='ab' is not a list or an array of labels"),
        ({"event": None}, "event=None is not a list or an array of labels"),
        ({"event": np.array([["won", "lost"]])}, "is not a list or an array of labels"),
        ({"event": pd.DataFrame({"a": [1], "b": [2]})}, "event=<DataFrame> is not a list or an array"),
        ({"group": {"a", "b"}}, "is not a list or an array of labels"),
        ({"group": 1}, "group=1 is not a list or an array of labels"),
    ],
)
def test_what_is_neither_times_nor_labels_is_refused(options: dict[str, Any], message: str) -> None:
    arguments = {"time": [1, 2], "event": ["won", None], **options}
    with pytest.raises(sf.SchemaError) as error:
        sf.stats.cumulative_incidence(**arguments)
    assert message in str(error.value)


@pytest.mark.parametrize("event", [[[1], [0]], True, None, "ab", {1: 0, 0: 1}])
def test_what_is_no_list_of_flags_is_refused(event: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"event=.*is not a"):
        sf.stats.kaplan_meier([1, 2], event)
