"""Transitions against the reference."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, journeys_log, log_of, order_of, pipeline_of
from strategies import Case, cases


@given(case=cases(), ordered=st.booleans())
def test_moves_are_those_of_the_reference(case: Case, ordered: bool) -> None:
    found = sf.transitions(log_of(case, ordered=ordered), pipeline_of(case.pipeline))
    assert_same(found, reference.transitions(case.rows, case.pipeline, order=order_of(case, ordered)))


@given(case=cases(unlisted="some"))
def test_moves_bridge_unlisted_rows_as_the_reference_does(case: Case) -> None:
    found = sf.transitions(log_of(case), pipeline_of(case.pipeline), unlisted="ignore")
    assert_same(found, reference.transitions(case.rows, case.pipeline, unlisted="ignore"))


@given(case=cases())
def test_the_moves_are_one_fewer_than_the_visits_of_every_item(case: Case) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    moves = sf.transitions(log, pipeline)
    assert moves["moves"].sum() == (sf.item_table(log, pipeline)["visits"] - 1).sum()
    assert (moves["moves"] >= moves["items"]).all()
    assert (moves["from_stage"].astype(object) != moves["to_stage"].astype(object)).all()
    # Each stage's shares are fractions of one whole number; their sum is off by rounding alone.
    total = moves.groupby("from_stage", observed=True)["share"].sum()
    pd.testing.assert_series_equal(total, total * 0 + 1, check_names=False, rtol=1e-12)


def test_a_log_without_a_move_gives_the_columns_and_no_row() -> None:
    table = sf.transitions(journeys_log("New", "New > New"), SMALL)
    assert len(table) == 0
    assert table.dtypes.astype(str).to_dict() == {
        "from_stage": "category",
        "to_stage": "category",
        "moves": "int64",
        "items": "int64",
        "share": "float64",
    }


def test_a_pipeline_of_too_many_stages_for_a_table_of_pairs_is_refused() -> None:
    pipeline = sf.Pipeline([f"Step {number}" for number in range(4_097)])
    with pytest.raises(sf.SchemaError, match=r"4,?096 stages"):
        sf.transitions(journeys_log("Step 1 > Step 2"), pipeline)
