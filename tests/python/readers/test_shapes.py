"""The four shapes that any table of stages may have; the same three deals in each, counted by hand."""

import re
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count, journeys, reached

TABLES = EXPORTS / "tables"
FUNNEL = {"New": 3, "Offer": 1, "Won": 2, "Lost": 1}
FILES = {
    "events": ["events.csv"],
    "from_to": ["moves.csv", "deals.csv"],
    "stays": ["stays.csv"],
    "wide": ["wide.csv"],
}


def read(*names: str, **options: Any) -> sf.Export:
    return sf.read([TABLES / name for name in names], **options)


def pipeline_of(export: sf.Export) -> sf.Pipeline:
    return export.pipelines["Pipeline"]


@pytest.mark.parametrize(("format", "names"), FILES.items())
def test_the_same_deals_give_the_same_funnel_in_every_shape(format: str, names: list[str]) -> None:
    for options in ({}, {"crm": format}):
        export = read(*names, **options)
        assert export.format == format
        assert reached(export, "Pipeline") == FUNNEL
        assert reached(export, "Pipeline", "conversions") == {**FUNNEL, "Offer": 2}


@pytest.mark.parametrize("names", FILES.values(), ids=list(FILES))
def test_stages_have_the_meaning_of_their_names_and_a_note_says_so(names: list[str]) -> None:
    export = read(*names)
    pipeline = pipeline_of(export)
    assert (pipeline.stages, pipeline.won, pipeline.lost) == (("New", "Offer"), ("Won",), ("Lost",))
    assert count(export, "guessed_stages") == 4


@pytest.mark.parametrize("names", FILES.values(), ids=list(FILES))
def test_a_pipeline_that_is_given_is_taken(names: list[str]) -> None:
    given = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", names={"Won": "Sold"})
    export = read(*names, pipeline=given)
    assert export.pipelines == {"Pipeline": given}
    assert count(export, "guessed_stages") == 0
    assert reached(export, "Pipeline") == FUNNEL


def test_events_take_amount_and_manager_of_the_last_row_of_each_item() -> None:
    items = read("events.csv").items
    assert items[["item", "amount", "manager"]].fillna(-1).to_numpy().tolist() == [
        ["1", 2350.0, "Cy"],
        ["2", 180.0, "Bo"],
        ["3", -1.0, "Bo"],
    ]


def test_events_with_columns_of_any_name_are_read_when_they_are_named() -> None:
    frame = pd.DataFrame(
        {"what": [1, 1], "where": ["New", "Won"], "when": ["2026-03-02", "2026-03-03"], "n": [1, 2]}
    )
    with pytest.raises(sf.ReaderError, match="it has the columns 'what', 'where', 'when', 'n'"):
        sf.read(frame)
    assert sf.read(frame, item="what", stage="where", time="when", order="n").log.n_rows == 2
    with pytest.raises(sf.SchemaError, match=r"item='wat': there is no such column.*did you mean 'what'"):
        sf.read(frame, item="wat", stage="where", time="when")


def test_events_of_one_time_are_put_in_order_by_their_row_id() -> None:
    rows = [
        {"id": 10, "deal_id": 1, "stage": "Won", "changed_at": "2026-03-02"},
        {"id": 9, "deal_id": 1, "stage": "New", "changed_at": "2026-03-02"},
    ]
    export = sf.read(rows)
    table = sf.item_table(export.log, sf.Pipeline("New", won="Won"))
    assert table["outcome"].tolist() == ["won"]


def test_an_id_of_rows_is_not_taken_for_an_item() -> None:
    rows = [
        {"id": at, "client": 1, "stage": stage, "changed_at": f"2026-03-0{at}"}
        for at, stage in enumerate(["New", "Offer", "Won"], start=1)
    ]
    with pytest.raises(sf.ReaderError, match="column 'id' differs on every row, as the id of a row does"):
        sf.read(rows)
    assert sf.read(rows, item="client").log.n_items == 1
    assert sf.read(rows, item="id").log.n_items == 3


def test_a_list_of_items_beside_events_is_recognised_by_its_content() -> None:
    export = sf.read([TABLES / "deals.csv", TABLES / "events.csv"])
    assert export.items["manager"].tolist() == ["Ann", "Bo", "Bo"]
    assert export.items["created"].notna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("name", "unused"), [("moves.csv", 1), ("events.csv", 2), ("wide.csv", 2), ("stays.csv", 0)]
)
def test_a_list_of_items_replaces_other_columns_and_a_note_says_so(name: str, unused: int) -> None:
    export = read(name, "deals.csv")
    assert export.items["manager"].tolist() == ["Ann", "Bo", "Bo"]
    assert count(export, "columns_left_out") == unused
    assert reached(export, "Pipeline") == FUNNEL


