"""What was won, lost and is open in money, and the average deal."""

import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, items_of, journeys_log, log_of, pipeline_of
from strategies import Case, cases

MONEY = ["amount_won", "amount_lost", "amount_open", "mean_amount", "amount_missing"]


@given(case=cases(unlisted="some"), rule=st.sampled_from(["include", "exclude", "exclude_reopened"]))
def test_amounts_by_outcome_are_those_of_the_reference(case: Case, rule: Any) -> None:
    keys = [row[0] for row in case.rows]
    table = items_of(case.groups, "group", keys)
    table["worth"] = pd.Series([case.amounts.get(item) for item in table["item"]], dtype="float64")
    log, pipeline = log_of(case, items=table), pipeline_of(case.pipeline)
    amounts = {item: case.amounts.get(item) for item in case.groups}
    options: dict[str, Any] = {"lost_then_won": rule, "unlisted": "ignore"}
    found = sf.outcomes(log, pipeline, amount="worth", **options)
    assert_same_amounts(found, reference.outcomes(case.rows, case.pipeline, amounts=amounts, **options))
    grouped = sf.outcomes(log, pipeline, amount="worth", by="group", **options)
    expected = reference.outcomes(case.rows, case.pipeline, amounts=amounts, groups=case.groups, **options)
    assert_same_amounts(grouped, expected, by=["group"])


def assert_same_amounts(found: pd.DataFrame, expected: pd.DataFrame, **options: Any) -> None:
    """Compare outcomes; sums are exact to 2^-64, which is little of a tiny amount."""
    for name in MONEY[:-1]:
        pd.testing.assert_series_equal(found[name], expected[name], rtol=1e-12, atol=1e-9)
    assert_same(found.drop(columns=MONEY[:-1]), expected.drop(columns=MONEY[:-1]), **options)


PATHS = ["New > Won", "Won", "New > Offer > Won", "New > Lost", "New", "Offer"]
AMOUNTS = [100, 50, None, 70, 30, None]


def example(**options: Any) -> sf.StageLog:
    """Read the example of the definitions."""
    items = pd.DataFrame({"item": range(1, 7), "deal": AMOUNTS, "who": [*"aababb"]})
    items["account"] = ["x", "x", "y", "y", "z", None]
    return journeys_log(*PATHS, items=items, **options)


def test_the_example_of_the_definitions_is_met() -> None:
    found = sf.outcomes(example(), SMALL, amount="deal")
    assert found.columns.tolist()[-6:] == ["reopened_won", *MONEY]
    assert found[MONEY].iloc[0].tolist() == [150, 70, 30, 75, 2]


def test_groups_have_amounts_of_their_own_and_the_rest_is_one() -> None:
    found = sf.outcomes(example(), SMALL, amount="deal", by="who")
    assert found["who"].tolist() == ["a", "b"]
    assert found[MONEY].fillna(-1).to_numpy().tolist() == [[150, 70, 0, 75, 0], [0, 0, 30, -1, 2]]
    top = sf.outcomes(example(), SMALL, amount="deal", by="account", top=1)
    assert top["account"].fillna("none").tolist() == ["x", "other (2 groups)", "none"]
    numbers = top[MONEY].fillna(-1).to_numpy().tolist()
    assert numbers == [[150, 0, 0, 75, 0], [0, 70, 30, -1, 1], [0, 0, 0, -1, 1]]


def test_an_account_counts_all_amounts_where_it_stands() -> None:
    found = sf.outcomes(example(), SMALL, amount="deal", unit="account")
    # x is won with 100 and 50, y with 70 alone, which is that of its lost item; z is open.
    assert found[["won", "lost", "open"]].iloc[0].tolist() == [2, 0, 2]
    assert found[MONEY].iloc[0].tolist() == [220, 0, 30, 110, 2]


