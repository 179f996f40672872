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
