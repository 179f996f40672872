"""Answers in pages: a note says that the last page is missing."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import answer, count

HUBSPOT = answer("hubspot/deals.json")
KOMMO = answer("kommo/events.json")
FLOW = answer("pipedrive/flow.json")[0]
ROW = {"Id": "1", "OpportunityId": "6", "StageName": "Proposal", "CreatedDate": "2026-03-01T09:00:00Z"}


def with_more(page: dict[str, Any]) -> dict[str, Any]:
    pagination = {"start": 0, "limit": 5, "more_items_in_collection": True, "next_start": 5}
    return page | {"additional_data": {"pagination": pagination}}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(HUBSPOT[0], id="hubspot"),
        pytest.param(KOMMO[0], id="kommo"),
        pytest.param(with_more(FLOW), id="pipedrive"),
        pytest.param(
            {"totalSize": 9, "done": False, "nextRecordsUrl": "/query/01g-2000", "records": [ROW]},
            id="salesforce",
        ),
    ],
)
def test_an_answer_with_a_next_page_is_noted_as_incomplete(given: dict[str, Any]) -> None:
    assert count(sf.read(given), "pages_not_fetched") == 1


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([HUBSPOT], id="pages in one file"),
        pytest.param(HUBSPOT, id="a file for each page"),
        pytest.param(KOMMO[::-1], id="pages in another order"),
        pytest.param([[FLOW]], id="one page"),
    ],
)
def test_an_answer_with_its_last_page_is_complete(given: list[Any]) -> None:
    assert count(sf.read(given), "pages_not_fetched") == 0


def test_rows_that_a_query_counts_and_does_not_hold_are_counted() -> None:
    assert count(sf.read({"totalSize": 9, "done": False, "records": [ROW]}), "rows_not_fetched") == 8
