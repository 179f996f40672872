"""Some of a log's items: answers are those of a log of their rows, observed as long as the whole one."""

import gc
import pickle
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import asked
import stagefunnel as sf
from helpers import assert_frame_equal, frame_of, items_of, pipeline_of
from strategies import Case, cases

LOG = {"item": ["D-1", "D-1", "D-2", "D-30"], "stage": ["New", "Won", "New", "New"], "time": [0, 5, 3, 9]}
SMALL = sf.Pipeline("New", won="Won")


@given(case=cases(unlisted="some"), data=st.data())
def test_answers_are_those_of_a_log_of_the_rows_that_are_left(case: Case, data: st.DataObject) -> None:
    frame = frame_of(case.rows)
    frame["owner"] = [f"owner {number}" for number in case.order]
    frame["value"] = np.arange(len(frame)) * 1.5
    keys = list(dict.fromkeys(frame["item"]))
    options: dict[str, Any] = {"columns": ["owner", "value"]}
    options["items"] = items_of(case.groups, "manager", keys)
    whole = sf.StageLog(frame, **options)
    chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1))
    found = whole.filter(items=chosen)
    rows = frame[frame["item"].isin(chosen)]
    expected = sf.StageLog(rows, **options, observed_until=whole.observed_until)
    assert found.n_rows == expected.n_rows
    assert found.observed_until == whole.observed_until
    assert_frame_equal(sf.row_table(found), sf.row_table(expected))
    pipeline = pipeline_of(case.pipeline)
    ignoring: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore"}
    for question in (sf.item_table, sf.transitions, sf.time_in_stage):
        assert_frame_equal(question(found, pipeline, **ignoring), question(expected, pipeline, **ignoring))
    first = pipeline.stages[0]
    for steps in ([first, "*"], ["*", first, "*"]):
        paths = [sf.sequence_paths(log, steps, missing="ignore") for log in (found, expected)]
        assert_frame_equal(*paths)
    for by in ("owner", "manager", "value"):
        tables = [sf.funnel(log, pipeline, by=by, amount="value", **ignoring) for log in (found, expected)]
        assert_frame_equal(*tables)
    assert_frame_equal(found.quality(pipeline), expected.quality(pipeline))


@pytest.mark.parametrize("chosen", [["D-1"], ["D-3", "D-1"], ["D-1", "D-2", "D-4", "D-5"]])
def test_every_question_is_answered_alike_with_all_that_a_log_may_have(chosen: list[str]) -> None:
    whole = asked.rich_log()
    rows = sf.row_table(whole).rename(columns={"exited": "left", "start_unknown": "unsure"})
    columns = sf.visits(whole, asked.PIPELINE, columns=["owner", "value"])
    rows[["owner", "value"]] = columns[["owner", "value"]].to_numpy()
    expected = sf.StageLog(
        rows[rows["item"].isin(chosen)],
        exited="left",
        start_unknown="unsure",
        columns=["owner", "value"],
        items=whole.items,
        observed_until="2026-05-01",
    )
    found = whole.filter(items=chosen)
    asked.assert_equal_answers(asked.answers(found), asked.answers(expected))


def test_by_hand_the_end_of_observation_is_that_of_the_whole_log() -> None:
    log = sf.StageLog(LOG).filter(items=["D-1", "D-2"])
    assert (log.n_rows, log.n_items, log.observed_until) == (3, 2, 9)
    # D-2 came at 3 and is watched until 9, where the row of D-30 ends the whole log, and not until 5.
    assert sf.funnel(log, SMALL, within=5)["base"].tolist() == [2, 2]
    assert sf.funnel(log, SMALL, within=7)["base"].tolist() == [1, 1]
    assert log.filter(items=["D-2"]).observed_until == 9
    assert sf.StageLog(LOG, observed_until=20).filter(items=["D-1"]).observed_until == 20


def test_an_end_after_the_last_row_stays_known() -> None:
    # The end at 12 lies after the last row of the whole log, at 9, and is known because no end is given.
    log = sf.StageLog({**LOG, "left": [2, None, 12, None]}, exited="left")
    for one in (log, log.filter(items=["D-2"]), pickle.loads(pickle.dumps(log.filter(items=["D-2"])))):
        visits = sf.visits(one, SMALL).set_index("item")
        assert visits.loc["D-2", "duration"] == 9
        assert one.observed_until == 9
    cut = sf.StageLog({**LOG, "left": [2, None, 12, None]}, exited="left", observed_until=10)
    assert sf.visits(cut.filter(items=["D-2"]), SMALL)["open"].tolist() == [True]


