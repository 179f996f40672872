"""Bitrix24 beside its history method: the BI Builder, smart processes, the universal method."""

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import reached
from readers.test_bitrix24 import FOLDER, deal_rows, statuses


def test_a_table_of_the_bi_builder_brings_names_and_managers() -> None:
    export = sf.read(FOLDER / "crm_deal_stage_history.csv")
    assert reached(export, "General") == {"NEW": 2, "PREPAYMENT_INVOICE": 1, "WON": 1, "LOSE": 1}
    assert export.pipelines["General"].names["LOSE"] == "Lost"
    assert export.items[["item", "manager"]].to_numpy().tolist() == [["77", "Ann Lee"], ["78", "Bo Berg"]]
    listed = sf.read([FOLDER / "crm_deal_stage_history.csv", FOLDER / "status_list.json"])
    assert list(reached(listed, "General"))[:3] == ["NEW", "PREPARATION", "PREPAYMENT_INVOICE"]


def test_two_histories_of_the_deals_are_one_too_many() -> None:
    with pytest.raises(sf.ReaderError, match=r"two histories \(deal history, BI Builder\); give one"):
        sf.read([FOLDER / "crm_deal_stage_history.csv", FOLDER / "stagehistory_deals.json"])


def test_a_smart_process_has_the_stages_of_its_own_type() -> None:
    codes = [("DT130_10:NEW", "P"), ("DT130_10:SUCCESS", "S")]
    rows = [
        {
            "ID": at,
            "OWNER_ID": 1,
            "CREATED_TIME": f"2026-03-0{at}T10:00:00+03:00",
            "STAGE_ID": code,
            "CATEGORY_ID": 10,
        }
        for at, (code, _) in enumerate(codes, start=1)
    ]
    listed = [
        {
            "ENTITY_ID": "DYNAMIC_130_STAGE_10",
            "STATUS_ID": code,
            "NAME": code[-3:],
            "SORT": 10 * at,
            "SEMANTICS": meaning,
        }
        for at, (code, meaning) in enumerate(
            [*codes, ("DT130_10:FAIL", "F"), ("DT130_10:MORE", None)], start=1
        )
    ]
    export = sf.read([rows, [*listed, *statuses()]])
    pipeline = export.pipelines["Pipeline 10"]
    assert (pipeline.stages, pipeline.won) == (("DT130_10:NEW", "DT130_10:MORE"), ("DT130_10:SUCCESS",))
    assert list(export.pipelines) == ["Pipeline 10"]


def test_items_of_the_universal_method_have_the_same_names() -> None:
    deal = {
        "id": 77,
        "stageId": "WON",
        "categoryId": 0,
        "opportunity": 1.234,
        "leadId": 31,
        "assignedById": 5,
    }
    listed = {"result": {"items": [{**deal, "createdTime": "2026-03-02T10:15:00+03:00"}]}}
    items = sf.read([deal_rows(), listed]).items
    known = items.loc[0, ["item", "amount", "manager", "created", "LEAD_ID"]].tolist()
    assert known == ["77", 1.234, "5", pd.Timestamp("2026-03-02T07:15:00Z"), "31"]