def test_a_list_with_current_stages_beside_a_history_is_not_a_history() -> None:
    deals = [
        {"deal_id": at, "stage": "Won", "created_at": f"2026-03-0{at}", "owner": "Ann"} for at in (1, 2, 3)
    ]
    for name in ("events.csv", "moves.csv"):
        export = sf.read([TABLES / name, deals])
        assert reached(export, "Pipeline") == FUNNEL
        assert export.items["manager"].tolist() == ["Ann"] * 3


def test_a_list_of_items_alone_is_not_an_export() -> None:
    lists = {
        "without a time": [{"id": 1, "stage": "New", "amount": 5}, {"id": 2, "stage": "Won", "amount": 7}],
        "with its creation": [{"id": 1, "stage": "New", "created_at": "2026-03-02"}],
        "without a stage": [{"deal_id": 1, "manager": "Ann"}],
    }
    for given in lists.values():
        with pytest.raises(sf.ReaderError, match="current stage"):
            sf.read(given)
    # With time= they are events.
    assert sf.read(lists["with its creation"], time="created_at").log.n_rows == 1


def test_the_stage_before_the_first_move_is_entered_at_creation() -> None:
    export = read("moves.csv", "deals.csv")
    assert journeys(export)["1"] == [
        ("New", "2026-03-02 10:15:00"),
        ("Offer", "2026-03-05 09:00:00"),
        ("Won", "2026-03-09 16:20:00"),
    ]


def test_a_first_stage_of_unknown_time_stands_at_the_first_move_and_is_counted() -> None:
    export = read("moves.csv", "deals.csv")
    assert count(export, "first_stage_time_unknown") == 1
    assert journeys(export)["3"] == [("New", "2026-03-13 08:05:00"), ("Lost", "2026-03-13 08:05:00")]
    alone = read("moves.csv")
    assert count(alone, "first_stage_time_unknown") == 3
    assert reached(alone, "Pipeline") == FUNNEL


def test_creation_may_stand_on_the_moves_themselves_and_a_creation_without_stage_before_is_a_row() -> None:
    moves = [
        {"deal_id": 1, "from": "New", "to": "Won", "moved_at": "2026-03-05", "created": "2026-03-01"},
        {"deal_id": 2, "from": None, "to": "New", "moved_at": "2026-03-02", "created": "2026-03-02"},
        {"deal_id": 3, "from": "New", "to": "Won", "moved_at": "2026-03-05", "created": "2026-03-06"},
    ]
    export = sf.read(moves)
    assert reached(export, "Pipeline") == {"New": 3, "Won": 2}
    times = sf.item_table(export.log, pipeline_of(export)).set_index("item")["first_time"]
    assert times.dt.day.to_dict() == {"1": 1, "2": 2, "3": 5}
    assert count(export, "created_after_first_move") == 1
    assert count(export, "first_stage_time_unknown") == 0


def test_moves_that_do_not_follow_each_other_are_counted() -> None:
    moves = [
        {"deal_id": 1, "from": "New", "to": "Offer", "moved_at": "2026-03-02"},
        {"deal_id": 1, "from": "Prepayment", "to": "Won", "moved_at": "2026-03-05"},
    ]
    assert count(sf.read(moves), "broken_moves") == 1
    assert count(read("moves.csv"), "broken_moves") == 0


def test_exits_are_held_against_the_entries_that_follow() -> None:
    export = read("stays.csv")
    counts = {check: count(export, check) for check in ("gaps", "overlaps", "left_for_nothing")}
    # Deal 1 left Offer 20 minutes before Won, deal 2 left New 15 minutes after, deal 3 has left Lost.
    assert counts == {"gaps": 1, "overlaps": 1, "left_for_nothing": 1}
    odd = [
        {"deal_id": 2, "stage": "New", "entered": "2026-03-05", "exited": None},
        {"deal_id": 2, "stage": "Won", "entered": "2026-03-06", "exited": None},
    ]
    assert count(sf.read(odd), "open_before_next") == 1


def test_time_in_stage_ends_with_a_stay() -> None:
    stays = [
        {"case": 1, "activity": "Check", "start": "2026-01-05 08:00", "end": "2026-01-05 09:00"},
        {"case": 1, "activity": "Repair", "start": "2026-01-06 08:00", "end": "2026-01-06 10:00"},
        {"case": 2, "activity": "Check", "start": "2026-01-05 08:00", "end": "2026-01-05 08:30"},
        {"case": 2, "activity": "Repair", "start": "2026-01-05 09:00", "end": "9999-12-31"},
    ]
    export = sf.read(stays, stage="activity")
    table = sf.time_in_stage(export.log, pipeline_of(export)).set_index("stage")
    assert table["mean"].tolist() == [pd.Timedelta(minutes=45), pd.Timedelta(hours=2)]
    assert table["open"].tolist() == [0, 1]
    assert count(export, "pauses") == 2


