"""Days and partitions whose columns have other types each answer with the types of one log of all rows."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal
from stagefunnel.log.columns.one_type import joined_values
from stagefunnel.log.spilled.budget import Budget

PIPELINE = sf.Pipeline(["New"], won="Won", lost="Lost")
N = 40
ROWS = pd.DataFrame({"item": range(N), "stage": ["New", "Won"] * (N // 2), "time": range(N)})
#: Some items of the first day, and new ones; they come to some partitions alone.
DAY = pd.DataFrame({"item": [3, 4, 91, 92], "stage": ["Won", "Lost", "New", "New"], "time": range(70, 74)})
LARGE = 2**53 + 1


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that there are several partitions."""
    monkeypatch.setattr(Budget, "room", property(lambda _: 1_600))
    monkeypatch.setattr(os, "fsync", lambda _: None)


def cat(values: list[Any], categories: list[Any], *, ordered: bool = False) -> pd.Series:
    return pd.Series(pd.Categorical(values, categories=categories, ordered=ordered))


def of_type(values: list[Any], dtype: str) -> pd.Series:
    return pd.Series(values, dtype=dtype)


TRUE, FALSE = [True, True], [False, None]
#: The values of a few rows of the first day, those of the next one, and the type and order of all, by hand.
CASES: dict[str, tuple[pd.Series, pd.Series, str, list[Any]]] = {
    "ordered alike": (
        cat(["lo", "hi"], ["lo", "mid", "hi"], ordered=True),
        cat(["mid", "lo"], ["lo", "mid", "hi"], ordered=True),
        "category",
        ["lo", "mid", "hi"],
    ),
    "other categories": (
        cat(["lo", "hi"], ["lo", "hi"], ordered=True),
        cat(["mid", "lo"], ["lo", "mid", "hi"], ordered=True),
        "str",
        ["hi", "lo", "mid"],
    ),
    "another order": (cat(["b", "a"], ["b", "a"]), cat(["a", "b"], ["a", "b"]), "str", ["a", "b"]),
    "categories and text": (cat(["b", "c"], ["c", "b"]), of_type(["a", "b"], "str"), "str", ["a", "b", "c"]),
    "text and categories": (of_type(["b", "c"], "str"), cat(["a", "b"], ["b", "a"]), "str", ["a", "b", "c"]),
    "numbers as categories": (cat([10, 2], [10, 2]), of_type([3, 2], "int64"), "int64", [2, 3, 10]),
    "some of whole categories": (cat([3, None], [4, 3]), cat([3, 4], [4, 3]), "category", [4, 3]),
    "some categories and whole": (cat([3, None], [4, 3]), of_type([9, 4], "int64"), "Int64", [3, 4, 9]),
    "whole and none": (of_type([7, 5], "int64"), of_type([None, None], "object"), "Int64", [5, 7]),
    "none and whole": (of_type([None, None], "object"), of_type([7, 5], "int64"), "Int64", [5, 7]),
    "whole and no numbers": (of_type([7, 5], "int64"), of_type([np.nan] * 2, "float64"), "Int64", [5, 7]),
    "whole and some": (of_type([7, 5], "int64"), of_type([6, None], "float64"), "float64", [5, 6, 7]),
    "wide and some": (of_type([7, 10**9], "int64"), of_type([6, None], "float64"), "float64", [6, 7, 10**9]),
    "some and whole": (of_type([6.5, None], "float64"), of_type([7, 5], "int64"), "float64", [5, 6.5, 7]),
    "nullable and whole": (of_type([6, None], "Int64"), of_type([7, 5], "int64"), "Int64", [5, 6, 7]),
    "narrow types": (of_type([7, 5], "int8"), of_type([300, 5], "int64"), "int64", [5, 7, 300]),
    "far from each other": (of_type([7, 5], "int32"), of_type([2**40, 5], "int64"), "int64", [5, 7, 2**40]),
    "large and some": (of_type([LARGE, 5], "int64"), of_type([6, None], "float64"), "Int64", [5, 6, LARGE]),
    "some and large": (of_type([6, None], "float64"), of_type([LARGE, 5], "int64"), "Int64", [5, 6, LARGE]),
    "large and none": (of_type([LARGE, 5], "int64"), of_type([None] * 2, "object"), "Int64", [5, LARGE]),
    "large and half": (
        of_type([LARGE, 5], "int64"),
        of_type([6.5, 7], "float64"),
        "float64",
        [5, 6.5, 7, 2**53],
    ),
    "signs": (of_type([7, 5], "int64"), of_type([2**63 + 1, 6], "uint64"), "uint64", [5, 6, 7, 2**63 + 1]),
    "true and none": (of_type([True, False], "bool"), of_type([None] * 2, "object"), "object", [False, True]),
    "true and some": (of_type(TRUE, "bool"), of_type(FALSE, "object"), "object", [False, True]),
    "true or missing": (of_type(TRUE, "bool"), of_type(FALSE, "boolean"), "boolean", [False, True]),
    "other text": (of_type(["b", "c"], "object"), of_type(["a", "b"], "str"), "object", ["a", "b", "c"]),
    "times": (
        of_type(["2026-01-02", "2026-01-01"], "datetime64[s]"),
        of_type([None, "2026-01-01"], "datetime64[ns]"),
        "datetime64[ns]",
        [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")],
    ),
}  # fmt: skip


def repeated(values: pd.Series, n: int) -> pd.Series:
    """Repeat values, of which the type stays."""
    return values.iloc[np.arange(n) % len(values)].reset_index(drop=True)


def kept_days(case: str) -> list[pd.DataFrame]:
    first, later, _, _ = CASES[case]
    return [ROWS.assign(value=repeated(first, N)), DAY.assign(value=repeated(later, len(DAY)))]


def save(path: Path, days: list[pd.DataFrame], tables: list[pd.DataFrame] | None, way: str) -> Any:
    """Make a saved log day by day; a table of items comes along with each."""
    kept = [] if tables else ["value"]
    items = tables[0] if tables else None
    if "partitions" in way:
        sf.StageLog.from_batches(days[:1], items=items, columns=kept, keys="keep", spill=path, threads=1)
    else:
        sf.StageLog(days[0], items=items, columns=kept).save(path)
    for number, day in enumerate(days[1:], start=1):
        sf.StageLog.append(path, day, items=tables[number] if tables else None, columns=kept)
    if "compact" in way:
        sf.StageLog.compact(path)
    log: Any = sf.StageLog.load(path)
    if "partitions" in way:
        assert log.n_partitions > 3
    return log


def answer_of(question: Callable[..., Any], log: sf.StageLog, **options: Any) -> Any:
    try:
        return question(log, PIPELINE, **options)
    except sf.StageFunnelError as error:
        return str(error)


def assert_alike(log: Any, whole: sf.StageLog, case: str) -> None:
    _, _, dtype, order = CASES[case]
    by = sf.outcomes(log, PIPELINE, by="value")["value"]
    assert str(by.dtype) == dtype
    assert by.dropna().tolist() == order
    asked: list[dict[str, Any]] = [{"by": "value"}, {"where": {"value": order[0]}}, {"amount": "value"}]
    for question in (sf.funnel, sf.outcomes):
        for options in asked:
            found, expected = (answer_of(question, one, **options) for one in (log, whole))
            if isinstance(expected, str):
                assert found == expected
            else:
                assert_frame_equal(found, expected)


WAYS = ["append", "append, compact", "partitions", "partitions, compact"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_a_further_column_has_the_type_of_all_days(case: str, way: str, tmp_path: Path) -> None:
    days = kept_days(case)
    whole = sf.StageLog.from_batches(days, columns=["value"], keys="keep")
    log = save(tmp_path / "log.sf", days, None, way)
    assert_alike(log, whole, case)
    some = log.filter(items=[3, 92, 0])
    expected = sf.visits(whole.filter(items=[3, 92, 0]), PIPELINE, columns=["value"])
    found = sf.visits(some, PIPELINE, columns=["value"])
    assert_frame_equal(found, expected)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_a_column_of_the_table_of_items_has_the_type_of_all_days(case: str, way: str, tmp_path: Path) -> None:
    first, later, dtype, _ = CASES[case]
    tables = [
        pd.DataFrame({"item": range(N), "value": repeated(first, N)}),
        pd.DataFrame({"item": [91, 92], "value": repeated(later, 2)}),
    ]
    together = pd.DataFrame(
        {"item": [*range(N), 91, 92], "value": joined_values([table["value"] for table in tables])}
    )
    assert str(together["value"].dtype) == dtype
    whole = sf.StageLog(pd.concat([ROWS, DAY]), items=together)
    log = save(tmp_path / "log.sf", [ROWS, DAY], tables, way)
    assert_alike(log, whole, case)
    assert str(log.items["value"].dtype) == dtype


#: Columns of a day, by the kind of values that join each other.
DRAWN: dict[str, list[pd.Series]] = {
    "numbers": [
        of_type([5, 7], "int64"),
        of_type([5, -3], "int8"),
        of_type([6, None], "float64"),
        of_type([6.5, 5], "float64"),
        of_type([4, None], "Int64"),
        of_type([4.5, None], "Float64"),
        of_type([None, None], "object"),
        of_type([np.nan] * 2, "float64"),
        of_type([10**9, 5], "int64"),
        cat([5, 7], [7, 5]),
        cat([3, None], [3, 4]),
    ],
    "large": [
        of_type([LARGE, 5], "int64"),
        of_type([LARGE, None], "Int64"),
        of_type([6, None], "float64"),
        of_type([4, 5], "int32"),
        of_type([None, None], "object"),
    ],
    "text": [
        of_type(["a", "b"], "str"),
        of_type(["c", None], "str"),
        of_type(["b", "d"], "object"),
        of_type(["b", "d"], "string"),
        cat(["b", "c"], ["c", "b", "a"], ordered=True),
        cat(["a", None], ["c", "b", "a"], ordered=True),
        cat([None, None], ["c", "b", "a"], ordered=True),
        cat(["x", "a"], ["x", "a"]),
        of_type([None, None], "object"),
    ],
    "truth": [
        of_type([True, False], "bool"),
        of_type([True, None], "boolean"),
        of_type([False, None], "object"),
        of_type([None, None], "object"),
        cat([True, False], [True, False]),
    ],
}


@examples(ci=12, night=300)  # half a second each
@given(data=st.data(), in_partitions=st.booleans(), compacts=st.sets(st.integers(1, 3)))
def test_drawn_days_have_the_types_of_one_log(data: Any, in_partitions: bool, compacts: set[int]) -> None:
    of_kind = DRAWN[data.draw(st.sampled_from(sorted(DRAWN)))]
    values = data.draw(st.lists(st.sampled_from(of_kind), min_size=4, max_size=4))
    days = [ROWS.assign(value=repeated(values[0], N))]
    for number, of_day in enumerate(values[1:], start=1):
        items = data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True))
        day = pd.DataFrame({"item": items, "stage": "Lost", "time": 100 * number})
        days.append(day.assign(value=repeated(of_day, len(day))))
    whole = sf.StageLog.from_batches(days, columns=["value"], keys="keep")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sf"
        if in_partitions:
            sf.StageLog.from_batches(days[:1], columns=["value"], keys="keep", spill=path, threads=1)
        else:
            sf.StageLog(days[0], columns=["value"]).save(path)
        for number, day in enumerate(days[1:], start=1):
            sf.StageLog.append(path, day)
            if number in compacts:
                sf.StageLog.compact(path)
        log = sf.StageLog.load(path)
        question: Any
        for question in (sf.funnel, sf.outcomes):
            for at in ("first", "last"):
                more: dict[str, Any] = {"at": at} if question is sf.funnel else {}
                found, expected = (question(one, PIPELINE, by="value", **more) for one in (log, whole))
                assert_frame_equal(found, expected)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("large", [7, LARGE])
