"""Why an item was lost and by whom, out of columns of the log: the rows that are read for it."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_same, frame_of, journeys_log, order_of, pipeline_of
from strategies import Case, cases

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Spam"])


def log_with(*journeys: str, column: str = "why") -> sf.StageLog:
    """Read journeys like ``"New b > Lost a"``: a stage and a value, – for a missing one, at each time."""
    rows = [
        (item, *step.split(" "), time)
        for item, journey in enumerate(journeys, 1)
        for time, step in enumerate(journey.split(" > "))
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", column, "time"]).replace({"–": None})
    return sf.StageLog(frame, columns=[column])


@pytest.mark.parametrize(
    ("journey", "reason"),
    [
        ("New b > Lost a", "a"),
        ("New b > Lost –", None),
        ("Lost a > Lost – > Lost c", "c"),
        ("Lost a > Lost c > Lost –", "c"),
        ("Lost a > Spam –", "a"),
        ("Lost a > Spam b", "b"),
        ("Lost a > New b > Lost –", None),
        ("Won b > Lost a", "a"),
        ("New – > Lost – > Spam a > Lost –", "a"),
    ],
)
def test_a_reason_is_the_last_of_the_closing_lost_visits(journey: str, reason: str | None) -> None:
    table = sf.losses(log_with(journey), PIPELINE, reason="why")
    assert [None if pd.isna(value) else value for value in table["why"]] == [reason]
    assert table["items"].tolist() == [1]


def test_a_row_of_a_stage_that_is_not_listed_gives_no_reason() -> None:
    table = sf.losses(log_with("Lost a > Archive b"), PIPELINE, reason="why", unlisted="ignore")
    assert table["why"].tolist() == ["a"]


def test_a_reason_filled_in_later_is_unknown_before() -> None:
    log = log_with("New b > Lost – > Lost a")
    assert sf.losses(log, PIPELINE, reason="why")["why"].tolist() == ["a"]
    assert sf.losses(log, PIPELINE, reason="why", as_of=2)["why"].isna().tolist() == [True]


def test_times_run_to_the_first_closing_lost_visit_whichever_has_the_reason() -> None:
    log = log_with("New – > New – > Lost – > Spam – > Spam a")
    table = sf.losses(log, PIPELINE, reason="why")
    assert table["mean_until_lost"].tolist() == table["mean_in_stage"].tolist() == [2]
    assert table["lost_stage"].tolist() == ["Spam"]


def test_a_reason_may_be_a_number() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Lost"], "time": [0, 1], "why": [0.5, 7.25]}
    assert sf.losses(sf.StageLog(rows, columns=["why"]), PIPELINE, reason="why")["why"].tolist() == [7.25]


@pytest.mark.parametrize(
    ("at", "person"),
    [(None, "Cid"), ("loss", "Cid"), ("stage", "Bob"), ("first", "Ann"), ("last", "Dan")],
)
def test_a_loss_is_of_whom_at_says(at: Any, person: str) -> None:
    log = log_with("New Ann > Offer Bob > Lost Cid > Spam Dan", "Lost Eve", column="who")
    table = sf.losses(log, PIPELINE, by="who", at=at)
    assert set(table["who"]) == {person, "Eve"}


def test_the_stage_an_item_was_lost_from_was_entered_at_its_last_visit() -> None:
    log = log_with("New Ann > Offer Bob > New Cid > New Dan > Lost Eve", column="who")
    assert sf.losses(log, PIPELINE, by="who", at="stage")["who"].tolist() == ["Cid"]
    # The same entry as the funnel's.
    funnel = sf.funnel(log, PIPELINE, by="who", at="stage")
    assert funnel.loc[funnel["lost_from"] == 1, "who"].tolist() == ["Cid"]


def test_a_column_of_the_items_goes_with_one_of_the_log() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Lost"], "time": [0, 1], "who": ["Ann", "Bob"]}
    log = sf.StageLog(rows, columns=["who"], items={"item": [1], "team": ["x"]})
    table = sf.losses(log, PIPELINE, by=["team", "who"], at="loss")
    assert table[["team", "who"]].to_numpy().tolist() == [["x", "Bob"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "who", "at": "entry"}, "at='entry' is not one of 'loss', 'stage', 'first', 'last'"),
        ({"by": "team", "at": "loss"}, "'team' is a column of the items table; leave at= out"),
        ({"at": "loss"}, "at='loss' says where by= is read, and there is no by="),
        ({"reason": "who", "at": "first"}, "at='first' says where by= is read, and there is no by="),
    ],
)
def test_where_nothing_is_read_is_not_to_be_named(options: dict[str, Any], message: str) -> None:
    rows = {"item": [1], "stage": ["Lost"], "time": [0], "who": ["Ann"]}
    log = sf.StageLog(rows, columns=["who"], items={"item": [1], "team": ["x"]})
    with pytest.raises(sf.SchemaError, match=message):
        sf.losses(log, PIPELINE, **options)


def test_a_reason_of_the_items_table_is_the_items_own() -> None:
    log = journeys_log("New > Lost", items={"item": [1], "why": ["price"]})
    assert sf.losses(log, PIPELINE, reason="why")["why"].tolist() == ["price"]


def test_a_log_without_rows_has_no_losses() -> None:
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "who": []}
    log = sf.StageLog(rows, columns=["who"], empty="allow")
    assert sf.losses(log, PIPELINE, by="who").empty
    assert sf.losses(log, PIPELINE, reason="who").empty


@given(
    case=cases(unlisted="some", max_items=10),
    data=st.data(),
    at=st.sampled_from(["loss", "stage", "first", "last"]),
    ordered=st.booleans(),
)
def test_groups_and_reasons_are_those_of_the_reference(
    case: Case, data: st.DataObject, at: Any, ordered: bool
) -> None:
    values = st.lists(st.sampled_from(["Zoe", "ann", None]), min_size=len(case.rows), max_size=len(case.rows))
    people, whys = data.draw(values), data.draw(values)
    frame = frame_of(case.rows).assign(group=people, reason=whys)
    options: dict[str, Any] = {"unlisted": "ignore"}
    if ordered:
        frame["order"] = case.order
    log = sf.StageLog(frame, columns=["group", "reason"], order="order" if ordered else None)
    found = sf.losses(log, pipeline_of(case.pipeline), by="group", at=at, reason="reason", **options)
    options["order"] = order_of(case, ordered)
    read = reference.values_at_losses if at in ("loss", "stage") else reference.values_at
    expected = reference.losses(
        case.rows,
        case.pipeline,
        groups=read(case.rows, case.pipeline, people, at, **options),
        reasons=reference.reasons_of_losses(case.rows, case.pipeline, whys, **options),
        amounts={},
        **options,
    )
    assert_same(found, expected.drop(columns=["amount", "amount_missing"]), by=["group", "reason"])
