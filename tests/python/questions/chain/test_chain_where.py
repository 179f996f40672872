"""Conditions of a chain: they choose leads, and with them the deals that are linked to any of these."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal

LEADS = sf.StageLog(
    {
        "item": [1, 1, 2, 2, 3, 4, 4],
        "stage": ["New", "Converted", "New", "Converted", "New", "New", "Converted"],
        "time": [0, 2, 1, 3, 2, 4, 6],
    },
    items=pd.DataFrame({"item": [1, 2, 3, 4], "source": ["web", "tv", "web", "tv"]}),
)
DEALS = sf.StageLog(
    {
        "item": [11, 11, 12, 13, 13, 14],
        "stage": ["Offer", "Won", "Offer", "Offer", "Lost", "Offer"],
        "time": [2, 9, 3, 6, 8, 7],
    },
    items=pd.DataFrame({"item": [11, 12, 13, 14], "amount": [10, 20, 30, 40]}),
)
# Deal 11 is of leads 1 and 2, deal 12 of lead 2, deal 13 of lead 4; deal 14 has no lead.
LINKS = {"deal_id": [11, 11, 12, 13, 14], "lead_id": [1, 2, 2, 4, None]}
STAGES: dict[str, Any] = {
    "lead_pipeline": sf.Pipeline("New", won="Converted"),
    "deal_pipeline": sf.Pipeline("Offer", won="Won", lost="Lost"),
}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"kind": "both", "amount": "amount"},
    {"basis": "origin", "amount": "amount"},
    {"basis": "origin", "within": 5},
    {"period": (1, 8), "period_basis": "created"},
    {"as_of": 8},
]


def test_the_chosen_leads_have_the_deals_that_are_linked_to_any_of_them() -> None:
    table = sf.chain_funnel(LEADS, DEALS, LINKS, **STAGES, where={"source": "web"})
    # Leads 1 and 3, of which 1 is converted, and deal 11, which is won and of lead 2 as well.
    assert table["reached"].tolist() == [2, 1, 1, 1, 0]
    assert table.attrs["stagefunnel"]["unlinked"] == {"classic": 0}
    shown = str(sf.show(table))
    assert "Only leads where source is web, and the deals linked to them: 2 leads of 4" in shown
    assert table.attrs["stagefunnel"]["links"]["rows"] == 5


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(
    ("where", "leads", "deals"),
    [
        ({"source": "web"}, [1, 3], [11]),
        ({"source": "tv"}, [2, 4], [11, 12, 13]),
        ({"source": ["web", "tv"]}, [1, 2, 3, 4], [11, 12, 13]),
        ({"source": None}, [], []),
    ],
    ids=str,
)
def test_the_answer_is_that_of_the_chosen_items(
    where: Any, leads: list[int], deals: list[int], options: dict[str, Any]
) -> None:
    found = sf.chain_funnel(LEADS, DEALS, LINKS, **STAGES, where=where, **options)
    kept = (log.filter(items=items, empty="allow") for log, items in ((LEADS, leads), (DEALS, deals)))
    expected = sf.chain_funnel(*kept, LINKS, **STAGES, **options, missing="ignore")
    assert_frame_equal(found, expected)


def test_a_column_of_the_deals_alone_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="amount") as refused:
        sf.chain_funnel(LEADS, DEALS, LINKS, **STAGES, where={"amount": ">10"})
    assert refused.value.__notes__ == ["in the leads"]
