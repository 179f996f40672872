"""Salesforce: histories of opportunities, of their fields, and versions of a warehouse."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, REAL, count, moves, noted, reached

FOLDER = EXPORTS / "salesforce"
HISTORY, FIELDS = FOLDER / "OpportunityHistory.csv", FOLDER / "OpportunityFieldHistory.csv"
ITEMS, STAGES = FOLDER / "Opportunity.csv", FOLDER / "OpportunityStage.csv"
NAME = "Opportunities"
# By hand: Aaaa Prospecting > Proposal > won; Bbbb Qualification > Proposal > lost; Cccc Prospecting.
REACHED = {"Prospecting": 2, "Qualification": 1, "Proposal": 2, "Closed Won": 1, "Closed Lost": 1}
MOVES = {
    ("Prospecting", "Proposal"): 1,
    ("Qualification", "Proposal"): 1,
    ("Proposal", "Closed Won"): 1,
    ("Proposal", "Closed Lost"): 1,
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def stages_by_deal(path: Path, deal: str, stage: str) -> dict[str, list[str]]:
    found = defaultdict(list)
    for row in rows_of(path):
        found[row[deal]].append(row[stage])
    return found


def test_a_row_for_another_amount_is_not_a_new_visit() -> None:
    export = sf.read([HISTORY, ITEMS, STAGES])
    assert (export.log.n_rows, export.log.n_items) == (9, 3)
    assert count(export, "repeats") == 2
    assert reached(export, NAME) == REACHED
    assert moves(export, NAME) == MOVES
    # Aaaa was in Prospecting from the 1st to the 5th although a row of the 3rd repeats it.
    stay = sf.time_in_stage(export.log, export.pipelines[NAME]).set_index("stage").loc["Prospecting"]
    assert (stay["completed"], stay["mean"]) == (1, pd.Timedelta(days=4))


def test_rows_of_one_second_are_in_the_order_of_their_ids() -> None:
    # Bbbb: Proposal (…B) and Closed Lost (…b) at once, newest first in the file; B comes before b.
    assert moves(sf.read(HISTORY), NAME)["Proposal", "Closed Lost"] == 1


def test_stages_have_the_order_of_their_list_and_inactive_ones_count_only_if_used() -> None:
    pipeline = sf.read([STAGES, HISTORY]).pipelines[NAME]
    assert pipeline.stages == ("Prospecting", "Qualification", "Proposal")
    used = [row | {"StageName": "Pilot"} if row["Id"].endswith("5mIAA") else row for row in rows_of(HISTORY)]
    assert sf.read([used, STAGES]).pipelines[NAME].stages[2:] == ("Pilot", "Proposal")


def test_without_the_list_stages_have_the_order_of_their_probability_and_a_note_says_so() -> None:
    for given in ([HISTORY], [HISTORY, ITEMS]):
        export = sf.read(given)
        pipeline = export.pipelines[NAME]
        assert pipeline.labels == ("Prospecting", "Qualification", "Proposal", "Closed Won", "Closed Lost")
        assert (pipeline.won, pipeline.lost) == (("Closed Won",), ("Closed Lost",))
        assert count(export, "stages_by_probability") == 5


def test_flags_of_opportunities_tell_what_stages_mean_whatever_their_names() -> None:
    def renamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        new = {"Closed Won": "Unterschrieben", "Closed Lost": "Abgesagt"}
        return [row | {"StageName": new.get(row["StageName"], row["StageName"])} for row in rows]

    pipeline = sf.read([renamed(rows_of(HISTORY)), renamed(rows_of(ITEMS))]).pipelines[NAME]
    assert (pipeline.won, pipeline.lost) == (("Unterschrieben",), ("Abgesagt",))
    # In the history alone, the forecast category has the meaning.
    pipeline = sf.read(renamed(rows_of(HISTORY))).pipelines[NAME]
    assert (pipeline.won, pipeline.lost) == (("Unterschrieben",), ("Abgesagt",))


def test_opportunities_are_the_items() -> None:
    items = sf.read([HISTORY, ITEMS]).items.set_index("item")
    row = items.loc["006A0000000AaaaIAE"]
    assert row[["amount", "currency", "manager", "LeadSource"]].tolist() == [
        1500.0,
        "EUR",
        "005A0000001",
        "Web",
    ]
    assert row["created"] == pd.Timestamp("2026-03-01 09:00", tz="UTC")
    assert pd.isna(items.loc["006A0000000CcccIAE", "amount"])


def test_a_history_of_fields_gives_the_same_with_creations_from_the_list() -> None:
    export = sf.read([FIELDS, ITEMS, STAGES])
    assert reached(export, NAME) == REACHED
    assert moves(export, NAME) == MOVES
    assert noted(export) == {"other_fields": 1, "items_without_move": 1, "ties_deciding_outcome": 1}
    stay = sf.time_in_stage(export.log, export.pipelines[NAME]).set_index("stage").loc["Prospecting"]
    assert stay["mean"] == pd.Timedelta(days=4)


def test_a_history_of_fields_alone_does_not_know_when_the_first_stage_began() -> None:
    export = sf.read(FIELDS)
    assert count(export, "first_stage_time_unknown") == 2
    assert reached(export, NAME) == REACHED | {"Prospecting": 1}  # Cccc has no change at all
    born = {"Id": "017A0", "OpportunityId": "006A0000000AaaaIAE", "Field": "created"}
    born |= {"OldValue": "", "NewValue": "", "CreatedDate": "2026-03-01T09:00:00.000Z"}
    with_one = sf.read([[*rows_of(FIELDS), born]])
    checks = ("first_stage_time_unknown", "start_unknown")
    assert [count(one, check) for one in (export, with_one) for check in checks] == [2, 2, 1, 1]


def test_times_with_and_without_a_zone_ask_for_one() -> None:
    items = [row | {"CreatedDate": "2026-03-01 09:00"} for row in rows_of(ITEMS)]
    with pytest.raises(sf.ReaderError, match="has times with a zone; pass zone= for the other"):
        sf.read([FIELDS, items])
    assert reached(sf.read([FIELDS, items, STAGES], zone="UTC"), NAME) == REACHED


def test_rows_fetched_twice_count_once_and_may_not_differ() -> None:
    rows = rows_of(HISTORY)
    export = sf.read([rows, rows[:3], STAGES])
    assert export.log.n_rows == 9
    assert count(export, "rows_fetched_twice") == 3
    with pytest.raises(sf.ReaderError, match="id '008A0000000001mIAA' is on another row that differs"):
        sf.read([*rows, rows[0] | {"StageName": "Proposal"}])


def test_opportunities_alone_are_refused_with_what_to_export() -> None:
    with pytest.raises(
        sf.ReaderError, match=r"Opportunity\.csv has opportunities.*export OpportunityHistory"
    ):
        sf.read([ITEMS, STAGES])
    with pytest.raises(sf.ReaderError, match="several histories of the same opportunities"):
        sf.read([HISTORY, FIELDS])


def test_a_query_answer_and_names_of_a_warehouse_are_read_alike() -> None:
    rows = rows_of(HISTORY)
    query = {
        "totalSize": 9,
        "done": True,
        "records": [{"attributes": {"type": "OpportunityHistory"}} | row for row in rows],
    }
    snake = {
        "OpportunityId": "opportunity_id",
        "StageName": "stage_name",
        "CreatedDate": "created_date",
        "Id": "id",
    }
    renamed = [{snake.get(name, name): value for name, value in row.items()} for row in rows]
    for given in (query, renamed):
        assert reached(sf.read([given, STAGES]), NAME) == REACHED


def test_a_real_history_gives_the_counts_of_its_rows() -> None:
    path = REAL / "salesforce_OpportunityHistory.csv"
    by_deal = stages_by_deal(path, "OpportunityId", "StageName")
    passed = {
        stage: sum(stage in stages for stages in by_deal.values()) for stage in set().union(*by_deal.values())
    }
    for given in ([path], [path, REAL / "salesforce_Opportunity.csv"]):
        export = sf.read(given)
        assert (export.log.n_rows, export.log.n_items) == (48, 36)
        assert reached(export, NAME) == passed
        # In the file the later row may stand first: seven deals were won, then lost.
        assert moves(export, NAME)["Closed Won", "Closed Lost"] == 7
        assert ("Closed Lost", "Closed Won") not in moves(export, NAME)
    assert sum(len(stages) == 1 for stages in by_deal.values()) == 25
    assert sum(moves(export, NAME).values()) == 48 - 36


def test_real_dates_are_read_with_the_month_first_because_one_has_a_23() -> None:
    export = sf.read(REAL / "salesforce_OpportunityHistory.csv")
    assert count(export, "month_first_dates") == 48
    explained = sf.explain(export.log, export.pipelines[NAME], item="006bm00000LKJNTAA5", kind="classic")
    reasons = explained.set_index("stage")["reason"]
    assert "2026-02-23 20:55" in reasons["Closed Won"]
    assert "2026-03-07 21:00" in reasons["Closed Lost"]


def test_dates_that_could_be_two_days_ask_which() -> None:
    rows = [{"Id": "1", "OpportunityId": "6", "StageName": "Proposal", "CreatedDate": "03/04/26 08:55 PM"}]
    with pytest.raises(sf.ReaderError, match="'03/04/26 08:55 PM' in column 'CreatedDate' could be two days"):
        sf.read(rows)
    export = sf.read(rows, dayfirst=False)
    assert export.log.n_rows == 1


def test_real_versions_of_a_warehouse_are_read_with_what_they_cannot_know() -> None:
    path = REAL / "salesforce_opportunity_history_scd2.csv"
    export = sf.read(path)
    rows = pd.read_csv(path)
    assert reached(export, NAME) == rows.groupby("stage_name")["id"].nunique().to_dict()
    pipeline = export.pipelines[NAME]
    assert pipeline.stages == tuple(rows.loc[~rows["is_closed"], "stage_name"])
    assert pipeline.won == tuple(rows.loc[rows["is_won"], "stage_name"].unique())
    assert len(pipeline.lost) == 1
    assert noted(export) == {
        "last_version_ended": 2,
        "begins_later": 10,
        "deleted": 10,
        "stages_by_probability": 3,
    }


def test_versions_that_repeat_a_stage_are_one_visit() -> None:
    version = {"Id": "6", "IsClosed": "false", "IsWon": "false", "ValidTo": ""}
    rows = [
        version | {"StageName": "Proposal", "_fivetran_start": "2026-03-01", "Amount": "5"},
        version | {"StageName": "Proposal", "_fivetran_start": "2026-03-02", "Amount": "6"},
        version | {"StageName": "Review", "_fivetran_start": "2026-03-04", "Amount": "7"},
    ]
    export = sf.read(rows)
    assert moves(export, NAME) == {("Proposal", "Review"): 1}
    assert export.items["amount"].tolist() == [7.0]  # the amount of the last version
