"""Zoho, Close, Dynamics, Odoo and SuiteCRM: what their histories are read as, and what is refused."""

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, answer, count, reached

FOLDER = EXPORTS / "other_crms"
ZOHO = {"Qualification": 2, "Proposal": 1, "Closed Won": 1, "Closed Lost": 1}
CLOSE = {"New": 2, "Offer": 1, "Signed": 1, "Gone": 1}


def test_the_stage_history_of_zoho_makes_a_funnel() -> None:
    frame = pd.read_csv(FOLDER / "zoho.csv")
    small = frame.rename(columns=lambda name: name.lower().replace(" ", "_"))
    linked = frame.assign(**{"Deal Id": [{"id": key, "name": "x"} for key in frame["Deal Id"]]})
    for given in (
        FOLDER / "zoho.csv",
        frame[::-1],
        small,
        linked.rename(columns={"Deal Id": "Potential_Name"}),
    ):
        export = sf.read(given)
        assert export.format == "zoho"
        assert reached(export, "Pipeline") == ZOHO
    assert sorted(sf.read(FOLDER / "zoho.csv").items["item"]) == ["zcrm_1", "zcrm_2"]


def test_the_history_of_one_deal_of_zoho_and_a_list_of_deals_are_refused() -> None:
    row = {
        "Stage": "Qualification",
        "Modified_Time": "2026-03-02T10:00:00Z",
        "Stage_Duration_Calendar_Days": 3,
    }
    with pytest.raises(sf.ReaderError, match="does not say whose it is"):
        sf.read({"data": [{**row, "id": "1"}, {**row, "id": "2", "Stage": "Closed Won"}]})
    deals = [{"Deal Id": key, "Stage": "New", "Modified Time": "2026-03-02"} for key in "12"]
    with pytest.raises(sf.ReaderError, match="not an export of a known format"):
        sf.read(deals)


def test_the_changes_of_status_of_close_make_a_funnel() -> None:
    export = sf.read(FOLDER / "close.json")
    pipeline = export.pipelines["Close"]
    assert (export.format, pipeline.won, pipeline.lost) == ("close", ("Signed",), ("Gone",))
    assert reached(export, "Close") == CLOSE
    assert count(export, "first_stage_time_unknown") == 2
    page = answer("other_crms/close.json")
    assert count(sf.read([page, page]), "rows_fetched_twice") == 3
    assert reached(sf.read(page["data"][::-1]), "Close") == CLOSE
    leads = [{"lead_id": one.pop("opportunity_id"), **one} for one in page["data"]]
    assert reached(sf.read(leads), "Close") == CLOSE
    with pytest.raises(sf.ReaderError, match="read each by itself"):
        sf.read([answer("other_crms/close.json"), {"data": leads}])


def test_an_audit_of_dynamics_is_a_change_log() -> None:
    rows = [
        {
            "_objectid_value": key,
            "attribute": field,
            "oldvalue": old,
            "newvalue": new,
            "createdon": f"2026-03-0{day}",
        }
        for key, field, old, new, day in [
            ("o1", "statuscode", "New", "Offer", 2),
            ("o1", "ownerid", "Ann", "Bob", 3),
            ("o1", "statuscode", "Offer", "Won", 4),
        ]
    ]
    export = sf.read(rows)
    assert reached(export, "Pipeline") == {"New": 1, "Offer": 1, "Won": 1}
    assert (export.format, count(export, "other_fields")) == ("from_to", 1)


