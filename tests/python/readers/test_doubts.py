"""A number that could be wrong is never quiet; messages name what they are about."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count
from stagefunnel.cli import main

EVENTS = EXPORTS / "tables" / "events.csv"
# Won in the minute of the last move: only the order of the rows decides.
TIED = "deal_id,stage,changed_at\n1,New,2026-01-05\n1,Won,2026-01-06\n1,Offer,2026-01-06\n2,New,2026-01-05\n"
WARNING = "whose last time has rows of several outcomes: their order decides"


@pytest.fixture
def tied(tmp_path: Path) -> Path:
    file = tmp_path / "tied.csv"
    file.write_text(TIED)
    return file


def test_an_export_prints_its_warnings_and_guesses(tied: Path) -> None:
    lines = repr(sf.read(tied)).splitlines()
    assert lines[-2] == f"  warning   ties_deciding_outcome 1: items {WARNING}"
    assert lines[-1].startswith(
        "  guess     guessed_stages 3: stages in the order in which they first appear"
    )


def test_an_export_prints_those_of_its_leads_too() -> None:
    folder = EXPORTS / "bitrix24"
    export = sf.read([str(folder / "*.json")])
    assert export.leads is not None
    doubted = export.leads.quality[export.leads.quality["level"].isin(["warning", "guess"])]
    expected = [f"leads, {check}" for check, n in zip(doubted["check"], doubted["count"], strict=True) if n]
    found = [line for line in repr(export).splitlines() if "leads, " in line]
    assert len(found) == len(expected)


def test_notes_and_facts_are_not_printed_as_doubts() -> None:
    text = repr(sf.read(EXPORTS / "kommo" / "events.json"))
    assert "actor" not in "".join(
        line for line in text.splitlines() if line.startswith(("  warn", "  guess"))
    )


def answers(log: sf.StageLog, pipeline: sf.Pipeline) -> dict[str, Any]:
    return {
        "funnel": sf.funnel(log, pipeline),
        "outcomes": sf.outcomes(log, pipeline),
        "trend": sf.funnel_by_period(log, pipeline),
        "time in stage": sf.time_in_stage(log, pipeline),
        "transitions": sf.transitions(log, pipeline),
        "losses": sf.losses(log, pipeline),
        "skips": sf.skips(log, pipeline, by=None),
        "flow": sf.flow(log, pipeline, period="2026-01"),
        "items": sf.item_table(log, pipeline),
        "sequence": sf.sequence_funnel(log, ["New", "Won"]),
        "summary": sf.summary(log, pipeline),
    }


def test_every_table_about_an_export_shows_them(tied: Path) -> None:
    export = sf.read(tied)
    for name, answer in answers(export.log, export.pipelines["Pipeline"]).items():
        lines = str(sf.show(answer)).splitlines()
        assert "Guessed when it was read, as quality() explains: guessed stages 3" in lines, name
        assert f"Warning: 1 item {WARNING}" in lines, name


def test_a_log_without_a_reader_says_nothing_of_the_kind() -> None:
    shop = sf.datasets.worked_example()
    for name, answer in answers(shop.log, shop.pipeline).items():
        assert "Guessed when" not in str(sf.show(answer)), name


def test_a_table_remembers_them_as_plain_data(tied: Path) -> None:
    export = sf.read(tied)
    remembered = sf.funnel(export.log, export.pipelines["Pipeline"]).attrs["stagefunnel"]
    assert remembered["guesses"] == {"guessed_stages": 3}
    assert remembered["warnings"] == [[1, f"items {WARNING}"]]


def test_the_quality_table_writes_guesses_out(tied: Path) -> None:
    lines = str(sf.show(sf.read(tied).quality)).splitlines()
    assert lines[-2] == f"Warning: 1 item {WARNING}"
    assert lines[-1].startswith("Guess: 3 stages in the order")


def test_parts_that_are_put_together_keep_them(tied: Path) -> None:
    export = sf.read(tied)
    other = sf.read([{"deal_id": "9", "stage": "New", "changed_at": "2026-01-05"}])
    parts = [sf.partial(one.log, export.pipelines["Pipeline"]) for one in (export, other)]
    text = str(sf.show(sf.merge(parts).summary()))
    assert "Guessed when it was read, as quality() explains: guessed stages 4" in text
    assert f"Warning: 1 item {WARNING}" in text


@pytest.mark.usefixtures("undrawn")
def test_the_page_shows_them(tied: Path, tmp_path: Path) -> None:
    pytest.importorskip("altair")
    export = sf.read(tied)
    page = sf.report(export.log, export.pipelines["Pipeline"], tmp_path / "page.html").read_text("utf-8")
    assert WARNING in page
    assert "Guess: 3 stages in the order in which they first appear" in page


def test_the_command_writes_them_out_with_its_own_options(
    tied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = tmp_path / "newest.csv"
    newest.write_text("".join(["deal_id,stage,changed_at\n", *reversed(TIED.splitlines(keepends=True)[1:])]))
    assert main(["funnel", str(newest), "--read", "--format", "json"]) == 0
    said = capsys.readouterr().err
    assert f"stagefunnel: warning: 1 item {WARNING}" in said
    assert "stagefunnel: guess: 2 rows at the same time" in said
    assert "pass --order for another order" in said
    assert "order=" not in said
    assert main(["read", str(newest), "--to", str(tmp_path / "log.csv")]) == 0
    assert "pass --order for another order" in capsys.readouterr().out


HISTORY = [
    {"deal_id": "1", "stage": "New", "changed_at": "2026-01-05"},
    {"deal_id": "1", "stage": "Won", "changed_at": "2026-01-06"},
]


def test_a_list_with_a_line_of_totals_is_refused_with_the_option_that_drops_it() -> None:
    listed = [{"deal_id": "1", "amount": "10"}, {"deal_id": None, "amount": "Total: 10 deals"}]
    with pytest.raises(sf.ReaderError, match=r"record 2: .* row without 'deal_id'; .* invalid=\"drop\""):
        sf.read([pd.DataFrame(HISTORY), listed])
    export = sf.read([pd.DataFrame(HISTORY), listed], invalid="drop")
    assert count(export, "list_rows_without_key") == 1
    assert export.items[["item", "amount"]].to_numpy().tolist() == [["1", 10.0]]


def test_lists_of_crms_lose_such_rows_too() -> None:
    deals = [{"ID": "75", "OPPORTUNITY": "100.00"}, {"ID": None, "OPPORTUNITY": "100.00"}]
    history = [{"ID": "1", "OWNER_ID": "75", "STAGE_ID": "NEW", "CREATED_TIME": "2026-03-02T09:00:00+03:00"}]
    deals = [row | {"STAGE_ID": "NEW", "CATEGORY_ID": "0"} for row in deals]
    assert count(sf.read([history, deals], invalid="drop"), "list_rows_without_key") == 1
    stage = {"OpportunityId": "006A", "StageName": "New", "CreatedDate": "2026-03-02T09:00:00Z"}
    listed = [
        {"Id": "006A", "StageName": "New", "IsClosed": "false"},
        {"Id": "", "StageName": "Total", "IsClosed": ""},
    ]
    assert count(sf.read([[stage], listed], invalid="drop"), "list_rows_without_key") == 1
    changes = [
        {"id": 1, "deal_id": 7, "field_key": "stage_id", "old_value": 1, "new_value": 2, "time": "2026-03-02"}
    ]
    deals = [{"id": 7, "stage_id": 2, "status": "open", "title": "A"}, {"id": None, "title": "Total"}]
    assert count(sf.read([changes, deals], invalid="drop"), "list_rows_without_key") == 1


def test_wide_tables_lose_such_rows_too() -> None:
    rows = [
        {"deal_id": "1", "New": "2026-01-05", "Won": "2026-01-06"},
        {"deal_id": None, "New": None, "Won": None},
    ]
    rows[1]["owner"] = "2 deals"
    export = sf.read(rows, invalid="drop")
    assert (export.log.n_rows, count(export, "list_rows_without_key")) == (2, 1)


@pytest.mark.parametrize(
    ("stage", "kind"), [("lifecyclestage", "contacts"), ("hs_pipeline_stage", "tickets")]
)
def test_contacts_and_tickets_are_not_called_deals(stage: str, kind: str) -> None:
    history = {stage: [{"value": "lead", "timestamp": "2026-01-01T00:00:00Z"}]}
    with_history = {"results": [{"id": "1", "properties": {stage: "lead"}, "propertiesWithHistory": history}]}
    plain = {"results": [{"id": "1", "properties": {stage: "lead"}}]}
    assert sf.read(with_history).log.n_rows == 1
    with pytest.raises(sf.ReaderError) as refused:
        sf.read(plain)
    text = str(refused.value)
    assert f"these {kind} have only their current stage" in text
    assert f"propertiesWithHistory={stage}" in text
    assert "these deals" not in text


def test_companies_are_not_called_deals_and_deals_still_are() -> None:
    with pytest.raises(sf.ReaderError, match="these companies have only"):
        sf.read([{"id": "1", "properties": {"domain": "a.com", "lifecyclestage": "lead"}}])
    with pytest.raises(sf.ReaderError, match="these deals have only their current stage"):
        sf.read([{"id": "1", "properties": {"dealstage": "new", "hs_pipeline_stage": None}}])


def test_items_of_a_field_history_without_a_row_about_their_stage_are_counted() -> None:
    born = {"CreatedDate": "2026-03-02T09:00:00Z", "OldValue": None}
    rows = [
        {"OpportunityId": "006A", "Field": "StageName", "NewValue": "Offer", **born, "OldValue": "New"},
        {"OpportunityId": "006B", "Field": "Amount", "NewValue": "100", **born},
        {"OpportunityId": "006B", "Field": "OwnerId", "NewValue": "005", **born},
        {"OpportunityId": "006C", "Field": "created", "NewValue": None, **born},
    ]
    assert count(sf.read(rows), "items_without_stage") == 2
    listed = [{"Id": "006B", "StageName": "New", "IsClosed": "false", "CreatedDate": "2026-03-01T09:00:00Z"}]
    # The list has the stage of 006B, so that one is missing.
    assert count(sf.read([rows, listed]), "items_without_stage") == 1
