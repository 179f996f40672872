"""Columns that are not what they should be: with what, where, and what would be right."""

import datetime
import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf
from helpers import run_python

ROWS = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 1, 2]}


def refused(error: type[Exception], message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


MISSING = "missing {role} in row {row} of column '{role}' ({count} of 3 rows); fill it in, or pass {ways}"
DROP = 'invalid="drop" to leave such rows out'
KEEP = DROP + ' or invalid="keep_stage" to keep them'


@pytest.mark.parametrize(
    ("role", "values", "row", "count"),
    [
        ("item", ["a", None, "b"], 1, 1),
        ("item", ["a", "b", float("nan")], 2, 1),
        ("item", [1.0, np.nan, np.nan], 1, 2),
        ("item", pd.array([None, 1, 2], dtype="Int64"), 0, 1),
        ("item", pa.array([1, None, 2]), 1, 1),
        ("item", [None, None, None], 0, 3),
        ("stage", ["New", None, "Won"], 1, 1),
        ("stage", pd.Categorical(["New", "Won", None]), 2, 1),
        ("stage", pa.array(["New", None, None]).dictionary_encode(), 1, 2),
        ("stage", [1.0, np.nan, 2.0], 1, 1),
        ("time", pd.to_datetime(["2026-01-01", None, "2026-01-02"]), 1, 1),
        ("time", ["2026-01-01", "2026-01-02", None], 2, 1),
        ("time", [0.0, np.nan, 1.0], 1, 1),
        ("time", np.array([datetime.date(2026, 1, 1), None, pd.NaT], dtype=object), 1, 2),
    ],
)
def test_a_row_without_a_value_is_refused_by_its_number(role: str, values: Any, row: int, count: int) -> None:
    ways = KEEP if role == "stage" else DROP
    with refused(sf.InvalidRowError, MISSING.format(role=role, row=row, count=count, ways=ways)) as found:
        sf.StageLog({**ROWS, role: values})
    assert found.value.row == row
    kept = sf.StageLog({**ROWS, role: values}, invalid="drop", empty="allow")
    assert kept.n_rows == 3 - count


@pytest.mark.parametrize("role", ["item", "time"])
def test_keeping_rows_without_a_stage_keeps_no_other_incomplete_row(role: str) -> None:
    values = ["2026-01-01", None, "2026-01-03"]
    with pytest.raises(sf.InvalidRowError, match=f"missing {role} in row 1"):
        sf.StageLog({**ROWS, role: values}, invalid="keep_stage")


def test_the_first_incomplete_row_is_named_whatever_it_misses() -> None:
    rows = {"item": [1, 2, None], "stage": ["New", None, "New"], "time": ["2026-01-01"] * 3}
    with pytest.raises(sf.InvalidRowError, match="missing stage in row 1"):
        sf.StageLog(rows)


@pytest.mark.parametrize("invalid", ["error", "keep_stage"])
@pytest.mark.parametrize(
    ("texts", "row", "count"),
    [
        (["2026-01-01", "31/12/2026", "2026-01-02"], 1, 1),
        (["soon", "", "2026-13-02"], 0, 3),
        (["2026-01-01T10:00Z", "2026-02-30T10:00Z", "yesterday"], 1, 2),
        (["2026-01-01", "2026-01-01 25:00", None], 1, 1),
    ],
)
def test_a_text_that_is_no_time_is_refused_by_row_and_value(
    texts: list[Any], row: int, count: int, invalid: Any
) -> None:
    message = (
        f"time {texts[row]!r} in row {row} of column 'time' is not ISO 8601 ({count} of 3 rows); pass its "
        f'format, for example time_format="%d/%m/%Y %H:%M", or pass invalid="drop" to '
        f"leave such rows out"
    )
    with refused(sf.InvalidRowError, message) as found:
        sf.StageLog({**ROWS, "time": texts}, invalid=invalid)
    assert found.value.row == row


def test_a_text_that_is_not_of_the_format_is_refused_or_counted() -> None:
    rows = {**ROWS, "time": ["31/01/2026 10:00", "2026-02-01", "01/02/2026 09:00"]}
    form = "%d/%m/%Y %H:%M"
    message = (
        "time '2026-02-01' in row 1 of column 'time' is not of the format '%d/%m/%Y %H:%M' (1 of 3 rows); "
        'correct it, or pass invalid="drop" to leave such rows out'
    )
    with refused(sf.InvalidRowError, message):
        sf.StageLog(rows, time_format=form)
    log = sf.StageLog(rows, time_format=form, invalid="drop")
    counts = log.quality().set_index("check")["count"]
    assert (counts["unparsed_time"], counts["missing_time"], counts["dropped"]) == (1, 0, 1)


def test_a_format_for_times_that_are_no_text_is_refused() -> None:
    message = "time_format='%Y' is for text; column 'time' holds times already"
    with refused(sf.SchemaError, message):
        sf.StageLog(ROWS, time_format="%Y")
    with pytest.raises(sf.SchemaError, match=r"time_format='%Q' is not a format of times: .*'%Q'"):
        sf.StageLog({**ROWS, "time": ["2026"] * 3}, time_format="%Q")


NOON = datetime.datetime(2026, 1, 1, 12)
UTC = datetime.UTC


@pytest.mark.parametrize(
    ("times", "zoned", "naive"),
    [
        (
            [NOON, NOON.replace(tzinfo=UTC), None],
            (1, "2026-01-01 12:00:00+00:00"),
            (0, "2026-01-01 12:00:00"),
        ),
        (
            [NOON.replace(tzinfo=UTC), None, NOON],
            (0, "2026-01-01 12:00:00+00:00"),
            (2, "2026-01-01 12:00:00"),
        ),
        (["2026-01-01T10:00", "2026-01-01T10:00Z", "x"], (1, "2026-01-01T10:00Z"), (0, "2026-01-01T10:00")),
        (["2026-01-01T10:00+0530", None, "2026-01-02"], (0, "2026-01-01T10:00+0530"), (2, "2026-01-02")),
    ],
)
def test_times_with_and_without_a_zone_do_not_mix(
    times: list[Any], zoned: tuple[int, str], naive: tuple[int, str]
) -> None:
    message = (
        f"column 'time' mixes times with a zone (row {zoned[0]}: {zoned[1]!r}) and without (row {naive[0]}: "
        f"{naive[1]!r}); give all of them a zone, for example with tz_localize, or none"
    )
    with refused(sf.SchemaError, message):
        sf.StageLog({**ROWS, "time": np.array(times, dtype=object)})


ONE_TYPE = "make it one type, for example with astype(str)"
OBJECTS = "expected integers, text, bytes, UUIDs, enum members, dates or timestamps"
CAST = "cast it to integers, text, a date or a timestamp first"
TRUTH = "expected keys, labels or times; if these are labels, make them text with astype(str)"
DATES = "expected keys, labels, dates or timestamps"
NOT_WHOLE = "is not a whole number below 2^53"
TOO_WIDE = "which no 64-bit integer holds beside the other values; make the column text"


@pytest.mark.parametrize(
    ("role", "values", "complaint"),
    [
        ("item", [1.5, 2.0, 3.0], f": 1.500000 in row 0 {NOT_WHOLE}"),
        ("item", [1.0, 2.0, 2.0**53 + 2], f": {2.0**53 + 2:.6f} in row 2 {NOT_WHOLE}"),
        ("item", [1.0, np.inf, 3.0], f": inf in row 1 {NOT_WHOLE}"),
        ("stage", [1.0, 2.25, 3.0], f": 2.250000 in row 1 {NOT_WHOLE}"),
        ("time", [1.0, 2.25, 3.0], f": 2.250000 in row 1 {NOT_WHOLE}"),
        ("item", np.array([1.5, 2, 3], dtype="f2"), f": 1.500000 in row 0 {NOT_WHOLE}"),
        ("item", [1, "a", 2], f" mixes types: int in row 0, str ('a') in row 1; {ONE_TYPE}"),
        ("stage", ["New", None, 1], f" mixes types: str in row 0, int (1) in row 2; {ONE_TYPE}"),
        ("item", [None, b"a", "a"], f" mixes types: bytes in row 1, str ('a') in row 2; {ONE_TYPE}"),
        ("item", [True, False, True], f" is boolean; {TRUTH}"),
        ("stage", pd.array([True, None, False]), f" is boolean; {TRUTH}"),
        (
            "time",
            pd.Series([np.datetime64("2026-01-01")] * 3, dtype=object),
            " holds datetime64 objects (row 0: np.datetime64('2026-01-01')); expected a column of the type "
            "datetime64, which pd.to_datetime makes of them",
        ),
        ("item", pa.array([True, False, True]), f": unsupported column type: boolean; {CAST}"),
        ("item", pa.array([1, 2, 3], pa.decimal128(5)), f": unsupported column type: decimal; {CAST}"),
        ("stage", pa.array([["a"], [], []]), f": unsupported column type: nested; {CAST}"),
        ("item", pa.nulls(3), f": unsupported column type: null; {CAST}"),
        ("item", np.array([1j, 2, 3]), f" holds complex objects (row 0: 1j); {OBJECTS}"),
        ("time", [datetime.time(1)] * 3, f" holds time objects (row 0: datetime.time(1, 0)); {OBJECTS}"),
        ("stage", [None, (1,), (2,)], f" holds tuple objects (row 1: (1,)); {OBJECTS}"),
        ("time", pd.period_range("2026-01-01", periods=3), f" is period[D]; {DATES}"),
        ("time", pd.to_timedelta([1, 2, 3], unit="s").as_unit("us"), f" is timedelta64[us]; {DATES}"),
        ("time", [b"2026-01-01"] * 3, " holds bytes; expected dates, timestamps, text or integers"),
        ("time", np.array([1, 2, 2**63], dtype="u8"), f": {2**63} in row 2 is not a whole number below 2^63"),
        (
            "stage",
            np.array([1, 2**63, 2], dtype="u8"),
            f": {2**63} in row 1 is not a whole number below 2^63",
        ),
        ("item", [1, -(2**70), 3], f" has {-(2**70)} in row 1, {TOO_WIDE}, for example with astype(str)"),
        (
            "item",
            np.array([-1, None, 2**63], dtype=object),
            f" has {2**63} in row 2, {TOO_WIDE}, for example with astype(str)",
        ),
        ("item", np.ones((3, 2), dtype=int), " has 2 dimensions, not 1"),
        ("item", "abc", " is a str, not an array"),
        ("item", {1, 2, 3}, " is a set, not an array"),
    ],
)
def test_a_column_of_a_type_that_is_not_read_is_refused(role: str, values: Any, complaint: str) -> None:
    with refused(sf.SchemaError, f"column {role!r}{complaint}"):
        sf.StageLog({**ROWS, role: values})


def test_a_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(
        sf.SchemaError, match=r"column 'stage' has text that is not valid Unicode: .*'\\ud800'"
    ):
        sf.StageLog({**ROWS, "stage": ["New", "\ud800", "Won"]})


def test_stages_that_are_bytes_are_refused() -> None:
    rows = {"item": [1], "stage": [b"New"], "time": [0]}
    with pytest.raises(sf.SchemaError, match="column 'stage' holds bytes; decode the stages to text first"):
        sf.StageLog(rows)


def test_python_integers_beyond_63_bits_are_keys_where_none_is_negative() -> None:
    log = sf.StageLog({**ROWS, "item": np.array([2**63, 2**64 - 1, 1], dtype=object)})
    assert sf.item_table(log, sf.Pipeline("New", won="Won"))["item"].tolist() == [2**63, 2**64 - 1, 1]


NO_COLUMN = "no column {name!r}; the {what} has: 'item', 'stage', 'time'; did you mean {right!r}?"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (ROWS, "mapping"),
        (pd.DataFrame(ROWS), "frame"),
        (pl.DataFrame(ROWS), "table"),
        (pa.table(ROWS), "table"),
        (pa.RecordBatch.from_pydict(ROWS), "table"),
        (pa.table(ROWS).to_reader(), "table"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_the_nearest_one(source: Any, what: str) -> None:
    with refused(sf.SchemaError, NO_COLUMN.format(name="Stage", what=what, right="stage")):
        sf.StageLog(source, stage="Stage")


def test_a_column_that_is_like_no_other_gets_no_suggestion() -> None:
    with refused(sf.SchemaError, "no column 'zzz'; the frame has: 'item', 'stage', 'time'"):
        sf.StageLog(pd.DataFrame(ROWS), time="zzz")
    with refused(sf.SchemaError, "no column 'item'; the frame has no columns"):
        sf.StageLog(pd.DataFrame())


@pytest.mark.parametrize("levels", [["item"], ["item", "stage"]])
def test_a_column_that_is_the_index_is_refused_with_what_makes_a_column_of_it(levels: list[str]) -> None:
    message = "no column 'item', because the index of the frame has this name; pass frame.reset_index()"
    frame = pd.DataFrame(ROWS).set_index(levels)
    with refused(sf.SchemaError, message):
        sf.StageLog(frame)
    assert sf.StageLog(frame.reset_index()).n_items == sf.StageLog(pd.DataFrame(ROWS)).n_items


SOURCES = "pass a pandas, polars or Arrow table, a DuckDB relation, a list of records or a mapping of arrays"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (7, f"cannot read columns from int: {SOURCES}"),
        (
            pd.DataFrame([[1, 1, "New", 0]], columns=["item", "item", "stage", "time"]),
            "the frame has several columns named 'item'; give each a name of its own",
        ),
        (None, "without a frame, item, stage and time are arrays; 'item', 'stage', 'time' named a column"),
    ],
)
def test_what_is_no_table_is_refused(source: Any, message: str) -> None:
    with refused(sf.SchemaError, message):
        sf.StageLog(source)


