"""Rows of an item with equal times stand in one order, however they arrive."""

from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL
from stagefunnel.log.stage_log import with_data
from stagefunnel.log.tied_rows import with_ties_ordered
from stagefunnel.times.stamps import NAT

# Item 1 has three rows at 5, one of which repeats a stage; item 2 has none that share a time.
ROWS = [
    {"item": 1, "stage": "Won", "time": 5, "who": "b", "id": "10", "exited": None},
    {"item": 1, "stage": "New", "time": 5, "who": None, "id": "9", "exited": 7},
    {"item": 1, "stage": "New", "time": 5, "who": "a", "id": None, "exited": 7},
    {"item": 1, "stage": "Note", "time": 3, "who": "a", "id": "1", "exited": None},
    {"item": 2, "stage": "New", "time": 5, "who": "c", "id": "4", "exited": None},
]


def journeys(log: sf.StageLog, item: int) -> list[tuple[Any, ...]]:
    """Read the rows of an item off the journeys: stage, time, and what the log has beside."""
    data = log._data
    place = data.keys_at(data.journeys.first_row).tolist().index(item)
    begin, end = data.journeys.offsets[place : place + 2].tolist()
    columns = [
        [data.labels[code] for code in data.journeys.stage[begin:end]],
        data.journeys.time[begin:end].tolist(),
    ]
    if data.columns is not None:
        columns.append(data.columns.values_at("who", np.arange(begin, end)).tolist())
    if data.marks is not None:
        assert data.marks.ended is not None
        columns.append([None if one == NAT else one for one in data.marks.ended[begin:end].tolist()])
    return [tuple(None if pd.isna(one) else one for one in row) for row in zip(*columns, strict=True)]


def log_of(rows: list[dict[str, Any]], **options: Any) -> sf.StageLog:
    frame = pd.DataFrame(rows).astype({"who": object, "id": object})
    return sf.StageLog(frame, **{"columns": ["who"]} | options)


def ordered(log: sf.StageLog, *arguments: Any) -> sf.StageLog:
    return with_data(log, with_ties_ordered(log._data, *arguments))


@pytest.mark.parametrize("seed", range(8))
def test_stages_stand_in_the_order_of_the_pipeline_and_repeats_in_that_of_their_values(seed: int) -> None:
    rows = Random(seed).sample(ROWS, len(ROWS))
    log = ordered(log_of(rows), SMALL)
    assert journeys(log, 1) == [("Note", 3, "a"), ("New", 5, "a"), ("New", 5, None), ("Won", 5, "b")]
    assert journeys(log, 2) == [("New", 5, "c")]


@pytest.mark.parametrize("seed", range(8))
def test_a_column_goes_before_the_pipeline_and_its_missing_values_come_last(seed: int) -> None:
    rows = Random(seed).sample(ROWS, len(ROWS))
    log = ordered(log_of(rows, columns=["who", "id"]), SMALL, "id")
    assert journeys(log, 1) == [("Note", 3, "a"), ("New", 5, None), ("Won", 5, "b"), ("New", 5, "a")]
    assert log._data.columns is not None
    assert log._data.columns.names == ["who"]


@pytest.mark.parametrize("seed", range(4))
def test_without_a_pipeline_stages_stand_by_their_labels(seed: int) -> None:
    rows = [{"item": 1, "stage": stage, "time": 0, "who": "a", "id": "1"} for stage in ("b", "c", "a")]
    log = ordered(log_of(Random(seed).sample(rows, 3)), None)
    assert [row[0] for row in journeys(log, 1)] == ["a", "b", "c"]


def test_ends_move_with_their_rows() -> None:
    frame = pd.DataFrame(ROWS)
    log = ordered(sf.StageLog(frame, exited="exited"), SMALL)
    assert [row[::2] for row in journeys(log, 1)] == [("Note", None), ("New", 7), ("New", 7), ("Won", None)]


def test_a_log_whose_rows_stand_right_is_the_same() -> None:
    log = log_of(sorted(ROWS, key=lambda row: row["stage"]))
    right = ordered(log, None)
    assert ordered(right, None)._data is right._data


def test_names_of_stages_that_are_one_stand_at_its_place() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", aliases={"Fresh": "New"})
    rows = [{"item": 1, "stage": stage, "time": 0, "who": "a", "id": "1"} for stage in ("Offer", "Fresh")]
    assert [row[0] for row in journeys(ordered(log_of(rows), pipeline), 1)] == ["Fresh", "Offer"]


def test_items_of_long_texts_keep_their_keys() -> None:
    rows = [row | {"item": f"a deal with a long name {row['item']}"} for row in ROWS]
    log = ordered(log_of(rows), SMALL)
    assert sorted(sf.item_table(log, SMALL, unlisted="ignore")["item"]) == sorted(
        {row["item"] for row in rows}
    )
    assert sf.funnel(log, SMALL, where={"who": ["a"]}, unlisted="ignore")["reached"].tolist() == [1, 0, 1, 0]
