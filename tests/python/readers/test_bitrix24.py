"""Bitrix24: answers of its REST interface and tables of its BI Builder, read as the CRM shows them."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, answer, count, reached

FOLDER = EXPORTS / "bitrix24"
# Counted by hand from the example files; deal 81 has moved on to the other pipeline.
CLASSIC = {
    "NEW": 3,
    "PREPARATION": 0,
    "PREPAYMENT_INVOICE": 1,
    "EXECUTING": 0,
    "WON": 2,
    "LOSE": 1,
    "APOLOGY": 1,
}
CONVERSIONS = {**CLASSIC, "PREPARATION": 2, "PREPAYMENT_INVOICE": 2, "EXECUTING": 2}
LEADS = {"NEW": 3, "IN_PROCESS": 1, "CONVERTED": 2, "JUNK": 1}


def deal_rows() -> list[dict[str, Any]]:
    return [row for page in answer("bitrix24/stagehistory_deals.json") for row in page["result"]["items"]]


def statuses() -> list[dict[str, Any]]:
    return list(answer("bitrix24/status_list.json")["result"])


def deals() -> list[dict[str, Any]]:
    return list(answer("bitrix24/deal_list.json")["result"])


def test_files_of_one_export_become_deals_leads_and_links_in_any_order() -> None:
    files = sorted(FOLDER.glob("*.json"))
    for given in (str(FOLDER / "*.json"), files, files[::-1]):
        export = sf.read(given)
        assert list(export.pipelines) == ["Sales", "Service"]
        assert reached(export, "Sales") == CLASSIC
        assert reached(export, "Sales", "conversions") == CONVERSIONS
        assert reached(export, "Service") == {"C3:NEW": 1, "C3:WON": 1, "C3:LOSE": 0}
        assert export.deals is not None
        assert export.leads is not None
        assert export.links is not None
        assert export.deals.log is export.log
        assert reached(export.leads, "Leads") == LEADS
        assert reached(export.leads, "Leads", "conversions") == {**LEADS, "IN_PROCESS": 2}
        assert export.links.to_dict("list") == {"deal": ["77", "78", "80"], "lead": ["31", "32", "99"]}
        assert count(export, "links_to_unknown_leads") == 1  # lead 99


def test_stages_come_in_their_order_with_names_and_meaning() -> None:
    export = sf.read(str(FOLDER / "*.json"))
    sales = export.pipelines["Sales"]
    assert sales.stages == ("NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING")
    assert (sales.won, sales.lost) == (("WON",), ("LOSE", "APOLOGY"))
    assert list(sales.names.values()) == [
        *("New", "Discussion", "Prepayment", "Delivery"),
        *("Deal won", "Lost", "Analysis of failure"),
    ]
    assert set(sales.elsewhere) == {"C3:NEW", "C3:WON", "C3:LOSE"}
    assert export.leads is not None
    leads = export.leads.pipelines["Leads"]
    assert repr(leads) == "Pipeline: Unprocessed → Assigned | won: Good lead | lost: Junk lead"


def test_items_have_amount_currency_manager_and_pipeline() -> None:
    items = sf.read(str(FOLDER / "*.json")).items
    known = items[["item", "pipeline", "amount", "currency", "manager", "LEAD_ID"]]
    assert known.iloc[[0, 4]].to_dict("records") == [
        {
            "item": "77",
            "pipeline": "Sales",
            "amount": 2400.5,
            "currency": "EUR",
            "manager": "5",
            "LEAD_ID": "31",
        },
        {
            "item": "81",
            "pipeline": "Service",
            "amount": 75.25,
            "currency": "EUR",
            "manager": "6",
            "LEAD_ID": "0",
        },
    ]
    assert items["created"][0] == pd.Timestamp("2026-03-02T07:15:00Z")


def test_amounts_and_managers_answer_questions() -> None:
    export = sf.read(str(FOLDER / "*.json"))
    table = sf.funnel(export.log, export.pipelines["Sales"], by="manager", amount="amount")
    won = table[table["stage"] == "WON"].set_index("manager")
    assert won["reached"].to_dict() == {"5": 2, "6": 0}
    assert won["amount"].to_dict() == {"5": 2580.5, "6": 0.0}


def test_an_export_prints_its_content_on_one_screen() -> None:
    lines = repr(sf.read(str(FOLDER / "*.json"))).splitlines()
    assert lines[0] == "Export of bitrix24: 11 rows, 5 items; leads: 7 rows, 3 items"
    assert lines[1].split() == ["links", "3", "deals", "with", "a", "lead"]
    assert lines[2].startswith(
        "  pipeline  'Sales': New → Discussion → Prepayment → Delivery | won: Deal won"
    )
    assert "actor_unknown 11" in lines[5]
    # One deal was won in the second of its last move, and the ids of the rows say in which order.
    assert "ties_deciding_outcome 1" in lines[5]
    assert not any(line.startswith("  warning") for line in lines)


def as_numbers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("ID", "TYPE_ID", "OWNER_ID", "CATEGORY_ID")
    return [{**row, **{name: int(row[name]) for name in names}} for row in rows]


ANSWERS = {
    "a bare list": deal_rows,
    "newest first": lambda: deal_rows()[::-1],
    "numbers as numbers": lambda: as_numbers(deal_rows()),
    "one page": lambda: {"result": {"items": deal_rows()}, "total": 11},
    "items alone": lambda: {"items": deal_rows()},
    "calls in one": lambda: {"result": {"result": [{"items": deal_rows()[:5]}, {"items": deal_rows()[5:]}]}},
    "named calls in one": lambda: {"result": {"result": {"a": {"items": deal_rows()}, "b": {"items": []}}}},
    "a table": lambda: pd.DataFrame(deal_rows()),
}


@pytest.mark.parametrize("given", ANSWERS.values(), ids=list(ANSWERS))
def test_a_history_is_read_however_a_client_returns_it(given: Any) -> None:
    export = sf.read([given(), {"result": statuses()}])
    assert reached(export, "Pipeline 0") == CLASSIC
    # Deal 78 was created and won in one minute; the IDs of the rows have the order.
    table = sf.item_table(export.log, export.pipelines["Pipeline 0"]).set_index("item")
    assert table.loc["78", "outcome"] == "won"


def test_without_the_list_stages_come_in_order_of_first_appearance_by_their_semantics() -> None:
    export = sf.read(deal_rows()[::-1])
    sales = export.pipelines["Pipeline 0"]
    assert sales.stages == ("NEW", "PREPAYMENT_INVOICE")
    assert (sales.won, sales.lost) == (("WON",), ("LOSE", "APOLOGY"))
    assert export.pipelines["Pipeline 3"].stages == ("C3:NEW",)
    assert count(export, "stages_not_listed") == 7


@pytest.mark.parametrize("without", [["SEMANTICS"], ["EXTRA"], ["SEMANTICS", "EXTRA"]], ids=str)
def test_meaning_is_taken_from_what_the_list_has(without: list[str]) -> None:
    shortened = [{key: value for key, value in row.items() if key not in without} for row in statuses()]
    sales = sf.read([deal_rows(), shortened]).pipelines["Pipeline 0"]
    assert (sales.won, sales.lost) == (("WON",), ("LOSE", "APOLOGY"))
    assert sales.stages == ("NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING")


def test_rows_without_the_fields_that_nobody_selected_are_read_by_their_codes() -> None:
    wanted = ("OWNER_ID", "CREATED_TIME", "STAGE_ID")
    export = sf.read([{key: row[key] for key in wanted} for row in deal_rows()])
    assert export.pipelines["Pipeline 0"].won == ("WON",)
    assert export.pipelines["Pipeline 0"].lost == ("LOSE", "APOLOGY")
    assert export.pipelines["Pipeline 3"].won == ("C3:WON",)
    assert (count(export, "meaning_by_code"), count(export, "rows_without_id")) == (7, 11)


def test_rows_of_deleted_stages_are_counted_and_final_ones_keep_their_meaning() -> None:
    kept = [row for row in statuses() if row["STATUS_ID"] not in ("APOLOGY", "PREPAYMENT_INVOICE")]
    export = sf.read([deal_rows(), kept])
    assert count(export, "deleted_stages") == 2
    expected = {name: number for name, number in CLASSIC.items() if name != "PREPAYMENT_INVOICE"}
    assert reached(export, "Pipeline 0") == expected


def test_pages_that_were_not_fetched_are_counted() -> None:
    first_page = answer("bitrix24/stagehistory_deals.json")[0]
    assert count(sf.read(first_page), "rows_not_fetched") == 5
    assert count(sf.read(FOLDER / "stagehistory_deals.json"), "rows_not_fetched") == 0


def test_a_row_that_was_fetched_twice_is_read_once_and_counted() -> None:
    export = sf.read([*deal_rows(), deal_rows()[3]])
    assert (export.log.n_rows, count(export, "rows_fetched_twice")) == (11, 1)


def test_one_id_on_two_different_rows_is_refused_with_its_place() -> None:
    with pytest.raises(
        sf.ReaderError,
        match=r"the input, record 12: id '9004' is on another row that differs \(the input, record 4\)",
    ):
        sf.read([*deal_rows(), {**deal_rows()[3], "STAGE_ID": "LOSE"}])


def test_a_bad_row_behind_one_that_was_left_out_is_found_again() -> None:
    rows = [deal_rows()[0], deal_rows()[0], {**deal_rows()[1], "STAGE_ID": None}]
    with pytest.raises(sf.ReaderError, match="the input, record 3: "):
        sf.read(rows)
    export = sf.read(rows, invalid="drop")
    assert (export.log.n_rows, count(export, "dropped")) == (1, 1)


@pytest.mark.parametrize(("what", "number"), [("deals", 2), ("leads", 1)])
def test_a_list_without_a_history_is_refused_with_what_to_export_instead(what: str, number: int) -> None:
    stage = {"deals": "STAGE_ID", "leads": "STATUS_ID"}[what]
    items = {"result": [{"ID": "1", "TITLE": "Kitchen", stage: "NEW", "OPPORTUNITY": "5"}]}
    message = (
        rf"a list of {what} has only the current stage .* crm\.stagehistory\.list with entityTypeId={number}"
    )
    with pytest.raises(sf.ReaderError, match=message):
        sf.read(items)
    with pytest.raises(sf.ReaderError, match=message):
        sf.read([items, statuses()])


def test_stages_alone_are_not_an_export() -> None:
    with pytest.raises(sf.ReaderError, match=r"there is no history: .*status_list\.json has stages"):
        sf.read(FOLDER / "status_list.json")


def test_an_item_that_the_list_has_twice_is_refused() -> None:
    with pytest.raises(
        sf.ReaderError,
        match=r"input 2, record 6: item '77' is in the list of items already \(input 2, record 1\)",
    ):
        sf.read([deal_rows(), [*deals(), deals()[0]]])


def test_what_list_and_history_do_not_share_is_counted() -> None:
    changed = [
        {**deals()[0], "STAGE_ID": "NEW"},
        *deals()[2:],
        {"ID": "99", "STAGE_ID": "NEW", "TITLE": "Bed"},
    ]
    export = sf.read([deal_rows(), changed])
    counts = [
        count(export, check)
        for check in ("items_not_listed", "items_without_history", "stage_differs_from_list")
    ]
    assert counts == [1, 1, 1]  # 78, 99, 77
    assert sorted(export.items["item"]) == ["77", "78", "79", "80", "81", "99"]


def test_items_that_begin_with_a_move_or_in_a_final_stage_are_counted() -> None:
    export = sf.read(deal_rows()[1:])
    assert (count(export, "begins_later"), count(export, "created_final")) == (1, 1)  # 77, 80


def test_items_that_changed_their_pipeline_are_counted() -> None:
    assert count(sf.read(deal_rows()), "changed_pipeline") == 1  # 81
    assert count(sf.read(deal_rows()[:9]), "changed_pipeline") == 0


def test_two_pipelines_of_one_name_stay_apart() -> None:
    named = {"result": {"categories": [{"id": at, "name": "Sales", "isDefault": "N"} for at in (0, 3)]}}
    export = sf.read([deal_rows(), named])
    assert list(export.pipelines) == ["Sales", "Sales (3)"]
    assert export.items.set_index("item").loc["81", "pipeline"] == "Sales (3)"


def test_a_pipeline_without_a_stage_in_progress_is_left_out_and_counted() -> None:
    won = {**deal_rows()[10], "ID": "9100", "OWNER_ID": "82", "STAGE_ID": "C5:WON", "CATEGORY_ID": "5"}
    export = sf.read([*deal_rows(), won])
    assert list(export.pipelines) == ["Pipeline 0", "Pipeline 3"]
    assert count(export, "pipelines_left_out") == 1
    assert reached(export, "Pipeline 0") == {
        "NEW": 3,
        "PREPAYMENT_INVOICE": 1,
        "WON": 2,
        "LOSE": 1,
        "APOLOGY": 1,
    }


def test_deals_without_a_list_have_no_links() -> None:
    export = sf.read([deal_rows(), answer("bitrix24/stagehistory_leads.json")])
    assert export.links is not None
    assert export.links.columns.tolist() == ["deal", "lead"]
    assert (len(export.links), count(export, "deals_without_link")) == (0, 5)


def test_leads_alone_are_an_export() -> None:
    export = sf.read(FOLDER / "stagehistory_leads.json")
    assert reached(export, "Leads") == {"NEW": 3, "IN_PROCESS": 1, "CONVERTED": 2, "JUNK": 1}
    assert (export.leads, export.deals, export.links) == (None, None, None)


def test_a_pipeline_that_is_given_takes_the_place_of_the_export_s() -> None:
    given = sf.Pipeline(
        ["NEW", "PREPAYMENT_INVOICE"], won="WON", lost=["LOSE", "APOLOGY"], elsewhere=["C3:NEW", "C3:WON"]
    )
    export = sf.read(deal_rows(), pipeline=given)
    assert export.pipelines == {"Pipeline": given}
    assert reached(export, "Pipeline")["WON"] == 2
    with pytest.raises(sf.SchemaError, match="pipeline= is for leads or for deals, and the input has both"):
        sf.read(str(FOLDER / "*.json"), pipeline=given)


def test_times_have_the_zone_of_the_option() -> None:
    export = sf.read(deal_rows(), zone="Europe/Moscow")
    first = sf.item_table(export.log, export.pipelines["Pipeline 0"])["first_time"][0]
    assert first == pd.Timestamp("2026-03-02 10:15", tz="Europe/Moscow")
    assert export.log.zone == "Europe/Moscow"


@pytest.mark.parametrize("without", [[], ["SEMANTICS"], ["EXTRA"]], ids=str)
def test_the_meaning_of_a_stage_does_not_depend_on_its_place_in_the_list(without: list[str]) -> None:
    listed = [{key: value for key, value in row.items() if key not in without} for row in statuses()[::-1]]
    sales = sf.read([deal_rows(), listed]).pipelines["Pipeline 0"]
    assert (sales.won, sales.lost) == (("WON",), ("LOSE", "APOLOGY"))
    assert sales.stages == ("NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING")


def test_a_listed_stage_without_a_name_is_called_by_its_code() -> None:
    listed = [row | {"NAME": None} if row["STATUS_ID"] == "PREPARATION" else row for row in statuses()]
    names = sf.read([deal_rows(), listed]).pipelines["Pipeline 0"].names
    assert (names.get("PREPARATION", "PREPARATION"), names["WON"]) == ("PREPARATION", "Deal won")


def test_a_listed_stage_of_another_meaning_is_in_progress() -> None:
    listed = [row | {"SEMANTICS": "X"} if row["STATUS_ID"] == "PREPARATION" else row for row in statuses()]
    assert "PREPARATION" in sf.read([deal_rows(), listed]).pipelines["Pipeline 0"].stages
