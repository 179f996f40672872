"""HubSpot: deals with the history of their stage, tables of a warehouse, and columns of entry dates."""

import csv
from collections import Counter
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, REAL, answer, count, moves, noted, reached

FOLDER = EXPORTS / "hubspot"
DEALS, PIPELINES = FOLDER / "deals.json", FOLDER / "pipelines.json"
# Counted by hand from the two pages of deals; deal 506 has moved on to the partners' pipeline.
SALES = {
    "appointmentscheduled": 4,
    "qualifiedtobuy": 2,
    "presentationscheduled": 1,
    "decisionmakerboughtin": 0,
    "contractsent": 1,
    "closedwon": 2,
    "closedlost": 1,
}
PARTNERS = {"1001": 2, "1002": 1, "1003": 0, "1004": 0}


def pages() -> list[dict[str, Any]]:
    return list(answer("hubspot/deals.json"))


def deals() -> list[dict[str, Any]]:
    return [deal for page in pages() for deal in page["results"]]


def test_history_and_pipelines_make_the_funnels_of_each_pipeline() -> None:
    for given in ([DEALS, PIPELINES], [PIPELINES, DEALS], str(FOLDER / "[dp]*s.json")):
        export = sf.read(given)
        assert export.format == "hubspot"
        assert (export.log.n_rows, export.log.n_items) == (16, 6)
        assert list(export.pipelines) == ["Sales Pipeline", "Partners"]
        assert reached(export, "Sales Pipeline") == SALES
        assert reached(export, "Partners") == PARTNERS


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(pages(), id="list of pages"),
        pytest.param(deals(), id="bare list"),
        pytest.param(pages()[::-1], id="pages in another order"),
        pytest.param({"status": "COMPLETE", "results": deals()}, id="batch answer"),
    ],
)
def test_answers_of_a_client_are_read_as_the_files_are(given: Any) -> None:
    assert reached(sf.read([given, PIPELINES]), "Sales Pipeline") == SALES


def test_a_history_is_turned_round_also_where_two_stages_have_one_time() -> None:
    # Deal 504: created in qualifiedtobuy, put back, and moved on again in the same second.
    export = sf.read([DEALS, PIPELINES])
    assert moves(export, "Sales Pipeline")["qualifiedtobuy", "appointmentscheduled"] == 1
    assert moves(export, "Sales Pipeline")["appointmentscheduled", "qualifiedtobuy"] == 2
    assert count(export, "ties") == 1
    oldest_first = deals()
    for deal in oldest_first:
        deal["propertiesWithHistory"]["dealstage"].reverse()
    again = sf.read([oldest_first, PIPELINES])
    assert moves(again, "Sales Pipeline") == moves(export, "Sales Pipeline")


def test_stages_have_the_names_the_order_and_the_meaning_that_the_account_gives_them() -> None:
    partners = sf.read([DEALS, PIPELINES]).pipelines["Partners"]
    assert partners.stages == ("1001", "1002")  # the list has them reversed; displayOrder decides
    assert (partners.won, partners.lost) == (("1003",), ("1004",))
    assert partners.names["1002"] == "Agreement"
    assert "closedwon" in partners.elsewhere


def test_deals_are_the_items_with_amount_owner_currency_and_pipeline() -> None:
    export = sf.read([DEALS, PIPELINES])
    items = export.items.set_index("item")
    assert items.loc["501", ["pipeline", "amount", "currency", "manager"]].tolist() == [
        *("Sales Pipeline", 1200.5, "EUR", "11"),
    ]
    assert items.loc["506", ["pipeline", "pipeline_id"]].tolist() == ["Partners", "98765"]
    assert items.loc["502", "created"] == pd.Timestamp("2026-03-02 09:00", tz="UTC")
    # Deal 507 has no history, 506 was in both pipelines.
    assert noted(export) == {"actor_unknown": 16, "items_without_history": 1, "changed_pipeline": 1}


def test_pipelines_of_one_name_stay_apart() -> None:
    pipelines = answer("hubspot/pipelines.json")
    for pipeline in pipelines["results"]:
        pipeline["label"] = "Sales"
    export = sf.read([DEALS, pipelines])
    assert list(export.pipelines) == ["Sales", "Sales (98765)"]
    assert export.items.set_index("item")["pipeline"].to_dict() == {
        **dict.fromkeys(["501", "502", "503", "504", "507"], "Sales"),
        **dict.fromkeys(["505", "506"], "Sales (98765)"),
    }


def test_a_deal_whose_list_and_history_differ_is_counted() -> None:
    changed = deals()
    changed[0]["properties"]["dealstage"] = "contractsent"
    assert count(sf.read([changed, PIPELINES]), "stage_differs_from_list") == 1


def test_without_pipelines_the_default_stages_keep_their_order_and_a_note_says_so() -> None:
    export = sf.read(DEALS)
    pipeline = export.pipelines["Pipeline"]
    assert pipeline.stages == (
        *("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent"),
        *("1001", "1002"),
    )
    assert (pipeline.won, pipeline.lost) == (("closedwon",), ("closedlost",))
    assert pipeline.names["contractsent"] == "Contract Sent"
    assert count(export, "stages_not_listed") == 8


def test_a_stage_that_is_archived_stays_where_a_deal_was_in_it() -> None:
    pipelines = answer("hubspot/pipelines.json")
    stages = {stage["id"]: stage for stage in pipelines["results"][1]["stages"]}
    stages["contractsent"]["archived"] = stages["decisionmakerboughtin"]["archived"] = True
    export = sf.read([DEALS, pipelines])
    assert list(reached(export, "Sales Pipeline")) == [one for one in SALES if one != "decisionmakerboughtin"]
    assert count(export, "deleted_stages") == 1


