"""Columns that a log keeps beside item, stage and time: their sources, their types, what is refused."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.log.columns import category


@pytest.mark.parametrize("source", ["frame", "mapping", "arrow", "polars", "arrays"])
def test_columns_come_from_whatever_holds_the_log(source: str) -> None:
    columns = {
        "item": [1, 2, 1, 2],
        "stage": ["New", "New", "Won", "Lost"],
        "time": [0, 0, 5, 5],
        "who": ["Ann", None, "Bob", "Bob"],
        "sum": [1.5, 2.5, None, 4.0],
    }
    pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    names = {"columns": ["who", "sum"]}
    if source == "frame":
        log = sf.StageLog(pd.DataFrame(columns), **names)
    elif source == "mapping":
        log = sf.StageLog(columns, **names)
    elif source == "arrow":
        pa = pytest.importorskip("pyarrow")
        log = sf.StageLog(pa.table(columns).to_reader(), **names)
    elif source == "polars":
        log = sf.StageLog(pytest.importorskip("polars").DataFrame(columns), **names)
    else:
        kept = {name: columns.pop(name) for name in ("who", "sum")}
        log = sf.StageLog(**columns, columns=kept)
    table = sf.funnel(log, pipeline, by="who", at="stage", amount="sum", amount_at="stage")
    assert table["who"].fillna("-").tolist() == ["Ann"] * 3 + ["Bob"] * 3 + ["-"] * 3
    assert table["reached"].tolist() == [1, 0, 0, 0, 1, 1, 1, 0, 0]
    assert table["amount"].tolist() == [1.5, 0, 0, 0, 0, 4.0, 2.5, 0, 0]
    assert table["amount_missing"].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_columns_are_copied_and_dropped_rows_leave_no_trace() -> None:
    frame = pd.DataFrame(
        {
            "item": [1, None, 2, 2],
            "stage": ["New", "New", "New", None],
            "time": [0, 1, 2, 3],
            "who": ["Ann", "x", "Bob", "y"],
        }
    )
    log = sf.StageLog(frame, columns="who", invalid="drop")
    frame["who"] = "changed"
    table = sf.funnel(log, sf.Pipeline("New"), by="who", at="last")
    assert table["who"].tolist() == ["Ann", "Bob"]
    assert "  columns who" in repr(log)


def test_values_keep_their_type_and_order() -> None:
    rows = {"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0, 0, 0]}
    sizes = pd.Categorical(["L", "S", "L"], categories=["S", "M", "L"])
    frame = pd.DataFrame(rows).assign(number=[30, 4, 4], size=sizes, flag=[True, False, True])
    log = sf.StageLog(frame, columns=["number", "size", "flag"])
    pipeline = sf.Pipeline("New")
    assert sf.funnel(log, pipeline, by="number")["number"].tolist() == [4, 30]
    assert sf.funnel(log, pipeline, by="number")["number"].dtype == "int64"
    assert sf.funnel(log, pipeline, by="size")["size"].tolist() == ["S", "L"]
    assert sf.funnel(log, pipeline, by="size")["size"].dtype == sizes.dtype
    assert sf.outcomes(log, pipeline, by="flag", at="last")["flag"].tolist() == [False, True]


ROWS = {"item": [1, 2], "stage": ["New", "Won"], "time": [0, 1], "who": ["Ann", "Bob"], "mixed": [1, "a"]}
TABLE = pd.DataFrame({"item": [1, 2], "region": ["n", "s"], "who": ["x", "y"]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"by": "wo"},
            "by='wo' is not a column of the items table, nor one that the log keeps; there are: 'team', "
            "'item', 'region', 'who'; columns= of StageLog says which columns the log keeps; did you mean "
            "'who'?",
        ),
        (
            {"by": "region", "at": "stage"},
            "at=\"stage\" reads by= where an item enters a stage, but 'region' are",
        ),
        ({"at": "last"}, "at='last' says where by= is read, and there is no by="),
        ({"by": "team", "at": "middle"}, "at='middle' is not one of 'first', 'last', 'stage'"),
        ({"top": 3}, "top=3 is the number of groups to show, and there is no by="),
        ({"by": "team", "top": 0}, "top=0 is not a whole number of at least 1"),
        ({"by": "team", "top": 1.5}, "top=1.5 is not a whole number of at least 1"),
        ({"amount": "team"}, "amount 'Ann' of column 'team' is not a number; convert column 'team' first"),
    ],
)
def test_a_breakdown_that_cannot_be_made_is_refused(options: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame(ROWS).rename(columns={"who": "team"})
    log = sf.StageLog(frame, columns="team", items=TABLE)
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.funnel(log, sf.Pipeline("New", won="Won"), **options)


def test_a_name_of_two_columns_is_refused() -> None:
    log = sf.StageLog(pd.DataFrame(ROWS), columns="who", items=TABLE)
    message = "by='who' is a column of the items table and one of the log; rename one of them"
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.funnel(log, sf.Pipeline("New", won="Won"), by="who")


def test_outcomes_are_not_of_a_stage() -> None:
    log = sf.StageLog(pd.DataFrame(ROWS), columns="who")
    with pytest.raises(sf.SchemaError, match="an outcome belongs to an item; pass at="):
        sf.outcomes(log, sf.Pipeline("New", won="Won"), by="who", at="stage")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("owner", "no column 'owner'; the frame has: 'item', 'stage', 'time', 'who', 'mixed'"),
        (["who", "who"], "columns= names a column twice: 'who', 'who'"),
        ([3], "columns=[3] are not names of columns"),
        ("mixed", "column 'mixed' has values that do not sort"),
    ],
)
def test_columns_that_the_log_cannot_keep_are_refused(columns: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.StageLog(pd.DataFrame(ROWS), columns=columns)


def test_arrays_of_columns_are_as_long_as_the_others() -> None:
    with pytest.raises(
        sf.SchemaError,
        match="the columns differ in length: item has 1 row, stage has 1 row, time has 1 row, who has 2 rows",
    ):
        sf.StageLog(item=[1], stage=["New"], time=[0], columns={"who": ["a", "b"]})
    with pytest.raises(sf.SchemaError, match="without a frame, columns is a mapping of names to arrays"):
        sf.StageLog(item=[1], stage=["New"], time=[0], columns=["who"])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_integers_of_any_width_are_told_apart(dtype: Any) -> None:
    ends = np.iinfo(dtype)
    for values in (
        [ends.min, ends.min + 1, ends.min],
        [ends.max, ends.max - 200 if ends.bits == 8 else 7, 5],
    ):
        rows = {"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0, 0, 0], "n": np.array(values, dtype)}
        table = sf.funnel(sf.StageLog(rows, columns="n"), sf.Pipeline("New"), by="n")
        assert table["n"].tolist() == sorted(set(values))
        assert table["n"].dtype == dtype


def test_a_column_of_arrow_that_was_an_index_of_pandas_is_kept() -> None:
    pa = pytest.importorskip("pyarrow")
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 5], "who": ["Ann", "Bob"]}
    table = pa.Table.from_pandas(pd.DataFrame(rows).set_index("who"))
    log = sf.StageLog(table, columns="who")
    table = sf.outcomes(log, sf.Pipeline("New", won="Won"), by="who", at="last")
    assert table[["who", "won"]].to_numpy().tolist() == [["Bob", 1]]


@pytest.mark.parametrize("value", [-5, 1 << 20, 1 << 40, -(1 << 62)])
def test_a_column_that_changes_while_it_is_read_is_refused_or_read_as_it_is_then(
    value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = np.arange(6)
    pristine = category.is_narrow

    def written_after(column: pd.Series) -> bool:
        answer = pristine(column)
        who[3] = value
        return answer

    monkeypatch.setattr(category, "is_narrow", written_after)
    rows: dict[str, Any] = {"item": np.arange(6), "stage": ["New"] * 6, "time": [0] * 6}
    if value == -5:  # still near the others, so that it is an answer
        log = sf.StageLog(**rows, columns={"who": who})
        table = sf.funnel(log, sf.Pipeline("New"), by="who", at="last")
        assert table["who"].tolist() == [-5, 0, 1, 2, 4, 5]
        return
    with pytest.raises(sf.SchemaError, match=r"column 'who' changes while it is read; .* or pass a copy"):
        sf.StageLog(**rows, columns={"who": who})
