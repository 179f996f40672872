"""How much of the value got to each stage, with bounds, over a log."""

import re
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, items_of, journeys_log, log_of, pipeline_of
from reference.funnel import VALUE_SHARES
from strategies import Case, cases

KINDS = ["classic", "conversions", "furthest", "strict", "both"]
PATHS = ["New > Won", "New > Lost", "New", "New > Won", "New > Won"]
AMOUNTS = [100, 200, 300, 400, None]


def example(amounts: Any = AMOUNTS, **columns: Any) -> sf.StageLog:
    """Read the example of the definitions."""
    items = pd.DataFrame({"item": range(1, 6), "worth": amounts, **columns})
    return journeys_log(*PATHS, items=items)


def of_stage(table: pd.DataFrame, stage: str = "Won") -> pd.Series:
    """Take the row of a stage."""
    return table[table["stage"] == stage].iloc[0]


def test_the_example_of_the_definitions_is_met() -> None:
    table = sf.funnel(example(), SMALL, amount="worth", confidence=0.95)
    at = table.columns.get_loc("amount_missing")
    assert table.columns[at + 1 : at + 6].tolist() == VALUE_SHARES
    won = of_stage(table)
    assert (won["reached"], won["amount"], won["amount_missing"]) == (3, 500, 1)
    np.testing.assert_allclose(
        won[VALUE_SHARES].astype(float), [0.5, 0.1108, 0.8892, 2.5, 0.4], rtol=0, atol=5e-5
    )
    assert of_stage(table, "New")["amount_conversion"] == 1
    assert of_stage(table, "New")["amount_conversion_high"] == 1
    assert of_stage(table, "Lost")["amount_conversion"] == 0.2
    assert table.attrs["stagefunnel"]["value_missing"] == 1


@given(
    case=cases(unlisted="some"),
    kind=st.sampled_from(KINDS),
    rule=st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
)
def test_the_shares_are_those_of_the_reference(case: Case, kind: Any, rule: Any) -> None:
    # Sums are exact to 2^-64, which is little of a tiny amount.
    own = {item: None if amount is None else round(amount, 3) for item, amount in case.amounts.items()}
    keys = [row[0] for row in case.rows]
    table = items_of(case.groups, "group", keys)
    table["worth"] = pd.Series([own.get(item) for item in table["item"]], dtype="float64")
    log, pipeline = log_of(case, items=table), pipeline_of(case.pipeline)
    amounts = {item: own.get(item) for item in case.groups}
    z = NormalDist().inv_cdf(0.95)
    options: dict[str, Any] = {"kind": kind, "lost_then_won": rule, "unlisted": "ignore"}
    for by, groups in ((None, None), ("group", case.groups)):
        found = sf.funnel(log, pipeline, amount="worth", confidence=0.9, by=by, **options)
        expected = reference.funnel(case.rows, case.pipeline, amounts=amounts, groups=groups, z=z, **options)
        for name in VALUE_SHARES:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-12, err_msg=name)
        counts = ["stage", "reached", "amount_missing"]
        assert_same(found[counts], expected[counts])


def test_a_share_is_that_of_the_arrays() -> None:
    table = sf.funnel(example(), SMALL, amount="worth", confidence=0.8)
    ours = of_stage(table)[VALUE_SHARES].astype(float)
    theirs = sf.stats.weighted_conversion(AMOUNTS, [1, 0, 0, 1, 1], confidence=0.8)
    columns = ["estimate", "low", "high", "n_eff", "top_share"]
    np.testing.assert_allclose(ours, theirs[columns].iloc[0], rtol=1e-12)


def test_without_one_of_the_two_options_nothing_changes() -> None:
    plain = sf.funnel(example(), SMALL, amount="worth")
    assert not {*VALUE_SHARES} & {*plain.columns}
    assert not {*VALUE_SHARES} & {*sf.funnel(example(), SMALL, confidence=0.95).columns}
    both = sf.funnel(example(), SMALL, amount="worth", confidence=0.95)
    shares = [name for name in both.columns if name.endswith(("_low", "_high"))]
    pd.testing.assert_frame_equal(both.drop(columns=[*VALUE_SHARES, *shares], errors="ignore"), plain)


