"""Columns of the compiled module: the arrays that they read in place and the arrays that they refuse."""

import ast
import gc
import re
import weakref
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import stagefunnel
from stagefunnel import _core

NONE = np.zeros(0, dtype=np.uint32)


SWAPPED = np.dtype("i8").newbyteorder("S")  # in the byte order of other machines


def rows(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.uint32)


def test_the_module_has_the_version_of_the_package() -> None:
    assert _core.__version__ == stagefunnel.__version__ == version("stagefunnel")


def test_each_room_of_the_module_has_the_names_of_its_stub() -> None:
    stubs = {path.stem: path.read_text() for path in Path(stagefunnel.__file__).parent.glob("_core/*.pyi")}
    rooms = {name for name, room in vars(_core).items() if isinstance(room, ModuleType)}
    assert stubs.keys() == rooms | {"__init__"}
    for room in rooms:
        listed = re.search(r"^__all__: list\[str\] = (.*)$", stubs[room], flags=re.MULTILINE)
        assert listed is not None
        names = vars(getattr(_core, room))
        assert ast.literal_eval(listed[1]) == sorted(name for name in names if not name.startswith("_"))


def test_the_enumerations_have_the_names_that_options_have() -> None:
    assert {kind.name for kind in _core.funnel.Kind} == {
        *["classic", "conversions_won", "conversions_moves", "furthest", "strict"]
    }
    assert {rule.name for rule in _core.funnel.LostThenWon} == {"include", "exclude", "exclude_reopened"}
    assert {per.name for per in _core.stages.Per} == {"visit", "item", "longest"}


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_integers_of_every_width_are_read_as_they_are(dtype: str) -> None:
    limits = np.iinfo(dtype)
    values = np.array([limits.min, 5, limits.max], dtype=dtype)
    column = _core.columns.column_from_array(values, None, "l")
    assert len(column) == 3
    taken = column.take_integers(rows(2, 0))
    assert taken.dtype == np.int64
    # Numbers beyond int64 come out as the same 64 bits.
    wide = "u8" if dtype == "u8" else "i8"
    assert taken.tolist() == values[[2, 0]].astype(wide).view("i8").tolist()


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (np.zeros(2, dtype="f2"), TypeError, "expected an array of numbers, got float16"),
        (np.zeros(2, dtype=bool), TypeError, "expected an array of numbers, got bool"),
        (np.zeros(2, dtype="M8[s]"), TypeError, "expected an array of numbers, got datetime64"),
        (np.array(["a", "b"], dtype=object), TypeError, "expected an array of numbers, got object"),
        (np.zeros(2, dtype="i8").astype(SWAPPED), TypeError, "must be in the byte order of the machine"),
        (np.zeros((2, 2), dtype="i8"), ValueError, "a column must have one dimension, not 2"),
        (np.zeros((), dtype="i8"), ValueError, "a column must have one dimension, not 0"),
        (np.zeros(4, dtype="i8")[::2], ValueError, "a column must lie in one piece of memory"),
        (np.zeros(4, dtype="i8")[::-1], ValueError, "a column must lie in one piece of memory"),
        ([1, 2], TypeError, "incompatible function arguments"),
    ],
)
def test_an_array_that_cannot_be_read_in_place_is_refused(
    values: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _core.columns.column_from_array(values, None, "l")


def test_an_array_is_read_where_it_lies() -> None:
    # The column shows a later write to the array, so nothing was copied.
    values = np.array([1, 2, 3])
    column = _core.columns.column_from_array(values, None, "l")
    values[1] = 99
    assert column.take_integers(rows(0, 1, 2)).tolist() == [1, 99, 3]


def test_a_mask_has_one_entry_per_row_and_its_own_type() -> None:
    values = np.arange(3)
    missing = np.array([0, 1, 0], dtype=np.uint8)
    assert _core.columns.encode_items(
        _core.columns.column_from_array(values, missing, "l"), 1, _core.columns.TextHash.of_process()
    ).missing_rows.tolist() == [1]
    with pytest.raises(ValueError, match="the mask must have one entry per row"):
        _core.columns.column_from_array(values, missing[:2], "l")
    with pytest.raises(ValueError, match="the mask must have one entry per row"):
        _core.columns.column_from_objects(["a"], missing)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.columns.column_from_objects(["a", "b", "c"], missing.astype(np.int64))


def test_rows_to_take_are_numbers_of_rows() -> None:
    column = _core.columns.column_from_array(np.arange(3), None, "l")
    assert column.take_integers(NONE).tolist() == []
    with pytest.raises(ValueError, match="row 3 lies outside a column of 3 rows"):
        column.take_integers(rows(3))
    with pytest.raises(TypeError, match="incompatible function arguments"):
        column.take_integers(np.array([0]))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="expected an array of one dimension"):
        column.take_integers(rows(0).reshape(1, 1))


