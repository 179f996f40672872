"""HubSpot's contacts and tickets with the history of their stage, and the chain from contacts to deals."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import count, noted, reached


def record(key: str, prop: str, *values: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Write an object with its history, the newest value first."""
    history = [{"value": value, "timestamp": f"2026-03-{day}T09:00:00Z"} for value, day in values]
    properties = {prop: values[-1][0], "hs_object_id": key, **more.pop("properties", {})}
    return {"id": key, "properties": properties, "propertiesWithHistory": {prop: history[::-1]}, **more}


CONTACTS = {
    "results": [
        record(
            "51",
            "lifecyclestage",
            ("subscriber", "02"),
            ("lead", "03"),
            ("opportunity", "05"),
            ("customer", "09"),
            properties={"email": "a@x.org", "hubspot_owner_id": "11"},
        ),
        record("52", "lifecyclestage", ("lead", "02"), ("", "03"), ("subscriber", "04")),
        record("53", "lifecyclestage", ("lead", "04"), ("opportunity", "06")),
    ]
}
# By hand: 52 went back, for which its stage was cleared first.
LIFECYCLE = {"subscriber": 2, "lead": 3, "opportunity": 2, "customer": 1}
TICKETS = {
    "results": [
        record(
            "71", "hs_pipeline_stage", ("1", "02"), ("3", "03"), ("4", "05"), properties={"hs_pipeline": "0"}
        ),
        record("72", "hs_pipeline_stage", ("1", "02"), properties={"hs_pipeline": "0"}),
    ]
}
TICKET_PIPELINES = {
    "results": [
        {
            "id": "0",
            "label": "Support",
            "displayOrder": 0,
            "stages": [
                {"id": key, "label": label, "displayOrder": number, "metadata": {"ticketState": state}}
                for number, (key, label, state) in enumerate(
                    [("1", "New", "OPEN"), ("3", "Waiting on us", "OPEN"), ("4", "Closed", "CLOSED")]
                )
            ],
        }
    ]
}
DEALS = {
    "results": [
        record(
            "501",
            "dealstage",
            ("appointmentscheduled", "05"),
            ("closedwon", "09"),
            associations={"contacts": {"results": [{"id": "51", "type": "deal_to_contact"}]}},
        ),
        record(
            "502",
            "dealstage",
            ("appointmentscheduled", "06"),
            associations={"contacts": {"results": [{"id": "99"}, {"id": "53"}, {"id": "51"}]}},
        ),
        record("503", "dealstage", ("appointmentscheduled", "07"), associations={}),
        record(
            "504",
            "dealstage",
            ("appointmentscheduled", "07"),
            associations={"contacts": {"results": [{"id": "98"}]}},
        ),
    ]
}


def test_the_lifecycle_of_contacts_makes_a_funnel() -> None:
    export = sf.read(CONTACTS)
    pipeline = export.pipelines["Lifecycle"]
    assert (export.format, export.log.n_rows, export.log.n_items) == ("hubspot", 8, 3)
    assert (pipeline.stages, pipeline.won) == (("subscriber", "lead", "opportunity"), ("customer",))
    assert pipeline.names["opportunity"] == "Opportunity"
    assert reached(export, "Lifecycle") == LIFECYCLE
    assert (count(export, "cleared_stages"), count(export, "meaning_by_code")) == (1, 4)
    assert export.items.set_index("item").loc["51", "manager"] == "11"


def test_stages_that_an_account_has_made_follow_in_their_order_of_time() -> None:
    export = sf.read(
        {"results": [record("1", "lifecyclestage", ("lead", "02"), ("8815", "03"), ("customer", "04"))]}
    )
    assert export.pipelines["Lifecycle"].stages == ("lead", "8815")


def test_an_export_of_contacts_with_dates_of_stages_is_read() -> None:
    frame = pd.DataFrame(
        {
            "Record ID": ["1", "2"],
            "Email": ["a@x.org", "b@x.org"],
            "Became a Lead Date": ["2026-03-02 10:00", "2026-03-03 10:00"],
            "Became a Marketing Qualified Lead Date": [None, "2026-03-04 10:00"],
            "Became a Customer Date": ["2026-03-09 10:00", None],
        }
    )
    export = sf.read(frame)
    assert reached(export, "Lifecycle") == {"lead": 2, "marketingqualifiedlead": 1, "customer": 1}
    properties = frame.set_axis(
        [
            "id",
            "email",
            *(f"hs_lifecyclestage_{name}_date" for name in ("lead", "marketingqualifiedlead", "customer")),
        ],
        axis="columns",
    )
    records = [{"id": row["id"], "properties": row} for row in properties.to_dict("records")]
    assert reached(sf.read({"results": records}), "Lifecycle") == reached(export, "Lifecycle")


def test_tickets_with_their_pipelines_make_a_funnel() -> None:
    export = sf.read([TICKETS, TICKET_PIPELINES])
    pipeline = export.pipelines["Support"]
    assert (pipeline.stages, pipeline.won, pipeline.lost) == (("1", "3"), ("4",), ())
    assert reached(export, "Support") == {"1": 2, "3": 1, "4": 1}
    assert sf.read(TICKETS).log.n_rows == 4


def test_contacts_and_deals_make_a_chain() -> None:
    for given in ([CONTACTS, DEALS], [DEALS, CONTACTS]):
        export = sf.read(given)
        assert export.leads is not None
        assert export.links is not None
        assert export.links.to_dict("list") == {"deal": ["501", "502"], "lead": ["51", "53"]}
        found = noted(export)
        assert (found["deals_with_several_leads"], found["links_to_unknown_leads"]) == (1, 1)
        assert found["deals_without_link"] == 2
        chain = sf.chain_funnel(export)
        assert chain.loc[chain["stage"].eq("closedwon"), "reached"].tolist() == [1]


def test_a_chain_is_made_of_the_column_of_an_export_too() -> None:
    deals = [
        {
            "Record ID": "501",
            "Deal Name": "A",
            'Date entered "New"': "2026-03-05 10:00",
            'Date entered "Closed Won"': "2026-03-09 10:00",
            "Associated Contact IDs": "51;52",
        }
    ]
    export = sf.read([deals, CONTACTS])
    assert export.links is not None
    assert export.links.to_dict("list") == {"deal": ["501"], "lead": ["51"]}


def test_objects_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(sf.ReaderError, match=r"'contacts', 'tickets'; read each by itself"):
        sf.read([CONTACTS, TICKETS])
    with pytest.raises(sf.ReaderError, match="propertiesWithHistory=lifecyclestage"):
        sf.read([{"id": "1", "properties": {"email": "a@x.org", "lifecyclestage": "lead"}}])
