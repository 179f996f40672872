"""Items that began beyond a stage: counted in every table of skips, and never ranked."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given

import stagefunnel as sf
from helpers import SHOP, SMALL, journeys_log, log_of, pipeline_of
from strategies import Case, cases


def began(table: pd.DataFrame, **where: Any) -> list[int]:
    """Return the column of a table's rows that have some values."""
    for name, value in where.items():
        table = table[table[name] == value]
    return table["began_beyond"].tolist()


@pytest.mark.parametrize("kind", ["classic", "conversions", "furthest", "strict"])
def test_the_worked_example_began_beyond_what_the_page_says(kind: Any) -> None:
    shop = sf.datasets.worked_example()
    assert began(sf.funnel(shop.log, shop.pipeline, kind=kind)) == [3, 3, 2, 1, 0, 0]


@pytest.mark.parametrize(
    ("path", "skipped", "expected"),
    [
        ("Prepayment > Won", [1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0]),
        ("Prepayment > New > Won", [0, 1, 0, 1, 0, 0], [0, 1, 0, 0, 0, 0]),
        ("Won", [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0]),
        ("Won > New", [0, 1, 1, 1, 0, 0], [0, 1, 1, 1, 0, 0]),
        ("Lost > Prepayment", [1, 1, 0, 0, 0, 0], [0] * 6),
        ("Archive > Prepayment", [1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]),
        ("New > Delivery", [0, 1, 1, 0, 0, 0], [0] * 6),
        ("Prepayment > Prepayment", [1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]),
    ],
)
def test_it_is_the_first_listed_visit_that_counts(path: str, skipped: list[int], expected: list[int]) -> None:
    table = sf.funnel(journeys_log(path), SHOP, unlisted="ignore")
    assert table["skipped"].tolist() == skipped
    assert began(table) == expected


def test_the_column_stands_behind_skipped_in_every_table_that_has_it() -> None:
    log = journeys_log("Offer > Won")
    whole = sf.funnel(log, SMALL)
    tables = [
        whole,
        sf.skips(log, SMALL, by=None),
        sf.summary(log, SMALL).funnel,
        sf.merge([sf.partial(log, SMALL)]).summary().funnel,
        sf.chain_funnel(log, log, {"deal_id": [1], "lead_id": [1]}, lead_pipeline=SMALL, deal_pipeline=SMALL),
    ]
    dates = pd.DataFrame({"item": [1], "stage": ["Offer"], "time": ["2026-01-05"]})
    tables.append(sf.funnel_by_period(sf.StageLog(dates), SMALL))
    for table in tables:
        columns = list(table.columns)
        assert columns[columns.index("skipped") + 1] == "began_beyond"
        assert table["began_beyond"].dtype == "int64"
        assert table["began_beyond"].max() == 1


def test_a_trend_counts_an_item_in_every_period_it_is_open() -> None:
    rows = pd.DataFrame(
        {
            "item": [1, 1, 2],
            "stage": ["Offer", "New", "New"],
            "time": ["2026-01-05", "2026-03-02", "2026-01-01"],
        }
    )
    trend = sf.funnel_by_period(sf.StageLog(rows), SMALL)
    assert began(trend, stage="New") == [1, 1, 0]  # in March it came back to New


def test_parts_add_up() -> None:
    parts = [
        journeys_log("Offer", "New > Won"),
        sf.StageLog({"item": [7, 8], "stage": ["Won"] * 2, "time": [0, 0]}),
    ]
    merged = sf.merge([sf.partial(log, SMALL) for log in parts]).summary().funnel
    assert began(merged, kind="classic") == [3, 2, 0, 0]


def test_items_that_moved_out_and_are_kept_are_counted_too() -> None:
    pipeline = SMALL.replace(elsewhere="Ordered", moved_out="include")
    log = journeys_log("Offer > Ordered", "Offer", "Ordered > Offer")
    assert began(sf.funnel(log, pipeline)) == [3, 0, 0, 0]


def test_at_the_stage_it_is_counted_where_the_item_began() -> None:
    rows = {"item": [1, 1, 2, 2], "stage": ["Offer", "Won", "New", "Won"], "time": [0, 1, 0, 1]}
    log = sf.StageLog(rows | {"who": ["Ann", "Bob", "Ann", "Bob"]}, columns=["who"])
    table = sf.funnel(log, SMALL, by="who", at="stage")
    assert began(table, who="Ann") == [1, 0, 0, 0]
    assert began(table, who="Bob") == [0, 0, 0, 0]
    assert table[table["who"] == "Bob"]["skipped"].tolist() == [0, 1, 0, 0]


def test_the_breakdown_of_the_page_began_beyond_with_cid() -> None:
    rows = [
        *[(1, "New", 0, "Ann"), (1, "Delivery", 1, "Bob"), (1, "Won", 2, "Cid")],
        *[(2, "New", 0, "Ann"), (2, "Lost", 1, "Bob")],
        *[(3, "New", 0, "Bob"), (3, "Discussion", 1, "Ann"), (3, "New", 2, "Cid")],
        (4, "Prepayment", 0, "Cid"),
        *[(5, "New", 0, "Ann"), (5, "Won", 1, "Ann"), (5, "Lost", 2, "Bob")],
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "who"])
    table = sf.funnel(sf.StageLog(frame, columns=["who"]), SHOP, by="who", at="stage")
    assert began(table, who="Cid") == [1, 1, 0, 0, 0, 0]
    assert sum(began(table)) == 2


def test_a_lead_began_beyond_a_stage_if_all_its_deals_that_went_beyond_did() -> None:
    leads = journeys_log("New", "New")
    deals = journeys_log("Delivery", "New > Delivery", "Delivery", "New")
    pipeline = sf.Pipeline(["New", "Offer", "Delivery"], won="Won")
    links = {"deal_id": [1, 2, 3, 4], "lead_id": [1, 1, 2, 2]}
    table = sf.chain_funnel(
        leads,
        deals,
        links,
        lead_pipeline=sf.Pipeline("New", won="Won"),
        deal_pipeline=pipeline,
        basis="origin",
    )
    deal_rows = table[table["part"] == "deal"]
    assert deal_rows["skipped"].tolist() == [0, 2, 0, 0]
    assert deal_rows["began_beyond"].tolist() == [0, 1, 0, 0]


@given(case=cases(unlisted="some"))
def test_they_are_some_of_the_skips_whatever_the_data(case: Case) -> None:
    table = sf.funnel(log_of(case), pipeline_of(case.pipeline), unlisted="ignore")
    assert (table["began_beyond"] <= table["skipped"]).all()
    assert (table.loc[table["outcome"] != "open", "began_beyond"] == 0).all()


def test_a_breakdown_by_a_column_of_that_name_is_refused() -> None:
    log = journeys_log("New", items={"item": [1], "began_beyond": ["x"]})
    with pytest.raises(sf.SchemaError, match="by= names 'began_beyond', which is a column of the result"):
        sf.funnel(log, SMALL, by="began_beyond")
