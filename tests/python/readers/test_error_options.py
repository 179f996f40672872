"""Errors of reading carry the options that they name, so that a command line spells them its own way."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS

BITRIX24 = EXPORTS / "bitrix24"
EVENTS = [
    {"deal_id": 1, "stage": "New", "changed_at": "2026-03-02"},
    {"deal_id": 2, "stage": None, "changed_at": "2026-03-03"},
]
ROW_IDS = [{"id": number, "stage": "New", "changed_at": "2026-03-02"} for number in range(3)]
LOCAL = [{"Id": "006A", "StageName": "New", "IsClosed": "false", "CreatedDate": "2026-03-01 09:00"}]
FIELDS = [
    {
        "OpportunityId": "006A",
        "Field": "StageName",
        "OldValue": "New",
        "NewValue": "Won",
        "CreatedDate": "2026-03-01T09:00:00.000Z",
    }
]


def refused(source: Any, **options: Any) -> sf.StageFunnelError:
    with pytest.raises(sf.StageFunnelError) as error:
        sf.read(source, **options)
    return error.value


def as_flags(error: sf.StageFunnelError) -> str:
    return error.spelled(lambda option: f"--{option.name.replace('_', '-')} {option.plain}".strip())


def test_a_row_without_a_stage_is_refused_with_its_place_and_the_option_that_drops_it() -> None:
    error = refused(EVENTS)
    assert str(error).startswith("the input, record 2: ")
    assert 'invalid="drop"' in str(error)
    assert "--invalid drop" in as_flags(error)
    assert "invalid=" not in as_flags(error)


def test_a_column_that_does_not_exist_is_refused_by_its_option() -> None:
    error = refused(pd.DataFrame(EVENTS), stage="stagee", item="deal_id", time="changed_at")
    assert error.option == "stage"
    assert as_flags(error).startswith("--stage stagee: there is no such column; ")


def test_a_format_with_columns_of_its_own_refuses_names_of_columns() -> None:
    error = refused(BITRIX24 / "crm_deal_stage_history.csv", crm="bitrix24", from_stage="STAGE_NAME")
    assert error.option == "crm"
    assert as_flags(error) == "--crm bitrix24 has its own columns; leave out --from-stage"


def test_a_pipeline_for_leads_and_deals_is_refused() -> None:
    error = refused(str(BITRIX24 / "*.json"), pipeline=sf.Pipeline("NEW"))
    assert error.option == "pipeline"
    assert as_flags(error).endswith("or leave out --pipeline")


def test_the_id_of_a_row_is_refused_with_the_option_that_names_the_item() -> None:
    error = refused(ROW_IDS)
    assert error.option == "item"
    assert as_flags(error).endswith(
        "name the column of the item: --item (--item id if each item has one row)"
    )
    assert sf.read(ROW_IDS, item="id").log.n_items == 3


def test_times_of_which_only_some_have_a_zone_are_refused_with_the_option_that_gives_it() -> None:
    error = refused([FIELDS, LOCAL])
    assert error.option == "zone"
    assert as_flags(error).endswith("pass --zone for the other")


def test_an_unknown_file_is_refused_with_the_options_that_name_its_columns() -> None:
    assert "can be named: --item, --stage, --time. Known formats:" in as_flags(refused([{"colour": "red"}]))
