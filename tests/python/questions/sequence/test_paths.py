"""The order of equally frequent paths between two steps, and the medians of their times."""

import enum
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import frame_of


def rows_of(*journeys: str) -> list[tuple[int, str, int]]:
    return [
        (item, stage, time) for item, path in enumerate(journeys) for time, stage in enumerate(path.split())
    ]


def paths_of(rows: Any, steps: Any = ("visit", "order"), **options: Any) -> list[str]:
    log = sf.StageLog(frame_of(rows), invalid="keep_stage")
    found: list[str] = sf.sequence_paths(log, list(steps), **options)["path"].tolist()
    return found


TIES = ["visit ad help cart order", "visit cart order", "visit ad order", "visit order"]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2], [2, 0, 3, 1]])
def test_equally_frequent_paths_are_in_the_order_of_their_stages(order: list[int]) -> None:
    journeys = [TIES[place] for place in order]
    expected = ["(nothing)", "ad", "ad → help → cart", "cart"]
    assert paths_of(rows_of(*journeys)) == expected
    # Rows of other items, which come first and name the stages in another order, change nothing.
    strange = [(99, stage, time) for time, stage in enumerate(["help", "cart", "ad", "visit"])]
    assert paths_of([*strange, *rows_of(*journeys)]) == expected
    cut = paths_of(rows_of(*journeys), max_stages=1)
    assert cut == ["(nothing)", "ad", "ad → …", "cart"]
    assert paths_of(rows_of(*journeys), top=2) == ["(nothing)", "ad", "other (2 paths)"]


def test_paths_of_one_item_are_in_that_order_too() -> None:
    rows = [(1, stage, time) for time, stage in enumerate(["visit", "help", "order", "visit", "ad", "order"])]
    assert paths_of(rows, entries="all") == ["ad", "help"]


def test_a_missing_stage_is_after_the_others_and_numbers_are_in_the_order_of_their_values() -> None:
    rows = [*rows_of("visit zoo order"), (7, "visit", 0), (7, None, 1), (7, "order", 2)]
    assert paths_of(rows) == ["zoo", "(missing)"]
    numbers = [(item, stage, time) for item in (9, 10, 1) for time, stage in enumerate([100, item, 200])]
    assert paths_of(numbers, (100, 200)) == ["1", "9", "10"]
    members = [
        (item, Channel[name], time)
        for item, path in enumerate(("A Z B", "A Y B"))
        for time, name in enumerate(path.split())
    ]
    assert paths_of(members, (Channel.A, Channel.B)) == ["Channel.Y", "Channel.Z"]


class Channel(enum.Enum):
    """Stages whose order is neither that of their names nor that of their values."""

    Z = "n"
    A = "x"
    Y = "o"
    B = "m"


def test_the_median_of_nanoseconds_is_exact() -> None:
    # A year and some nanoseconds take more digits than a float has.
    lengths = [31_536_000_000_000_001, 31_536_000_000_000_004]
    rows = [
        (item, stage, pd.Timestamp(time))
        for item, length in enumerate(lengths)
        for stage, time in (("visit", 0), ("order", length))
    ]
    table = sf.sequence_paths(sf.StageLog(frame_of(rows)), ["visit", "order"])
    # Half to even.
    assert table["median"].tolist() == [pd.Timedelta(31_536_000_000_000_002)]


def grouped_log() -> sf.StageLog:
    """Make two items of Ann, the second by way of help, and one of Bob; the value is of the row."""
    day = pd.Timestamp("2026-01-30")
    rows = [
        (item, stage, day + pd.Timedelta(days=3 * item + time), 100 * item + time)
        for item, path in enumerate(["visit order", "visit help order", "visit order"])
        for time, stage in enumerate(path.split())
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "value"])
    return sf.StageLog(
        frame, columns=["value"], items=pd.DataFrame({"item": range(3), "who": ["Ann", "Ann", "Bob"]})
    )


def test_each_group_has_its_own_paths_and_its_own_rest() -> None:
    log = grouped_log()
    table = sf.sequence_paths(log, ["visit", "order"], by="who", top=1)
    assert table[["who", "path", "items", "share"]].to_numpy().tolist() == [
        ["Ann", "(nothing)", 1, 0.5],
        ["Ann", "other (1 path)", 1, 0.5],
        ["Bob", "(nothing)", 1, 1.0],
    ]
    assert "Most often: (nothing) (Ann, 1, 50%); a tie with 1 more." in str(sf.show(table))
    with pytest.raises(sf.SchemaError, match=r"all_events.*between which come rows of others"):
        sf.sequence_paths(log, ["visit", "order"], by="value", attribution="all_events")


@pytest.mark.parametrize(
    ("by", "options", "column", "values"),
    [
        ("created:month", {}, "by_created", ["2026-01", "2026-02"]),
        ("value:[100, 150]", {}, "by_value", ["below 100", "100 to 150", "150 and more"]),
        (
            "value:[101, 200]",
            {"attribution": "last_touch"},
            "by_value",
            ["below 101", "101 to 200", "200 and more"],
        ),
        (["who", "created:year"], {}, "who", ["Ann", "Bob"]),
    ],
)
@pytest.mark.parametrize(
    "question", [sf.sequence_paths, sf.sequence_funnel, sf.sequence_trend, sf.time_to_convert]
)
def test_groups_that_the_log_knows(
    question: Any, by: Any, options: dict[str, Any], column: str, values: list[str]
) -> None:
    table = question(grouped_log(), ["visit", "order"], by=by, **options)
    assert table[column].astype(str).unique().tolist() == values


def test_items_of_an_unknown_start_are_in_no_span_of_creation() -> None:
    frame = frame_of(rows_of("visit order", "visit order")).assign(unsure=[True, False, False, False])
    frame["time"] = pd.to_datetime(frame["time"], unit="D")
    log = sf.StageLog(frame, start_unknown="unsure")
    table = sf.sequence_funnel(log, ["visit", "order"], by="created:year")
    assert table["by_created"].astype(object).where(table["by_created"].notna(), None).map(str).tolist() == [
        *["1970"] * 2,
        *["None"] * 2,
    ]


@pytest.mark.parametrize("by", ["outcome", "last_stage"])
def test_groups_that_need_a_pipeline_are_refused(by: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"'{by}' needs a pipeline"):
        sf.sequence_funnel(grouped_log(), ["visit", "order"], by=by)
