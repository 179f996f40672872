"""The use of a chain: exports taken whole, refused arguments, and the shown table."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import ROOT, journeys_log
from questions.chain.test_chain import DEAL_PATHS, DEALS, LEAD_PATHS, LEADS, LINKS, chain, column, remembered


def export(**changes: Any) -> SimpleNamespace:
    """Stand in for the result of a reader."""
    leads = SimpleNamespace(log=journeys_log(*LEAD_PATHS), pipelines={"Leads": LEADS})
    deals = SimpleNamespace(log=journeys_log(*DEAL_PATHS), pipelines={"Sales": DEALS, "Renewals": LEADS})
    links = pd.DataFrame(LINKS, columns=["deal", "lead"])
    return SimpleNamespace(**({"leads": leads, "deals": deals, "links": links} | changes))


def test_an_export_is_taken_whole() -> None:
    expected = chain(LEAD_PATHS, DEAL_PATHS, LINKS)
    for chosen in ("Sales", DEALS):
        pd.testing.assert_frame_equal(sf.chain_funnel(export(), deal_pipeline=chosen), expected)


def test_an_export_of_bitrix24_goes_from_its_files_to_both_funnels_of_the_chain() -> None:
    read = sf.read(str(ROOT / "tests" / "data" / "exports" / "bitrix24" / "*.json"))
    table = sf.chain_funnel(read, deal_pipeline="Sales", kind="both", basis="origin", amount="amount")
    assert column(table[table["kind"] == "classic"], "deal", "reached") == [2, 0, 1, 0, 2, 0, 0]
    assert column(table[table["kind"] == "conversions"], "deal", "reached") == [2, 2, 2, 2, 2, 0, 0]
    assert set(table.loc[table["stage"] == "WON", "amount"]) == {2580.5}
    assert remembered(table)["links"]["unknown_leads"] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sf.chain_funnel(export()),
            "deal_pipeline= is needed; the pipelines are 'Sales', 'Renewals'",
        ),
        (
            lambda: sf.chain_funnel(export(), deal_pipeline="Sale"),
            "deal_pipeline='Sale' is not a pipeline of the export; the pipelines are 'Sales', 'Renewals'",
        ),
        (lambda: sf.chain_funnel(export(leads=None)), "the export holds no leads with their deals"),
        (
            lambda: sf.chain_funnel(journeys_log("New"), journeys_log("New")),
            "takes \\(leads, deals, links\\)",
        ),
        (
            lambda: chain(["New"], ["New"], [(1, 1)], basis="active"),
            "basis='active' is not one of 'entity', 'origin'",
        ),
        (lambda: chain(["New"], ["New"], [(1, 1)], deal="id"), "'id'"),
        (
            # A key of text, which is the mistake.
            lambda: chain(["New"], ["New"], [("1", 1)]),  # type: ignore[list-item]  # wrong on purpose
            "column 'deal_id' holds text, the items of the deals are integers",
        ),
        (
            lambda: sf.chain_funnel(journeys_log("New"), journeys_log("New"), {}, lead_pipeline=LEADS),
            "deal_pipeline= is a NoneType; pass the Pipeline of that part",
        ),
        (lambda: chain(["New"], ["New"], [(1, 1)], amount="amount"), "the log has none"),
    ],
)
def test_what_cannot_be_a_chain_is_refused(call: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        call()


def test_the_error_of_an_unknown_stage_names_the_leads_or_the_deals() -> None:
    with pytest.raises(sf.UnknownStageError, match="'Nowhere'") as caught:
        chain(["New"], ["Nowhere"], [(1, 1)])
    assert caught.value.__notes__ == ["in the deals"]


def test_a_chain_is_shown_part_by_part_with_its_findings() -> None:
    table = chain(LEAD_PATHS, DEAL_PATHS, LINKS, kind="conversions", basis="origin")
    lines = repr(sf.show(table)).splitlines()
    assert lines[0] == "Chain, counted in leads: with conversions"
    assert [line.split()[:2] for line in lines if line.startswith(("lead ", "deal "))] == [
        ["lead", "New"],
        ["deal", "New"],
    ]
    assert "lead: 4 items now: 2 won, 1 lost, 1 open; win rate 67%" in lines
    assert "deal: Skipped, too few items to rank: Offer (1 of 1), Delivery (1 of 1)" in lines
    assert lines[-1] == "Deals without a lead: 1"


def test_each_part_is_shown_with_the_names_of_its_own_stages() -> None:
    options = {"lead_pipeline": LEADS.replace(names={"New": "Unassigned"}), "deal_pipeline": DEALS}
    log = journeys_log("New")
    shown = repr(sf.show(sf.chain_funnel(log, log, {"deal_id": [1], "lead_id": [1]}, **options)))
    assert "lead   Unassigned" in shown
    assert "deal   New" in shown


def test_a_part_with_rows_filtered_away_is_shown_without_findings() -> None:
    table = chain(LEAD_PATHS, DEAL_PATHS, LINKS)
    assert "Most often" not in repr(sf.show(table[table["outcome"] == "open"]))
    assert "Most often" in repr(sf.show(table[table["part"] == "lead"]))
    assert "reached" in repr(sf.show(table.drop(columns="part")))