def test_another_end_of_observation_may_be_given_afterwards() -> None:
    log = sf.StageLog(LOG).filter(items=["D-1"])
    assert log.with_observed_until(30).observed_until == 30
    assert log.with_observed_until(7).observed_until == 7
    with pytest.raises(sf.SchemaError, match="is before the log's last row, at 5"):
        log.with_observed_until(4)


def test_stages_of_other_items_are_not_in_the_log() -> None:
    log = sf.StageLog({**LOG, "stage": ["New", "Won", "New", "Spam"]})
    with pytest.raises(sf.UnknownStageError, match="'Spam'"):
        sf.funnel(log, SMALL)
    some = log.filter(items=["D-1", "D-2"])
    assert sf.funnel(some, SMALL)["reached"].tolist() == [2, 1]
    assert some.stages["stage"].tolist() == ["New", "Won"]
    with pytest.raises(sf.SchemaError, match=r"the log has no stage 'Spam'.*it has: 'New', 'Won'"):
        sf.sequence_funnel(some, ["Spam"], missing="error")
    # Rows are numbered as in the input of the whole log.
    with pytest.raises(sf.UnknownStageError, match=r"'Spam' \(1 row, first at row 3\)"):
        sf.funnel(log.filter(items=["D-30"]), SMALL)


WAYS: dict[str, Callable[[], Any]] = {
    "a list": lambda: ["D-2", "D-1", "D-2"],
    "a tuple": lambda: ("D-2", "D-1"),
    "a set": lambda: {"D-1", "D-2"},
    "an iterator": lambda: iter(["D-1", "D-2"]),
    "a Series with another index": lambda: pd.Series(["D-1", "D-2"], index=[7, 3]),
    "an Index": lambda: pd.Index(["D-1", "D-2"]),
    "an array": lambda: np.array(["D-1", "D-2"]),
    "an array of objects": lambda: np.array(["D-1", "D-2"], dtype=object),
    "categories": lambda: pd.Categorical(["D-1", "D-2"], categories=["D-2", "D-1", "another"]),
    "polars": lambda: pytest.importorskip("polars").Series(["D-1", "D-2"]),
    "Arrow": lambda: pytest.importorskip("pyarrow").array(["D-1", "D-2"]),
    "Arrow in chunks": lambda: pytest.importorskip("pyarrow").chunked_array([["D-1"], ["D-2"]]),
    "keys of a dict": lambda: {"D-1": 1, "D-2": 2}.keys(),
}


@pytest.mark.parametrize("way", WAYS)
def test_keys_come_as_people_have_them(way: str) -> None:
    log = sf.StageLog(LOG).filter(items=WAYS[way]())
    assert sf.row_table(log)["item"].tolist() == ["D-1", "D-1", "D-2"]


