"""Columns of amounts and of groups: what they hold, where they round, and what a missing place gives."""

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.log.columns.category import CategoryColumn, category_column, values_at
from stagefunnel.log.columns.number import NumberColumn, number_column


def read(values: Any) -> NumberColumn:
    return number_column(pd.Series(values, dtype=object), "v", " in row {row}")


def test_decimals_are_whole_numbers_with_as_many_places_as_the_longest_has() -> None:
    column = read([Decimal("1.5"), Decimal("0.25"), None, Decimal(3)])
    assert column.scale == 2
    np.testing.assert_array_equal(column.values, [150, 25, np.nan, 300])
    assert read([Decimal("1E+2")]).values.tolist() == [100]
    assert read([Decimal("1E+2")]).scale == 0


def test_decimals_are_exact_as_far_as_doubles_are() -> None:
    assert read([Decimal(2**53)]).values.tolist() == [2**53]
    # One more is not a double, so that all of the column are doubles, rounded.
    assert read([Decimal(2**53 + 1), Decimal("0.5")]).scale == 0
    assert read([Decimal("900719925474099.2")]).scale == 1  # 2 to the power of 53 tenths
    assert read([Decimal("900719925474099.3")]).scale == 0
    assert read([Decimal("1E-22")]).scale == 22
    assert read([Decimal("1E-22")]).values.tolist() == [1]
    # 10 to the power of 23 is not a double.
    beyond = read([Decimal("1E-23")])
    assert (beyond.scale, beyond.values.tolist()) == (0, [1e-23])


def test_decimals_of_a_hundred_digits_are_not_rounded_on_the_way() -> None:
    # A context of fewer digits would cut the last one off before it is seen that it fits no double.
    digits = "1" + "0" * 14 + "." + "0" * 20 + "1"
    assert read([Decimal(digits)]).values.tolist() == [1e14]


@pytest.mark.parametrize("odd", [Decimal("Infinity"), Decimal("-Infinity")])
def test_infinite_decimals_are_refused(odd: Decimal) -> None:
    with pytest.raises(sf.SchemaError, match=r"amount Decimal\('-?Infinity'\) in row 1 is not a number"):
        read([Decimal(1), odd])


def test_a_decimal_that_is_not_a_number_is_missing() -> None:
    np.testing.assert_array_equal(read([Decimal(1), Decimal("NaN")]).values, [1, np.nan])


@pytest.mark.parametrize(("values", "row"), [(["x", "1", "y"], 0), (["1", "2", "x"], 2)])
def test_the_first_value_that_is_not_a_number_is_named(values: list[str], row: int) -> None:
    with pytest.raises(sf.SchemaError, match=f"^amount 'x' in row {row} is not a number; convert column 'v'"):
        read(values)


@pytest.mark.parametrize(
    "values",
    [[True, None], [1, True], [2.5, np.bool_(0)], ["1", False], [1j], [1, 2j], [None, np.complex64(1)]],
)
def test_truth_and_complex_numbers_among_objects_are_refused(values: list[Any]) -> None:
    kinds = bool | np.bool_ | complex | np.complexfloating
    row, odd = next((row, value) for row, value in enumerate(values) if isinstance(value, kinds))
    with pytest.raises(sf.SchemaError) as refused:
        read(values)
    assert f"amount {odd!r} in row {row} is not a number" in str(refused.value)


@pytest.mark.parametrize("values", [[1, 2.5, None], ["1", 2], [1, Decimal("2.5")], [None, None], [2**60, 1]])
def test_numbers_of_several_types_are_amounts(values: list[Any]) -> None:
    wanted = [math.nan if value is None else float(value) for value in values]
    np.testing.assert_array_equal(read(values).values, wanted)


@pytest.mark.parametrize(
    "dtype", ["bool", "boolean", "complex128", "timedelta64[s]", "datetime64[s]", "datetime64[s, UTC]"]
)
def test_a_column_of_another_type_is_refused_as_a_whole(dtype: str) -> None:
    with pytest.raises(sf.SchemaError, match=rf"^amount column 'v' is {re.escape(dtype)}, not numbers$"):
        number_column(pd.Series([None, None] if "[" in dtype else [0, 1], dtype=dtype), "v", "")


@pytest.mark.parametrize("dtype", ["bool", "time64[us]", "date32[day]", "duration[s]", "timestamp[us]"])
def test_a_column_of_arrow_of_another_type_is_refused_as_a_whole(dtype: str) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(sf.SchemaError, match=r"is .*pyarrow.*, not numbers$"):
        number_column(pd.Series([None, None], dtype=f"{dtype}[pyarrow]"), "v", "")


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float", "double", "string", "large_string"])
def test_a_column_of_arrow_of_numbers_or_text_is_read(dtype: str) -> None:
    pytest.importorskip("pyarrow")
    values = ["1", None, "3"] if "string" in dtype else [1, None, 3]
    column = number_column(pd.Series(values, dtype=f"{dtype}[pyarrow]"), "v", "")
    np.testing.assert_array_equal(column.values, [1, np.nan, 3])
    if "string" in dtype:
        with pytest.raises(sf.SchemaError, match=r"^amount 'x' in row 1 is not a number"):
            number_column(pd.Series(["1", "x"], dtype=f"{dtype}[pyarrow]"), "v", " in row {row}")