def test_a_stay_that_ends_before_it_begins_is_an_invalid_row() -> None:
    stays = [
        {"deal_id": 1, "stage": "New", "entered": "2026-03-05", "exited": "2026-03-02"},
        {"deal_id": 2, "stage": "New", "entered": "2026-03-05", "exited": None},
    ]
    with pytest.raises(sf.ReaderError, match="ends before it begins: 2026-03-02"):
        sf.read(stays)
    export = sf.read(stays, invalid="drop")
    assert (count(export, "ended_before_start"), export.log.n_rows) == (1, 1)


def test_the_time_in_a_first_stage_of_unknown_start_is_not_known() -> None:
    moves = [
        {"deal_id": 1, "from_stage": "New", "to_stage": "Offer", "changed_at": "2026-01-07"},
        {"deal_id": 1, "from_stage": "Offer", "to_stage": "Won", "changed_at": "2026-01-09"},
        {"deal_id": 2, "from_stage": "New", "to_stage": "Won", "changed_at": "2026-01-15"},
    ]
    export = sf.read(moves)
    table = sf.time_in_stage(export.log, pipeline_of(export)).set_index("stage")
    assert table["start_unknown"].to_dict() == {"New": 2, "Offer": 0, "Won": 0}
    assert table["mean"]["Offer"] == pd.Timedelta(days=2)
    assert table["mean"].isna().to_dict() == {"New": True, "Offer": False, "Won": True}
    assert sf.item_table(export.log, pipeline_of(export))["first_time"].isna().all()
    listed = sf.read([[*moves], [{"deal_id": 1, "created": "2026-01-02"}]])
    assert sf.time_in_stage(listed.log, pipeline_of(listed))["start_unknown"].tolist() == [1, 0, 0]


def test_dates_of_a_wide_table_are_rows_and_other_dates_are_not() -> None:
    export = read("wide.csv")
    assert journeys(export)["2"] == [("New", "2026-03-03 00:00:00"), ("Won", "2026-03-03 00:00:00")]
    assert export.items.columns.tolist() == ["item", "manager", "close_date"]
    assert (count(export, "one_date_per_stage"), count(export, "month_first_dates")) == (7, 7)


def test_stages_of_a_wide_table_come_in_the_order_of_its_columns() -> None:
    export = sf.read([{"deal_id": 1, "Offer": "2026-03-02", "New": "2026-03-01", "Won": None}])
    assert pipeline_of(export).stages == ("Offer", "New")


def test_a_pipeline_names_the_columns_of_a_wide_table() -> None:
    row = {"deal_id": 1, "Contacted": "2026-03-02", "Visited": None, "Birthday party": "2026-03-09"}
    export = sf.read([row], pipeline=sf.Pipeline(["Contacted", "Visited"]))
    assert (export.format, export.log.n_rows) == ("wide", 1)
    assert export.items["Birthday party"].tolist() == ["2026-03-09"]


@pytest.mark.parametrize("shape", ["events", "moves", "stays"])
def test_pipelines_that_share_names_of_stages_are_kept_apart_by_their_column(shape: str) -> None:
    rows = [
        {"deal_id": 1, "stage": "New", "time": "2026-03-01", "Pipeline": "Sales"},
        {"deal_id": 1, "stage": "Won", "time": "2026-03-02", "Pipeline": "Sales"},
        {"deal_id": 2, "stage": "New", "time": "2026-03-03", "Pipeline": "Service"},
        {"deal_id": 3, "stage": "New", "time": "2026-03-04", "Pipeline": "Sales"},
        {"deal_id": 3, "stage": "New", "time": "2026-03-05", "Pipeline": "Service"},
    ]
    if shape == "stays":
        rows = [{**row, "entered": row["time"], "exited": None} for row in rows]
    if shape == "moves":
        rows = [
            {**row, "from": None if at in (0, 2, 3) else "New", "to": row["stage"]}
            for at, row in enumerate(rows)
        ]
    export = sf.read(rows)
    assert reached(export, "Sales") == {"Sales / New": 1, "Sales / Won": 1}
    assert reached(export, "Service") == {"Service / New": 2}
    assert export.pipelines["Sales"].names == {"Sales / New": "New", "Sales / Won": "Won"}
    assert export.items["pipeline"].tolist() == ["Sales", "Service", "Service"]


