"""Further columns of a stream: the same as those of one table of all rows, however they are cut."""

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import assert_frame_equal
from log.test_streams import FORMS, batches_of

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won")
COLUMNS = ["who", "value", "vip", "seen"]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(1, 12))

    def some(*values: Any) -> list[Any]:
        return [draw(st.sampled_from(values)) for _ in range(n)]

    return pd.DataFrame(
        {
            "item": some(1, 2, 3),
            "stage": pd.Series(some("New", "Offer", "Won", None), dtype="str"),
            "time": [draw(st.integers(0, 9)) for _ in range(n)],
            "who": pd.Series(some("ann", "bob", None), dtype="str"),
            "value": pd.Series(some(1.5, 200, None), dtype=float),
            "vip": pd.Series(some(True, False), dtype=bool),
            "seen": pd.Series(some(DAY, DAY.replace(day=9)), dtype="datetime64[us, UTC]"),
        }
    )


@given(frames(), st.lists(st.integers(0, 12), max_size=4), st.sampled_from(list(FORMS)))
def test_a_stream_keeps_the_columns_of_the_rows_that_it_keeps(
    frame: pd.DataFrame, cuts: list[int], form: str
) -> None:
    options: dict[str, Any] = {"columns": COLUMNS, "invalid": "drop", "empty": "allow"}
    batches = map(FORMS[form], batches_of(frame, cuts))
    found = sf.StageLog.from_batches(batches, **options)
    expected = sf.StageLog(frame, **options)
    assert repr(found) == repr(expected)
    for by in COLUMNS:
        for at in ("first_touch", "last_touch"):
            steps = {"by": by, "attribution": at, "missing": "ignore"}
            tables = [sf.sequence_funnel(log, ["New", "Won"], **steps) for log in (found, expected)]
            assert_frame_equal(*tables, check_dtype=form == "pandas")
    big = sf.Step("*", where=[{"value": ">1.5"}, "vip"])
    tables = [sf.sequence_items(log, [big, "*"], hold="who", missing="ignore") for log in (found, expected)]
    assert_frame_equal(*tables)


def test_a_batch_without_a_value_has_no_type_of_its_own() -> None:
    rows = {"item": [1, 2], "stage": ["New", "Won"], "time": [0, 1]}
    batches = [
        {**rows, "n": [7, 8]},
        {**rows, "n": pd.Series([None, None], dtype=object)},
        {**rows, "n": [9, 7]},
    ]
    log = sf.StageLog.from_batches(batches, columns="n")
    table = sf.sequence_funnel(log, [sf.Step("New", where={"n": None})])
    assert list(table["reached"]) == [1]
    assert list(sf.sequence_funnel(log, [sf.Step("Won", where={"n": ">=8"})])["reached"]) == [1]
    nothing = sf.StageLog.from_batches([batches[1]], columns="n")
    assert list(sf.sequence_funnel(nothing, [sf.Step("New", where={"n": None})])["reached"]) == [1]


def test_a_column_of_categories_of_its_own_in_each_batch_is_one_column() -> None:
    rows = {"item": [1, 2], "stage": ["New", "Won"], "time": [0, 1]}
    batches = [{**rows, "who": pd.Categorical(names)} for names in (["ann", "bob"], ["cid", "ann"])]
    log = sf.StageLog.from_batches(batches, columns="who")
    table = sf.sequence_funnel(log, [sf.Step("New", where={"who": ["ann", "cid"]})])
    assert list(table["reached"]) == [1]


def test_categories_of_all_batches_keep_their_order() -> None:
    rows = {"item": [1, 2], "stage": ["New", "Won"], "time": [0, 1]}
    sizes = pd.CategoricalDtype(["small", "big"], ordered=True)
    batches = [
        {**rows, "item": items, "size": pd.Categorical(sizes_of, dtype=sizes)}
        for items, sizes_of in (([1, 2], ["big", "small"]), ([3, 4], ["small", "big"]))
    ]
    log = sf.StageLog.from_batches(batches, columns="size")
    assert list(sf.funnel(log, PIPELINE, by="size", missing="ignore")["size"].unique()) == ["small", "big"]


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        ([1, 2], ["x", "y"], "column 'n' has text, the batches before have numbers; make them one type"),
        (["x", "y"], [True, False], "column 'n' has true and false, the batches before have text"),
        (
            pd.to_datetime(["2026-01-01"] * 2),
            pd.to_datetime(["2026-01-01"] * 2, utc=True),
            "column 'n' has times in UTC, the batches before have times without a zone",
        ),
    ],
)
def test_batches_of_other_kinds_are_refused(first: Any, then: Any, message: str) -> None:
    rows = {"item": [1, 2], "stage": ["New", "Won"], "time": [0, 1]}
    with pytest.raises(sf.SchemaError) as raised:
        sf.StageLog.from_batches([{**rows, "n": first}, {**rows, "n": then}], columns="n")
    assert "in the batch that begins at row 2: " in str(raised.value)
    assert message in str(raised.value)


def test_a_column_that_a_batch_lacks_is_refused() -> None:
    rows = pd.DataFrame({"item": [1], "stage": ["New"], "time": [0], "amount": [7]})
    with pytest.raises(sf.SchemaError, match="no column 'amuont'"):
        sf.StageLog.from_batches([rows], columns="amuont")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_keep_columns_too(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame(
        {
            "item": ["a", "a", "b", "b"],
            "stage": ["New", "Won", "New", "Won"],
            "time": pd.date_range("2026-03-01", periods=4),
            "amount": [1.0, 250.0, 3.0, np.nan],
            "code": ["007", "x", None, "7"],
        }
    )
    file = tmp_path / f"rows.{kind}"
    if kind == "csv":
        frame.to_csv(file, index=False)
        log = sf.StageLog.from_csv(file, columns=["amount", "code"], keys="keep")
    else:
        frame.to_parquet(file)
        log = sf.StageLog.from_parquet(file, columns=["amount", "code"], keys="keep")
    for where, expected in (
        ({"amount": ">100"}, ["a"]),
        ({"amount": None}, ["b"]),
        ({"code": "x"}, ["a"]),
        ({"code": "7"}, ["b"]),
    ):
        items = sf.sequence_items(log, ["New", sf.Step("Won", where=where)])
        assert list(items.loc[items["level"] == 2, "item"]) == expected
    amounts = sf.funnel(log, PIPELINE, amount="amount", missing="ignore")
    assert amounts["amount"].iloc[0] == 250
    again = pickle.loads(pickle.dumps(log))
    assert_frame_equal(sf.funnel(again, PIPELINE, amount="amount", missing="ignore"), amounts)
