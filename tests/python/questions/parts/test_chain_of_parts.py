"""Chains in parts: all leads of a deal and all deals of a lead are in one part."""

import json
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal

LEADS = sf.Pipeline(["New", "Called"], won="Converted", lost="Junk")
DEALS = sf.Pipeline(["Offer", "Delivery"], won="Won", lost="Lost", elsewhere="Ordered", moved_out="include")
OPTIONS: dict[str, Any] = {
    "kind": st.sampled_from(["classic", "conversions", "furthest", "strict", "both"]),
    "lost_then_won": st.sampled_from([None, "include", "exclude"]),
    "basis": st.sampled_from(["entity", "origin"]),
    "amount": st.sampled_from([None, "amount", "exact"]),
    "currency": st.booleans(),
    "by": st.sampled_from([None, "source", "who", "outcome", ["who", "source"]]),
    "where": st.sampled_from([None, {"who": "ann"}, {"source": ["tv", None]}]),
    "period": st.sampled_from([None, (3, 9), (5, None)]),
    "period_basis": st.sampled_from([None, "created", "closed"]),
    "within": st.sampled_from([None, 5]),
    "as_of": st.sampled_from([None, 8]),
    "confidence": st.sampled_from([None, 0.9]),
    "top": st.sampled_from([None, 1, 1, 2]),
    "missing": st.sampled_from(["near", "error", "ignore"]),
}


def component_of(n_leads: int, links: list[tuple[int, int | None]]) -> tuple[list[int], dict[int, int]]:
    """Return the chain of each lead, and that of each deal that is linked to a lead of the log."""
    chain = list(range(n_leads))
    for _ in range(len(links) + 1):
        for deal, lead in links:
            own = [one for other, one in links if other == deal and one is not None and one < n_leads]
            if lead is not None and lead < n_leads:
                least = min(chain[one] for one in own)
                chain = [least if i in own else c for i, c in enumerate(chain)]
    return chain, {deal: chain[lead] for deal, lead in links if lead is not None and lead < n_leads}


def chains(seed: int, *, shared: bool = False) -> list[tuple[sf.StageLog, sf.StageLog, pd.DataFrame]]:
    """Make a chain and deal it out to three parts; the first one is whole.

    With `shared` all leads and deals have rows, and a deal has leads of several of many groups.
    """
    random = Random(seed)
    n_leads, n_deals = (12, 6) if shared else (7, 8)
    sources = [
        random.choice(["tv", "web", "fair", *(["post", "call"] if shared else []), None])
        for _ in range(n_leads)
    ]
    whole = [random.choice([True, False]) for _ in range(n_deals)]
    exact = [
        None if random.random() < 0.2 else Decimal(random.randrange(10**6)).scaleb(-2 if places else -1)
        for places in whole
    ]
    floats = [random.choice([0.1, 0.2, 1e9 + 0.1, np.nan]) for _ in range(n_deals)]
    currency = [random.choice(["EUR", "USD"]) for _ in range(n_deals)]
    lead_rows = [
        (random.randrange(n_leads), random.choice([*LEADS.labels]), random.randrange(15), random.choice("ab"))
        for _ in range(random.randrange(1, 25))
    ]
    deal_rows = [
        (random.randrange(n_deals), random.choice([*DEALS.labels, "Ordered"]), random.randrange(15))
        for _ in range(random.randrange(1, 25))
    ]
    links: list[tuple[int, int | None]] = [
        (random.randrange(n_deals + 1), random.choice([None, *range(n_leads + 1)]))
        for _ in range(random.randrange(10))
    ]
    if shared:
        lead_rows += [(lead, "New", random.randrange(15), "a") for lead in range(n_leads)]
        deal_rows += [(deal, "Offer", random.randrange(15)) for deal in range(n_deals)]
        links = [
            (deal, lead)
            for deal in range(n_deals)
            for lead in random.sample(range(deal % 3, n_leads, 3), random.randrange(1, 5))
        ]
    chain, of_deal = component_of(n_leads, links)
    part_of = [random.randrange(3) for _ in range(n_leads)]
    lead_part = [part_of[one] for one in chain]
    deal_part = [
        part_of[of_deal[deal]] if deal in of_deal else random.randrange(3) for deal in range(n_deals + 1)
    ]

    def read(part: int | None) -> tuple[sf.StageLog, sf.StageLog, pd.DataFrame]:
        leads = [row for row in lead_rows if part in (None, lead_part[row[0]])]
        deals = [row for row in deal_rows if part in (None, deal_part[row[0]])]
        pairs = [pair for pair in links if part in (None, deal_part[pair[0]])]
        frame = pd.DataFrame(leads, columns=["item", "stage", "time", "who"])
        frame["who"] = frame["who"].map({"a": "ann", "b": "bob"}).astype(object)
        other = pd.DataFrame(deals, columns=["item", "stage", "time"])
        for one in (frame, other):
            one[["item", "time"]] = one[["item", "time"]].astype("int64")
        worth = {"exact": pd.Series(exact, dtype=object), "amount": floats, "currency": currency}
        lead_log = sf.StageLog(
            frame,
            columns=["who"],
            items=pd.DataFrame({"item": range(n_leads), "source": pd.Series(sources, dtype=object)}),
            observed_until=20,
            empty="allow",
        )
        deal_log = sf.StageLog(
            other, items=pd.DataFrame({"item": range(n_deals), **worth}), observed_until=20, empty="allow"
        )
        table = pd.DataFrame(
            {
                "deal_id": np.array([deal for deal, _ in pairs], dtype="int64"),
                "lead_id": pd.array([lead for _, lead in pairs], dtype="Int64"),
            }
        )
        return lead_log, deal_log, table

    return [read(None), *(read(part) for part in range(3))]


