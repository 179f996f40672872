"""The chain from leads to deals against the reference, on random logs and links."""

# Chains need two logs and their links, whose strategies all tests of this file share.

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, assert_same, items_of, journeys_log, log_of, pipeline_of
from questions.scope.test_selection import arguments_of, log_of_rows, parts
from strategies import Case, cases

LEADS = sf.Pipeline(["New", "Called"], won="Converted", lost="Junk")
DEALS = sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost")


def chain(leads: list[str], deals: list[str], links: list[tuple[int, int]], **options: Any) -> pd.DataFrame:
    """Count journeys like ``"New > Won"``; links are pairs of a deal and a lead, both from 1 on."""
    table = pd.DataFrame(links, columns=["deal_id", "lead_id"])
    pipelines = {"lead_pipeline": LEADS, "deal_pipeline": DEALS}
    return sf.chain_funnel(journeys_log(*leads), journeys_log(*deals), table, **pipelines, **options)


def remembered(table: pd.DataFrame) -> dict[str, Any]:
    return dict(table.attrs["stagefunnel"])


def column(table: pd.DataFrame, part: str, name: str) -> list[Any]:
    return table.loc[table["part"] == part, name].tolist()


@st.composite
def linked(draw: st.DrawFn, leads: Case, deals: Case) -> list[tuple[Any, Any]]:
    """Draw pairs of a deal and a lead: some unknown, some missing, some twice."""
    known = [list(dict.fromkeys(item for item, _, _ in case.rows)) for case in (deals, leads)]
    unknown = [77 if isinstance(keys[0], int) else "seventy-seven" for keys in known]
    sides = [st.sampled_from([*keys, *keys, other, None]) for keys, other in zip(known, unknown, strict=True)]
    return draw(st.lists(st.tuples(*sides), max_size=12))


@given(data=st.data(), kind=st.sampled_from(["classic", "conversions", "furthest", "strict"]))
def test_matches_the_reference(data: st.DataObject, kind: Any) -> None:
    leads, deals = data.draw(cases(unlisted="some")), data.draw(cases(unlisted="some"))
    links = data.draw(linked(leads, deals))
    fill = data.draw(st.sampled_from(["won", "moves"]))
    flip = data.draw(st.sampled_from(["include", "exclude", "exclude_reopened"]))
    basis = data.draw(st.sampled_from(["entity", "origin"]))
    items = items_of(deals.amounts, "amount", [item for item, _, _ in deals.rows])
    table = pd.DataFrame(
        {
            name: pd.Series([pair[at] for pair in links], dtype="Int64" if whole else object)
            for at, (name, whole) in enumerate(
                [
                    ("deal_id", isinstance(deals.rows[0][0], int)),
                    ("lead_id", isinstance(leads.rows[0][0], int)),
                ]
            )
        }
    )
    found = sf.chain_funnel(
        log_of(leads),
        log_of(deals, items=items),
        table,
        lead_pipeline=pipeline_of(leads.pipeline),
        deal_pipeline=pipeline_of(deals.pipeline),
        kind=kind,
        fill=fill,
        lost_then_won=flip,
        basis=basis,
        amount="amount",
        unlisted="ignore",
    )
    pipelines = (leads.pipeline, deals.pipeline)
    expected = reference.chain_funnel(
        leads.rows,
        deals.rows,
        links,
        *pipelines,
        kind=kind,
        fill=fill,
        lost_then_won=flip,
        basis=basis,
        amounts=deals.amounts,
        unlisted="ignore",
    )
    # The reference adds up fractions; a sum of floats may end one rounding away.
    pd.testing.assert_series_equal(found["amount"], expected["amount"], rtol=1e-12, atol=1e-9)
    plain = found.astype({"part": object, "stage": object})
    assert_same(plain.drop(columns="amount"), expected.astype({"part": object}).drop(columns="amount"))
    n_unlinked = reference.unlinked(leads.rows, deals.rows, links, deals.pipeline, flip, "ignore")
    assert remembered(found)["unlinked"] == {kind: n_unlinked}


