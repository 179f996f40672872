"""All data sets of the project: the proposal is right, or names where it is not.

What is right is what the files beside the data and the documentation say, never what was suggested.
"""

from pathlib import Path
from typing import Any

import pytest

import stagefunnel as sf
from helpers import ROOT

DATA = ROOT / "notebooks" / "data"


def in_text(found: sf.Suggestion, *words: str) -> bool:
    text = " ".join(found.doubts)
    return all(word in text for word in words)


def test_every_data_set_has_a_test() -> None:
    assert {path.name for path in DATA.iterdir() if path.is_dir()} == {
        *("bitrix24", "ecom_clicks", "oulad", "salesforce", "uci_incidents")
    }


def test_incidents_give_their_stages_and_name_what_they_wait_for_as_unclear() -> None:
    expected = sf.Settings.from_toml(DATA / "uci_incidents" / "pipeline.toml")
    found = sf.suggest(DATA / "uci_incidents" / "incidents.csv.gz")
    assert found.settings.columns == expected.columns
    waiting = expected.pipeline.rules.optional
    assert [stage for stage in found.pipeline.stages if stage not in waiting] == ["New", "Active", "Resolved"]
    assert {*found.pipeline.stages} == {*expected.pipeline.stages}
    assert found.pipeline.won == expected.pipeline.won
    # Nobody enters one of these on the way to the next, so their order among themselves says little.
    assert in_text(found, "Awaiting Vendor", "unclear")
    assert not found.is_safe


def test_salesforce_gives_the_standard_order() -> None:
    expected = sf.Settings.from_toml(DATA / "salesforce" / "pipeline.toml")
    found = sf.suggest(DATA / "salesforce" / "OpportunityHistory.csv")
    assert found.source == "salesforce"
    assert found.pipeline == expected.pipeline
    assert in_text(found, "probability")  # the history alone does not say the order
    assert not found.is_safe


def test_salesforce_as_a_plain_table_finds_its_columns_and_names_its_order_as_a_doubt() -> None:
    import pandas as pd

    expected = sf.Settings.from_toml(DATA / "salesforce" / "pipeline.toml")
    frame = pd.read_csv(DATA / "salesforce" / "OpportunityHistory.csv", dtype=str)
    # Other names than those that show what it is.
    names = {"OpportunityId": "Deal", "StageName": "Status", "CreatedDate": "Moved"}
    found = sf.suggest(frame[list(names)].rename(columns=names))
    columns = {role: names.get(name, name) for role, name in expected.columns.items()}
    assert dict(found.settings.columns) == columns
    assert (found.pipeline.won, found.pipeline.lost) == (expected.pipeline.won, expected.pipeline.lost)
    assert set(found.pipeline.stages) == set(expected.pipeline.stages)
    assert in_text(found, "No item moves directly between these neighbours", "rests on 12 moves")
    assert not found.is_safe


def test_salesforce_items_alone_are_refused() -> None:
    with pytest.raises(sf.ReaderError, match="there is no history"):
        sf.suggest(DATA / "salesforce" / "Opportunity.csv")


def test_oulad_gives_the_order_of_its_assignments() -> None:
    expected = sf.Settings.from_toml(DATA / "oulad" / "pipeline_every_tma.toml")
    found = sf.suggest(DATA / "oulad" / "events.csv.gz")
    assert dict(found.settings.columns) == dict(expected.columns)
    listed = [label for label in found.pipeline.stages if label in expected.pipeline.stages]
    assert listed == list(expected.pipeline.stages)
    # The small tests of each kind are numbered by their due days.
    small = [label for label in found.pipeline.stages if str(label).startswith("CMA")]
    assert small == [f"CMA {number}" for number in range(1, 8)]
    assert set(found.pipeline.won) == set(expected.pipeline.won)
    assert set(found.pipeline.lost) == set(expected.pipeline.lost)
    # The names of success are not known words, and each module has its tests between other assignments.
    assert in_text(found, "Pass as won", "Distinction as won", "TMA 2 and CMA 1")
    assert not found.is_safe


def test_bitrix24_gives_the_pipelines_that_it_lists() -> None:
    files = sorted((DATA / "bitrix24").glob("*.json"))
    found = sf.suggest(files)
    # As status_list.json has them, by SORT, with their SEMANTICS.
    sales = sf.Pipeline(
        ["NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING"], won="WON", lost=["LOSE", "APOLOGY"]
    )
    assert found.pipeline.labels == sales.labels
    assert (found.pipeline.won, found.pipeline.lost) == (sales.won, sales.lost)
    assert found.pipeline.names["PREPAYMENT_INVOICE"] == "Prepayment"
    assert set(found.others) == {"Service", "leads: Leads"}
    assert found.others["Service"].pipeline.won == ("C3:WON",)
    assert in_text(found, "3 pipelines")
    assert not found.is_safe
    assert found.others["leads: Leads"].is_safe


def test_clicks_are_named_as_events_and_their_items_as_a_choice() -> None:
    found = sf.suggest(DATA / "ecom_clicks" / "clicks.csv.gz")
    assert found.settings.columns["stage"] == "event"
    assert found.settings.columns["time"] == "timestamp"
    assert found.settings.columns["item"] in ("session_id", "user_id")
    assert in_text(found, "click stream", "user_id", "session_id")
    # The natural funnel of the shop.
    natural = ["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]
    assert [label for label in found.pipeline.stages if label in natural] == natural
    assert not found.is_safe


@pytest.mark.parametrize("n_deals", [400, 2_000])
@pytest.mark.parametrize("seed", [1, 2026])
def test_the_shop_is_safe_and_right(n_deals: int, seed: int) -> None:
    shop = sf.datasets.furniture_shop(n_deals, seed=seed)
    for frame, pipeline, item in [
        (shop.frame, shop.pipeline, "deal_id"),
        (shop.lead_frame, shop.lead_pipeline, "lead_id"),
    ]:
        found = sf.suggest(frame)
        assert found.pipeline == pipeline
        assert dict(found.settings.columns) == {"item": item, "stage": "stage", "time": "entered_at"}
        assert found.is_safe


def test_the_ten_items_of_the_worked_example_are_too_few_and_named_as_such() -> None:
    example = sf.datasets.worked_example()
    found = sf.suggest(example.log)
    assert set(found.pipeline.stages) == set(example.pipeline.stages)
    assert (found.pipeline.won, found.pipeline.lost) == (example.pipeline.won, example.pipeline.lost)
    assert in_text(found, "No item moves directly between these neighbours", "rests on")
    assert not found.is_safe


@pytest.mark.parametrize(
    "files",
    [
        "salesforce/OpportunityHistory.csv",
        "oulad/events.csv.gz",
        "ecom_clicks/clicks.csv.gz",
        ["bitrix24/stagehistory_deals.json", "bitrix24/status_list.json"],
    ],
    ids=str,
)
def test_the_file_that_is_written_reads_as_the_settings(files: Any, tmp_path: Path) -> None:
    paths = [DATA / file for file in ([files] if isinstance(files, str) else files)]
    found = sf.suggest(paths)
    path = tmp_path / "pipeline.toml"
    path.write_text(found.to_toml(), encoding="utf-8")
    assert sf.Settings.from_toml(path) == found.settings
    assert sf.Settings.from_toml(path).pipeline == found.pipeline
