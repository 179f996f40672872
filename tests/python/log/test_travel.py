"""Logs that travel: pickled, copied and sent to other processes, they answer alike."""

import copy
import enum
import multiprocessing
import pickle
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import asked
import stagefunnel as sf
from helpers import assert_frame_equal, log_of, pipeline_of
from stagefunnel.log.body import VERSION, from_body, to_body
from strategies import Case, cases


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def through_buffers(log: sf.StageLog) -> sf.StageLog:
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(log, protocol=5, buffer_callback=buffers.append)
    sent: sf.StageLog = pickle.loads(pickled, buffers=[bytes(buffer.raw()) for buffer in buffers])
    return sent


WAYS: dict[str, Callable[[sf.StageLog], sf.StageLog]] = {
    "pickle": again,
    "pickle with buffers": through_buffers,
    "the oldest protocol": lambda log: pickle.loads(pickle.dumps(log, protocol=2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "twice": lambda log: again(again(log)),
    "after questions": lambda log: again(asked_before(log)),
}


def asked_before(log: sf.StageLog) -> sf.StageLog:
    """Ask what lets a log keep columns in a second form."""
    sf.funnel(log, asked.PIPELINE, by="value")
    sf.funnel(log, asked.PIPELINE, by="owner", amount="value")
    return log


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("way", WAYS)
def test_a_log_that_travelled_answers_every_question_alike(way: str, tmp_path: Path) -> None:
    log = asked.rich_log()
    sent = WAYS[way](log)
    assert sent is not log
    assert repr(sent) == repr(log)
    page = tmp_path if way == "pickle" else None
    asked.assert_equal_answers(asked.answers(sent, page), asked.answers(log, page))
    assert_frame_equal(sent.quality(asked.PIPELINE), log.quality(asked.PIPELINE))
    assert_frame_equal(sent.stages, log.stages)


def test_a_log_is_sent_to_a_process_that_starts_anew() -> None:
    log = asked.rich_log()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as other:
        found = other.submit(asked.answers, log).result()
        summary, sent = other.submit(sf.summary, log, asked.PIPELINE), other.submit(copy.copy, log)
        error = other.submit(sf.explain, log, asked.PIPELINE, item="D-9").exception()
        assert repr(summary.result()) == repr(sf.summary(log, asked.PIPELINE))
        assert repr(sent.result()) == repr(log)
    asked.assert_equal_answers(found, asked.answers(log))
    assert isinstance(error, sf.UnknownItemError)
    assert "the log has no item 'D-9'" in str(error)


@pytest.mark.parametrize("most", [None, 0])
def test_a_log_goes_through_joblib(most: int | None) -> None:
    joblib = pytest.importorskip("joblib")
    log = asked.rich_log()
    ask = joblib.delayed(asked.answers)
    # With max_nbytes=0 arrays come as files that must not be written to.
    (found,) = joblib.Parallel(n_jobs=2, max_nbytes=most)([ask(log)])
    asked.assert_equal_answers(found, asked.answers(log))


def test_joblib_stores_a_log_in_a_file(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    log = asked.rich_log()
    joblib.dump(log, tmp_path / "log.joblib")
    assert_frame_equal(sf.row_table(joblib.load(tmp_path / "log.joblib")), sf.row_table(log))
    assert joblib.hash(log) == joblib.hash(again(log))


@given(case=cases(unlisted="some"), times=st.sampled_from(["integer", "naive", "zoned"]), data=st.data())
def test_any_log_that_travelled_has_the_same_rows(case: Case, times: Any, data: st.DataObject) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    log = log_of(case, ordered=data.draw(st.booleans()))
    sent = again(log)
    assert_frame_equal(sf.row_table(sent), sf.row_table(log))
    assert_frame_equal(sent.quality(pipeline_of(case.pipeline)), log.quality(pipeline_of(case.pipeline)))


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


KEYS: dict[str, Any] = {
    "int64": [3, -1, 2**63 - 1],
    "int8": np.array([1, 2, 3], dtype=np.int8),
    "uint64": np.array([2**64 - 1, 5, 0], dtype=np.uint64),
    "Int64": pd.array([7, 8, 9], dtype="Int64"),
    "float": [1.0, -2.0, 3.0],
    "objects of integers": pd.Series([1, 2, 3], dtype=object),
    "short texts": ["D-1", "D-2", "D-30"],
    "long texts": ["a customer with a long key 1", "é" * 40, ""],
    "objects of texts": pd.Series(["a customer with a long key 1", "x", "y"], dtype=object),
    "string": pd.array(["a customer with a long key 1", "x", "y"], dtype="string"),
    "categories": pd.Categorical(["a customer with a long key 1", "x", "y"]),
    "bytes": [b"\x00\xff", b"a long key of bytes, longer than eight", b"z"],
    "uuids": [uuid.UUID(int=number) for number in (1, 2**100, 3)],
    "members": [Colour.RED, Colour.BLUE, Colour.RED],
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_come_back_as_they_are(kind: str) -> None:
    keys = KEYS[kind]
    rows = {"item": keys, "stage": ["New"] * 3, "time": [1, 2, 3]}
    log = sf.StageLog(rows)
    for sent in (again(log), again(again(log))):
        found, expected = (sf.item_table(one, sf.Pipeline("New"))["item"] for one in (sent, log))
        assert found.dtype == expected.dtype
        assert list(map(type, found.tolist())) == list(map(type, expected.tolist()))
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("backend", ["pyarrow", "ArrowDtype", "polars", "record batches"])
@pytest.mark.parametrize("keys", ["int64", "short texts", "long texts", "bytes"])
def test_keys_of_other_libraries_come_back_as_they_are(backend: str, keys: str) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"item": KEYS[keys], "stage": ["New"] * 3, "time": [1, 2, 3]})
    if backend == "ArrowDtype":
        log = sf.StageLog(table.to_pandas(types_mapper=pd.ArrowDtype))
    elif backend == "polars":
        log = sf.StageLog(pytest.importorskip("polars").from_arrow(table))
    elif backend == "record batches":
        log = sf.StageLog.from_batches([table.slice(0, 2), table.slice(2)], keys="keep")
    else:
        log = sf.StageLog(table)
    assert_frame_equal(sf.row_table(again(log)), sf.row_table(log))


def test_a_stream_that_keeps_no_keys_keeps_none_after_its_way() -> None:
    batch = {"item": KEYS["long texts"], "stage": ["New"] * 3, "time": [1, 2, 3]}
    sent = again(sf.StageLog.from_batches([batch]))
    assert sent.n_items == 3
    with pytest.raises(sf.SchemaError, match="are not kept"):
        sf.row_table(sent)


def test_stages_that_are_members_come_back_as_they_are() -> None:
    log = sf.StageLog({"item": [1, 2], "stage": [Colour.RED, Colour.BLUE], "time": [1, 2]})
    assert again(log).stages["stage"].tolist() == [Colour.RED, Colour.BLUE]


def test_a_log_of_files_still_says_where_a_row_stands(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for name, stage in (("a", "New"), ("b", "Ofer")):
        (tmp_path / f"{name}.csv").write_text(f"item,stage,time\n1,{stage},2026-03-02\n")
    sent = again(sf.StageLog.from_csv([tmp_path / "a.csv", tmp_path / "b.csv"]))
    with pytest.raises(sf.UnknownStageError, match=r"b\.csv, line 2: unknown stage 'Ofer'"):
        sf.funnel(sent, sf.Pipeline("New"))
    (tmp_path / "b.csv").unlink()
    with pytest.raises(sf.UnknownStageError, match=r"b\.csv, row 0: unknown stage 'Ofer'"):
        sf.funnel(sent, sf.Pipeline("New"))


def test_a_log_without_rows_travels() -> None:
    sent = again(sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow"))
    assert (sent.n_rows, sent.n_items, sent.observed_until) == (0, 0, None)


def test_a_copy_shares_no_table_with_the_log() -> None:
    log = asked.rich_log()
    sent = copy.deepcopy(log)
    assert sent.items is not None
    sent.items.loc[0, "manager"] = "zoe"
    assert log.items is not None
    assert log.items.loc[0, "manager"] == "eve"


def test_threads_are_no_more_than_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickle.dumps(sf.StageLog({"item": [1], "stage": ["New"], "time": [1]}, threads=40))
    monkeypatch.setenv("STAGEFUNNEL_THREADS", "3")
    assert pickle.loads(pickled)._data.threads == 3
    monkeypatch.setenv("STAGEFUNNEL_THREADS", "80")
    assert pickle.loads(pickled)._data.threads == 40


def test_the_body_of_a_newer_version_is_refused() -> None:
    body = to_body(asked.rich_log()._data)
    with pytest.raises(
        sf.SchemaError, match=rf"a newer stagefunnel .*version {VERSION + 1} .*pip install --up"
    ):
        from_body(body | {"version": VERSION + 1})


@pytest.mark.parametrize("body", [None, [], {}, {"magic": "another"}, b"stagefunnel log"])
def test_what_is_no_body_is_refused(body: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"^the stored data is not a log of stagefunnel$"):
        from_body(body)


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def in_part(body: dict[str, Any], part: str, **changes: Any) -> dict[str, Any]:
    return body | {part: body[part] | changes}


DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a part is missing": (lambda body: without(body, "labels"), "'labels'"),
    "fewer labels": (lambda body: body | {"labels": ["New"]}, "'labels', 'label_rows'"),
    "fewer marks": (
        lambda body: in_part(body, "marks", ended=np.zeros(1, np.int64)),
        "'ended' are not as long",
    ),
    "a code beyond the labels": (
        lambda body: in_part(body, "journeys", stage=np.full(12, 9, np.uint8)),
        "the stage code 9 is beyond the 4 labels",
    ),
    "offsets of another length": (
        lambda body: in_part(body, "journeys", offsets=np.zeros(1, np.uint64)),
        "the column offsets has 1 values, not 6",
    ),
    "a column of another type": (
        lambda body: in_part(body, "journeys", time=np.zeros(12, np.int32)),
        "incompatible function arguments",
    ),
    "an item beyond the table": (
        lambda body: in_part(body, "items_table", rows=np.full(5, 7)),
        "an item has a row beyond the end of the table of items",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_body_is_refused_and_not_read(damage: str) -> None:
    change, message = DAMAGE[damage]
    body = to_body(asked.rich_log()._data)
    assert len(body["journeys"]["time"]) == 12
    with pytest.raises(sf.SchemaError, match=r"^the stored log is damaged: ") as caught:
        from_body(change(body))
    assert message in str(caught.value)


def test_a_stream_of_hashes_that_an_earlier_version_stored_is_refused_with_the_way_out() -> None:
    rows = {"item": ["a text that is long", "another one"], "stage": ["New", "New"], "time": [0, 1]}
    body = to_body(sf.StageLog.from_batches([rows])._data)
    with pytest.raises(sf.SchemaError) as refused:
        from_body(in_part(body, "journeys", hash_key=b""))
    assert str(refused.value) == (
        "an earlier version stored this log with hashes of its items' texts that this version cannot make, "
        "so it would find none of its items; read the rows again and store the new log, with "
        'keys="keep" if it has to keep the texts'
    )


def test_a_column_is_named_once_whatever_was_asked_before() -> None:
    log = asked.rich_log()
    before = repr(log)
    asked_before(log)
    assert repr(log) == before


def test_other_objects_travel_too() -> None:
    log = asked.rich_log()
    calendar = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]}, holidays=["2026-12-25"])
    settings = sf.Settings(asked.PIPELINE, {"item": "deal"}, "ignore", "2026-05-01", calendar)
    export = sf.read([{"id": "1", "New": "2026-01-01", "Won": "2026-01-02"}], crm="wide", item="id")
    steps = sf.Steps(asked.STEPS, window="7d", exclude=sf.Exclusion("Lost"))
    summary, part = sf.summary(log, asked.PIPELINE), sf.partial(log, asked.PIPELINE)
    for value in (calendar, settings, steps, asked.PIPELINE):
        assert again(value) == value == copy.deepcopy(value)
    for value in (export, summary, part):
        for sent in (again(value), copy.deepcopy(value)):
            assert repr(sent) == repr(value)
    assert_frame_equal(sf.row_table(again(export).log), sf.row_table(export.log))
    for name, table in summary.tables.items():
        assert_frame_equal(again(summary).tables[name], table)
        assert again(summary).tables[name].attrs == table.attrs


def test_a_calendar_of_a_country_travels() -> None:
    pytest.importorskip("holidays")
    calendar = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]}, holidays="DE-BY", zone="Europe/Berlin")
    log = asked.rich_log()
    assert again(calendar) == calendar
    ask = sf.time_in_stage
    assert_frame_equal(
        ask(log, asked.PIPELINE, calendar=again(calendar)), ask(log, asked.PIPELINE, calendar=calendar)
    )
