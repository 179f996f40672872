"""Groups of a chain: each is the chain of its leads alone, and of the deals linked to any of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal

STAGES: dict[str, Any] = {
    "lead_pipeline": sf.Pipeline(["New", "Called"], won="Converted", lost="Junk"),
    "deal_pipeline": sf.Pipeline(
        ["Offer", "Delivery"], won="Won", lost="Lost", elsewhere="Ordered", moved_out="include"
    ),
}
LEAD_LABELS = ["New", "Called", "Converted", "Junk"]
DEAL_LABELS = ["Offer", "Delivery", "Won", "Lost", "Ordered"]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"kind": "both", "amount": "amount"},
    {"kind": "furthest"},
    {"kind": "conversions", "lost_then_won": "exclude"},
    {"basis": "origin", "amount": "amount", "kind": "both"},
    {"basis": "origin", "within": 5, "amount": "amount"},
    {"basis": "origin", "period": (3, 9), "period_basis": "created"},
    {"basis": "origin", "period": (3, 9)},
    {"period": (3, 9), "period_basis": "created"},
    {"period": (3, 9), "period_basis": "closed", "amount": "amount"},
    {"as_of": 8},
]


def chain_of(seed: int) -> tuple[sf.StageLog, sf.StageLog, pd.DataFrame]:
    """Make leads in three groups and one without a value, and deals of none, one or several of them."""
    random = np.random.default_rng(seed)

    def rows(labels: list[str], n_items: int) -> dict[str, Any]:
        n = int(random.integers(1, 3 * n_items))
        return {
            "item": random.integers(0, n_items, n),
            "stage": random.choice(labels, n),
            "time": random.integers(0, 15, n),
            "who": random.choice(["ann", "bob"], n),
        }

    sources = random.choice(np.array(["tv", "web", "fair", None], dtype=object), 8)
    leads = sf.StageLog(
        rows(LEAD_LABELS, 8), columns=["who"], items=pd.DataFrame({"item": range(8), "source": sources})
    )
    amounts = np.where(random.random(9) < 0.2, np.nan, random.integers(1, 9, 9) / 10)
    deals = sf.StageLog(rows(DEAL_LABELS, 9), items=pd.DataFrame({"item": range(9), "amount": amounts}))
    n_links = int(random.integers(0, 12))
    lead = random.integers(0, 9, n_links).astype(float)
    lead[random.random(n_links) < 0.1] = np.nan
    links = pd.DataFrame({"deal_id": random.integers(0, 9, n_links), "lead_id": pd.array(lead, "Int64")})
    return leads, deals, links


def groups_in(table: pd.DataFrame, by: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in table[by].unique()]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@given(seed=st.integers(0, 2**32 - 1))
@examples(ci=5, night=300)
def test_a_group_is_the_chain_of_its_leads(options: dict[str, Any], seed: int) -> None:
    leads, deals, links = chain_of(seed)
    ask = {**STAGES, "missing": "ignore", **options}
    whole = sf.chain_funnel(leads, deals, links, **ask)
    for by in ("source", "who"):
        found = sf.chain_funnel(leads, deals, links, **ask, by=by)
        for value in groups_in(found, by):
            own = found[found[by].isna()] if value is None else found[found[by] == value]
            expected = sf.chain_funnel(leads, deals, links, **ask, where={by: value})
            assert_frame_equal(own.drop(columns=by).reset_index(drop=True), expected)
        of_leads = [table[table["part"] == "lead"] for table in (found, whole)]
        if len(found):
            counted = [table.groupby("stage", observed=True)["reached"].sum() for table in of_leads]
            assert counted[0].to_dict() == counted[1].to_dict()


LEADS = sf.StageLog(
    {
        "item": [1, 1, 2, 2, 3, 4],
        "stage": ["New", "Converted", "New", "Converted", "New", "New"],
        "time": [0, 2, 1, 3, 2, 4],
    },
    items=pd.DataFrame({"item": [1, 2, 3, 4], "source": ["web", "tv", "web", "fair"]}),
)
DEALS = sf.StageLog(
    {
        "item": [11, 11, 12, 13],
        "stage": ["Offer", "Won", "Offer", "Offer"],
        "time": [2, 9, 3, 5],
    },
    items=pd.DataFrame({"item": [11, 12, 13], "amount": [10, 20, 40]}),
)
# Deal 11 is of leads 1 and 2, deal 12 of lead 2; deal 13 has no lead.
LINKS = {"deal_id": [11, 11, 12, 13], "lead_id": [1, 2, 2, None]}
SHORT: dict[str, Any] = {
    "lead_pipeline": sf.Pipeline("New", won="Converted"),
    "deal_pipeline": sf.Pipeline("Offer", won="Won"),
}


def test_a_deal_of_leads_of_two_groups_counts_in_both_and_one_without_a_lead_in_none() -> None:
    table = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source", amount="amount")
    assert list(table.columns[:3]) == ["source", "part", "stage"]
    cells = list(zip(table["source"], table["stage"].astype(str), table["reached"], strict=True))
    assert cells == [
        *[("fair", "New", 1), ("fair", "Converted", 0), ("fair", "Offer", 0), ("fair", "Won", 0)],
        *[("tv", "New", 1), ("tv", "Converted", 1), ("tv", "Offer", 2), ("tv", "Won", 1)],
        *[("web", "New", 2), ("web", "Converted", 1), ("web", "Offer", 1), ("web", "Won", 1)],
    ]
    offers = table[table["stage"].astype(str) == "Offer"]
    assert offers["amount"].tolist() == [0, 30, 10]
    assert table.attrs["stagefunnel"]["unlinked"] == {"classic": 1}


def test_groups_that_share_a_deal_have_no_bounds() -> None:
    shared = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source", confidence=0.9)
    bounds = shared.groupby("part", observed=True)["conversion_from_all_low"]
    assert bounds.count().to_dict() == {"lead": 6, "deal": 0}
    apart = {"deal_id": [11, 12, 13], "lead_id": [1, 2, None]}
    table = sf.chain_funnel(LEADS, DEALS, apart, **SHORT, by="source", confidence=0.9)
    with_deals = table[(table["part"] == "deal") & (table["base"] > 0)]
    assert with_deals["conversion_from_all_low"].notna().all()
    leads = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source", confidence=0.9, basis="origin")
    assert leads["conversion_from_all_low"].notna().all()


def test_what_is_shown_names_the_groups_and_the_deals_that_are_in_none() -> None:
    table = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source")
    shown = str(sf.show(table))
    assert "Deals without a lead: 1, in no group" in shown
    assert "tv, lead: " in shown
    assert "web, deal: " in shown


def test_the_largest_groups_are_shown_and_all_others_are_one() -> None:
    table = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source", top=1, basis="origin")
    assert table["source"].unique().tolist() == ["web", "other (2 groups)"]
    both = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, where={"source": ["tv", "fair"]}, basis="origin")
    own = table[table["source"] == "other (2 groups)"].drop(columns="source").reset_index(drop=True)
    assert_frame_equal(own, both)
    with pytest.raises(sf.SchemaError, match="there is no by="):
        sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, top=1)


def test_groups_are_those_of_the_leads() -> None:
    with pytest.raises(sf.SchemaError, match="amount") as refused:
        sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="amount")
    assert refused.value.__notes__ == ["in the leads"]
    items = pd.DataFrame({"item": [1], "part": ["a"]})
    leads = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}, items=items)
    with pytest.raises(sf.SchemaError, match="column of the result"):
        sf.chain_funnel(leads, DEALS, LINKS, **SHORT, by="part")


def test_leads_may_be_grouped_by_what_became_of_them() -> None:
    table = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="outcome")
    assert table["by_outcome"].astype(str).unique().tolist() == ["open", "won"]
    won = table[table["by_outcome"].astype(str) == "won"]
    assert won["reached"].tolist() == [2, 2, 2, 1]
    assert "Groups by outcome say what became of the leads later" in str(sf.show(table))


def test_a_chain_of_nothing_has_no_groups() -> None:
    empty = LEADS.filter(items=[], empty="allow")
    table = sf.chain_funnel(empty, DEALS, LINKS, **SHORT, by="source", missing="ignore")
    assert len(table) == 0
    assert "source" in table


def test_many_groups_cost_no_more_than_their_leads() -> None:
    n = 20_000
    leads = sf.StageLog(
        {"item": np.arange(n), "stage": ["New"] * n, "time": np.arange(n)},
        items=pd.DataFrame({"item": np.arange(n), "source": np.arange(n) // 2}),
    )
    deals = sf.StageLog({"item": np.arange(n), "stage": ["Offer"] * n, "time": np.arange(n)})
    links = {"deal_id": np.arange(n), "lead_id": np.arange(n)}
    table = sf.chain_funnel(leads, deals, links, **SHORT, by="source", missing="ignore", basis="origin")
    assert len(table) == 4 * n // 2
    assert table["base"].eq(2).all()


def test_the_worked_example_of_the_definitions_by_source() -> None:
    leads = sf.StageLog(
        {
            "item": [1, 1, 2, 2, 2, 3, 3, 4],
            "stage": ["New", "Converted", "New", "Called", "Converted", "New", "Junk", "New"],
            "time": [0, 1, 0, 1, 2, 0, 1, 0],
        },
        items=pd.DataFrame({"item": [1, 2, 3, 4], "source": ["web", "web", "tv", "tv"]}),
    )
    deals = sf.StageLog(
        {
            "item": [1, 1, 2, 2, 2, 3, 3, 4, 4, 4],
            "stage": ["New", "Won", "New", "Offer", "Lost", "New", "Offer", "New", "Delivery", "Won"],
            "time": [1, 2, 1, 2, 3, 1, 2, 0, 1, 2],
        }
    )
    links = {"deal_id": [1, 2, 3, 4], "lead_id": [1, 2, 2, None]}
    pipelines = {
        "lead_pipeline": sf.Pipeline(["New", "Called"], won="Converted", lost="Junk"),
        "deal_pipeline": sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost"),
    }
    table = sf.chain_funnel(leads, deals, links, **pipelines, kind="conversions", by="source")
    of_deals = table[table["part"] == "deal"]
    assert of_deals[of_deals["source"] == "web"]["reached"].tolist() == [3, 3, 1, 1, 1]
    assert of_deals[of_deals["source"] == "tv"]["reached"].tolist() == [0] * 5


def test_groups_of_chosen_leads_are_those_of_a_chain_of_them_alone() -> None:
    found = sf.chain_funnel(
        LEADS, DEALS, LINKS, **SHORT, by="source", where={"source": ["web", "tv"]}, missing="ignore"
    )
    whole = sf.chain_funnel(LEADS, DEALS, LINKS, **SHORT, by="source", missing="ignore")
    expected = whole[whole["source"].isin(["web", "tv"])].reset_index(drop=True)
    counts = ["source", "part", "stage", "reached", "base"]
    assert_frame_equal(found[counts].astype(str), expected[counts].astype(str), check_like=True)
