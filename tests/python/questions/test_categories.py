"""The categories of stages, which are made once and serve all tables."""

from typing import Any

import pytest

import stagefunnel as sf


def funnel_of(labels: list[Any]) -> Any:
    log = sf.StageLog({"item": [7, 7], "stage": labels, "time": [0, 1]})
    return sf.funnel(log, sf.Pipeline(labels[:1], won=labels[1:]))


@pytest.mark.parametrize("labels", [[1, 2], [1.0, 2.0], ["1", "2"]], ids=str)
def test_labels_that_are_equal_and_of_other_types_are_other_stages(labels: list[Any]) -> None:
    categories = funnel_of(labels)["stage"].cat.categories.tolist()
    assert categories == labels
    assert [*map(type, categories)] == [*map(type, labels)]


def test_what_is_done_to_the_categories_of_a_table_stays_in_it() -> None:
    table = funnel_of(["New", "Won"])
    table["stage"].cat.categories.name = "renamed"
    table["outcome"] = table["outcome"].cat.set_categories(["won", "open", "lost"], ordered=True)
    other = funnel_of(["New", "Won"])
    assert other["stage"].cat.categories.name is None
    assert other["outcome"].cat.categories.tolist() == ["open", "won", "lost"]
    assert other["outcome"].tolist() == ["open", "won"]
    assert not other["outcome"].cat.ordered