@given(data=st.data(), basis=st.sampled_from(["entity", "origin"]))
def test_a_period_chooses_of_both_parts_what_the_reference_keeps(data: st.DataObject, basis: Any) -> None:
    leads, deals = data.draw(cases(unlisted="some")), data.draw(cases(unlisted="some"))
    part = data.draw(parts(leads))
    links = pd.DataFrame(data.draw(linked(leads, deals)), columns=["deal_id", "lead_id"])
    table = links.dropna().astype(
        dict(zip(links, [type(case.rows[0][0]) for case in (deals, leads)], strict=True))
    )
    kept_leads = reference.kept_rows(leads.rows, leads.pipeline, **part)
    seen = part
    if basis == "origin":
        end = part["end"] if part["basis"] == "active" else None
        seen = {"start": None, "end": end, "as_of": part["as_of"], "basis": "active"}
    kept_deals = reference.kept_rows(deals.rows, deals.pipeline, **seen)
    options: dict[str, Any] = {
        "lead_pipeline": pipeline_of(leads.pipeline),
        "deal_pipeline": pipeline_of(deals.pipeline),
        "kind": "both",
        "basis": basis,
        "unlisted": "ignore",
    }
    wanted = arguments_of(part)
    wanted["period_basis"] = wanted.pop("basis")
    found = sf.chain_funnel(log_of(leads), log_of(deals), table, **options, **wanted)
    alone = [log_of_rows(leads, kept_leads, False), log_of_rows(deals, kept_deals, False)]
    assert_frame_equal(found, sf.chain_funnel(*alone, table, **options), check_exact=True)


def test_the_example_of_the_crm_shows_every_stage_of_the_chain() -> None:
    for basis in ("entity", "origin"):
        table = chain(["New > Converted"], ["New > Won"], [(1, 1)], kind="conversions", basis=basis)
        assert table["stage"].tolist() == [*LEADS.labels, *DEALS.labels]
        assert column(table, "lead", "reached") == [1, 1, 1, 0]
        assert column(table, "deal", "reached") == [1, 1, 1, 1, 0]
        assert column(table, "deal", "assumed") == [0, 1, 1, 0, 0]
        shown = table[~table["outcome"].eq("lost")]
        assert (shown["conversion_from_all"] == 1).all()


@given(data=st.data())
def test_leads_whose_deals_moved_out_stand_as_the_reference_says(data: st.DataObject) -> None:
    leads, deals = data.draw(cases(unlisted="some")), data.draw(cases(unlisted="some"))
    table = pd.DataFrame(data.draw(linked(leads, deals)), columns=["deal_id", "lead_id"]).dropna()
    table = table.astype(dict(zip(table, [type(case.rows[0][0]) for case in (deals, leads)], strict=True)))
    pipeline = pipeline_of(deals.pipeline).replace(elsewhere=["Archive"], moved_out="include")
    options: dict[str, Any] = {"lead_pipeline": pipeline_of(leads.pipeline), "deal_pipeline": pipeline}
    found = sf.chain_funnel(log_of(leads), log_of(deals), table, **options, basis="origin", unlisted="ignore")
    standings = reference.standings_of_leads(
        leads.rows,
        deals.rows,
        list(table.itertuples(index=False, name=None)),
        leads.pipeline,
        deals.pipeline,
        "include",
        reference.moved_items(deals.rows, deals.pipeline, ["Archive"]),
        "ignore",
    )
    outcomes = [outcome for outcome, _ in standings]
    assert column(found, "deal", "moved_out") == [outcomes.count("moved_out")] * len(pipeline.labels)
    for outcome, name in (("open", "open_at"), ("lost", "lost_from")):
        assert column(found, "deal", name) == [standings.count((outcome, stage)) for stage in pipeline.labels]
    recorded = json.loads(remembered(found)["outcomes"])["classic"]
    assert [recorded[name][1] for name in ("won", "lost", "open", "moved_out")] == [
        outcomes.count(name) for name in ("won", "lost", "open", "moved_out")
    ]


