"""Losses and skips against the reference and against tables computed by hand."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SHOP, SMALL, assert_same, journeys_log, log_of, order_of, pipeline_of
from strategies import Case, cases


def items_with(case: Case, reasons: dict[Any, str | None]) -> pd.DataFrame:
    """Build an items table of all items with their group, reason and amount."""
    items = list(dict.fromkeys(item for item, _, _ in case.rows))
    columns = {"group": case.groups, "reason": reasons, "amount": case.amounts}
    values = {
        name: pd.Series([found.get(item) for item in items], dtype=object) for name, found in columns.items()
    }
    return pd.DataFrame({"item": pd.Series(items, dtype=pd.Series([items[0]]).dtype)} | values)


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]), ordered=st.booleans())
def test_losses_are_those_of_the_reference(data: st.DataObject, times: Any, ordered: bool) -> None:
    case = data.draw(cases(unlisted="some", times=times, max_items=10))
    items = list(dict.fromkeys(item for item, _, _ in case.rows))
    reasons = data.draw(
        st.dictionaries(st.sampled_from(items), st.sampled_from(["price", "competitor", None]))
    )
    log = log_of(case, ordered=ordered, items=items_with(case, reasons))
    found = sf.losses(
        log, pipeline_of(case.pipeline), by="group", reason="reason", amount="amount", unlisted="ignore"
    )
    expected = reference.losses(
        case.rows,
        case.pipeline,
        unlisted="ignore",
        groups=case.groups,
        reasons=reasons,
        amounts=case.amounts,
        order=order_of(case, ordered),
    )
    assert found["reason"].fillna("").tolist() == expected["reason"].fillna("").tolist()
    pd.testing.assert_series_equal(found["amount"], expected["amount"], rtol=1e-12, atol=1e-9)
    unlike = ["amount", "reason"]
    assert_same(found.drop(columns=unlike), expected.drop(columns=unlike), by=["group"])


@given(case=cases(unlisted="some"))
def test_all_items_now_lost_are_in_the_losses(case: Case) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    table = sf.losses(log, pipeline, unlisted="ignore")
    now = sf.outcomes(log, pipeline, unlisted="ignore")["lost"].iloc[0]
    assert table["items"].sum() == now
    assert table["share"].sum() == pytest.approx(1 if now else 0)
    per_stage = table.groupby("from_stage", observed=False)["items"].sum()
    funnel = sf.funnel(log, pipeline, unlisted="ignore").set_index("stage")["lost_from"]
    assert per_stage.tolist() == funnel.tolist()


@given(case=cases(unlisted="some", max_items=10))
def test_skips_are_those_of_the_reference(case: Case) -> None:
    log = log_of(case, items=items_with(case, {}))
    found = sf.skips(log, pipeline_of(case.pipeline), by="group", unlisted="ignore")
    expected = reference.skips(case.rows, case.pipeline, unlisted="ignore", groups=case.groups)
    assert_same(found, expected, by=["group"])


def timed(*journeys: list[tuple[str, int]], **options: Any) -> sf.StageLog:
    rows = [(item, *row) for item, journey in enumerate(journeys, 1) for row in journey]
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), **options)


TWO_LOST = sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Spam"])
JOURNEYS = (
    [("New", 0), ("Offer", 2), ("Lost", 5)],
    [("New", 0), ("Offer", 1), ("Lost", 2), ("Spam", 9)],
    [("New", 0), ("Won", 1), ("Lost", 8)],
    [("Lost", 3)],
    [("New", 0), ("Lost", 1), ("Won", 2)],
)


def test_the_example_of_losses_is_met() -> None:
    table = sf.losses(timed(*JOURNEYS), TWO_LOST)
    assert table["from_stage"].astype(object).fillna("").tolist() == ["Offer", "Offer", "Won", ""]
    assert table["lost_stage"].tolist() == ["Lost", "Spam", "Lost", "Lost"]
    assert table["items"].tolist() == [1, 1, 1, 1]
    assert table["share"].tolist() == [0.25] * 4
    assert table["mean_until_lost"].tolist() == table["median_until_lost"].tolist() == [5, 2, 8, 0]
    assert table["mean_in_stage"].fillna(-1).tolist() == [3, 1, 7, -1]


def test_a_reason_and_an_amount_are_columns_of_the_items_table() -> None:
    items = pd.DataFrame({"item": [1, 2, 3], "why": ["price", None, "price"], "sum": [2.5, 1, None]})
    journey = [("New", 0), ("Lost", 1)]
    table = sf.losses(timed(journey, journey, journey, items=items), TWO_LOST, reason="why", amount="sum")
    assert table["why"].fillna("").tolist() == ["price", ""]
    assert table["items"].tolist() == [2, 1]
    assert table["amount"].tolist() == [2.5, 1]
    assert table["amount_missing"].tolist() == [1, 0]


def test_reasons_and_amounts_may_be_columns_of_the_log() -> None:
    rows = {"item": [1, 1, 2, 2], "stage": ["New", "Lost"] * 2, "time": [0, 1, 0, 3]}
    rows |= {"who": ["Bob", "Ann", "Ann", "Bob"], "sum": [1, 2, 3, 4.5]}
    log = sf.StageLog(rows, columns=["who", "sum"])
    table = sf.losses(log, SMALL, reason="who", amount="sum")
    assert table["who"].tolist() == ["Ann", "Bob"]
    assert table["amount"].tolist() == [2, 4.5]


def test_a_log_without_a_loss_has_a_table_without_rows() -> None:
    table = sf.losses(timed([("New", 0)]), TWO_LOST)
    assert table.empty
    assert list(table.columns)[:4] == ["from_stage", "lost_stage", "items", "share"]


def test_items_that_moved_out_are_not_lost() -> None:
    pipeline = TWO_LOST.replace(elsewhere="Ordered", moved_out="include")
    log = timed([("New", 0), ("Lost", 1)], [("New", 0), ("Lost", 1), ("Ordered", 2)])
    assert sf.losses(log, pipeline)["items"].tolist() == [1]


def test_losses_of_a_period_are_those_closed_in_it() -> None:
    table = sf.losses(timed(*JOURNEYS), TWO_LOST, period=(4, 9), basis="closed")
    assert table["items"].tolist() == [1]
    assert table["from_stage"].tolist() == ["Offer"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reason": "wy"}, "reason='wy' is not a column of the items table; it has: 'item', 'why'"),
        ({"by": "why", "reason": "why"}, "reason='why' is in by= too"),
        ({"by": "items"}, "by= names 'items', which is a column of the result"),
    ],
)
def test_columns_that_losses_cannot_take_are_refused(options: dict[str, Any], message: str) -> None:
    items = pd.DataFrame({"item": [1], "why": ["price"], "items": ["x"]})
    with pytest.raises(sf.SchemaError, match=message):
        sf.losses(timed([("New", 0), ("Lost", 1)], items=items), TWO_LOST, **options)


def test_a_reason_needs_an_items_table() -> None:
    with pytest.raises(
        sf.SchemaError, match="reason= names a column of the items table, and the log has none"
    ):
        sf.losses(timed([("New", 0)]), TWO_LOST, reason="why")


def test_the_example_of_skips_is_met() -> None:
    items = pd.DataFrame({"item": [1, 2, 3, 4], "manager": ["Ann", "Ann", "Bob", "Bob"]})
    log = journeys_log("New > Won", "New > Offer > Won", "New > Won", "New", items=items)
    table = sf.skips(log, SMALL)
    assert list(zip(table["manager"], table["stage"], strict=True)) == [
        ("Bob", "Offer"),
        ("Ann", "Offer"),
        ("Ann", "New"),
        ("Bob", "New"),
    ]
    assert table["passed"].tolist() == [0, 1, 2, 2]
    assert table["beyond"].tolist() == [1, 2, 2, 1]
    assert table["skipped"].tolist() == [1, 1, 0, 0]
    assert table["skip_rate"].tolist() == [1, 0.5, 0, 0]


def test_stages_that_nothing_went_beyond_come_last() -> None:
    table = sf.skips(journeys_log("New > Discussion"), SHOP, by=None)
    assert table["stage"].tolist() == ["New", "Discussion", "Prepayment", "Delivery"]
    assert table["skip_rate"].isna().tolist() == [False, True, True, True]


def test_skips_by_manager_need_an_items_table() -> None:
    with pytest.raises(sf.SchemaError, match="by= names a column of the items table, and the log has none"):
        sf.skips(journeys_log("New"), SMALL)


def test_the_tables_are_shown_under_what_they_are() -> None:
    assert repr(sf.show(sf.losses(timed(*JOURNEYS), TWO_LOST))).startswith("Where items are lost\n")
    log = journeys_log("New > Won")
    assert repr(sf.show(sf.skips(log, SMALL, by=None))).startswith("Skipped stages\n")
    assert repr(sf.show(sf.flow(log, SMALL, period=None))).startswith("Flow balance\n")