@pytest.mark.parametrize("keys", [[2, 1], range(1, 3), pd.array([1, 2], dtype="Int64"), [1.0, 2.0]])
def test_keys_that_are_integers(keys: Any) -> None:
    log = sf.StageLog({"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0, 1, 2]})
    assert sf.row_table(log.filter(items=keys))["item"].tolist() == [1, 2]


def test_keys_that_are_uuids() -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2**99)
    log = sf.StageLog({"item": [one, other], "stage": ["New"] * 2, "time": [0, 1]})
    assert sf.row_table(log.filter(items=[other]))["item"].tolist() == [other]


REFUSED: dict[str, tuple[Any, str]] = {
    "a mask": (
        pd.Series([True, False, True]),
        "is a mask of true and false, not a list of keys; give keys, such",
    ),
    "a mask as a list": ([True, False], "is a mask of true and false"),
    "a mask as an array": (np.array([True, False]), "is a mask of true and false"),
    "a nullable mask": (pd.array([True, None], dtype="boolean"), "is a mask of true and false"),
    "a function": (lambda log: log, "is a function, not a list of keys; give keys, such as table.loc"),
    "one key": ("D-1", r"is 'D-1', not a list of keys; give \['D-1'\] for one item"),
    "one number": (7, r"is 7, not a list of keys; give \[7\] for one item"),
    "a frame": (
        pd.DataFrame({"item": ["D-1"]}),
        r"is a frame; give its column of keys, such as frame\['item'\]",
    ),
    "numbers": ([1, 2], "has keys that are integers, and the log's are text; make them one type"),
    "a missing key": (["D-1", None], "has no key in place 1"),
    "nothing": ([], 'has no key, so no row is left; pass empty="allow" if that is expected'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_are_no_keys_is_refused_with_what_would_be_right(what: str) -> None:
    items, message = REFUSED[what]
    with pytest.raises(sf.SchemaError, match=f"^items= {message}") as caught:
        sf.StageLog(LOG).filter(items=items)
    assert caught.value.option == "items"


@pytest.mark.parametrize(("library", "make"), [("polars", "Series"), ("pyarrow", "array")])
def test_a_mask_of_another_library_is_refused_too(library: str, make: str) -> None:
    with pytest.raises(sf.SchemaError, match="is a mask of true and false"):
        sf.StageLog(LOG).filter(items=getattr(pytest.importorskip(library), make)([True, False]))


def test_an_unknown_item_is_an_error_with_the_nearest_one() -> None:
    log = sf.StageLog(LOG)
    with pytest.raises(
        sf.UnknownItemError, match=r"^items= has 'D-20', which the log does not have; did you mean 'D-2'\?"
    ):
        log.filter(items=["D-1", "D-20"])
    with pytest.raises(
        sf.UnknownItemError, match=r"has 'x' and 2 more, which the log does not have; its keys look like 'D-"
    ):
        log.filter(items=["x", "y", "z"])
    with pytest.raises(sf.UnknownItemError, match=r"has 'x' and 1 more, which the log does not have"):
        log.filter(items=["x", "y"])
    numbers = sf.StageLog({"item": [100, 200], "stage": ["New"] * 2, "time": [0, 1]})
    with pytest.raises(
        sf.UnknownItemError, match=r"has 300, which the log does not have; its keys look like 100"
    ):
        numbers.filter(items=[300])


def test_nothing_is_left_where_that_is_allowed() -> None:
    log = sf.StageLog(LOG).filter(items=[], empty="allow")
    assert (log.n_rows, log.n_items, log.observed_until) == (0, 0, 9)
    assert sf.funnel(log, SMALL, missing="ignore")["reached"].tolist() == [0, 0]
    with pytest.raises(sf.SchemaError, match=r"empty='maybe' is not one of 'error', 'allow'"):
        sf.StageLog(LOG).filter(items=["D-1"], empty="maybe")  # type: ignore[arg-type]  # wrong on purpose


def test_rows_that_were_dropped_belong_to_no_item() -> None:
    rows = {"item": [1, None, 2], "stage": ["New", "New", None], "time": ["2026-01-01"] * 3}
    log = sf.StageLog(rows, invalid="drop")
    quality = log.filter(items=[1]).quality().set_index("check")["count"]
    assert (quality["rows"], quality["dropped"], quality["missing_item"]) == (1, 0, 0)
    kept = sf.StageLog(
        {"item": [1, 2, 2], "stage": ["New", "New", None], "time": [1, 2, 3]}, invalid="keep_stage"
    )
    for item, missing in ((1, 0), (2, 1)):
        quality = kept.filter(items=[item]).quality().set_index("check")["count"]
        assert quality["missing_stage"] == missing


def test_times_that_the_clocks_show_twice_are_counted_for_the_whole_log_alone() -> None:
    rows = {"item": [1, 2], "stage": ["New"] * 2, "time": ["2025-10-26 02:30", "2026-01-01"]}
    log = sf.StageLog(rows, zone="Europe/Berlin")
    assert "doubtful_local_times" in set(log.quality()["check"])
    assert "doubtful_local_times" not in set(log.filter(items=[1]).quality()["check"])


def test_a_log_of_a_stream_is_filtered_where_it_keeps_keys_and_where_it_does_not() -> None:
    batches = [
        {key: values[:2] for key, values in LOG.items()},
        {key: values[2:] for key, values in LOG.items()},
    ]
    for keys in ("auto", "keep"):
        log = sf.StageLog.from_batches(batches, keys=keys)
        assert sf.row_table(log.filter(items=["D-30"]))["time"].tolist() == [9]
    long = {"item": ["a customer with a long key", "one more"], "stage": ["New"] * 2, "time": [1, 2]}
    log = sf.StageLog.from_batches([long]).filter(items=["a customer with a long key"])
    assert log.n_rows == 1
    with pytest.raises(sf.UnknownItemError, match=r"has 'another', which the log does not have$"):
        log.filter(items=["another"])


def test_some_items_do_not_hold_on_to_the_input_of_all() -> None:
    keys = np.array([1, 1, 2, 3])
    alive = weakref.ref(keys)
    log = sf.StageLog({**LOG, "item": keys})
    some = log.filter(items=[3])
    del keys, log
    gc.collect()
    assert alive() is None
    assert sf.row_table(some)["item"].tolist() == [3]


def test_an_export_of_which_a_log_is_filtered_keeps_the_lines_of_its_reader() -> None:
    export = sf.read([{"id": "1", "New": "2026-01-01", "Won": "2026-01-02"}], crm="wide", item="id")
    checks = export.log.quality()["check"].tolist()
    assert export.log.filter(items=["1"]).quality()["check"].tolist() == checks
