"""The table of items against the reference."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SHOP, assert_same, journeys_log, log_of, order_of, pipeline_of
from strategies import Case, cases


@pytest.mark.parametrize("times", ["integer", "naive", "zoned"])
@given(data=st.data(), ordered=st.booleans())
def test_items_are_those_of_the_reference(times: Any, data: st.DataObject, ordered: bool) -> None:
    case = data.draw(cases(times=times))
    found = sf.item_table(log_of(case, ordered=ordered), pipeline_of(case.pipeline))
    assert_same(found, reference.item_table(case.rows, case.pipeline, order=order_of(case, ordered)))


@given(case=cases(unlisted="some", times="zoned"))
def test_items_without_a_row_of_a_listed_stage_are_not_in_the_table(case: Case) -> None:
    found = sf.item_table(log_of(case), pipeline_of(case.pipeline), unlisted="ignore")
    assert_same(found, reference.item_table(case.rows, case.pipeline, unlisted="ignore"))


@given(case=cases())
def test_the_skips_of_the_items_are_those_of_the_funnel(case: Case) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    items, table = sf.item_table(log, pipeline), sf.funnel(log, pipeline)
    assert items["skipped"].sum() == table["skipped"].sum()
    assert items["last_stage"].value_counts().sum() == table["base"].iloc[0]


def test_items_stand_in_the_order_of_their_first_rows_whatever_their_times() -> None:
    rows = {"item": [30, 10, 20, 10, 30], "stage": ["New"] * 5, "time": [5, 9, 1, 0, 2]}
    table = sf.item_table(sf.StageLog(rows), SHOP)
    assert table["item"].tolist() == [30, 10, 20]
    assert table["first_time"].tolist() == [2, 0, 1]


def test_an_item_is_closed_by_the_first_of_the_final_visits_that_end_its_journey() -> None:
    log = journeys_log("New > Won > New > Lost > Won > Won > Lost", "Won > New", "Lost > Won")
    table = sf.item_table(log, SHOP)
    assert table["closed_at"].tolist()[0::2] == [3, 0]
    assert table["closed_at"].isna().tolist() == [False, True, False]
    assert table["outcome"].tolist() == ["lost", "open", "won"]
    assert table["lost_from"].tolist()[0] == "Won"


@given(case=cases(unlisted="some"), ordered=st.booleans())
def test_items_that_moved_out_and_are_kept_are_neither_closed_nor_lost(case: Case, ordered: bool) -> None:
    stages, order = case.pipeline, order_of(case, ordered)
    pipeline = pipeline_of(stages).replace(elsewhere=["Archive"], moved_out="include")
    found = sf.item_table(log_of(case, ordered=ordered), pipeline, unlisted="ignore")
    moved = reference.moved_items(case.rows, stages, ["Archive"], order)
    expected = reference.item_table(case.rows, stages, unlisted="ignore", order=order, moved=moved)
    assert_same(found, expected)
    table = sf.funnel(log_of(case, ordered=ordered), pipeline, unlisted="ignore")
    assert found["lost_from"].notna().sum() == table["lost_from"].sum()


ELSEWHERE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", elsewhere=["Ordered"], moved_out="include")


@pytest.mark.parametrize("dates", [False, True])
def test_an_item_that_is_lost_and_moves_on_is_not_lost(dates: bool) -> None:
    log = journeys_log(
        "New > Lost > Ordered", "New > Won > Ordered", "Offer > Lost", "New > Ordered > New > Lost"
    )
    if dates:
        rows = sf.row_table(log)
        log = sf.StageLog(rows.assign(time=pd.to_datetime(rows["time"], unit="D")))
    table = sf.item_table(log, ELSEWHERE)
    assert table["outcome"].tolist() == ["moved_out", "moved_out", "lost", "lost"]
    assert table["last_stage"].tolist() == ["Lost", "Won", "Lost", "Lost"]
    assert table["lost_from"].isna().tolist() == [True, True, False, False]
    assert table["lost_from"].tolist()[2:] == ["Offer", "New"]
    assert table["closed_at"].isna().tolist() == [True, True, False, False]


def test_it_is_lost_until_the_period_in_which_it_moves() -> None:
    times = pd.to_datetime(["2026-01-05", "2026-01-20", "2026-02-05"])
    log = sf.StageLog({"item": [1] * 3, "stage": ["New", "Lost", "Ordered"], "time": times})
    january = sf.item_table(log, ELSEWHERE, period="2026-01").iloc[0]
    assert (january["outcome"], january["lost_from"]) == ("lost", "New")
    assert january["closed_at"] == times[1]
    february = sf.item_table(log, ELSEWHERE, period="2026-02").iloc[0]
    assert february["outcome"] == "moved_out"
    assert february[["lost_from", "closed_at"]].isna().all()
    assert sf.losses(log, ELSEWHERE, period="2026-01")["items"].tolist() == [1]
    assert sf.losses(log, ELSEWHERE, period="2026-02").empty


def test_a_table_without_items_keeps_the_type_of_their_dictionary() -> None:
    words = pa.array([], pa.dictionary(pa.int32(), pa.string()))
    log = sf.StageLog({"item": words, "stage": words, "time": pa.array([], pa.int64())}, empty="allow")
    rows = sf.StageLog({"item": pa.array(["a"]), "stage": pa.array(["New"]), "time": pa.array([0])})
    assert sf.item_table(log, SHOP)["item"].dtype == sf.item_table(rows, SHOP)["item"].dtype