def test_one_pipeline_in_its_column_gives_its_name() -> None:
    rows = [{"deal_id": 1, "stage": "New", "time": "2026-03-01", "pipeline": "Sales"}]
    assert reached(sf.read(rows), "Sales") == {"New": 1}


def test_a_format_that_does_not_exist_or_does_not_fit_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match=r"crm='event' is not one of .*did you mean 'events'"):
        read("events.csv", crm="event")
    with pytest.raises(
        sf.ReaderError, match=r"events\.csv: not an export of a known format.*Known formats:\n  stays "
    ):
        read("events.csv", crm="stays")


def test_input_of_two_formats_is_refused_with_what_each_file_is() -> None:
    message = r"several formats \(.*events\.csv: events; .*crm_deal_stage_history\.csv: bitrix24\)"
    with pytest.raises(sf.ReaderError, match=message):
        sf.read([TABLES / "events.csv", EXPORTS / "bitrix24" / "crm_deal_stage_history.csv"])


def test_naming_columns_reads_the_table_of_a_crm_as_any_other() -> None:
    export = sf.read(
        EXPORTS / "bitrix24" / "crm_deal_stage_history.csv", stage="STAGE_NAME", time="DATE_CREATE"
    )
    assert export.format == "events"
    assert pipeline_of(export).won == ("Deal won",)
    with pytest.raises(sf.SchemaError, match="crm='bitrix24' has its own columns; leave out stage="):
        sf.read(EXPORTS / "bitrix24" / "crm_deal_stage_history.csv", crm="bitrix24", stage="STAGE_NAME")


def test_an_unknown_file_is_refused_with_its_columns_and_all_formats() -> None:
    with pytest.raises(sf.ReaderError) as refused:
        sf.read([{"colour": "red", "size": 5}])
    message = str(refused.value)
    assert "it has the columns 'colour', 'size'" in message
    known = re.findall(r"\n  (\w+) ", message)
    assert {"bitrix24", "stays", "from_to", "events", "wide"} <= set(known)


def test_files_with_other_names_for_the_same_are_refused() -> None:
    first = [{"deal_id": 1, "stage": "New", "changed_at": "2026-03-02"}]
    second = [{"deal": 1, "stage": "Won", "changed_at": "2026-03-03"}]
    with pytest.raises(sf.ReaderError, match="input 1 and input 2 name the same columns differently"):
        sf.read([first, second])


def test_an_item_that_a_list_has_twice_or_without_a_key_is_refused() -> None:
    events = TABLES / "events.csv"
    with pytest.raises(sf.ReaderError, match="item '1' is in the list of items already"):
        sf.read([events, [{"deal_id": 1, "manager": "Ann"}, {"deal_id": 1, "manager": "Bo"}]])
    with pytest.raises(sf.ReaderError, match="record 2: the list of items has a row without 'deal_id'"):
        sf.read([events, [{"deal_id": 1, "manager": "Ann"}, {"deal_id": None, "manager": "Bo"}]])


def test_a_column_of_a_wide_table_may_have_another_name_of_a_stage() -> None:
    rows = [{"id": 1, "New": "2026-01-01", "Proposal": "2026-01-05"}, {"id": 2, "New": "2026-01-02"}]
    pipeline = sf.Pipeline(["New", "Offer"], aliases={"Proposal": "Offer"})
    export = sf.read(rows, pipeline=pipeline)
    assert sf.funnel(export.log, pipeline)["reached"].tolist() == [2, 1]


def test_a_row_of_a_wide_table_is_found_again_whatever_dates_it_has() -> None:
    rows = [
        {"deal_id": "5", "New": "2026-03-01", "Won": "2026-03-02"},
        {"deal_id": "6", "New": None, "Won": "2026-03-02"},
        {"deal_id": "1,23E+11", "New": None, "Won": "2026-03-02"},
    ]
    with pytest.raises(sf.ReaderError, match=r"the input, record 3: a spreadsheet has rounded the key"):
        sf.read(rows)


def test_another_column_may_be_the_item_where_one_has_its_name() -> None:
    rows = [
        {"item": "a", "deal": 1, "stage": "New", "time": "2026-01-01"},
        {"item": "b", "deal": 1, "stage": "Won", "time": "2026-01-02"},
    ]
    export = sf.read(rows, item="deal", stage="stage", time="time")
    assert export.log.n_items == 1
    assert export.items[["item", "item (export)"]].astype(str).to_numpy().tolist() == [["1", "b"]]
