"""Ends of visits and unknown starts as columns of a log: sources, types, units, zones, what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, pipeline_of, plain
from marked import MarkedCase, marked_cases

COLUMNS: dict[str, list[Any]] = {
    "item": [1, 2, 1, 2],
    "stage": ["New", "New", "Offer", "Won"],
    "time": [0, 0, 5, 5],
    "left": [3, None, 9, None],
    "guess": [False, True, None, False],
}
MARKS = {"exited": "left", "start_unknown": "guess"}


def of_arrow(columns: Any) -> Any:
    return pytest.importorskip("pyarrow").table(columns)


def of_duckdb(columns: Any) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(of_arrow(columns))


SOURCES: dict[str, Callable[[Any], sf.StageLog]] = {
    "frame": lambda columns: sf.StageLog(pd.DataFrame(columns), **MARKS),
    "mapping": lambda columns: sf.StageLog(columns, **MARKS),
    "arrays": lambda columns: sf.StageLog(
        item=columns["item"],
        stage=columns["stage"],
        time=columns["time"],
        exited=columns["left"],
        start_unknown=columns["guess"],
    ),
    "arrow": lambda columns: sf.StageLog(of_arrow(columns), **MARKS),
    "reader": lambda columns: sf.StageLog(of_arrow(columns).to_reader(), **MARKS),
    "polars": lambda columns: sf.StageLog(pytest.importorskip("polars").DataFrame(columns), **MARKS),
    "duckdb": lambda columns: sf.StageLog(of_duckdb(columns), **MARKS),
    "batches of frames": lambda columns: sf.StageLog.from_batches(
        [pd.DataFrame(columns)[:1], pd.DataFrame(columns)[1:]], **MARKS
    ),
    "batches of Arrow": lambda columns: sf.StageLog.from_batches(
        of_arrow(columns).to_batches(max_chunksize=1), **MARKS
    ),
    "batches of DuckDB": lambda columns: sf.StageLog.from_batches(
        of_duckdb(columns).to_arrow_reader(2), **MARKS
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_marks_come_from_whatever_holds_the_log(source: str) -> None:
    log = SOURCES[source](COLUMNS)
    table = sf.visits(log, SMALL)
    assert plain(table["entered"]) == [0, 5, None, 5]
    assert plain(table["exited"]) == [3, 9, 5, None]
    assert "end of 2 rows, start of 1 row unknown" in repr(log)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("times", ["numbers", "dates"])
def test_marks_come_from_files(suffix: str, times: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(COLUMNS).astype({"left": "Int64"})
    if times == "dates":
        for name in ("time", "left"):
            frame[name] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame[name].astype("float"), unit="D")
    path = tmp_path / f"log.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    read = sf.StageLog.from_parquet if suffix == "parquet" else sf.StageLog.from_csv
    items = {"item": frame["item"] if suffix == "parquet" else frame["item"].astype(str)}
    expected = sf.StageLog(frame.assign(**items), **MARKS)
    assert_frame_equal(sf.visits(read(path, **MARKS, keys="keep"), SMALL), sf.visits(expected, SMALL))


def test_a_row_table_is_read_again_with_its_marks() -> None:
    log = sf.StageLog(COLUMNS, **MARKS)
    rows = sf.row_table(log)
    assert list(rows.columns) == ["item", "stage", "time", "exited", "start_unknown"]
    again = sf.StageLog(rows, exited="exited", start_unknown="start_unknown")
    assert_frame_equal(sf.visits(again, SMALL), sf.visits(log, SMALL))
    assert list(sf.row_table(sf.StageLog(COLUMNS)).columns) == ["item", "stage", "time"]


def days(*texts: Any, **options: Any) -> sf.StageLog:
    """Read one visit of New that begins on 1 March 2026, with these ends."""
    start = pd.to_datetime(["2026-03-01"] * len(texts))
    rows = {
        "item": list(range(len(texts))),
        "stage": ["New"] * len(texts),
        "time": start,
        "left": list(texts),
    }
    return sf.StageLog(rows, exited="left", **options)


def test_missing_ends_are_all_that_mean_nothing() -> None:
    log = days(None, "", "  ", float("nan"), pd.NA, "2026-03-02")
    assert sf.visits(log, SMALL)["exited"].notna().tolist() == [False] * 5 + [True]


def test_texts_are_parsed_as_the_times_are() -> None:
    rows = {"item": [1], "stage": ["New"], "time": ["01/03/2026"], "left": ["02/03/2026"]}
    table = sf.visits(sf.StageLog(rows, exited="left", time_format="%d/%m/%Y"), SMALL)
    assert table["duration"][0] == pd.Timedelta(days=1)
    rows["time"] = ["2026-03-28 12:00"]
    rows["left"] = ["2026-03-29 12:00"]
    zoned = sf.StageLog(rows, exited="left", zone="Europe/Berlin")
    assert sf.visits(zoned, SMALL)["duration"][0] == pd.Timedelta(hours=23)  # the clocks leave an hour out


@pytest.mark.parametrize(
    ("times", "ends", "unit"),
    [
        ("datetime64[s]", "datetime64[ms]", "s"),
        ("datetime64[ns]", "datetime64[s]", "ns"),
        ("datetime64[D]", "datetime64[us]", "D"),
    ],
)
def test_ends_of_another_unit_keep_the_unit_of_the_times(times: str, ends: str, unit: str) -> None:
    rows = {"item": np.array([1]), "stage": ["New"], "time": np.array(["2026-03-01"], dtype=times)}
    log = sf.StageLog({**rows, "left": np.array(["2026-03-03"], dtype=ends)}, exited="left")
    assert log.unit == {"D": "s"}.get(unit, unit)
    assert sf.visits(log, SMALL)["duration"][0] == pd.Timedelta(days=2)


@pytest.mark.parametrize("in_batches", [False, True])
def test_the_log_has_the_finer_unit_where_an_end_needs_it(in_batches: bool) -> None:
    times = pd.to_datetime(["2026-03-01", "2026-03-02"]).as_unit("s")
    ends = pd.to_datetime(["2026-03-01 00:00:00.00", "2026-03-02 00:00:00.25"]).as_unit("ms")
    frame = pd.DataFrame({"item": [1, 1], "stage": ["New", "Offer"], "time": times, "left": ends})
    if in_batches:
        log = sf.StageLog.from_batches([frame[:1], frame[1:]], exited="left")
    else:
        log = sf.StageLog(frame, exited="left")
    assert log.unit == "ms"
    assert sf.visits(log, SMALL)["duration"].tolist() == [pd.Timedelta(0), pd.Timedelta(250, "ms")]


def test_a_row_that_is_dropped_does_not_refine_the_unit() -> None:
    rows = {
        "item": [1, None],
        "stage": ["New", "New"],
        "time": pd.to_datetime(["2026-03-01", "2026-03-01"]).as_unit("s"),
        "left": pd.to_datetime(["2026-03-02 00:00:00.00", "2026-03-02 00:00:00.25"]).as_unit("ms"),
    }
    log = sf.StageLog(rows, exited="left", invalid="drop")
    assert log.unit == "s"
    assert sf.visits(log, SMALL)["duration"].tolist() == [pd.Timedelta(days=1)]


def test_dates_with_ends_at_a_time_of_day() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "item": [1],
            "stage": ["New"],
            "time": pa.array([pd.Timestamp("2026-03-01").date()]),
            "left": pa.array([pd.Timestamp("2026-03-01 18:00")]),
        }
    )
    assert sf.visits(sf.StageLog(table, exited="left"), SMALL)["duration"][0] == pd.Timedelta(hours=18)


def test_a_row_that_ends_before_it_begins_is_refused_or_dropped() -> None:
    rows = {"item": [1, 2], "stage": ["New", "New"], "time": [5, 5], "left": [6, 4]}
    with pytest.raises(sf.InvalidRowError, match="row 1 ends before it begins: 4 in column 'left'") as caught:
        sf.StageLog(rows, exited="left")
    assert caught.value.row == 1
    assert 'invalid="drop"' in str(caught.value)
    log = sf.StageLog(rows, exited="left", invalid="drop")
    counts = log.quality().set_index("check")["count"]
    assert (counts["ended_before_start"], counts["dropped"], log.n_rows) == (1, 1, 1)
    batches = [{name: values[:1] for name, values in rows.items()}, {n: v[1:] for n, v in rows.items()}]
    with pytest.raises(sf.InvalidRowError, match="row 1 ends before it begins"):
        sf.StageLog.from_batches(batches, exited="left")
    streamed = sf.StageLog.from_batches(batches, exited="left", invalid="drop")
    assert_frame_equal(streamed.quality(), log.quality())
    assert plain(sf.visits(streamed, SMALL)["exited"]) == [6]


@pytest.mark.parametrize(("coarse", "is_early"), [("2026-03-01", True), ("2026-03-02", False)])
def test_an_end_of_a_coarser_unit_is_compared_exactly(coarse: str, is_early: bool) -> None:
    rows = {
        "item": [1],
        "stage": ["New"],
        "time": pd.to_datetime(["2026-03-01 00:00:00.5"]).as_unit("ms"),
        "left": pd.to_datetime([coarse]).as_unit("s"),
    }
    log = sf.StageLog(rows, exited="left", invalid="drop", empty="allow")
    assert log.n_rows == (0 if is_early else 1)


def test_an_end_that_is_not_a_time_is_refused_or_dropped() -> None:
    with pytest.raises(sf.InvalidRowError, match="time 'soon' in row 1 of column 'left' is not ISO 8601"):
        days("2026-03-02", "soon")
    log = days("2026-03-02", "soon", invalid="drop")
    assert log.quality().set_index("check")["count"]["unparsed_end"] == 1
    assert log.n_rows == 1


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (5, "'left' holds plain integers, column 'time' times without a zone; make them one type"),
        (pd.Timestamp("2026-03-02", tz="UTC"), "'left' holds times with a zone"),
    ],
)
def test_ends_of_another_kind_are_refused(end: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        days(end)


@pytest.mark.parametrize(
    "flags",
    [
        [True, False, None],
        [1, 0, 0],
        [1.0, float("nan"), 0.0],
        ["yes", "no", ""],
        ["True", "false", None],
        pd.Series([True, False, pd.NA], dtype="boolean"),
        pd.Categorical(["yes", "no", "no"]),
    ],
)
def test_flags_are_read_in_many_forms(flags: Any) -> None:
    rows = {"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0, 0, 0], "u": flags}
    table = sf.visits(sf.StageLog(rows, start_unknown="u"), SMALL)
    assert table["entered"].isna().tolist() == [True, False, False]


def test_a_flag_that_is_neither_yes_nor_no_is_refused() -> None:
    rows = {"item": [1, 2], "stage": ["New"] * 2, "time": [0, 0], "u": ["no", "perhaps"]}
    with pytest.raises(sf.SchemaError, match="start_unknown='u' has 'perhaps' in row 1"):
        sf.StageLog(rows, start_unknown="u")


@pytest.mark.parametrize(("name", "given"), [("exited", "left"), ("start_unknown", "u")])
def test_a_column_that_is_not_there_is_refused(name: str, given: str) -> None:
    rows = {"item": [1], "stage": ["New"], "time": [0]}
    with pytest.raises(sf.SchemaError, match=f"no column '{given}'"):
        sf.StageLog(rows, **{name: given})
    with pytest.raises(sf.SchemaError, match="must be the name of a column"):
        sf.StageLog(rows, **{name: np.array([1])})


def test_marks_of_another_length_are_refused() -> None:
    arrays: Any = {"item": [1, 2], "stage": ["New"] * 2, "time": [0, 0]}
    for more in ({"exited": [1]}, {"start_unknown": [True]}):
        with pytest.raises(sf.SchemaError, match="differ in length"):
            sf.StageLog(**arrays, **more)


def test_rows_of_stages_that_are_left_out_take_their_marks_along() -> None:
    log = sf.StageLog(COLUMNS, **MARKS, stages=["Offer", "Won"])
    batches = [{name: values[at : at + 1] for name, values in COLUMNS.items()} for at in range(4)]
    streamed = sf.StageLog.from_batches(batches, **MARKS, stages=["Offer", "Won"])
    pipeline = sf.Pipeline("Offer", won="Won")
    for one in (log, streamed):
        assert plain(sf.visits(one, pipeline)["exited"]) == [9, None]


@given(marked=marked_cases(), cut=st.integers(0, 12))
def test_a_stream_has_the_marks_of_its_rows(marked: MarkedCase, cut: int) -> None:
    frame = marked.frame
    options = {"exited": "left", "start_unknown": "unknown"}
    pipeline = pipeline_of(marked.case.pipeline)
    streamed = sf.StageLog.from_batches([frame[:cut], frame[cut:]], keys="keep", **options)
    assert_frame_equal(sf.visits(streamed, pipeline), sf.visits(sf.StageLog(frame, **options), pipeline))