def moving(*deals: str, links: list[tuple[int, int]], **options: Any) -> pd.DataFrame:
    """Count the deals of three leads, with Ordered in another pipeline that they may move to."""
    pipeline = DEALS.replace(elsewhere=["Ordered"], moved_out="include")
    table = pd.DataFrame(links, columns=["deal_id", "lead_id"])
    return sf.chain_funnel(
        journeys_log("New", "New", "New"),
        journeys_log(*deals),
        table,
        lead_pipeline=LEADS,
        deal_pipeline=pipeline,
        basis="origin",
        **options,
    )


@pytest.mark.parametrize(
    ("deals", "links", "moved_out"),
    [
        (["New > Ordered"], [(1, 1)], 1),
        (["New > Ordered", "Offer > Ordered"], [(1, 1), (2, 1)], 1),  # both deals of one lead
        (["New > Ordered"], [(1, 1), (1, 2)], 2),  # one deal of two leads
        (["New > Ordered", "New > Lost"], [(1, 1), (2, 1)], 0),  # the lead is lost by its other deal
        (["New > Ordered", "New"], [(1, 1), (2, 1)], 0),
        (["New > Ordered > New"], [(1, 1)], 0),  # the deal came back
        (["New > Ordered", "New"], [(2, 1)], 0),  # no lead is linked to it
    ],
)
def test_a_lead_has_moved_out_where_its_deals_have_and_none_is_here(
    deals: list[str], links: list[tuple[int, int]], moved_out: int
) -> None:
    for kind in ("classic", "both"):
        table = moving(*deals, links=links, kind=kind)
        assert set(column(table, "deal", "moved_out")) == {moved_out}
        assert set(column(table, "lead", "moved_out")) == {0}
        assert set(column(table, "deal", "base")) == {3}


@pytest.mark.parametrize(
    ("deals", "name", "stage"),
    [
        # The deal that went back from Delivery got furthest.
        (["New > Offer", "New > Delivery > New"], "open_at", "New"),
        (["New > Offer", "Offer > New"], "open_at", "Offer"),  # equally far: the one that comes first
        (["Offer > New", "New > Offer"], "open_at", "New"),
        (["New > Delivery > New > Lost", "Offer > Lost"], "lost_from", "New"),
        (["Delivery > Lost", "New > Won > Lost"], "lost_from", "Won"),  # won is further than all in progress
        (["Lost", "New > Lost"], "lost_from", "New"),
    ],
)
def test_a_lead_stands_where_the_deal_stands_that_got_furthest(
    deals: list[str], name: str, stage: str
) -> None:
    table = chain(["New"], deals, [(1, 1), (2, 1)], basis="origin")
    expected = [int(label == stage) for label in DEALS.labels]
    assert column(table, "deal", name) == expected


# The worked example of the definitions.
LEAD_PATHS = ["New > Converted", "New > Called > Converted", "New > Junk", "New"]
DEAL_PATHS = ["New > Won", "New > Offer > Lost", "New > Offer", "New > Delivery > Won"]
LINKS = [(1, 1), (2, 2), (3, 2)]
EXPECTED = {"entity": [4, 2, 2, 1, 4, 4, 2, 2, 1], "origin": [4, 2, 2, 1, 2, 2, 1, 1, 1]}


@pytest.mark.parametrize("basis", ["entity", "origin"])
def test_the_worked_example_is_met(basis: Any) -> None:
    options = {"kind": "conversions", "basis": basis}
    found = chain(LEAD_PATHS, DEAL_PATHS, LINKS, **options)
    assert found["reached"].tolist() == EXPECTED[basis]
    assert found["part"].tolist() == ["lead"] * 4 + ["deal"] * 5
    assert set(found["base"]) == {4}
    assert remembered(found)["unlinked"] == {"conversions": 1}
    rows = [
        [
            (item, stage, time)
            for item, path in enumerate(paths, 1)
            for time, stage in enumerate(path.split(" > "))
        ]
        for paths in (LEAD_PATHS, DEAL_PATHS)
    ]
    expected = reference.chain_funnel(
        *rows, LINKS, LEADS, DEALS, fill="won", lost_then_won="exclude", amounts={}, **options
    )
    assert expected["reached"].tolist() == EXPECTED[basis]


