"""Pipedrive: flows and changes of deals, with won and lost as stages of each pipeline."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, answer, count, moves, noted, reached

FOLDER = EXPORTS / "pipedrive"
FLOW, DEALS = FOLDER / "flow.json", FOLDER / "deals.json"
STAGES, PIPELINES = FOLDER / "stages.json", FOLDER / "pipelines.json"
ALL = [FLOW, DEALS, STAGES, PIPELINES]
# By hand from the flows; deal 46 has moved on to the projects.
SALES = {"10": 3, "11": 4, "12": 2, "1:won": 3, "1:lost": 1}
PROJECTS = {"20": 1, "21": 1, "2:won": 0, "2:lost": 0}
MOVES = {
    ("10", "11"): 2,
    ("10", "12"): 1,
    ("11", "12"): 1,
    ("11", "1:won"): 2,
    ("12", "1:won"): 1,
    ("12", "1:lost"): 1,
    ("1:lost", "12"): 1,
}


def flat_changes() -> list[dict[str, Any]]:
    return [
        entry["data"]
        for page in answer("pipedrive/flow.json")
        for entry in page["data"]
        if entry["object"] == "dealChange"
    ]


def change(deal: int, number: int, field: str, old: str | None, new: str, time: str) -> dict[str, Any]:
    names = ("id", "item_id", "field_key", "old_value", "new_value", "log_time")
    return dict(zip(names, (number, deal, field, old, new, f"2026-03-{time}"), strict=True))


def test_flows_and_lists_make_the_funnels_of_each_pipeline() -> None:
    for given in (ALL, ALL[::-1], str(FOLDER / "[dfps]*.json")):
        export = sf.read(given)
        assert export.format == "pipedrive"
        assert (export.log.n_rows, export.log.n_items) == (17, 6)
        assert list(export.pipelines) == ["Sales", "Projects"]
        assert reached(export, "Sales") == SALES
        assert reached(export, "Projects") == PROJECTS
        assert moves(export, "Sales") == MOVES


def test_a_deal_that_is_opened_again_goes_back_to_its_stage() -> None:
    # Deal 43: Proposal, lost on the 8th, opened on the 9th, won on the 15th.
    export = sf.read(ALL)
    reasons = sf.explain(export.log, export.pipelines["Sales"], item="43", kind="classic").set_index("stage")
    assert reasons.loc[["10", "11", "12", "1:won", "1:lost"], "passed"].tolist() == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert moves(export, "Sales")["1:lost", "12"] == 1


def test_a_stage_that_changes_while_a_deal_is_won_is_not_a_visit() -> None:
    export = sf.read(ALL)  # deal 47
    assert count(export, "changes_unseen") == 1
    again = [change(47, 153, "status", "won", "open", "04 08:00:00")]
    opened = sf.read([[*flat_changes(), *again], STAGES])
    assert moves(opened, "Pipeline 1")["1:won", "12"] == 1  # the stage that it got while it was closed


def test_changes_of_one_second_are_in_the_order_of_their_ids() -> None:
    # Deal 44 jumped two stages at once; its newest change comes first.
    assert moves(sf.read(ALL), "Sales")["11", "12"] == 1


def test_what_the_flow_holds_beside_is_counted() -> None:
    assert noted(sf.read(ALL)) == {
        "other_entries": 1,  # a note
        "other_changes": 1,  # of a value
        "changes_unseen": 1,
        "items_without_move": 1,  # deal 45, in its stage since it was added
        "items_without_history": 1,  # deal 48, whose flow was not fetched
        "changed_pipeline": 1,  # deal 46
    }


def test_stages_have_names_and_deleted_ones_are_left_out_until_used() -> None:
    sales = sf.read(ALL).pipelines["Sales"]
    assert [sales.names[stage] for stage in sales.labels] == [
        *("Qualified", "Contact made", "Proposal", "Won", "Lost"),
    ]
    used = [*flat_changes(), change(45, 200, "stage_id", "11", "13", "07 08:00:00")]
    export = sf.read([used, DEALS, STAGES, PIPELINES])
    assert export.pipelines["Sales"].stages == ("10", "11", "12", "13")
    assert count(export, "deleted_stages") == 1
    assert count(export, "stage_differs_from_list") == 1  # the list still has deal 45 in 11


def test_deals_are_the_items_with_the_name_of_their_owner() -> None:
    items = sf.read(ALL).items.set_index("item")
    assert items.loc["43", ["pipeline", "amount", "currency", "manager"]].tolist() == [
        *("Sales", 800.5, "EUR", "Bo Chen"),
    ]
    assert items.loc["46", "pipeline"] == "Projects"


def test_times_are_utc_and_have_the_zone_of_the_option() -> None:
    assert sf.read(ALL).log.zone == "UTC"
    export = sf.read(ALL, zone="Europe/Berlin")
    assert export.log.zone == "Europe/Berlin"
    created = export.items.set_index("item").loc["42", "created"]
    assert created == pd.Timestamp("2026-03-01 08:00", tz="UTC")
    assert created.hour == 9
    # The second version of the interface writes the zone.
    deals = answer("pipedrive/deals.json")
    for deal in deals["data"]:
        deal["add_time"] = deal["add_time"].replace(" ", "T") + "Z"
    assert moves(sf.read([FLOW, deals, STAGES, PIPELINES]), "Sales") == MOVES


def test_flows_alone_take_names_from_the_changes_and_say_what_is_unknown() -> None:
    export = sf.read(FLOW)
    pipeline = export.pipelines["Pipeline"]
    assert set(pipeline.stages) == {"10", "11", "12", "20", "21"}
    assert (pipeline.won, pipeline.lost) == (("won",), ("lost",))
    assert pipeline.names["20"] == "Kick-off"
    assert count(export, "stages_not_listed") == 5
    assert count(export, "items_without_stage") == 1  # deal 45


def test_flat_changes_are_read_like_flows() -> None:
    assert moves(sf.read([flat_changes(), DEALS, STAGES, PIPELINES]), "Sales") == MOVES


def test_a_history_with_all_fields_begins_with_the_change_from_nothing() -> None:
    rows = [
        change(1, 1, "add_time", None, "2026-03-01 08:00:00", "01 08:00:00"),
        change(1, 2, "stage_id", None, "10", "01 08:00:00"),
        change(1, 3, "status", None, "open", "01 08:00:00"),
        change(1, 4, "stage_id", "10", "11", "02 08:00:00"),
    ]
    export = sf.read([rows, STAGES])
    assert export.log.n_rows == 2
    assert moves(export, "Pipeline 1") == {("10", "11"): 1}


def test_a_deleted_deal_stays_where_it_was_and_is_counted() -> None:
    rows = [
        change(1, 1, "stage_id", "10", "11", "02 08:00:00"),
        change(1, 2, "status", "open", "deleted", "03 08:00:00"),
    ]
    export = sf.read([rows, STAGES])
    assert reached(export, "Pipeline 1") == {"10": 1, "11": 1, "12": 0, "1:won": 0, "1:lost": 0}
    assert count(export, "deleted") == 1


def test_a_deal_whose_creation_is_not_there_has_an_unknown_start() -> None:
    move = change(1, 1, "stage_id", "10", "11", "02 08:00:00")
    born = change(2, 2, "add_time", None, "2026-03-01 08:00:00", "01 08:00:00")
    export = sf.read([[move, born, change(2, 3, "stage_id", "10", "11", "02 08:00:00")], STAGES])
    assert [count(export, check) for check in ("first_stage_time_unknown", "start_unknown")] == [1, 1]
    times = sf.time_in_stage(export.log, export.pipelines["Pipeline 1"]).set_index("stage").loc["10"]
    assert (times["start_unknown"], times["mean"]) == (1, pd.Timedelta(days=1))  # that of deal 2


def test_input_without_a_history_is_refused_with_what_to_fetch() -> None:
    with pytest.raises(sf.ReaderError, match=r"deals\.json has deals.*fetch /deals/\{id\}/flow of each deal"):
        sf.read(DEALS)
    with pytest.raises(
        sf.ReaderError, match=r"changelog\.json, record 1: .* do not say which deal they belong to"
    ):
        sf.read(FOLDER / "changelog.json")
    with pytest.raises(sf.ReaderError, match="several histories of the same deals"):
        sf.read([FLOW, flat_changes()])


def test_an_empty_answer_and_an_error_among_flows() -> None:
    empty = {"success": True, "data": None}
    assert (
        moves(sf.read([[*answer("pipedrive/flow.json"), empty], DEALS, STAGES, PIPELINES]), "Sales") == MOVES
    )
    with pytest.raises(sf.ReaderError, match=r"an error of the CRM.*Deal not found"):
        sf.read([{"success": False, "error": "Deal not found", "errorCode": 404}, STAGES])