def test_names_and_arrays_do_not_mix() -> None:
    with refused(sf.SchemaError, "without a frame, item, stage and time are arrays; 'time' named a column"):
        sf.StageLog(item=[1], stage=["New"])
    with refused(sf.SchemaError, "with a frame, 'item' must be the name of a column"):
        sf.StageLog(ROWS, item=[1, 1, 2])


@pytest.mark.parametrize(
    ("columns", "names"),
    [([0, "stage", "time"], {"item": 0}), ([("a", "item"), "stage", "time"], {"item": ("a", "item")})],
)
def test_names_of_columns_are_text(columns: list[Any], names: dict[str, Any]) -> None:
    message = (
        f"with a frame, 'item' must be the name of a column, not {names['item']!r}; make text of its names "
        f"with frame.columns.map(str)"
    )
    frame = pd.DataFrame(ROWS).set_axis(columns, axis=1)
    with refused(sf.SchemaError, message):
        sf.StageLog(frame, **names)
    renamed = frame.set_axis(frame.columns.map(str), axis=1)
    assert sf.StageLog(renamed, item=str(names["item"])).n_items == 2


def test_a_value_of_several_lines_is_named_by_its_type() -> None:
    with refused(sf.SchemaError, "amount=<Series> is not the name of a column"):
        sf.funnel(sf.StageLog(ROWS), sf.Pipeline("New", won="Won"), amount=pd.Series([1, 2]))


