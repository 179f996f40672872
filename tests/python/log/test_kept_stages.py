"""Logs of some stages only: what the rows of these stages alone would give, and a count of the others."""

import enum
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import assert_frame_equal, assert_same, frame_of, pipeline_of
from strategies import Case, cases

CLICKS = pd.DataFrame(
    {
        "item": ["a", "a", "b", "a", "c", "b"],
        "stage": ["visit", "scroll", "scroll", "order", "scroll", "visit"],
        "time": [0, 1, 2, 3, 9, 5],
    }
)


def in_batches(frame: pd.DataFrame, **options: Any) -> sf.StageLog:
    """Read a frame as three batches."""
    size = len(frame) // 3 + 1
    cut = [frame.iloc[at : at + size].reset_index(drop=True) for at in range(0, len(frame), size)]
    return sf.StageLog.from_batches(cut, keys="keep", **options)


READERS: dict[str, Callable[..., sf.StageLog]] = {"frame": sf.StageLog, "batches": in_batches}


def refused(message: str) -> Any:
    """Expect this error, and no more words."""
    return pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$")


def counts_of(log: sf.StageLog) -> dict[str, int]:
    """Read the quality table."""
    quality = log.quality()
    return dict(zip(quality["check"], quality["count"].tolist(), strict=True))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@given(data=st.data())
def test_a_log_of_some_stages_is_that_of_their_rows_alone(
    read: Callable[..., sf.StageLog], data: st.DataObject
) -> None:
    case: Case = data.draw(cases(unlisted="some"))
    frame = frame_of(case.rows)
    pipeline = pipeline_of(case.pipeline)
    others = sorted(set(frame["stage"]) - set(pipeline.labels))
    kept = [
        *pipeline.labels,
        *data.draw(st.lists(st.sampled_from(others), unique=True) if others else st.just([])),
    ]
    rows = frame[frame["stage"].isin(kept)].reset_index(drop=True)
    assume(len(rows))
    found, expected = read(frame, stages=kept, threads=data.draw(st.sampled_from([1, 3]))), sf.StageLog(rows)
    assert (found.n_rows, found.n_items) == (expected.n_rows, expected.n_items)
    assert counts_of(found)["other_stages"] == len(frame) - len(rows)
    columns = ["stage", "rows"]
    assert_frame_equal(found.stages[columns], expected.stages[columns])
    summaries = [sf.summary(log, pipeline, unlisted="ignore").tables for log in (found, expected)]
    for name in summaries[1].keys() - {"quality"}:
        assert_frame_equal(summaries[0][name], summaries[1][name])
    assert_same(*(sf.item_table(log, pipeline, unlisted="ignore") for log in (found, expected)), by=["item"])


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_rows_of_other_stages_are_counted(read: Callable[..., sf.StageLog]) -> None:
    log = read(CLICKS, stages=["visit", "order"])
    assert repr(log) == (
        "StageLog: 3 rows, 2 items\n"
        "  time    0 … 5 (plain integers)\n"
        "  stages  visit 2, order 1\n"
        "  left    3 rows of 1 other stage out"
    )
    assert log.stages["first_row"].tolist() == [0, 3]
    counts = counts_of(log)
    assert (counts["rows"], counts["other_stages"], counts["stages"]) == (6, 3, 2)
    assert sf.sequence_funnel(log, ["visit", "order"])["reached"].tolist() == [2, 1]


def test_a_log_of_all_stages_does_not_speak_of_others() -> None:
    assert "other_stages" not in counts_of(sf.StageLog(CLICKS))
    assert counts_of(sf.StageLog(CLICKS, stages=["visit", "scroll", "order"]))["other_stages"] == 0


def test_an_invalid_row_is_not_counted_as_of_another_stage_too() -> None:
    frame = CLICKS.astype({"time": "Int64"})
    frame.loc[[1, 3], "time"] = pd.NA
    for read in READERS.values():
        counts = counts_of(read(frame, stages=["visit", "order"], invalid="drop"))
        assert (counts["dropped"], counts["other_stages"]) == (2, 2)


