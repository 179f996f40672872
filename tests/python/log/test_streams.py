"""Logs that come in batches: the same as one table of all rows, and errors that say where in the stream."""

import enum
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, assert_same, assert_summary, frame_of, pipeline_of
from strategies import Case, cases

ROWS = {"item": ["a", "b", "a", "c"], "stage": ["New", "New", "Won", "New"], "time": [0, 1, 2, 3]}


def refused(error: type[Exception], message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def batches_of(frame: pd.DataFrame, cuts: list[int]) -> Iterator[pd.DataFrame]:
    """Cut a frame at some rows; equal cuts make an empty batch."""
    bounds = [0, *sorted(min(cut, len(frame)) for cut in cuts), len(frame)]
    for start, end in pairwise(bounds):
        yield frame.iloc[start:end].reset_index(drop=True)


def with_dictionaries(frame: pd.DataFrame) -> pa.Table:
    """Give the stages, and items that are text, a dictionary of their own in every batch."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for place, name in enumerate(table.column_names[:2]):
        if pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type):
            table = table.set_column(place, name, table[name].dictionary_encode())
    return table


FORMS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "dictionaries": with_dictionaries,
    "polars": pl.from_pandas,
    "arrays": lambda frame: {name: frame[name] for name in frame.columns},
}


def assert_same_log(
    found: sf.StageLog, expected: sf.StageLog, pipeline: sf.Pipeline, *, items: bool = True
) -> None:
    """Compare all that two logs say, of single items too unless a stream has forgotten their names."""
    assert repr(found) == repr(expected)
    assert_frame_equal(found.stages, expected.stages)
    summaries = [sf.summary(log, pipeline, unlisted="ignore") for log in (found, expected)]
    assert_summary(summaries[0], summaries[1].tables)
    if items:
        tables = [sf.item_table(log, pipeline, unlisted="ignore") for log in (found, expected)]
        assert_same(*tables, by=["item"])


@pytest.mark.parametrize("times", ["integer", "naive", "zoned"])
@given(data=st.data())
def test_a_stream_is_the_log_of_all_its_rows_however_they_are_cut(times: Any, data: st.DataObject) -> None:
    case: Case = data.draw(cases(unlisted="some", times=times))
    frame = frame_of(case.rows)
    long = data.draw(st.sampled_from(["", "a", "a9É"]))  # which of the texts are too long to be packed
    frame["item"] = [
        f"{item} and so on and so on" if isinstance(item, str) and item[-1:] in long else item
        for item in frame["item"]
    ]
    hashed = any(isinstance(item, str) and item.endswith("so on") for item in frame["item"])
    cuts = data.draw(st.lists(st.integers(0, len(frame)), max_size=4))
    form = FORMS[data.draw(st.sampled_from(list(FORMS)))]
    batches = map(form, batches_of(frame, cuts))
    threads = data.draw(st.sampled_from([1, 3]))
    keys = data.draw(st.sampled_from(["auto", "auto", "keep", "exact"]))
    stream = sf.StageLog.from_batches(batches, keys=keys, threads=threads)
    known = keys != "auto" or not hashed
    assert_same_log(stream, sf.StageLog(frame), pipeline_of(case.pipeline), items=known)


@pytest.mark.parametrize("invalid", ["drop", "keep_stage"])
@given(data=st.data())
def test_incomplete_rows_count_alike_in_a_stream(invalid: Any, data: st.DataObject) -> None:
    frame = frame_of(data.draw(cases()).rows).astype({"stage": object})
    gaps = st.lists(st.integers(0, len(frame) - 1), max_size=4, unique=True)
    for name in ("item", "stage", "time") if invalid == "drop" else ("stage",):
        values = pd.array(frame[name], dtype="Int64" if name == "time" else None)
        frame[name] = pd.Series(values).astype(object)
        frame.loc[data.draw(gaps), name] = None
    cuts = data.draw(st.lists(st.integers(0, len(frame)), max_size=4))
    options: dict[str, Any] = {"invalid": invalid, "empty": "allow", "keys": "keep"}
    stream = sf.StageLog.from_batches(batches_of(frame, cuts), **options)
    assert_same_log(stream, sf.StageLog(frame, **options), SMALL)


def test_many_rows_are_the_same_in_a_stream_and_in_a_frame() -> None:
    random = np.random.default_rng(7)
    n = 200_000
    frame = pd.DataFrame(
        {
            "item": random.integers(0, n // 5, n),
            "stage": np.array(["New", "Offer", "Won", "Lost"])[random.integers(0, 4, n)],
            "time": random.integers(0, 1_000, n),
        }
    )
    expected = sf.StageLog(frame)
    for size, threads in ((1_000, 1), (70_000, 2), (n, 7)):
        cuts = list(range(size, n, size))
        stream = sf.StageLog.from_batches(batches_of(frame, cuts), threads=threads)
        assert_same_log(stream, expected, SMALL)


def test_times_that_are_text_are_read_batch_by_batch() -> None:
    texts = ["2026-01-01T10:00+01:00", "2026-01-01T10:00Z", "2026-01-02T00:00Z", "2026-01-03T00:00Z"]
    frame = pd.DataFrame({**ROWS, "time": texts})
    stream = sf.StageLog.from_batches(batches_of(frame, [1, 3]), keys="keep")
    assert_same_log(stream, sf.StageLog(frame), SMALL)


def batches_at(*texts: str) -> list[dict[str, list[Any]]]:
    return [{"item": [1], "stage": ["New"], "time": [text]} for text in texts]


def test_times_that_are_text_have_the_unit_that_the_whole_stream_needs() -> None:
    rows = batches_at("2026-01-01T00:00:00.000000001", "2026-01-02")
    for batches in (rows, rows[::-1]):
        log = sf.StageLog.from_batches(batches)
        assert log.unit == "ns"
        expected = ["2026-01-01T00:00:00.000000001", "2026-01-02"]
        assert sf.row_table(log)["time"].tolist() == [pd.Timestamp(time) for time in expected]


def test_nanoseconds_and_a_year_that_they_do_not_reach_are_refused_in_any_order() -> None:
    rows = batches_at("2026-01-01T00:00:00.000000001", "9999-12-31")
    with pytest.raises(sf.SchemaError, match="times of unit 'us' without a zone, the batches before have"):
        sf.StageLog.from_batches(rows)
    with pytest.raises(sf.SchemaError, match="the batches before have a time beyond the years 1677 to 2262"):
        sf.StageLog.from_batches(rows[::-1])


def test_timestamps_of_another_unit_are_refused() -> None:
    rows = [
        {"item": [1], "stage": ["New"], "time": pd.to_datetime(["2026-01-02"]).as_unit(unit)}
        for unit in ("us", "ns")
    ]
    with pytest.raises(sf.SchemaError, match="times of unit 'ns' without a zone, the batches before have"):
        sf.StageLog.from_batches(rows)


def test_progress_hears_of_the_rows_after_every_batch() -> None:
    heard: list[tuple[int, int | None]] = []
    sf.StageLog.from_batches(
        batches_of(pd.DataFrame(ROWS), [1, 1, 3]), progress=lambda done, of: heard.append((done, of))
    )
    assert heard == [(1, None), (1, None), (3, None), (4, None)]


@pytest.mark.parametrize(
    ("role", "row", "message"),
    [
        ("item", 3, "missing item in row 3 of column 'item'; fill it in, or pass"),
        ("stage", 2, "missing stage in row 2 of column 'stage'; fill it in, or pass"),
        ("time", 2, "missing time in row 2 of column 'time'; fill it in, or pass"),
    ],
)
def test_an_incomplete_row_is_named_by_its_number_in_the_stream(role: str, row: int, message: str) -> None:
    frame = pd.DataFrame(ROWS).astype(object)
    frame.loc[row, role] = None
    for cuts in ([], [1], [row], [1, 2, 3]):
        with pytest.raises(sf.InvalidRowError, match=message) as found:
            sf.StageLog.from_batches(batches_of(frame, cuts))
        assert found.value.row == row


def test_a_text_that_is_no_time_is_named_by_its_number_in_the_stream() -> None:
    frame = pd.DataFrame({**ROWS, "time": ["2026-01-01", "2026-01-02", "soon", "later"]})
    message = "time 'soon' in row 2 of column 'time' is not ISO 8601; pass its format"
    with pytest.raises(sf.InvalidRowError, match=message) as found:
        sf.StageLog.from_batches(batches_of(frame, [1]))
    assert found.value.row == 2


@pytest.mark.parametrize(
    ("column", "first", "second", "kinds"),
    [
        ("item", ["a"], [1], ("integers", "text")),
        ("item", [b"a"], ["a"], ("text", "bytes")),
        ("item", pa.array([1], pa.uint64()), [1], ("integers", "unsigned integers of 64 bits")),
        ("stage", ["New"], [1], ("integers", "text")),
        ("time", [0], ["2026-01-01"], ("times of unit 'us' without a zone", "plain integers")),
        (
            "time",
            pa.array([0], pa.timestamp("ms")),
            pa.array([0], pa.timestamp("us")),
            ("times of unit 'us' without a zone", "times of unit 'ms' without a zone"),
        ),
        (
            "time",
            pa.array([0], pa.timestamp("us", "UTC")),
            pa.array([0], pa.timestamp("us")),
            ("times of unit 'us' without a zone", "times of unit 'us' in UTC"),
        ),
    ],
)
def test_batches_of_different_types_are_refused(column: str, first: Any, second: Any, kinds: Any) -> None:
    row = {"item": ["a"], "stage": ["New"], "time": [0]}
    message = (
        f"in the batch that begins at row 1: column {column!r} has {kinds[0]}, the batches before have "
        f"{kinds[1]}; make them one type"
    )
    with refused(sf.SchemaError, message):
        sf.StageLog.from_batches([{**row, column: first}, {**row, column: second}])


def test_batches_without_any_value_may_be_of_any_type() -> None:
    row = {"item": [1], "stage": ["New"], "time": [0]}
    empty: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    missing = {"item": [None], "stage": [None], "time": [None]}
    log = sf.StageLog.from_batches([empty, missing, row, missing, empty], invalid="drop")
    assert (log.n_rows, log.n_items) == (1, 1)
    assert log.quality().set_index("check").loc["rows", "count"] == 3


def test_what_the_core_refuses_in_a_later_batch_says_which() -> None:
    row = {"item": [1.0], "stage": ["New"], "time": [0]}
    message = (
        "in the batch that begins at row 1: column 'item': 1.500000 in row 0 is not a whole number below 2^53"
    )
    with refused(sf.SchemaError, message):
        sf.StageLog.from_batches([row, {**row, "item": [1.5]}])


def test_a_table_is_no_stream_of_batches() -> None:
    with pytest.raises(sf.SchemaError, match="batches is a DataFrame, not an iterable of tables"):
        sf.StageLog.from_batches(pd.DataFrame(ROWS))


def test_a_stream_without_rows_is_refused_unless_it_may_be_empty() -> None:
    with pytest.raises(sf.SchemaError, match="the log has no rows"):
        sf.StageLog.from_batches([])
    with pytest.raises(sf.SchemaError, match="no row is left after dropping 1 invalid row"):
        sf.StageLog.from_batches([{"item": ["a"], "stage": [None], "time": [0]}], invalid="drop")
    assert sf.StageLog.from_batches([], empty="allow").n_rows == 0


def test_texts_of_hashed_keys_come_back_only_where_they_were_kept() -> None:
    names = ["a lead of March", "b lead of March", "a lead of March", "c lead of March"]
    rows = {**ROWS, "item": names}
    log = sf.StageLog.from_batches([rows])
    assert sf.funnel(log, SMALL)["reached"].tolist() == [3, 0, 1, 0]
    assert sf.explain(log, SMALL, item=names[0]).loc[2, "passed"]
    with refused(sf.UnknownItemError, "the log has no item 'z'"):
        sf.explain(log, SMALL, item="z")
    with pytest.raises(sf.SchemaError, match='read it with keys="keep"'):
        sf.item_table(log, SMALL)
    for keys in ("keep", "exact"):
        kept = sf.StageLog.from_batches([rows], keys=keys)
        assert sf.item_table(kept, SMALL)["item"].tolist() == [names[0], names[1], names[3]]
        with pytest.raises(sf.UnknownItemError, match=r"its keys look like '. lead of March'"):
            sf.explain(kept, SMALL, item="z")


def test_texts_of_short_keys_come_back_without_being_kept() -> None:
    log = sf.StageLog.from_batches(batches_of(pd.DataFrame(ROWS), [1, 2]))
    assert sf.item_table(log, SMALL)["item"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_integer_keys_of_a_stream_always_come_back(dtype: str) -> None:
    items = np.array([2**63 - 1, 5, 2**63 - 1, 7], dtype=dtype)
    log = sf.StageLog.from_batches([{**ROWS, "item": items}])
    found = sf.item_table(log, SMALL)["item"]
    assert found.dtype == dtype
    assert found.tolist() == [2**63 - 1, 5, 7]


def test_binary_keys_come_back_as_bytes() -> None:
    items = pa.array([b"\x00\xff", b"\x01", b"\x00\xff", b""])
    for keys in ("auto", "keep"):
        log = sf.StageLog.from_batches([{**ROWS, "item": items}], keys=keys)
        assert sf.item_table(log, SMALL)["item"].tolist() == [b"\x00\xff", b"\x01", b""]


def test_an_items_table_finds_the_items_of_a_stream() -> None:
    items = {"item": ["c", "a"], "region": ["south", "north"]}
    log = sf.StageLog.from_batches(batches_of(pd.DataFrame(ROWS), [2]), items=items)
    table = sf.funnel(log, SMALL, by="region")
    assert table.loc[table["stage"] == "New", "base"].tolist() == [1, 1, 1]


def test_stages_that_are_enum_members_are_refused_in_a_stream() -> None:
    stage = enum.Enum("Stage", ["New", "Won"])
    rows = {"item": [1, 1], "stage": [stage["New"], stage["Won"]], "time": [0, 1]}
    with pytest.raises(sf.SchemaError, match="column 'stage' holds enum members, whose codes differ"):
        sf.StageLog.from_batches([rows])


@pytest.mark.parametrize("keys", ["auto", "keep", "exact"])
def test_a_frame_gives_its_keys_back_whatever_is_asked_of_a_stream(keys: Any) -> None:
    names = ["a lead of March", "b lead of March", "a lead of March", "c lead of March"]
    log = sf.StageLog({**ROWS, "item": names}, keys=keys)
    assert sf.item_table(log, SMALL)["item"].tolist() == [names[0], names[1], names[3]]


def test_an_unknown_way_with_keys_is_refused() -> None:
    for read in (sf.StageLog, lambda rows, **options: sf.StageLog.from_batches([rows], **options)):
        with pytest.raises(sf.SchemaError, match="keys='kept' is not one of 'auto', 'keep', 'exact'"):
            read(ROWS, keys="kept")