@given(seed=st.integers(0, 2**32 - 1), drawn=st.fixed_dictionaries(OPTIONS))
@examples(ci=25, night=600)
def test_chains_in_parts_answer_as_the_whole(seed: int, drawn: dict[str, Any]) -> None:
    options = {name: value for name, value in drawn.items() if value is not None}
    has_currency = options.pop("currency") and "amount" in options
    if has_currency:
        options |= {"currency": "currency", "rates": {"EUR": 1.0, "USD": 0.5}}
    if options["basis"] != "origin":
        options.pop("within", None)
    if "within" in options or "period" not in options:
        options.pop("period_basis", None)
    if "by" not in options:
        options.pop("top", None)
    assert_parts_answer_as_the_whole(chains(seed), options, seed)


SHARED: dict[str, Any] = {
    **{name: OPTIONS[name] for name in ("kind", "lost_then_won", "basis", "where", "period", "period_basis")},
    "amount": st.sampled_from(["amount", "exact", None]),
    "within": st.sampled_from([None, 3, 5]),
    "top": st.sampled_from([1, 2, 3]),
    "by": st.sampled_from(["source", "source", ["who", "source"]]),
}


@given(seed=st.integers(0, 2**32 - 1), drawn=st.fixed_dictionaries(SHARED))
@examples(ci=25, night=600)
def test_a_deal_of_groups_that_are_put_together_counts_once(seed: int, drawn: dict[str, Any]) -> None:
    options = {name: value for name, value in drawn.items() if value is not None} | {"missing": "ignore"}
    if options["basis"] != "origin":
        options.pop("within", None)
    if "within" in options or "period" not in options:
        options.pop("period_basis", None)
    assert_parts_answer_as_the_whole(chains(seed, shared=True), options, seed)


def assert_parts_answer_as_the_whole(
    logs: list[tuple[sf.StageLog, sf.StageLog, pd.DataFrame]], options: dict[str, Any], seed: int
) -> None:
    whole, *parts = logs

    def ask() -> pd.DataFrame:
        made = [
            sf.partial(
                leads, LEADS, sf.chain_funnel, deals=deals, links=links, deal_pipeline=DEALS, **options
            )
            for leads, deals, links in parts
        ]
        sent = [sf.Partial.from_bytes(part.to_bytes()) for part in made]
        Random(seed).shuffle(sent)
        return sf.merge([sent[0], sf.merge(sent[1:])]).table()

    try:
        expected = sf.chain_funnel(*whole, lead_pipeline=LEADS, deal_pipeline=DEALS, **options)
    except sf.StageFunnelError:
        with pytest.raises(sf.StageFunnelError):
            ask()
        return
    found = ask()
    assert_frame_equal(found, expected, check_exact=True)
    assert json.dumps(found.attrs) == json.dumps(expected.attrs)


def log_of(*rows: tuple[int, str, int]) -> sf.StageLog:
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))


NORTH = log_of((1, "New", 0), (1, "Converted", 1)), log_of((7, "Offer", 1), (7, "Won", 2)), {7: 1}
SOUTH = log_of((2, "New", 3), (2, "Converted", 9)), log_of((8, "Offer", 9)), {8: 2}


