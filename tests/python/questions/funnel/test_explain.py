"""Explanations against the reference: every item, every kind."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SHOP, SMALL, journeys_log, log_of, order_of, pipeline_of
from strategies import Case, cases


@given(
    case=cases(unlisted="some"),
    kind=st.sampled_from(["classic", "conversions", "furthest", "strict"]),
    fill=st.sampled_from(["won", "moves"]),
    ordered=st.booleans(),
)
def test_an_explanation_counts_an_item_as_the_reference_does(
    case: Case, kind: Any, fill: Any, ordered: bool
) -> None:
    log, pipeline = log_of(case, ordered=ordered), pipeline_of(case.pipeline)
    by_item = reference.visits_by_item(case.rows, case.pipeline, "ignore", order_of(case, ordered))
    for item, visits in by_item.items():
        rules: dict[str, Any] = {"kind": kind, "fill": fill, "unlisted": "ignore"}
        table = sf.explain(log, pipeline, item=item, lost_then_won="include", **rules)
        expected = reference.counted(visits, case.pipeline, kind, fill)
        labels = reference.labels(case.pipeline)
        assert table["passed"].tolist() == [label in expected.passed for label in labels]
        assert table["assumed"].tolist() == [label in expected.assumed for label in labels]
        rule = table["reason"].str.split(":").str[0]
        assert (rule == "passed").equals(table["passed"])
        assert (rule == "assumed").equals(table["assumed"])
        left = sf.explain(log, pipeline, item=item, lost_then_won="exclude", **rules)
        flips = reference.failure_then_success(visits, case.pipeline)
        assert left["reason"].str.startswith("left out: ").tolist() == [flips] * len(labels)
        # An item that is left out counts nowhere, any other one where it did.
        counted = ["passed", "assumed"]
        assert (left[counted] == (False if flips else table[counted])).all(axis=None)


@given(case=cases())
def test_the_explanations_of_all_items_add_up_to_the_funnel(case: Case) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    items = dict.fromkeys(item for item, _, _ in case.rows)
    parts = [sf.explain(log, pipeline, item=item) for item in items]
    funnel = sf.funnel(log, pipeline, kind="both")
    for column in ("passed", "assumed"):
        assert sum(part[column].astype(int) for part in parts).tolist() == funnel[column].tolist()
    assert parts[0]["kind"].tolist() == funnel["kind"].tolist()
    assert parts[0]["stage"].tolist() == funnel["stage"].tolist()


REASONS = [
    (
        "New > Lost > Won > New > Won",
        {"kind": "conversions"},
        1,
        "assumed: Won at 4 follows New, and a success implies every stage",
    ),
    ("New > Won", {"kind": "classic"}, 1, "not counted: no visit"),
    ("New > Won > New", {"kind": "classic"}, 0, "passed: entered at 0 and 1 more"),
    (
        "New > Won",
        {"kind": "conversions"},
        2,
        "assumed: Won at 1 follows New, and a success implies every stage",
    ),
    (
        "Won",
        {"kind": "conversions"},
        0,
        "assumed: Won at 0 opens the journey, and a success implies every stage",
    ),
    (
        "New > Prepayment",
        {"kind": "conversions", "fill": "moves"},
        1,
        "assumed: the move New → Prepayment at 1 passes over it",
    ),
    (
        "Prepayment",
        {"kind": "conversions", "fill": "moves"},
        1,
        "assumed: the item was created in Prepayment",
    ),
    (
        "New > Lost > Won",
        {"kind": "conversions"},
        0,
        "left out: Won directly follows a loss (lost_then_won='exclude')",
    ),
    (
        "Lost > New > Won",
        {"kind": "conversions", "lost_then_won": "exclude_reopened"},
        0,
        "left out: won now, lost before (lost_then_won='exclude_reopened')",
    ),
    ("New > Lost > Won", {"kind": "furthest"}, 3, "assumed: the item was won at 2"),
    ("New > Delivery > New", {"kind": "furthest"}, 1, "assumed: the item went as far as Delivery"),
    (
        "New > Delivery",
        {"kind": "strict"},
        3,
        "not counted: visited, but not all stages before it were passed in order",
    ),
]


@pytest.mark.parametrize(("path", "options", "row", "reason"), REASONS)
def test_a_reason_names_the_rule_and_the_rows_behind_it(
    path: str, options: dict[str, Any], row: int, reason: str
) -> None:
    table = sf.explain(journeys_log(path), SHOP, item=1, **options)
    assert table["reason"].iloc[row] == reason


def test_a_reason_says_the_names_that_people_read() -> None:
    codes = sf.Pipeline([1, 2], won=3, names={1: "Neu", 2: "Angebot", 3: "Gewonnen"})
    log = sf.StageLog({"item": ["a", "a"], "stage": [1, 3], "time": [0, 4]})
    table = sf.explain(log, codes, item="a", kind="conversions")
    assert "Gewonnen at 4 follows Neu" in table["reason"].iloc[1]


@pytest.mark.parametrize("item", [99, "99", "", b"1", None, np.int64(-1), 1.5, True, (1,)])
def test_an_item_that_the_log_does_not_have_is_refused_with_a_key_that_it_has(item: Any) -> None:
    expected = f"the log has no item {item!r}; its keys look like 1"
    with pytest.raises(sf.UnknownItemError, match=re.escape(expected)):
        sf.explain(journeys_log("New > Won"), SHOP, item=item)


@pytest.mark.parametrize("item", [1, np.int64(1), np.uint8(1), 1.0])
def test_an_item_is_found_by_any_number_that_equals_its_key(item: Any) -> None:
    table = sf.explain(journeys_log("New > Won"), SHOP, item=item, kind="classic")
    assert table["passed"].tolist() == [True, False, False, False, True, False]


def reasons(journeys: list[str], item: int, pipeline: sf.Pipeline, **options: Any) -> list[str]:
    return sf.explain(journeys_log(*journeys), pipeline, item=item, kind="classic", **options)[
        "reason"
    ].tolist()


def test_an_item_that_moved_out_is_said_to_have_moved_out() -> None:
    away = SMALL.replace(elsewhere=["Ordered"])
    journeys = ["New > Ordered", "New > Ordered > New"]
    assert reasons(journeys, 1, away) == ["left out: moved out"] * 4
    assert reasons(journeys, 2, away)[:2] == ["passed: entered at 0", "not counted: no visit"]
    # As seen before it moved it is here.
    assert reasons(journeys, 1, away, as_of=1)[0] == "passed: entered at 0"
    kept = reasons(journeys, 1, away.replace(moved_out="include"))
    assert kept[:2] == ["passed: entered at 0", "not counted: no visit"]


def test_what_lies_outside_the_period_is_said_to() -> None:
    journeys = ["New > Offer > Won"]
    assert reasons(journeys, 1, SMALL, period=(1, 9), basis="created") == ["left out: outside the period"] * 4
    assert reasons(journeys, 1, SMALL, period=(5, 9)) == ["left out: outside the period"] * 4
    assert reasons(journeys, 1, SMALL, period=(0, 2)) == [
        "passed: entered at 0",
        "passed: entered at 1",
        "not counted: entered at 2, outside the period",
        "not counted: no visit",
    ]
    assert reasons(journeys, 1, SMALL, as_of=0) == ["left out: outside the period"] * 4


def test_an_item_without_listed_rows_has_no_visit() -> None:
    assert set(reasons(["Call", "New"], 1, SMALL, unlisted="ignore")) == {"not counted: no visit"}
