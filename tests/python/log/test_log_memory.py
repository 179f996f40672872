"""A log reads columns in place, changes none of them, and prints itself on one screen."""

import gc
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, frame_of, journeys_log
from stagefunnel import _core
from stagefunnel.log.columns.inputs import read_inputs


def test_a_column_of_integers_is_read_where_it_lies() -> None:
    # What is written to the array after it was read is what the column gives back.
    keys = np.array([1, 2, 3])
    column = read_inputs({"key": keys}, {"item": "key"})["item"].column
    keys[1] = 99
    assert column.take_integers(np.arange(3, dtype=np.uint32)).tolist() == [1, 99, 3]


class Tracked(np.ndarray[Any, Any]):
    """An array that can be watched."""


def test_a_log_keeps_the_keys_it_reads_in_place_alive_and_then_lets_go() -> None:
    keys = np.array([3, 1, 2]).view(Tracked)
    column = _core.columns.column_from_array(keys, None, "l")
    watched = weakref.ref(keys)
    encoded = _core.columns.encode_items(column, 1, _core.columns.TextHash.of_process())
    del keys, column
    gc.collect()
    assert watched() is not None
    del encoded
    gc.collect()
    assert watched() is None


def test_many_logs_leave_nothing_behind() -> None:
    # No garbage cycle may hold a large log until the collector runs.
    frame = frame_of([(1, "New", 0), (1, "Won", 1)])
    log = sf.StageLog(frame)
    watched = weakref.ref(log)
    del log
    assert watched() is None


@pytest.mark.parametrize("text_type", ["str", object, "category"])
def test_the_callers_frames_are_never_changed(text_type: Any) -> None:
    frame = frame_of([(2, "Won", "2026-01-02"), (2, "New", "2026-01-01"), (1, None, "soon")])
    frame = frame.astype({"stage": text_type}).set_index(pd.Index([5, 5, 6]))
    items = pd.DataFrame({"item": [2], "group": ["south"], "value": ["7"]}, index=[9])
    before, items_before = frame.copy(), items.copy()
    log = sf.StageLog(frame, items=items, invalid="drop")
    sf.funnel(log, SMALL, kind="both", by="group", amount="value")
    sf.item_table(log, SMALL)
    log.quality(SMALL)
    sf.time_in_stage(log, SMALL)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(items, items_before)


def test_changing_a_result_changes_no_later_result() -> None:
    log = journeys_log("New > Won", "New")
    for table in (sf.funnel(log, SMALL), sf.item_table(log, SMALL), log.stages):
        table.iloc[:, 1:3] = table.iloc[:, 1:3].to_numpy()[::-1]
        del table["stage" if "stage" in table else "item"]
    assert sf.funnel(log, SMALL)["reached"].tolist() == [2, 0, 1, 0]
    assert log.stages["rows"].tolist() == [2, 1]


def test_a_read_only_array_is_read() -> None:
    keys = np.array([1, 1])
    keys.flags.writeable = False
    log = sf.StageLog(item=keys, stage=["New", "Won"], time=keys)
    assert sf.outcomes(log, SMALL)["won"].tolist() == [1]


def test_a_log_prints_its_size_its_span_and_its_stages() -> None:
    rows = [(1, "New", pd.Timestamp("2026-03-01 09:00")), (1, "Won", pd.Timestamp("2026-03-02"))]
    frame = frame_of([*rows, (2, "New", pd.Timestamp("2026-02-28"))])
    items = pd.DataFrame({"item": [1], "manager": ["Ada"], "value": [5]})
    assert repr(sf.StageLog(frame, items=items)).splitlines() == [
        "StageLog: 3 rows, 2 items",
        "  time    2026-02-28 00:00:00 … 2026-03-02 00:00:00 (no zone)",
        "  stages  New 2, Won 1",
        "  items   table of 1 row: manager, value",
    ]
    zoned = frame.assign(time=frame["time"].dt.tz_localize("Europe/Paris"))
    assert "(Europe/Paris)" in repr(sf.StageLog(zoned))


def test_a_log_prints_what_is_invalid_and_not_every_stage() -> None:
    stages = [f"Stage {number}" for number in range(40)]
    log = sf.StageLog({"item": range(41), "stage": [*stages, None], "time": range(41)}, invalid="drop")
    lines = repr(log).splitlines()
    assert lines[-1] == "  invalid missing stage 1, dropped 1"
    assert "… (28 more)" in lines[-2]


def test_the_size_of_a_log_is_that_of_its_rows() -> None:
    log = journeys_log("New > New > Won", "New")
    assert (len(log), log.n_rows, log.n_items) == (4, 4, 2)
    assert log.stages.to_dict("list") == {"stage": ["New", "Won"], "rows": [3, 1], "first_row": [0, 2]}


def test_a_buffer_that_starts_at_an_odd_byte_is_read() -> None:
    keys = np.array([7, 7, 8], dtype=np.int64)
    odd = np.frombuffer(b"x" + keys.tobytes(), dtype=np.int64, offset=1)
    assert not odd.flags.aligned
    log = sf.StageLog(item=odd, stage=np.array(["New", "Won", "New"]), time=odd)
    assert sf.item_table(log, sf.Pipeline("New", won="Won"))["item"].tolist() == [7, 8]
