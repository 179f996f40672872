"""Conditions that choose the items of a question."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf

ROWS = {
    "item": [1, 1, 2, 3, 3, 4],
    "stage": ["New", "Won", "New", "New", "Lost", "New"],
    "time": [0, 5, 1, 2, 9, 3],
    "channel": ["web", "web", "tv", "web", "tv", "tv"],
}
ITEMS = pd.DataFrame(
    {
        "item": [1, 2, 3],
        "source": ["web", "web", None],
        "amount": [10, 200, 150.5],
        "year": [2025, 2026, 2026],
        "big": [False, True, True],
        "begun": pd.to_datetime(["2026-01-01", "2026-02-01", None]),
        "text": [">100", "5", "12"],
        "code": ["007", "7", "12"],
        "share": ["0.5", "1", None],
        "flag": ["TRUE", "no", "1"],
    }
)
PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
LOG = sf.StageLog(ROWS, items=ITEMS, columns=["channel"])
# The items that each condition keeps; the table does not have item 4.
CONDITIONS: list[tuple[Any, list[int]]] = [
    ({"source": "web"}, [1, 2]),
    ({"source": ["web", "tv"]}, [1, 2]),
    ({"source": None}, [3, 4]),
    ({"source": ["web", None]}, [1, 2, 3, 4]),
    ({"source": "!=web"}, [3, 4]),
    ({"source": "== web"}, [1, 2]),
    ({"amount": ">100"}, [2, 3]),
    ({"amount": ">= 200"}, [2]),
    ({"amount": "<=10"}, [1]),
    ({"amount": 10}, [1]),
    ({"amount": "10"}, [1]),
    ({"year": "2026"}, [2, 3]),
    ({"year": "!=2026"}, [1, 4]),
    ({"begun": ">=2026-01-15"}, [2]),
    ({"begun": "2026-01-01"}, [1]),
    ({"text": ["12"]}, [3]),
    ({"text": [">100"]}, [1]),
    ("big", [2, 3]),
    ({"big": False}, [1]),
    ({"big": "yes"}, [2, 3]),
    ({"channel": "tv"}, [2, 4]),
    ({"source": "web", "amount": ">100"}, [2]),
    ({"amount": ">1e9"}, []),
    ([{"amount": ">100"}, {"amount": "<200"}], [3]),
    (["big", {"source": None}], [3]),
    ({"source": "!="}, [1, 2]),
    ({"source": "=="}, [3, 4]),
    ({"text": "12.0"}, []),  # ">100" among them is not a number
    ({"code": "7"}, [2]),  # 007 is a code, and not a number
    ({"share": "0.50"}, [1]),
    ({"share": 0.5}, [1]),
    ("flag", [1, 3]),
    ({"flag": False}, [2]),
    ({"source": "telephone"}, []),
    ({"year": 2027}, []),
]


@pytest.mark.parametrize(("where", "items"), CONDITIONS, ids=[str(where) for where, _ in CONDITIONS])
def test_the_answer_is_that_for_the_items_that_fulfil_the_conditions(where: Any, items: list[int]) -> None:
    kept = LOG.filter(items=items, empty="allow")
    for ask in (sf.funnel, sf.outcomes):
        expected = ask(kept, PIPELINE, missing="ignore")
        found = ask(LOG, PIPELINE, where=where)
        pd.testing.assert_frame_equal(found, expected)
        assert found.attrs["stagefunnel"]["where"]["items"] == len(items)
        assert found.attrs["stagefunnel"]["where"]["of"] == 4


def test_without_items_a_breakdown_has_no_rows_and_the_full_table_has_base_0() -> None:
    assert sf.outcomes(LOG, PIPELINE, where={"amount": "<0"})["base"].tolist() == [0]
    assert len(sf.outcomes(LOG, PIPELINE, by="source", where={"amount": "<0"})) == 0
    assert "Only items where amount < 0: no item of 4" in str(
        sf.show(sf.funnel(LOG, PIPELINE, where={"amount": "<0"}))
    )


def test_in_an_items_table_without_rows_no_item_has_a_value() -> None:
    items = pd.DataFrame({"item": pd.Series([], dtype="int64"), "who": pd.Series([], dtype="str")})
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 1, 2]}, items=items)
    pipeline = sf.Pipeline("New", won="Won")
    assert sf.outcomes(log, pipeline, where={"who": None})["base"].tolist() == [2]
    assert sf.outcomes(log, pipeline, where={"who": "!="})["base"].tolist() == [0]


def test_the_display_names_the_conditions() -> None:
    shown = str(sf.show(sf.funnel(LOG, PIPELINE, where={"source": ["web", "tv"], "amount": ">100"})))
    assert "Only items where source is web or tv, amount > 100: 1 item of 4" in shown


def test_the_log_is_observed_as_long_as_the_whole_one() -> None:
    # The last row of the chosen items is at 5, that of the whole log at 9.
    table = sf.outcomes(LOG, PIPELINE, within=7, where={"source": "web"})
    assert (table["base"].tolist(), table["too_recent"].tolist()) == ([2], [0])


def test_a_stage_that_the_chosen_items_lack_is_no_slip_of_the_pen() -> None:
    rows = {**ROWS, "stage": ["Offer A", "Won", "Offer A", "Offer B", "Lost", "Offer B"]}
    log = sf.StageLog(rows, items=ITEMS)
    pipeline = sf.Pipeline(["Offer A", "Offer B"], won="Won", lost="Lost")
    assert sf.funnel(log, pipeline, where={"source": "web"})["reached"].tolist() == [2, 0, 1, 0]
    with pytest.raises(sf.UnknownStageError):
        sf.funnel(log, sf.Pipeline(["Offer A", "Offer C"], won="Won", lost="Lost"), where={"source": "web"})


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"sourxe": "web"}, "did you mean 'source'"),
        ({"source": "wbe"}, "no item has 'wbe' in column 'source'; did you mean 'web'"),
        ({"source": ">100"}, "compares numbers or moments"),
        ({"amount": ">many"}, "compares numbers or moments"),
        ({"big": ">1"}, "compares numbers or moments"),
        ({"begun": ">2026-01-01T00:00Z"}, "compares numbers or moments"),
        ({}, "has no condition"),
        (5, "is not conditions by column"),
        ([], "has no condition"),
        ("source", "is true or false, and column 'source' holds 'web'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_right(where: Any, says: str) -> None:
    with pytest.raises(sf.SchemaError, match=says):
        sf.outcomes(LOG, PIPELINE, where=where)


def test_many_items_are_chosen_alike_whatever_the_number_of_threads() -> None:
    n = 100_000
    frame = pd.DataFrame(
        {"item": np.repeat(np.arange(n), 2), "stage": ["New", "Won"] * n, "time": np.arange(2 * n)}
    )
    items = pd.DataFrame({"item": np.arange(n), "amount": np.arange(n) % 7})
    chosen = frame[frame["item"] % 7 > 3]
    expected = sf.item_table(sf.StageLog(chosen, observed_until=2 * n - 1), sf.Pipeline("New", won="Won"))
    for threads in (1, 4):
        log = sf.StageLog(frame, items=items, threads=threads)
        found = sf.item_table(log, sf.Pipeline("New", won="Won"), where={"amount": ">3"})
        pd.testing.assert_frame_equal(found, expected)
