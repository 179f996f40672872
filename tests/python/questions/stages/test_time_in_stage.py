"""Time in stage against the reference, and the units of its durations."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, frame_of, log_of, order_of, pipeline_of
from strategies import Case, cases

OPTIONS = st.fixed_dictionaries(
    {
        "per": st.sampled_from(["visit", "item", "longest"]),
        "quantiles": st.lists(
            st.sampled_from([0, 0.1, 0.25, 0.333, 0.75, 0.9, 0.95, 0.999, 1]), max_size=4, unique=True
        ),
    }
)


@given(case=cases(), options=OPTIONS, ordered=st.booleans())
def test_plain_numbers_are_summarised_as_by_the_reference(
    case: Case, options: dict[str, Any], ordered: bool
) -> None:
    found = sf.time_in_stage(log_of(case, ordered=ordered), pipeline_of(case.pipeline), **options)
    order = order_of(case, ordered)
    expected = reference.time_in_stage(case.rows, case.pipeline, **options, order=order)
    assert_same(found, expected)


@pytest.mark.parametrize("times", ["naive", "zoned"])
@given(data=st.data(), options=OPTIONS)
def test_real_times_are_summarised_as_by_the_reference(
    times: Any, data: st.DataObject, options: dict[str, Any]
) -> None:
    case = data.draw(cases(times=times))
    found = sf.time_in_stage(log_of(case), pipeline_of(case.pipeline), **options)
    assert_same(found, reference.time_in_stage(case.rows, case.pipeline, **options))


@given(case=cases(unlisted="some", times="naive"), options=OPTIONS)
def test_unlisted_rows_do_not_end_a_visit(case: Case, options: dict[str, Any]) -> None:
    options |= {"unlisted": "ignore"}
    found = sf.time_in_stage(log_of(case), pipeline_of(case.pipeline), **options)
    assert_same(found, reference.time_in_stage(case.rows, case.pipeline, **options))


@pytest.mark.parametrize(
    ("unit", "shown"), [("s", "us"), ("ms", "us"), ("us", "us"), ("ns", "ns"), ("D", "us")]
)
def test_lengths_are_in_microseconds_and_for_nanoseconds_in_nanoseconds(unit: str, shown: str) -> None:
    times = np.array(["2026-01-01", "2026-01-03", "2026-01-01", "2026-01-04"], dtype=f"datetime64[{unit}]")
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["New", "Won"] * 2, "time": times})
    mean = sf.time_in_stage(log, SMALL)["mean"]
    assert mean.dtype == f"timedelta64[{shown}]"
    assert mean.iloc[0] == pd.Timedelta(days=2.5)
    assert mean.iloc[1] is pd.NaT


@pytest.mark.parametrize(("lengths", "rounded"), [((0, 1), 0), ((1, 2), 2), ((2, 3), 2), ((3, 4), 4)])
def test_half_a_microsecond_goes_to_the_even_one(lengths: tuple[int, int], rounded: int) -> None:
    times = np.array([0, lengths[0], 0, lengths[1]], dtype="datetime64[us]")
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["New", "Won"] * 2, "time": times})
    table = sf.time_in_stage(log, SMALL)
    assert table["mean"].iloc[0] == table["median"].iloc[0] == pd.Timedelta(rounded, "us")


def test_half_a_microsecond_of_a_log_in_days_is_not_rounded_as_more() -> None:
    # A mean of 1/128 day ends in half a microsecond exactly only if nothing is rounded on the way.
    days = np.array([0, 1] + [0, 0] * 4095, dtype="datetime64[D]")
    log = sf.StageLog({"item": np.repeat(np.arange(4096), 2), "stage": ["New", "Won"] * 4096, "time": days})
    mean = sf.time_in_stage(log, SMALL, quantiles=())["mean"].iloc[0]
    # 86,400,000,000 / 4,096 = 21,093,750 microseconds.
    assert mean == pd.Timedelta(21_093_750, "us")


def test_a_log_over_the_whole_range_of_integers_keeps_its_lengths() -> None:
    low, high = -(2**63) + 1, 2**63 - 1
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": np.array([low, high])})
    assert sf.time_in_stage(log, SMALL)["mean"].iloc[0] == float(2**64 - 1)


def test_a_real_time_that_no_timedelta_holds_is_refused() -> None:
    times = np.array([-(2**62), 2**62], dtype="datetime64[s]")
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": times})
    with pytest.raises(sf.SchemaError, match=r"longer than a timedelta can hold.*are the times right\?"):
        sf.time_in_stage(log, SMALL)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan"), 90])
def test_a_quantile_outside_its_range_is_refused_by_its_value(share: float) -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    with pytest.raises(sf.SchemaError, match=rf"quantiles={share!r} is not between 0 and 1"):
        sf.time_in_stage(log, SMALL, quantiles=[share])


@pytest.mark.parametrize("quantiles", [(0.25, 0.25), (0.1, 0.2, 0.10)])
def test_a_quantile_named_twice_is_refused(quantiles: tuple[float, ...]) -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    with pytest.raises(sf.SchemaError, match="names a quantile twice"):
        sf.time_in_stage(log, SMALL, quantiles=quantiles)


def test_a_move_to_another_pipeline_ends_the_last_visit() -> None:
    rows = [
        *[(1, "New", 0), (1, "Ordered", 7), (1, "Packed", 9)],
        *[(2, "New", 0), (2, "Ordered", 3), (2, "New", 5)],
        *[(3, "New", 1), (3, "Offer", 4), (3, "Packed", 5)],
    ]
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", elsewhere=["Ordered", "Packed"], moved_out="include")
    log = sf.StageLog(frame_of(rows))
    expected = {"visits": [3, 1, 0], "completed": [2, 1, 0], "open": [1, 0, 0], "items": [3, 1, 0]}
    for table in (
        sf.time_in_stage(log, pipeline),
        sf.summary(log, pipeline).time_in_stage,
        sf.merge([sf.partial(log, pipeline)]).summary().time_in_stage,
    ):
        assert table[list(expected)].to_dict("list") == expected
        assert table["mean"].tolist()[:2] == [5.0, 1.0]  # 7 and 3, and 1
    as_seen = sf.time_in_stage(log, pipeline, as_of=7)
    assert as_seen["open"].tolist() == [2, 0, 0]
    excluded = sf.time_in_stage(log, pipeline.replace(moved_out="exclude"))
    assert excluded["visits"].tolist() == [1, 0, 0]