def test_a_table_that_comes_to_some_partitions_alone_keeps_whole_numbers(
    large: int, way: str, tmp_path: Path
) -> None:
    tables: Any = [None, pd.DataFrame({"item": [3, 92], "size": [large, 5], "old": [True, False]})]
    path = tmp_path / "log.sf"
    if "partitions" in way:
        sf.StageLog.from_batches([ROWS], keys="keep", spill=path, threads=1)
    else:
        sf.StageLog(ROWS).save(path)
    sf.StageLog.append(path, DAY, items=tables[1])
    # Another column brings missing values of the first two into the partition of its row.
    sf.StageLog.append(path, DAY.iloc[:0], items=pd.DataFrame({"item": [4, 5], "team": ["a", "b"]}))
    if "compact" in way:
        sf.StageLog.compact(path)
    log = sf.StageLog.load(path)
    assert log.items is not None
    assert log.items.dtypes.astype(str).to_dict() == {
        "item": "int64", "size": "Int64", "old": "object", "team": "str",
    }  # fmt: skip
    by = sf.outcomes(log, PIPELINE, by="size")
    assert by["size"].dropna().tolist() == [5, large]
    assert by["base"].tolist() == [1, 1, N]


@pytest.mark.parametrize("compacts", [False, True])
def test_stages_of_days_stand_in_the_order_of_the_input(compacts: bool, tmp_path: Path) -> None:
    paths = [tmp_path / "parts.sf", tmp_path / "whole.sf"]
    sf.StageLog.from_batches([ROWS], keys="keep", spill=paths[0], threads=1)
    sf.StageLog(ROWS).save(paths[1])
    for number in range(6):
        items = [7 * number, 7 * number + 1]
        day = pd.DataFrame({"item": items, "stage": [f"S{number}b", f"S{number}a"], "time": 100 + number})
        for path in paths:
            sf.StageLog.append(path, day)
            if compacts and number in (2, 5):
                sf.StageLog.compact(path)
    log, whole = map(sf.StageLog.load, paths)
    expected = ["New", "Won", *(f"S{number}{letter}" for number in range(6) for letter in "ba")]
    assert whole.stages["stage"].tolist() == expected
    assert_frame_equal(log.stages, whole.stages)
    sf.StageLog.erase(paths[0], [7])  # whose S1b none has now
    assert sf.StageLog.load(paths[0]).stages["stage"].tolist() == [
        stage for stage in expected if stage != "S1b"
    ]
