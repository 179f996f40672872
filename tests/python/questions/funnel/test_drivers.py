"""Which values go with winning: by hand, as single comparisons, and what is refused."""

import math
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log

SOURCES = ["fair"] * 40 + ["web"] * 60
PATHS = ["New > Won"] * 30 + ["New > Lost"] * 10 + ["New > Won"] * 15 + ["New > Offer"] * 45
HALF = ["x", "y"] * 50


def log_of(**more: Any) -> sf.StageLog:
    items = {"item": list(range(1, 101)), "source": SOURCES, "half": HALF, **more}
    return journeys_log(*PATHS, items=items)


def test_each_value_is_compared_with_all_other_items() -> None:
    """Of 40 deals of fairs 30 are won now, of 60 of the web 15; the halves are won alike, 23 and 22 of 50."""
    table = sf.drivers(log_of(), SMALL, ["half", "source"], static=["half", "source"])
    assert list(table.columns) == [
        *("column", "value", "n", "conversion", "conversion_rest"),
        *("difference", "difference_low", "difference_high", "p_adjusted"),
    ]
    assert table["column"].tolist() == ["source", "source", "half", "half"]
    fair = table.iloc[0]
    assert fair[["value", "n", "conversion", "conversion_rest"]].tolist() == ["fair", 40, 0.75, 0.25]
    alone = sf.stats.compare_proportions(30, 40, 15, 60).iloc[0]
    assert fair[["difference_low", "difference_high"]].tolist() == alone[["low", "high"]].tolist()
    halves = sf.stats.compare_proportions(HALF[:30].count("x") + HALF[40:55].count("x"), 50, 22, 50)
    p_values = [alone["p_value"]] * 2 + [halves["p_value"][0]] * 2
    assert table["p_adjusted"].tolist() == pytest.approx(sf.stats.adjust_p_values(p_values).tolist())
    text = str(sf.show(table)).replace("\xa0", " ")
    assert "source fair goes with winning: 75% against 25% of the rest (+50 points" in text
    assert "source web goes with not winning" in text
    assert "cause" not in text


def test_a_column_of_today_has_to_be_vouched_for() -> None:
    with pytest.raises(sf.SchemaError, match="values are of today"):
        sf.drivers(log_of(), SMALL, ["source"])
    with pytest.raises(sf.SchemaError, match="values are of today"):
        sf.drivers(log_of(worth=range(100)), SMALL, "worth:[0, 50]")
    assert len(sf.drivers(log_of(worth=range(100)), SMALL, "worth:[0, 50]", static="worth:[0, 50]")) == 2
    with pytest.raises(sf.SchemaError, match="not one of the columns"):
        sf.drivers(log_of(), SMALL, "source", static=["source", "half"])


@pytest.mark.parametrize("name", ["amount", "base", "reached", "n"])
def test_columns_may_be_called_as_those_of_other_tables(name: str) -> None:
    table = sf.drivers(log_of(**{name: SOURCES}), SMALL, name, static=name)
    assert table["column"].tolist() == [name, name]
    assert table["value"].tolist() == ["fair", "web"]


@pytest.mark.parametrize("column", ["outcome", "last_stage"])
def test_what_is_known_from_the_end_explains_nothing(column: str) -> None:
    with pytest.raises(sf.SchemaError, match="known"):
        sf.drivers(log_of(), SMALL, column)


def test_a_column_of_the_log_is_read_at_the_beginning() -> None:
    rows = {"item": [1, 1, 2, 2], "stage": ["New", "Won", "New", "Lost"], "time": [0, 1, 0, 1]}
    log = sf.StageLog({**rows, "who": ["Ann", "Bob", "Bob", "Ann"]}, columns="who")
    table = sf.drivers(log, SMALL, "who", missing="ignore")
    assert table[["value", "conversion"]].to_numpy().tolist() == [["Ann", 1], ["Bob", 0]]


def test_one_value_alone_has_no_rest() -> None:
    table = sf.drivers(log_of(one=["a"] * 100), SMALL, "one", static="one")
    assert len(table) == 1
    assert table["conversion"][0] == 0.45
    assert math.isnan(table["conversion_rest"][0])
    assert "No value clearly goes with winning or losing." in str(sf.show(table))


def test_the_smaller_groups_are_one() -> None:
    table = sf.drivers(log_of(), SMALL, ["source"], static=["source"], top=1)
    assert {*table["value"]} == {"web", "other (1 group)"}
    assert isinstance(table, pd.DataFrame)
