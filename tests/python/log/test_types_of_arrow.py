"""Columns that pandas holds as types of Arrow which it can neither sort nor compare."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

pa = pytest.importorskip("pyarrow")

ROWS = {"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0] * 3}
DAYS = ["2026-01-01", "2026-01-03", "2026-01-03"]
RUNS = pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array([7, 5]))


def held(array: Any) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))


@pytest.mark.parametrize(
    ("array", "groups"),
    [
        (pa.array(["b", "a", "b"], pa.string_view()), ["a", "b"]),
        (pa.array([b"b", b"a", b"b"], pa.binary_view()), [b"a", b"b"]),
        (pa.array([2.0, 1.5, 2.0]).cast(pa.float16()), [1.5, 2.0]),
        (pa.array([Decimal("2.5"), Decimal("1.5"), Decimal("2.5")], pa.decimal32(5, 1)), [1.5, 2.5]),
        (RUNS, [5, 7]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
@pytest.mark.parametrize("place", ["items", "log"])
def test_they_are_groups(array: Any, groups: list[Any], place: str) -> None:
    column = {"group": held(array)}
    if place == "items":
        log = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2, 3]} | column))
        table = sf.funnel(log, sf.Pipeline("New"), by="group")
    else:
        log = sf.StageLog(pd.DataFrame(ROWS | column), columns="group")
        table = sf.funnel(log, sf.Pipeline("New"), by="group", at="last")
    assert [float(one) if isinstance(one, Decimal) else one for one in table["group"]] == groups
    assert table["reached"].sum() == 3


@pytest.mark.parametrize(
    ("array", "amount", "missing"),
    [
        (pa.array(["1", "2.5", None], pa.string_view()), 3.5, 1),
        (pa.array([1.0, 2.5, None]).cast(pa.float16()), 3.5, 1),
        (pa.array([1, 2, 1]).dictionary_encode(), 4.0, 0),
        (RUNS, 17.0, 0),
        (pa.nulls(3), 0.0, 3),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_they_are_amounts(array: Any, amount: float, missing: int) -> None:
    items = pd.DataFrame({"item": [1, 2, 3], "value": held(array)})
    table = sf.funnel(sf.StageLog(ROWS, items=items), sf.Pipeline("New"), amount="value")
    assert table[["amount", "amount_missing"]].to_numpy().tolist() == [[amount, missing]]
    assert isinstance(items["value"].dtype, pd.ArrowDtype)  # the caller's frame stays as it is


def test_times_may_be_texts_in_a_dictionary() -> None:
    times = held(pa.array(DAYS).dictionary_encode())
    log = sf.StageLog(pd.DataFrame(ROWS | {"time": times}))
    assert sf.visits(log, sf.Pipeline("New"))["entered"].tolist() == [*map(pd.Timestamp, DAYS)]


@pytest.mark.parametrize("array", [pa.array([[1]] * 3), pa.array([{"a": 1}] * 3)], ids=["list", "struct"])
def test_values_that_hold_others_are_refused(array: Any) -> None:
    log = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2, 3], "v": held(array)}))
    with pytest.raises(sf.SchemaError, match=r"^by='v' has values that do not sort: "):
        sf.funnel(log, sf.Pipeline("New"), by="v")
    with pytest.raises(
        sf.SchemaError, match=r"^where={'v': 'a'} is not a value that column 'v' can be compared"
    ):
        sf.funnel(log, sf.Pipeline("New"), where={"v": "a"})
    with pytest.raises(sf.SchemaError, match="in row 0 of the items table is not a number"):
        sf.funnel(log, sf.Pipeline("New"), amount="v")