def test_a_stage_that_is_no_longer_listed_makes_a_pipeline_of_its_own() -> None:
    pipelines = answer("hubspot/pipelines.json")
    pipelines["results"][1]["stages"] = [
        stage for stage in pipelines["results"][1]["stages"] if stage["id"] != "presentationscheduled"
    ]
    export = sf.read([DEALS, pipelines])
    assert reached(export, "Stages of no pipeline") == {"presentationscheduled": 1}
    assert count(export, "stages_of_no_pipeline") == 1


def test_columns_of_entry_dates_are_rows_and_a_note_says_that_reentries_are_unknown() -> None:
    export = sf.read(FOLDER / "deals_wide.csv")
    sales = export.pipelines["Sales Pipeline"]
    assert [sales.names[stage] for stage in sales.labels] == [
        *("Appointment Scheduled", "Contract Sent", "Closed Won", "Closed Lost"),
    ]
    assert list(reached(export, "Sales Pipeline").values()) == [3, 1, 1, 1]
    # Deal 501 entered two stages in one minute: it was won last.
    assert list(sf.outcomes(export.log, sales)["won"]) == [1]
    assert noted(export) == {
        "one_date_per_stage": 6,
        "actor_unknown": 6,
        "stages_not_listed": 4,
        "ties_deciding_outcome": 1,
    }


def test_entry_dates_find_the_codes_of_stages_where_pipelines_are_given() -> None:
    export = sf.read([FOLDER / "deals_wide.csv", PIPELINES])
    assert reached(export, "Sales Pipeline") == {
        **dict.fromkeys(SALES, 0),
        "appointmentscheduled": 3,
        "contractsent": 1,
        "closedwon": 1,
        "closedlost": 1,
    }
    assert count(export, "stage_differs_from_list") == 0


def test_entry_dates_of_the_interface_are_read_like_those_of_an_export() -> None:
    wide = [
        {"id": "1", "properties": {"hs_v2_date_entered_appointmentscheduled": "2026-03-01T09:00:00Z"}},
        {"id": "2", "properties": {"hs_v2_date_entered_closedwon": "2026-03-02T09:00:00Z"}},
        {"id": "2b", "properties": {"hs_v2_date_entered_current_stage": "2026-03-02T09:00:00Z"}},
    ]
    export = sf.read(wide)
    assert reached(export, "Pipeline") == {"appointmentscheduled": 1, "closedwon": 1}
    assert count(export, "items_without_history") == 1


def test_deals_with_their_current_stage_only_are_refused_with_what_to_fetch() -> None:
    with pytest.raises(
        sf.ReaderError, match=r"deals_flat\.csv: .* only their current stage.*propertiesWithHistory"
    ):
        sf.read(FOLDER / "deals_flat.csv")
    with pytest.raises(
        sf.ReaderError, match=r"no deals, only lists of stages.*pipelines\.json has pipelines"
    ):
        sf.read(PIPELINES)


def test_two_histories_of_the_same_deals_are_refused() -> None:
    with pytest.raises(sf.ReaderError, match=r"several histories of the same deals.*deal_stage.*give one"):
        sf.read([DEALS, REAL / "hubspot_deal_stage.csv"])


def test_a_history_by_property_is_read_and_other_properties_are_counted() -> None:
    flat = [
        {"dealId": 1, "property": "dealstage", "value": "closedwon", "timestamp": "2026-03-09T08:00:00Z"},
        {"dealId": 1, "property": "amount", "value": "10", "timestamp": "2026-03-05T08:00:00Z"},
        {"dealId": 1, "property": "dealstage", "value": "contractsent", "timestamp": "2026-03-01T08:00:00Z"},
    ]
    export = sf.read(flat)
    assert moves(export, "Pipeline") == {("contractsent", "closedwon"): 1}
    assert count(export, "other_properties") == 1


def test_a_warehouse_table_of_stages_is_read_as_it_is() -> None:
    with open(REAL / "hubspot_deal_stage.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    per_stage = Counter(row["value"] for row in rows)  # each of these deals has one row
    export = sf.read(REAL / "hubspot_deal_stage.csv")
    assert (export.log.n_rows, export.log.n_items) == (14, 14)
    assert reached(export, "Pipeline") == per_stage
    assert sorted(per_stage.values()) == [1, 6, 7]


def test_six_pipelines_of_a_warehouse_stand_side_by_side() -> None:
    names = ["deal_stage", "deal_pipeline", "deal_pipeline_stage"]
    export = sf.read([REAL / f"hubspot_{name}.csv" for name in names])
    # One of the six has only won stages. The 70 listed stages include no stage of a deal.
    assert len(export.pipelines) == 6
    assert list(export.pipelines)[-1] == "Stages of no pipeline"
    stages = pd.read_csv(REAL / "hubspot_deal_pipeline_stage.csv")
    stages = stages[~stages["_fivetran_deleted"]].sort_values("display_order", kind="stable")
    for pipeline, own in stages.groupby("pipeline_id"):
        if not own["closed_won"].all():
            assert export.pipelines[str(pipeline)].stages == tuple(own.loc[~own["is_closed"], "stage_id"])
    assert sum(reached(export, "Stages of no pipeline").values()) == 14
    assert noted(export) == {
        "names_without_stages": 6,
        "actor_unknown": 14,
        "open_at_zero": int((~stages["is_closed"] & (stages["probability"] == 0)).sum()),
        "pipelines_left_out": 1,
        "stages_of_no_pipeline": 14,
    }