def test_rows_without_a_stage_are_kept_where_that_is_asked() -> None:
    frame = CLICKS.astype({"stage": object})
    frame.loc[5, "stage"] = None
    for read in READERS.values():
        log = read(frame, stages=["visit", "order"], invalid="keep_stage")
        assert (log.n_rows, log.n_items) == (3, 2)


def test_columns_and_order_stay_with_their_rows() -> None:
    frame = CLICKS.assign(who=list("uvwxyz"), row=[6, 5, 4, 3, 2, 1], time=0)
    log = sf.StageLog(frame, stages=["visit", "order"], columns=["who"], order="row")
    pipeline = sf.Pipeline(["order"], won="visit", lost=[])
    table = sf.funnel(log, pipeline, by="who", at="last")
    assert table[table["reached"] > 0]["who"].drop_duplicates().tolist() == ["u", "z"]


def test_stages_are_named_as_the_log_has_them() -> None:
    class Step(enum.Enum):
        VISIT = 1
        ORDER = 2

    rows = {"item": [1, 1], "time": [0, 1]}
    assert sf.StageLog({**rows, "stage": [7, 8]}, stages=[8]).stages["stage"].tolist() == [8]
    members = sf.StageLog({**rows, "stage": [Step.VISIT, Step.ORDER]}, stages=[Step.ORDER])
    assert members.stages["stage"].tolist() == [Step.ORDER]
    shared = {**rows, "stage": ["New", "New"], "pipeline": ["EU", "US"]}
    assert sf.StageLog(shared, pipeline="pipeline", stages=["EU / New"]).n_rows == 1
    categories = pd.DataFrame({**rows, "stage": pd.Categorical(["visit", "order"])})
    assert sf.StageLog(categories, stages={"order"}).stages["stage"].tolist() == ["order"]


def test_a_stage_without_rows_may_be_named() -> None:
    assert sf.StageLog(CLICKS, stages=["visit", "refund"]).n_rows == 2


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_log_without_rows_of_its_stages_is_refused(read: Callable[..., sf.StageLog]) -> None:
    message = (
        "no row is of a stage that stages= names; the log has: 'visit', 'scroll', 'order'; "
        'pass empty="allow" if that is expected'
    )
    with refused(message):
        read(CLICKS, stages=["Visit"])
    assert read(CLICKS, stages=["Visit"], empty="allow").n_rows == 0


def test_no_question_is_answered_without_the_rows_that_it_needs() -> None:
    log = sf.StageLog(CLICKS, stages=["visit", "order"])
    with refused("step 2: the log was read without stage 'scroll'; name it in stages= too"):
        sf.sequence_funnel(log, ["visit", "scroll"], missing="ignore")
    with refused("the log was read without stages of the pipeline: 'scroll'; name them in stages= too"):
        sf.funnel(log, sf.Pipeline(["visit", "scroll"], won="order", lost=[]))
    with pytest.raises(sf.SchemaError, match=re.escape("has no stage 'scrolls'; did you mean 'scroll'?")):
        sf.sequence_funnel(log, ["visit", "scrolls"], missing="error")
    with refused(
        "step 2: the log has no stage 'scrolls', but was read without 'scroll', which no step names; write "
        'them alike, or pass missing="ignore" if they are different stages'
    ):
        sf.sequence_funnel(log, ["visit", "scrolls"])
    with refused(
        "no row is of 'scrolls', but the log has 'scroll' (whose rows were left out), which the pipeline "
        'does not list; write them alike, or pass missing="ignore" if they are different stages'
    ):
        sf.funnel(log, sf.Pipeline(["visit", "scrolls"], won="order"))


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("visit", "stages='visit' is not a list of stages, such as ['visit', 'order']"),
        (3, "stages=3 is not a list of stages, such as ['visit', 'order']"),
        ([], "stages=[] keeps no row; name the stages to keep, or leave it out to keep all"),
        ([["a"]], "stages= has ['a'], which is not a stage: text, a whole number or an enum member"),
        ([True], "stages= has True, which is not a stage: text, a whole number or an enum member"),
    ],
)
def test_what_is_no_list_of_stages_is_refused(stages: Any, message: str) -> None:
    for read in READERS.values():
        with refused(message):
            read(CLICKS, stages=stages)
