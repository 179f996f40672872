"""The rows of a log as a table: read again, they are the same log."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, frame_of, log_of, order_of
from strategies import Case, cases


@given(case=cases(unlisted="some"), ordered=st.booleans())
def test_rows_stand_as_the_reference_orders_them(case: Case, ordered: bool) -> None:
    found = sf.row_table(log_of(case, ordered=ordered))
    expected = [
        (item, stage, time)
        for item, journey in reference.journeys(case.rows, order_of(case, ordered)).items()
        for stage, time in journey
    ]
    assert [*found.itertuples(index=False, name=None)] == expected


@given(case=cases(unlisted="some"), times=st.sampled_from(["integer", "naive", "zoned"]), data=st.data())
def test_a_log_of_these_rows_is_the_same_log(case: Case, times: Any, data: st.DataObject) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    table = sf.row_table(log_of(case))
    assert_frame_equal(sf.row_table(sf.StageLog(table)), table)


def test_a_missing_stage_is_missing_in_the_table() -> None:
    rows = frame_of([(1, "New", 0), (1, None, 1)])
    table = sf.row_table(sf.StageLog(rows, invalid="keep_stage"))
    assert table["stage"].isna().tolist() == [False, True]


def test_what_is_no_log_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="expected a StageLog, got list"):
        sf.row_table([])  # type: ignore[arg-type]  # wrong on purpose


def test_a_log_without_rows_has_a_table_without_rows() -> None:
    table = sf.row_table(sf.StageLog(frame_of([]), empty="allow"))
    assert list(table.columns) == ["item", "stage", "time"]
    assert table.empty
