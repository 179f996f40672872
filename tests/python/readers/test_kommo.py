"""Kommo (amoCRM): events of leads, whose won and lost stages all pipelines share."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, answer, count, moves, noted, reached

FOLDER = EXPORTS / "kommo"
EVENTS, LEADS, PIPELINES = FOLDER / "events.json", FOLDER / "leads.json", FOLDER / "pipelines.json"
ALL = [EVENTS, LEADS, PIPELINES]
# By hand from the events; lead 4825 has moved on to delivery and was finished there.
SALES = {"2100": 0, "2101": 3, "2102": 2, "2103": 1, "11:142": 2, "11:143": 1}
DELIVERY = {"3101": 1, "3102": 0, "12:142": 1, "12:143": 0}
MOVES = {
    ("2101", "2102"): 1,
    ("2101", "11:142"): 1,
    ("2102", "2103"): 1,
    ("2102", "11:143"): 1,
    ("2103", "11:142"): 1,
}


def events() -> list[dict[str, Any]]:
    return [event for page in answer("kommo/events.json") for event in page["_embedded"]["events"]]


def test_events_and_lists_make_the_funnels_of_each_pipeline() -> None:
    for given in (ALL, ALL[::-1], str(FOLDER / "*.json"), [events(), LEADS, PIPELINES]):
        export = sf.read(given)
        assert export.format == "kommo"
        assert (export.log.n_rows, export.log.n_items) == (14, 5)
        assert list(export.pipelines) == ["Sales", "Delivery"]
        assert reached(export, "Sales") == SALES
        assert reached(export, "Delivery") == DELIVERY
        assert moves(export, "Sales") == MOVES


def test_won_in_one_pipeline_is_not_won_in_another() -> None:
    export = sf.read(ALL)
    sales, delivery = export.pipelines["Sales"], export.pipelines["Delivery"]
    assert (sales.won, sales.lost) == (("11:142",), ("11:143",))
    assert (delivery.names["12:142"], delivery.names["12:143"]) == ("Delivered", "Returned")
    assert sf.outcomes(export.log, sales)[["base", "won", "lost", "open"]].iloc[0].tolist() == [4, 2, 1, 1]
    assert sf.outcomes(export.log, delivery)[["base", "won"]].iloc[0].tolist() == [1, 1]


def test_stages_and_pipelines_come_in_the_order_of_sort() -> None:
    export = sf.read(ALL)
    assert export.pipelines["Delivery"].stages == ("3101", "3102")  # the list has them reversed
    sales = export.pipelines["Sales"]
    assert [sales.names[stage] for stage in sales.stages] == [
        *("Incoming leads", "First contact", "Discussion", "Offer"),
    ]


def test_events_of_one_second_are_in_the_order_of_their_ids() -> None:
    # Lead 4825 passed Discussion within a second; the newest event comes first.
    export = sf.read(ALL)
    assert count(export, "ties") == 1
    whole = export.pipelines["Sales"].replace(moved_out="include")
    passed = sf.transitions(export.log, whole)
    pair = passed[(passed["from_stage"] == "2102") & (passed["to_stage"] == "2103")]
    assert pair["moves"].tolist() == [2]


def test_what_a_lead_was_created_in_is_what_its_first_move_leaves() -> None:
    # Lead 4823 was created in Discussion on the 2nd and lost on the 6th.
    export = sf.read(ALL)
    stay = sf.time_in_stage(export.log, export.pipelines["Sales"]).set_index("stage").loc["2102"]
    assert (stay["completed"], stay["mean"]) == (2, pd.Timedelta(days=3))  # 2 days of 4821, 4 of 4823


def test_leads_whose_creation_is_not_there_have_an_unknown_start() -> None:
    moves_alone = [event for event in events() if event["type"] != "lead_added"]
    export = sf.read(moves_alone)
    assert count(sf.read(ALL), "start_unknown") == 0
    assert count(export, "start_unknown") == count(export, "first_stage_time_unknown") == 4


def test_leads_are_the_items() -> None:
    export = sf.read(ALL)
    items = export.items.set_index("item")
    assert items.loc["4825", ["pipeline", "amount", "manager"]].tolist() == ["Delivery", 3000.0, "73"]
    assert items.loc["4821", "created"] == pd.Timestamp("2026-03-01 09:00", tz="UTC")
    assert "currency" not in items  # an account has one currency, which is not in the leads
    assert noted(export) == {
        "other_events": 1,
        "actor_left_out": 9,
        "items_without_move": 1,  # lead 4824
        "changed_pipeline": 1,  # lead 4825
    }


def test_events_alone_group_stages_by_pipeline_and_say_what_is_unknown() -> None:
    export = sf.read(EVENTS)
    assert export.pipelines["Pipeline 11"].stages == ("2101", "2102", "2103")
    assert export.pipelines["Pipeline 12"].names["12:142"] == "Won"
    assert moves(export, "Pipeline 11") == MOVES
    assert count(export, "items_without_stage") == 1  # lead 4824 never moved
    assert count(export, "stages_not_listed") == 7


def test_the_stage_that_an_event_of_creation_names_is_a_row() -> None:
    events_at_once = events()
    for event in events_at_once:
        if event["type"] == "lead_added" and event["entity_id"] == 4824:
            event["value_after"] = [{"lead_status": {"id": 2101, "pipeline_id": 11}}]
    export = sf.read([events_at_once, PIPELINES])
    assert reached(export, "Sales") == SALES
    assert count(export, "items_without_stage") == 0


def test_leads_with_another_stage_than_their_last_event_are_counted() -> None:
    leads = answer("kommo/leads.json")
    leads["_embedded"]["leads"][1]["status_id"] = 2103
    assert count(sf.read([EVENTS, leads, PIPELINES]), "stage_differs_from_list") == 1


def test_times_have_the_zone_of_the_option() -> None:
    assert sf.read(ALL, zone="Europe/Kyiv").log.zone == "Europe/Kyiv"
    assert reached(sf.read(ALL, zone="Europe/Kyiv"), "Sales") == SALES


def test_pages_that_overlap_count_once() -> None:
    export = sf.read([[*events(), *events()[:4]], LEADS, PIPELINES])
    assert count(export, "rows_fetched_twice") == 4
    assert moves(export, "Sales") == MOVES


def test_leads_alone_are_refused_with_what_to_fetch() -> None:
    with pytest.raises(sf.ReaderError, match=r"leads\.json has leads.*fetch /api/v4/events"):
        sf.read([LEADS, PIPELINES])


def test_a_move_that_names_no_stage_is_refused_with_its_place() -> None:
    broken = events()
    broken[1]["value_after"] = []
    with pytest.raises(sf.ReaderError, match="record 2: the event has no stage in value_after"):
        sf.read([broken, PIPELINES])
