"""Salesforce's leads with their history, and the chain from leads to opportunities."""

import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count, noted, reached

FOLDER = EXPORTS / "salesforce_leads"
HISTORY, LEADS, STATUSES = (FOLDER / f"{name}.csv" for name in ("LeadHistory", "Lead", "LeadStatus"))
DEALS = FOLDER / "OpportunityHistory.csv"
# By hand: lead 3 never moved.
REACHED = {
    "Open - Not Contacted": 3,
    "Working - Contacted": 1,
    "Closed - Converted": 1,
    "Closed - Not Converted": 1,
}


def test_the_history_of_leads_makes_a_funnel_in_the_order_of_their_statuses() -> None:
    export = sf.read([HISTORY, LEADS, STATUSES])
    pipeline = export.pipelines["Leads"]
    assert (export.format, export.log.n_rows, export.log.n_items) == ("salesforce", 6, 3)
    assert pipeline.stages == ("Open - Not Contacted", "Working - Contacted")
    assert (pipeline.won, pipeline.lost) == (("Closed - Converted",), ("Closed - Not Converted",))
    assert reached(export, "Leads") == REACHED
    found = noted(export)
    assert (found["other_fields"], found["items_without_move"], found["meaning_by_name"]) == (2, 1, 1)
    assert export.leads is None


def test_without_a_list_of_statuses_converted_leads_say_which_is_won() -> None:
    export = sf.read([HISTORY, LEADS])
    assert reached(export, "Leads") == REACHED
    assert (count(export, "stages_not_listed"), count(export, "meaning_by_name")) == (4, 1)
    alone = sf.read(HISTORY)
    assert reached(alone, "Leads") == {**REACHED, "Open - Not Contacted": 2}
    assert count(alone, "first_stage_time_unknown") == 1  # lead 2 has no row of its creation


def test_leads_and_opportunities_make_a_chain() -> None:
    export = sf.read([DEALS, HISTORY, LEADS, STATUSES])
    assert export.leads is not None
    assert export.deals is not None
    assert export.links is not None
    assert export.links.to_dict("list") == {"deal": ["006A1"], "lead": ["00QA1"]}
    assert (export.leads.log.n_items, export.log.n_items) == (3, 2)
    chain = sf.chain_funnel(export)
    won = chain[chain["stage"].eq("Closed Won")]
    assert won["reached"].tolist() == [1]


def test_links_that_lead_nowhere_are_counted() -> None:
    leads = LEADS.read_text(encoding="utf-8")
    both = [
        {**dict(zip(leads.splitlines()[0].split(","), line.split(","), strict=True))}
        for line in leads.splitlines()[1:]
    ]
    both[1]["ConvertedOpportunityId"], both[2]["ConvertedOpportunityId"] = "006A1", "006X9"
    export = sf.read([DEALS, HISTORY, both])
    assert (count(export, "links_to_unknown_deals"), count(export, "leads_of_one_deal")) == (1, 1)
    without = [{key: value for key, value in row.items() if key != "ConvertedOpportunityId"} for row in both]
    export = sf.read([DEALS, HISTORY, without])
    assert (count(export, "deals_without_link"), len(export.links)) == (2, 0)


def test_a_list_of_leads_alone_is_refused_and_beside_opportunities_counted() -> None:
    with pytest.raises(sf.ReaderError, match="export LeadHistory"):
        sf.read([LEADS, STATUSES])
    export = sf.read([DEALS, LEADS])
    assert (export.leads, count(export, "lists_left_out")) == (None, 1)
    pipeline = sf.Pipeline(["Prospecting"], won="Closed Won")
    with pytest.raises(sf.SchemaError, match="has both"):
        sf.read([DEALS, HISTORY, LEADS], pipeline=pipeline)


def test_headers_of_a_warehouse_in_small_letters_are_known() -> None:
    rows = [line.split(",") for line in HISTORY.read_text(encoding="utf-8").splitlines()]
    header = ["id", "lead_id", "field", "old_value", "new_value", "created_by_id", "created_date"]
    records = [dict(zip(header, row, strict=True)) for row in rows[1:]]
    for given in (records, records[::-1]):
        assert reached(sf.read([given, LEADS, STATUSES]), "Leads") == REACHED