def test_a_lead_stands_as_its_best_deal_does_and_where_that_got_furthest() -> None:
    table = chain(LEAD_PATHS, DEAL_PATHS, LINKS, basis="origin")
    assert column(table, "deal", "open_at") == [0, 1, 0, 0, 0]
    assert column(table, "deal", "lost_from") == [0] * 5
    lost = chain(
        ["New"], ["New > Lost", "New > Offer > Lost", "Lost"], [(1, 1), (2, 1), (3, 1)], basis="origin"
    )
    assert column(lost, "deal", "lost_from") == [0, 1, 0, 0, 0]
    won = chain(["New"], ["New > Offer", "New > Won"], [(1, 1), (2, 1)], basis="origin")
    assert column(won, "deal", "open_at") == [0] * 5


def test_the_first_deal_stage_is_over_the_leads_that_were_converted() -> None:
    table = chain(LEAD_PATHS, DEAL_PATHS, LINKS[:1], basis="origin").set_index(["part", "stage"])
    previous = table["conversion_from_previous"]
    assert previous["deal", "New"] == 1 / 2
    assert previous["deal", "Won"] != previous["deal", "Won"]  # nothing was in Delivery
    assert previous["deal", "Lost"] == 0
    assert table["conversion_from_all"]["deal", "New"] == 1 / 4
    alone = chain(LEAD_PATHS, DEAL_PATHS, LINKS, basis="entity").set_index(["part", "stage"])
    assert pd.isna(alone["conversion_from_previous"]["deal", "New"])


def test_a_stage_that_one_of_two_deals_passed_was_not_skipped_by_their_lead() -> None:
    deals = ["New > Offer > Won", "New > Delivery"]
    both = chain(["New"], deals, [(1, 1), (2, 1)], basis="origin")
    assert column(both, "deal", "skipped") == [0, 0, 0, 0, 0]
    second = chain(["New"], deals, [(2, 1)], basis="origin")
    assert column(second, "deal", "skipped") == [0, 1, 0, 0, 0]


def test_the_links_are_counted() -> None:
    rows: list[Any] = [*LINKS, (2, 2), (4, None), (9, 2), (3, 8), (None, 1)]
    assert remembered(chain(LEAD_PATHS, DEAL_PATHS, rows))["links"] == {
        "rows": 8,
        "links": 3,
        "repeats": 1,
        "unknown_leads": 1,
        "unknown_deals": 1,
        "without_lead": 1,
        "without_deal": 1,
    }


def test_lost_then_won_leaves_out_a_deal_and_not_its_lead() -> None:
    table = chain(["New > Converted"], ["New > Lost > Won"], [(1, 1)], kind="conversions", basis="origin")
    assert column(table, "deal", "reached") == [0] * 5
    assert set(table["base"]) == {1}
    assert set(table["left_out"]) == {0}
    gone = chain(["New > Junk > Converted"], ["New > Won"], [(1, 1)], kind="conversions", basis="origin")
    assert gone["reached"].sum() == 0
    assert set(gone["left_out"]) == {1}


def with_amounts(**options: Any) -> pd.DataFrame:
    """Count two leads of one deal, and one lead of another that has no amount."""
    amounts = pd.DataFrame({"item": [1, 2, 3], "amount": [100.5, None, 7]})
    deals = journeys_log("New > Won", "New", "New", items=amounts)
    links = pd.DataFrame({"deal_id": [1, 1, 2], "lead_id": [1, 2, 3]})
    pipelines = {"lead_pipeline": LEADS, "deal_pipeline": DEALS}
    leads = journeys_log("New", "New", "New", **options)
    return sf.chain_funnel(leads, deals, links, **pipelines, basis="origin", amount="amount")