def test_an_amount_that_belongs_to_a_stage_is_refused() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1], "worth": [5, 7]}
    log = sf.StageLog(rows, columns=["worth"])
    with pytest.raises(sf.SchemaError, match="amount_at='stage' reads an amount for each stage, and bounds"):
        sf.funnel(log, SMALL, amount="worth", amount_at="stage", confidence=0.95, missing="ignore")
    assert "amount" in sf.funnel(log, SMALL, amount="worth", amount_at="stage", missing="ignore")
    last = sf.funnel(log, SMALL, amount="worth", amount_at="last_known", confidence=0.95, missing="ignore")
    assert of_stage(last)["amount"] == 7


def test_a_group_with_an_amount_below_zero_has_no_share_and_the_others_have() -> None:
    log = example([100, -1, 300, 400, 50], who=["a", "a", "b", "b", "b"])
    table = sf.funnel(log, SMALL, amount="worth", confidence=0.95, by="who")
    found = table[table["stage"] == "Won"].set_index("who")
    assert found.loc["a", VALUE_SHARES].isna().all()
    assert found.loc["b", "amount_conversion"] == 0.6
    assert "Amounts below zero" in str(sf.show(table))


@pytest.mark.parametrize("amounts", [[0, 0, 0, 0, 0], [None] * 5])
def test_amounts_that_add_up_to_nothing_have_no_share(amounts: Any) -> None:
    table = sf.funnel(example(pd.array(amounts, dtype="Float64")), SMALL, amount="worth", confidence=0.95)
    assert table[VALUE_SHARES].isna().all(axis=None)


def test_units_have_no_share_and_a_note_says_why() -> None:
    log = example(account=["x", "x", "y", "y", "z"])
    table = sf.funnel(log, SMALL, amount="worth", confidence=0.95, unit="account")
    assert table[VALUE_SHARES].isna().all(axis=None)
    assert table["amount"].notna().all()
    assert "No share of the value: accounts are counted" in str(sf.show(table))


def test_groups_that_are_read_at_the_stage_share_the_whole_report_and_have_no_bounds() -> None:
    rows = {
        "item": [1, 1, 2, 2],
        "stage": ["New", "Won", "New", "Won"],
        "time": [0, 1, 0, 2],
        "who": ["a", "b", "a", "a"],
        "worth": [30, 30, 10, 10],
    }
    log = sf.StageLog(rows, columns=["who", "worth"])
    table = sf.funnel(log, SMALL, amount="worth", by="who", at="stage", confidence=0.95, missing="ignore")
    won = table[table["stage"] == "Won"].set_index("who")
    assert won["amount_conversion"].to_dict() == {"a": 0.25, "b": 0.75}
    assert won[["amount_conversion_low", "amount_conversion_high", "amount_n_eff"]].isna().all(axis=None)
    assert (won["top_share"] == 0.75).all()


def test_what_people_read_has_the_share_its_bounds_and_what_is_left_out() -> None:
    shown = str(sf.show(sf.funnel(example(), SMALL, amount="worth", confidence=0.95)))
    assert "of value" in shown
    assert re.search(r"By value, 50% \(11–89%\) reached Won: as sure as 2\.5 items of one size", shown)
    assert re.search(r"the largest item is 40% of all", shown)
    assert "Without an amount, so in no share of the value: 1 item" in shown


def test_a_column_of_such_a_name_is_refused() -> None:
    log = example(top_share=["a"] * 5)
    with pytest.raises(sf.SchemaError, match="top_share"):
        sf.funnel(log, SMALL, amount="worth", confidence=0.95, by="top_share")