def part_of(leads: sf.StageLog, deals: sf.StageLog, links: dict[int, int], **options: Any) -> sf.Partial:
    table = {"deal_id": [*links], "lead_id": [*links.values()]}
    return sf.partial(
        leads,
        LEADS,
        sf.chain_funnel,
        deals=deals,
        links=table,
        deal_pipeline=DEALS,
        missing="ignore",
        **options,
    )


def test_two_chains_are_one_funnel() -> None:
    table = sf.merge([part_of(*SOUTH), part_of(*NORTH)]).table()
    reached = table.set_index(["part", "stage"])["reached"]
    assert reached["lead", "Converted"] == 2
    assert (reached["deal", "Offer"], reached["deal", "Won"]) == (2, 1)
    assert table.attrs["stagefunnel"]["links"]["links"] == 2


@pytest.mark.parametrize("check", ["keys", "sketch"])
def test_a_deal_in_two_parts_is_found(check: str) -> None:
    leads, _, _ = SOUTH
    parts = [part_of(*NORTH, check=check), part_of(leads, NORTH[1], {7: 2}, check=check)]
    with pytest.raises(sf.SchemaError, match="deal"):
        sf.merge(parts)
    sf.merge(part_of(*one, check="none") for one in (NORTH, (leads, NORTH[1], {7: 2})))


def test_parts_of_chains_have_one_pipeline_of_deals() -> None:
    leads, deals, links = SOUTH
    other = sf.Pipeline(["Offer"], won="Won")
    table = {"deal_id": [*links], "lead_id": [*links.values()]}
    odd = sf.partial(
        leads, LEADS, sf.chain_funnel, deals=deals, links=table, deal_pipeline=other, missing="ignore"
    )
    with pytest.raises(sf.SchemaError, match="the partials differ in deal_pipeline="):
        sf.merge([part_of(*NORTH), odd])
    with pytest.raises(sf.SchemaError, match="expected a StageLog"):
        sf.partial(leads, LEADS, sf.chain_funnel, links=table, deal_pipeline=DEALS)


def test_a_deal_of_two_smaller_groups_counts_once_where_these_are_put_together() -> None:
    # Three leads of tv; deal 7 is of web and of fair, and deal 8 of web and of tv.
    def part(leads: dict[int, str], deals: dict[int, int], links: list[tuple[int, int]]) -> sf.Partial:
        return sf.partial(
            sf.StageLog(
                {"item": [*leads], "stage": ["New"] * len(leads), "time": [0] * len(leads)},
                items=pd.DataFrame({"item": [*leads], "source": [*leads.values()]}),
            ),
            LEADS,
            sf.chain_funnel,
            deals=sf.StageLog(
                {"item": [*deals], "stage": ["Offer"] * len(deals), "time": [1] * len(deals)},
                items=pd.DataFrame({"item": [*deals], "worth": [*deals.values()]}),
            ),
            links=pd.DataFrame(links, columns=["deal_id", "lead_id"]),
            deal_pipeline=DEALS,
            amount="worth",
            by="source",
            missing="ignore",
        )

    parts = [
        part({1: "web", 2: "fair"}, {7: 100}, [(7, 1), (7, 2)]),
        part({3: "tv", 4: "tv", 5: "tv", 6: "web"}, {8: 20}, [(8, 3), (8, 4), (8, 6)]),
    ]
    whole = sf.merge(parts)
    offers = whole.table().query("part == 'deal' and stage == 'Offer'").set_index("source")
    assert offers["reached"].to_dict() == {"fair": 1, "tv": 1, "web": 2}
    assert offers["amount"].to_dict() == {"fair": 100, "tv": 20, "web": 120}
    offers = whole.table(top=1).query("part == 'deal' and stage == 'Offer'").set_index("source")
    assert offers["reached"].to_dict() == {"tv": 1, "other (2 groups)": 2}
    assert offers["amount"].to_dict() == {"tv": 20, "other (2 groups)": 120}


def test_rows_of_a_deal_of_two_groups_are_ignored_once() -> None:
    leads = sf.StageLog(
        {"item": [1, 2], "stage": ["New"] * 2, "time": [0, 0]},
        items=pd.DataFrame({"item": [1, 2], "source": ["web", "tv"]}),
    )
    deals = log_of((7, "Offer", 1), (7, "Strange", 2))
    table = sf.chain_funnel(
        leads,
        deals,
        {"deal_id": [7, 7], "lead_id": [1, 2]},
        lead_pipeline=LEADS,
        deal_pipeline=DEALS,
        by="source",
        unlisted="ignore",
        missing="ignore",
    )
    assert table.attrs["stagefunnel"]["parts_remarks"]["deal"]["ignored"]["rows"] == 1