@pytest.mark.parametrize(
    ("values", "other"),
    [(["a", 1], 1), ([1, "a"], 1), ([b"a", "a"], 1), ([1, True], 1), ([1.5], 0), ([None], 0)],
)
def test_objects_of_another_type_are_named_by_their_row(values: list[Any], other: int) -> None:
    assert _core.columns.column_from_objects(values, np.zeros(len(values), dtype=np.uint8)) == other


def test_objects_are_text_bytes_or_integers() -> None:
    flags = np.array([0, 1], dtype=np.uint8)
    text, data, number = (
        _core.columns.column_from_objects([value, None], flags) for value in ("é", b"\x00", -5)
    )
    assert isinstance(text, _core.columns.Column)
    assert isinstance(data, _core.columns.Column)
    assert isinstance(number, _core.columns.Column)
    assert (text.holds_bytes, data.holds_bytes, number.holds_bytes) == (True, True, False)
    assert (text.type_name, data.type_name, number.type_name) == ("text", "binary", "int64")
    assert text.take_text(rows(0)) == ["é"]
    assert data.take_bytes(rows(0)) == [b"\x00"]
    with pytest.raises(OverflowError):
        _core.columns.column_from_objects([2**63], flags[:1])


def test_codes_belong_to_their_dictionary() -> None:
    labels = _core.columns.column_from_objects(["a", "b"], np.zeros(2, dtype=np.uint8))
    assert isinstance(labels, _core.columns.Column)
    for codes in ([0, 2], [-1, 0]):
        coded = _core.columns.column_with_dictionary(
            _core.columns.column_from_array(np.array(codes), None, "l"), labels
        )
        with pytest.raises(ValueError, match="a dictionary code lies outside its dictionary"):
            _core.columns.encode_stages(coded, 1)


def test_arrow_columns_are_found_by_name_and_refused_by_type() -> None:
    table = pa.table({"a": [1, 2], "b": [[1], [2]], "c": [True, False]})
    (column,) = _core.columns.columns_from_stream(table.__arrow_c_stream__(), ["a"], {})
    assert column.take_integers(rows(1)).tolist() == [2]
    with pytest.raises(ValueError, match="no column 'z'"):
        _core.columns.columns_from_stream(table.__arrow_c_stream__(), ["a", "z"], {})
    with pytest.raises(ValueError, match="column 'b': unsupported column type: nested"):
        _core.columns.columns_from_stream(table.__arrow_c_stream__(), ["b"], {})
    with pytest.raises(ValueError, match="column 'c': unsupported column type: boolean"):
        _core.columns.columns_from_batch(*table.to_batches()[0].__arrow_c_array__(), ["c"], {})


def test_a_column_keeps_its_arrow_table_alive_and_then_lets_go() -> None:
    array = pa.array(range(1000))
    (column,) = _core.columns.columns_from_stream(pa.chunked_array([array]).__arrow_c_stream__(), [], {})
    held = pa.total_allocated_bytes()
    del array
    gc.collect()
    assert column.take_integers(rows(999)).tolist() == [999]
    del column
    gc.collect()
    assert pa.total_allocated_bytes() < held


class Tracked(np.ndarray[Any, Any]):
    """An array that can be watched."""


def test_a_column_keeps_its_array_alive_and_then_lets_go() -> None:
    values = np.arange(3).view(Tracked)
    column = _core.columns.column_from_array(values, None, "l")
    watched = weakref.ref(values)
    del values
    gc.collect()
    assert watched() is not None
    del column
    gc.collect()
    assert watched() is None


def test_a_column_that_starts_at_an_odd_byte_is_refused() -> None:
    odd = np.frombuffer(b"x" + bytes(16), dtype=np.int64, offset=1)
    with pytest.raises(ValueError, match="a column must start where its numbers may stand"):
        _core.columns.column_from_array(odd, None, "l")