def test_the_changes_inside_an_audit_of_dynamics_are_read() -> None:
    export = sf.read(FOLDER / "dynamics.json")
    assert export.format == "dynamics"
    assert reached(export, "Pipeline") == {"1-Qualify": 2, "2-Develop": 1, "4-Close": 1}
    assert count(export, "other_fields") == 3
    page = answer("other_crms/dynamics.json")
    assert reached(sf.read(pd.DataFrame(page["value"])), "Pipeline") == reached(export, "Pipeline")
    page["value"][1]["changedata"] = "stepname: 2-Develop"
    with pytest.raises(sf.ReaderError, match=r"record 2: 'changedata' must be JSON with a list"):
        sf.read(page)
    for row in page["value"]:
        row["changedata"] = '{"changedAttributes": [{"logicalName": "ownerid"}]}'
    with pytest.raises(sf.ReaderError, match=r"no attribute of a stage.*it has 'ownerid'"):
        sf.read(page)
    for row in page["value"]:
        row["changedata"] = None
    with pytest.raises(sf.ReaderError, match="no row of the audit says"):
        sf.read(page)


def test_a_list_of_opportunities_beside_the_changes_of_close_says_more_about_them() -> None:
    listed = [
        {
            "id": f"oppo_{number}",
            "lead_id": "lead_1",
            "status_label": "New",
            "status_type": "active",
            "value": 12_345 * number,
            "value_currency": "EUR",
            "user_name": "Ann",
            "contacts": ["c"],
            "date_created": f"2026-03-01T0{number}:00:00+00:00",
        }
        for number in (1, 2, 3)
    ]
    export = sf.read([FOLDER / "close.json", {"data": listed}])
    assert reached(export, "Close") == CLOSE
    assert export.items["amount"].tolist() == [123.45, 246.9, 370.35]  # values are hundredths
    assert count(export, "items_without_history") == 1
    assert count(export, "first_stage_time_unknown") == 0  # the first status begins with the opportunity
    changes = [
        {"lead_id": one.pop("opportunity_id"), **one} for one in answer("other_crms/close.json")["data"]
    ]
    with pytest.raises(sf.ReaderError, match="give the list of leads"):
        sf.read([{"data": changes}, {"data": listed}])


def test_a_list_of_deals_beside_the_stage_history_of_zoho_says_more_about_them() -> None:
    deals = [
        {
            "id": f"zcrm_{number}",
            "Deal_Name": "Tables",
            "Amount": 10 * number,
            "Stage": "Proposal",
            "Closing_Date": "2026-04-01",
            "Owner": {"name": "Ann", "id": "7"},
            "Created_Time": "2026-03-01T10:00:00",
            "Modified_Time": "2026-03-09T10:00:00",
        }
        for number in (1, 2)
    ]
    export = sf.read([FOLDER / "zoho.csv", {"data": deals}])
    assert reached(export, "Pipeline") == ZOHO
    assert export.items[["item", "amount", "manager"]].values.tolist() == [
        ["zcrm_1", 10.0, "Ann"],
        ["zcrm_2", 20.0, "Ann"],
    ]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([{"Deal name": "x", "Deal stage": "New", "Deal stage updated at": "2026-01-01"}], "Freshsales"),
        ({"deals": [{"id": 1, "deal_stage_id": 2}], "meta": {"total": 1}}, "Freshsales"),
        ([{"id": 1, "deal_stage_id": 2, "stage_updated_time": "2026-01-01T00:00:00Z"}], "Freshsales"),
        ({"activities": [{"id": 1}], "meta": {}}, "Freshsales"),
        ([{"activestagename": "x", "activestagestartedon": "2026-01-01T00:00:00Z"}], "Dynamics 365.*audits"),
        ([{"opportunityid": "1", "stepname": "x", "createdon": "2026-01-01"}], "Dynamics 365.*audits"),
        ([{"id": "o", "status_label": "x", "status_type": "won", "lead_id": "l"}], "Close.*status_change"),
        ([{"id": "1", "Deal_Name": "x", "Stage": "y", "Closing_Date": "2026-01-01"}], "Zoho.*Stage History"),
    ],
)
def test_what_holds_no_history_is_named_with_what_to_export_instead(given: object, what: str) -> None:
    with pytest.raises(sf.ReaderError, match=f"these are .*{what}"):
        sf.read(given)
