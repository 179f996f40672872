"""HubSpot: deals that were merged into another one."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import count

# Deals 2 and 3 were merged into 1; 2 came into being first, and 3 was still entered in Offer after that.
ROWS = [
    (1, "New", "2026-01-05"),
    (1, "Won", "2026-01-20"),
    (2, "New", "2026-01-02"),
    (2, "Offer", "2026-01-08"),
    (3, "New", "2026-01-10"),
    (3, "Offer", "2026-01-25"),
    (4, "New", "2026-01-06"),
]
HISTORY = [{"deal_id": deal, "value": stage, "date_entered": at} for deal, stage, at in ROWS]
MERGED = [{"deal_id": 1, "merged_deal_id": 2}, {"deal_id": 2, "merged_deal_id": 3}]
DEALS = [
    {
        "deal_id": deal,
        "deal_pipeline_stage_id": stage,
        "property_amount": amount,
        "property_hs_merged_object_ids": ids,
    }
    for deal, stage, amount, ids in [(1, "Won", 10, "2;3"), (2, "Offer", 20, None), (4, "New", 30, None)]
]
WAYS = {"a table": [HISTORY, MERGED], "a property": [HISTORY, DEALS]}


def reached(export: sf.Export) -> dict[str, int]:
    (pipeline,) = export.pipelines.values()
    table = sf.funnel(export.log, pipeline)
    return dict(zip(table["stage"].astype(str), table["reached"].tolist(), strict=True))


@pytest.mark.parametrize("inputs", WAYS.values(), ids=list(WAYS))
def test_merged_deals_count_beside_the_others_and_a_warning_says_so(inputs: list[Any]) -> None:
    export = sf.read(inputs)
    assert reached(export) == {"New": 4, "Offer": 2, "Won": 1}
    line = export.quality.set_index("check").loc["merged_deals"]
    assert (line["count"], line["level"]) == (2, "warning")


@pytest.mark.parametrize("inputs", WAYS.values(), ids=list(WAYS))
def test_merged_deals_are_joined_where_asked(inputs: list[Any]) -> None:
    export = sf.read(inputs, merged="join")
    assert reached(export) == {"New": 2, "Offer": 1, "Won": 1}
    (pipeline,) = export.pipelines.values()
    table = sf.item_table(export.log, pipeline).set_index("item")
    assert table.loc["1", "first_time"] == pd.Timestamp("2026-01-02")  # that of deal 2
    assert table["outcome"].to_dict() == {"1": "won", "4": "open"}  # deal 3 went on after deal 1 was won
    checks = ("merged_deals", "merged_deals_joined", "merged_rows_left_out")
    assert [count(export, check) for check in checks] == [0, 2, 1]
    assert sorted(export.items["item"]) == ["1", "4"]


def test_amounts_of_joined_deals_are_those_of_the_deal_that_is_left() -> None:
    items = sf.read(WAYS["a property"], merged="join").items.set_index("item")
    assert items["amount"].to_dict() == {"1": 10.0, "4": 30.0}


def test_merged_deals_without_rows_are_counted_as_gone() -> None:
    history = [row for row in HISTORY if row["deal_id"] in (1, 4)]
    export = sf.read([history, MERGED])
    assert (count(export, "merged_deals"), count(export, "merged_deals_gone")) == (0, 2)
    assert reached(export) == {"New": 2, "Won": 1}


def test_merges_in_a_circle_are_not_followed() -> None:
    circle = [{"deal_id": 1, "merged_deal_id": 2}, {"deal_id": 2, "merged_deal_id": 1}]
    assert reached(sf.read([HISTORY, circle], merged="join")) == {"New": 4, "Offer": 2, "Won": 1}


def test_answers_of_the_interface_name_the_merged_deals_too() -> None:
    deals = [
        {
            "id": deal,
            "properties": {"hs_merged_object_ids": ids},
            "propertiesWithHistory": {
                "dealstage": [{"value": "New", "timestamp": f"2026-01-0{deal}T10:00:00Z"}]
            },
        }
        for deal, ids in [("1", "2"), ("2", None), ("4", "9")]
    ]
    export = sf.read({"results": deals})
    assert (count(export, "merged_deals"), count(export, "merged_deals_gone")) == (1, 1)
    assert sf.read({"results": deals}, merged="join").log.n_items == 2


def test_other_formats_have_no_merged_deals_to_join() -> None:
    rows = [{"deal_id": 1, "stage": "New", "changed_at": "2026-01-05"}]
    with pytest.raises(sf.SchemaError, match="merged='join' is for hubspot, and the input is events"):
        sf.read(rows, merged="join")
    with pytest.raises(sf.SchemaError, match="is not one of 'keep', 'join'"):
        sf.read(rows, merged="drop")  # type: ignore[arg-type]