def test_columns_of_different_lengths_are_refused_with_their_lengths() -> None:
    with refused(
        sf.SchemaError, "the columns differ in length: item has 2 rows, stage has 3 rows, time has 3 rows"
    ):
        sf.StageLog(item=[1, 2], stage=["New"] * 3, time=[0, 1, 2])


def test_more_stages_than_codes_are_refused_and_as_many_are_not() -> None:
    numbers = np.arange(65_536)
    message = "column 'stage': the stage column has more than 65,535 distinct stages; is it the item column?"
    for stages in (numbers, numbers.astype(str).astype(object)):
        with refused(sf.SchemaError, message):
            sf.StageLog(item=numbers, stage=stages, time=numbers)
        assert len(sf.StageLog(item=numbers[1:], stage=stages[1:], time=numbers[1:]).stages) == 65_535


@pytest.mark.parametrize("order", [[1, None, 2], ["1", None, "2"], [1.0, np.nan, 2.0]])
def test_an_order_column_has_a_value_in_every_row(order: Any) -> None:
    with refused(sf.SchemaError, "column 'id': the order column has no value in row 1"):
        sf.StageLog({**ROWS, "id": order}, order="id")


@pytest.mark.parametrize("threads", [0, -1, 2.0, True, "2"])
def test_threads_are_a_whole_number_of_at_least_one(threads: Any) -> None:
    with refused(sf.SchemaError, f"threads={threads!r} is not a whole number of at least 1"):
        sf.StageLog(ROWS, threads=threads)
    for enough in (1, np.int64(3), 10**12):
        assert sf.StageLog(ROWS, threads=enough).n_rows == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("two", "STAGEFUNNEL_THREADS='two' is not a whole number"),
        ("²", "STAGEFUNNEL_THREADS='²' is not a whole number"),
        ("-1", "STAGEFUNNEL_THREADS='-1' is not a whole number"),
        ("0", "threads=0 is not a whole number of at least 1"),
    ],
)
def test_the_environment_names_a_whole_number_of_threads(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEFUNNEL_THREADS", value)
    with refused(sf.SchemaError, message):
        sf.StageLog(ROWS)
    assert sf.StageLog(ROWS, threads=1).n_rows == 3


def test_the_environment_is_read_when_a_log_is_made() -> None:
    log = "sf.StageLog({'item': [1], 'stage': ['New'], 'time': [0]})"
    code = f"import stagefunnel as sf; print({log}._data.threads)"
    assert run_python("-c", code, STAGEFUNNEL_THREADS="3").stdout.strip() == "3"