def test_the_amount_of_a_deal_of_several_leads_is_added_once() -> None:
    table = with_amounts()
    assert column(table, "deal", "amount") == [100.5, 0, 0, 100.5, 0]
    assert column(table, "deal", "amount_missing") == [1, 0, 0, 0, 0]
    assert column(table, "lead", "amount_missing") == [3, 0, 0, 0]
    own = with_amounts(items=pd.DataFrame({"item": [1, 2, 3], "amount": [1, 2, 3]}))
    assert column(own, "lead", "amount") == [6, 0, 0, 0]


def test_a_period_chooses_leads_and_reads_their_deals_at_its_end() -> None:
    leads = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Converted", "New"], "time": [5, 8, 25]})
    deals = sf.StageLog({"item": [7, 7, 8], "stage": ["New", "Won", "New"], "time": [9, 30, 26]})
    links = {"deal_id": [7, 8], "lead_id": [1, 2]}
    options = {"lead_pipeline": LEADS, "deal_pipeline": DEALS, "period": (0, 20)}
    active = sf.chain_funnel(leads, deals, links, **options, basis="origin")
    assert active["reached"].tolist() == [1, 0, 1, 0, 1, 0, 0, 0, 0]
    cohort = sf.chain_funnel(leads, deals, links, **options, basis="origin", period_basis="created")
    assert cohort["reached"].tolist() == [1, 0, 1, 0, 1, 0, 0, 1, 0]
    seen = sf.chain_funnel(leads, deals, links, **options, basis="origin", period_basis="created", as_of=9)
    assert seen["reached"].tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 0]
    apart = sf.chain_funnel(leads, deals, links, **options, period_basis="created")
    assert apart["reached"].tolist() == [1, 0, 1, 0, 1, 0, 0, 1, 0]


def test_both_kinds_come_in_one_table() -> None:
    both = chain(LEAD_PATHS, DEAL_PATHS, LINKS, kind="both", basis="origin")
    assert list(both.columns[:3]) == ["kind", "part", "stage"]
    for kind in ("classic", "conversions"):
        one = chain(LEAD_PATHS, DEAL_PATHS, LINKS, kind=kind, basis="origin")
        alone = both[both["kind"] == kind].drop(columns="kind").reset_index(drop=True)
        assert_frame_equal(alone, one)
    assert remembered(both)["unlinked"] == {"classic": 1, "conversions": 1}


def test_deals_that_moved_to_another_pipeline_count_in_what_they_passed() -> None:
    deals = journeys_log("New > Offer > Shipped", "New")
    pipeline = DEALS.replace(elsewhere="Shipped", moved_out="include")
    links = {"deal_id": [1, 2], "lead_id": [1, 2]}
    options = {"lead_pipeline": LEADS, "deal_pipeline": pipeline}
    origin = sf.chain_funnel(journeys_log("New", "New"), deals, links, **options, basis="origin")
    assert column(origin, "deal", "reached") == [2, 1, 0, 0, 0]
    assert column(origin, "deal", "open_at") == [1, 0, 0, 0, 0]
    entity = sf.chain_funnel(journeys_log("New", "New"), deals, links, **options)
    assert entity["moved_out"].tolist() == [0] * 4 + [1] * 5


def test_currencies_are_those_of_each_part() -> None:
    items = pd.DataFrame({"item": [1, 2], "amount": [10, 20], "currency": ["EUR", "USD"]})
    options = {"lead_pipeline": LEADS, "deal_pipeline": DEALS, "amount": "amount", "currency": "currency"}
    leads, deals = journeys_log("New", "New"), journeys_log("New", "New", items=items)
    links = {"deal_id": [1, 2], "lead_id": [1, 2]}
    rates = {"EUR": 1.5, "USD": 1.0}
    for basis in ("entity", "origin"):
        table = sf.chain_funnel(leads, deals, links, **options, rates=rates, basis=basis)
        assert column(table, "deal", "amount")[0] == 35
        assert column(table, "lead", "amount_missing")[0] == 2
    with pytest.raises(sf.SchemaError, match="in 2 currencies") as caught:
        sf.chain_funnel(leads, deals, links, **options)
    assert caught.value.__notes__ == ["in the deals"]