def test_an_amount_of_the_log_is_the_last_one_that_the_report_reads() -> None:
    rows = pd.DataFrame(
        [(1, "New", 0, 100), (1, "Offer", 2, None), (1, "Won", 5, 120), (1, "Lost", 9, None)],
        columns=["item", "stage", "time", "sum"],
    )
    log = sf.StageLog(rows, columns="sum")

    def asked(**options: Any) -> list[float]:
        return sf.outcomes(log, SMALL, amount="sum", **options)[MONEY].fillna(-1).iloc[0].tolist()

    assert asked() == [0, 0, 0, -1, 1]
    assert asked(amount_at="last_known") == [0, 120, 0, -1, 0]
    assert asked(amount_at="first_known") == [0, 100, 0, -1, 0]
    assert asked(as_of=6) == [120, 0, 0, 120, 0]
    assert asked(as_of=3, amount_at="last_known") == [0, 0, 100, -1, 0]


def test_items_that_moved_out_are_in_no_sum() -> None:
    items = pd.DataFrame({"item": [1, 2, 3], "deal": [5.0, 7.0, None]})
    log = journeys_log("New > Ordered", "New > Won", "New > Ordered", items=items)
    kept = sf.outcomes(log, SMALL.replace(elsewhere="Ordered", moved_out="include"), amount="deal")
    assert kept[[*MONEY, "moved_out"]].iloc[0].tolist() == [7, 0, 0, 7, 1, 2]
    left = sf.outcomes(log, SMALL.replace(elsewhere="Ordered"), amount="deal")
    assert left[MONEY].iloc[0].tolist() == [7, 0, 0, 7, 0]


def test_cents_add_up_to_cents_and_currencies_at_their_rates() -> None:
    items = pd.DataFrame({"item": [1, 2, 3], "deal": [Decimal("0.10"), Decimal("0.20"), Decimal("-0.3")]})
    items["money"] = ["USD", "EUR", "USD"]
    log = journeys_log("Won", "Won", "Won", items=items)
    assert sf.outcomes(log, SMALL, amount="deal")["amount_won"].tolist() == [0.0]
    rates = {"USD": 1, "EUR": 2}
    found = sf.outcomes(log, SMALL, amount="deal", currency="money", rates=rates)
    assert found["amount_won"].tolist() == pytest.approx([0.2])
    with pytest.raises(sf.SchemaError, match="2 currencies"):
        sf.outcomes(log, SMALL, amount="deal", currency="money")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amount": "deal", "amount_at": "stage"}, "amount_at='stage' reads an entry into a stage"),
        ({"amount_at": "last_known"}, "amount_at= says how amount= is read, and there is no amount="),
        ({"amount": "daels"}, "amount='daels' is not a column"),
        ({"amount": "deal", "by": "amount_won"}, "'amount_won'"),
    ],
)
def test_what_outcomes_cannot_add_up_is_refused(options: dict[str, Any], message: str) -> None:
    items = pd.DataFrame({"item": [1], "deal": [1.0], "amount_won": [1]})
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.outcomes(journeys_log("New", items=items), SMALL, **options)


def test_the_sentence_says_what_was_won_and_the_average() -> None:
    text = str(sf.show(sf.outcomes(example(), SMALL, amount="deal")))
    assert "won 150 of 3 items, 75 on average; 2 without an amount" in text
    text = str(sf.show(sf.outcomes(example(), SMALL, amount="deal", unit="account")))
    assert "won 220 of 2 accounts, 110 on average; 2 without an amount" in text
    text = str(sf.show(sf.outcomes(example(), SMALL, amount="deal", by="account")))
    assert "Won 150 of 3 items, most in x (150); 2 without an amount" in text
    empty = sf.outcomes(example(), SMALL, amount="deal", where={"who": None})
    assert "0 open; win rate –\n" in str(sf.show(empty)) + "\n"  # nothing is said of no money


def test_a_log_without_rows_has_no_amounts() -> None:
    items = pd.DataFrame({"item": [1], "deal": [1.0]})
    frame = pd.DataFrame({"item": [], "stage": [], "time": []}).astype({"item": int, "time": int})
    log = sf.StageLog(frame, items=items, empty="allow")
    found = sf.outcomes(log, SMALL, amount="deal", missing="ignore")
    assert found[MONEY].fillna(-1).iloc[0].tolist() == [0, 0, 0, -1, 0]
