"""Columns of the items table are of today: questions about past dates refuse them, also in bands."""

import pytest

import stagefunnel as sf
from stagefunnel.questions.scope.today import columns_of_today, refuse_of_today

ROWS = {"item": [1, 2], "stage": ["New", "New"], "time": ["2026-01-01", "2026-01-02"]}
ITEMS = {"item": [1, 2], "amount": [5.0, 7.0], "team": ["a", "b"], "at: noon": ["yes", "no"], 7: [1, 2]}


def test_a_column_of_the_items_table_is_of_today_by_its_name_and_by_its_bands() -> None:
    log = sf.StageLog(ROWS, items=ITEMS)
    names = ["amount:4,6", "amount", "team", "at: noon", "stage", "stage:2", 7, 8]
    assert columns_of_today(log, names, []) == ["amount:4,6", "amount", "team", "at: noon", 7]
    assert columns_of_today(log, names, ["team", "amount"]) == ["amount:4,6", "at: noon", 7]
    assert columns_of_today(sf.StageLog(ROWS), names, []) == []


def test_the_first_such_column_is_named() -> None:
    log = sf.StageLog(ROWS, items=ITEMS)
    refuse_of_today(log, "features", ["stage", "team"], ["team"])
    with pytest.raises(sf.SchemaError, match="features='amount:3' is a column of the items table") as caught:
        refuse_of_today(log, "features", ["stage", "amount:3", "team"], [])
    assert str(caught.value).endswith("if 'amount:3' was the same at each date, name it in static=")