def test_a_missing_place_has_no_amount() -> None:
    column = NumberColumn(np.array([5.0, 7.0]), 1)
    taken = column.at(np.array([1, -1, 0]))
    np.testing.assert_array_equal(taken.values, [7, np.nan, 5])
    assert taken.scale == 1
    np.testing.assert_array_equal(NumberColumn(np.zeros(0)).at(np.array([-1, -1])).values, [np.nan, np.nan])


def test_a_sum_is_rounded_once() -> None:
    # The doubles 0.1 ten times are more than 1 by less than half a step; as tenths they are ten.
    assert NumberColumn(np.full(10, 0.1)).total(np.full(10, 0.1)) == math.fsum([0.1] * 10)
    tenths = NumberColumn(np.full(3, 1.0), 1)
    assert tenths.total(tenths.values) == 0.3


def coded(values: Any) -> tuple[list[int], list[Any]]:
    column = category_column(values, "column 'v'")
    assert column.code.dtype == np.int32
    return column.code.tolist(), column.values.tolist()


def test_values_are_numbered_in_rising_order_and_missing_ones_are_not() -> None:
    assert coded(pd.Series(["b", None, "a", "b"])) == ([1, -1, 0, 1], ["a", "b"])
    assert coded(pd.Series([2.5, np.nan, -1.0])) == ([1, -1, 0], [-1.0, 2.5])
    assert coded(pd.Series(["b", "a"], index=[7, 7])) == ([1, 0], ["a", "b"])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", "int64"])
def test_whole_numbers_are_numbered_likewise_near_each_other_and_far_apart(dtype: str) -> None:
    near = pd.Series([5, 3, 5, 100], dtype=dtype)
    assert coded(near) == ([1, 0, 1, 2], [3, 5, 100])
    assert category_column(near, "").values.dtype == dtype
    if np.iinfo(dtype).max > 2**31 - 2:
        for far in (2**20 - 1, 2**20, 2**31 - 1):  # beside the width of the table of all between them
            assert coded(pd.Series([far, 0, far], dtype=dtype)) == ([1, 0, 1], [0, far])


def test_the_ends_of_64_bits_are_near_themselves() -> None:
    ends = [2**63 - 1, 2**63 - 3]
    assert coded(pd.Series(ends)) == ([1, 0], sorted(ends))
    assert coded(pd.Series([-(2**63), 2**63 - 1])) == ([0, 1], [-(2**63), 2**63 - 1])


def test_categories_keep_their_order_and_those_without_rows() -> None:
    values = pd.Series(pd.Categorical(["b", None, "a"], categories=["z", "b", "a"]))
    assert coded(values) == ([1, -1, 2], ["z", "b", "a"])


def test_a_missing_place_has_no_value() -> None:
    column = CategoryColumn(np.array([1, 0], dtype=np.int32), pd.Series(["a", "b"]))
    assert column.at(np.array([0, -1, 1])).code.tolist() == [1, -1, 0]
    assert column.at(np.array([0, 1])).code.tolist() == [1, 0]
    none = CategoryColumn(np.zeros(0, dtype=np.int32), pd.Series(["a"]))
    assert none.at(np.array([-1, -1])).code.tolist() == [-1, -1]


def test_values_at_missing_places_leave_whole_numbers_whole() -> None:
    whole = pd.Series([2**60 + 1, 7])
    taken = values_at(whole, np.array([0, -1]))
    assert taken.dtype == "Int64"
    assert taken[0] == 2**60 + 1
    assert taken.isna().tolist() == [False, True]
    assert values_at(whole, np.array([1, 0])).dtype == "int64"
    assert values_at(pd.Series([2.5]), np.array([0, -1]))[0] == 2.5
    largest = values_at(pd.Series([2**63 - 1]), np.array([0, -1]))
    assert (largest.dtype, largest[0]) == ("Int64", 2**63 - 1)
    assert values_at(pd.Series([], dtype="int64"), np.array([-1])).isna().tolist() == [True]
    assert values_at(pd.Series(["a", "b"]), np.array([1, -1])).isna().tolist() == [False, True]


def test_a_large_key_beside_a_missing_one_is_the_same_key() -> None:
    large = 2**60 + 1  # which is not a double
    rows = {"item": [1, 2], "stage": ["New", "New"], "time": [0, 0]}
    items = pd.DataFrame({"item": [1], "account": [large]})
    log = sf.StageLog(rows, items=items)
    table = sf.funnel(log, sf.Pipeline("New"), by="account")
    assert table["account"].isna().tolist() == [False, True]
    assert table["account"].iloc[0] == large
    assert values_at(pd.Series([2**64 - 1], dtype="uint64"), np.array([0, -1]))[0] == 2**64 - 1
