"""What is odd about a log, against the reference."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, frame_of, items_of, journeys_log, log_of, order_of, pipeline_of
from strategies import Case, cases

OF_THE_LOG = [
    *["rows", "items", "stages", "dropped", "missing_item", "missing_stage", "missing_time"],
    *["unparsed_time", "exact_duplicates", "repeats", "ties", "one_row_items", "dates_as_numbers"],
    "stages_alike",
]
OF_THE_PIPELINE = [
    *["unlisted_stages", "unlisted_rows", "stages_without_rows", "items_without_rows", "bridged_visits"],
    "ties_deciding_outcome",
]


def counts(log: sf.StageLog, pipeline: sf.Pipeline | None = None) -> dict[str, int]:
    table = log.quality(pipeline)
    return dict(zip(table["check"], table["count"], strict=True))


@given(case=cases(unlisted="some"), ordered=st.booleans())
def test_quality_counts_what_the_reference_counts(case: Case, ordered: bool) -> None:
    log, pipeline = log_of(case, ordered=ordered), pipeline_of(case.pipeline)
    expected = reference.quality(case.rows, case.pipeline, order=order_of(case, ordered))
    found = counts(log, pipeline)
    assert {check: found[check] for check in expected} == expected
    left = sf.item_table(log, pipeline, unlisted="ignore")
    assert found["items_without_rows"] == found["items"] - len(left)


@given(case=cases())
def test_quality_without_a_pipeline_counts_what_the_reference_counts(case: Case) -> None:
    found = counts(log_of(case))
    expected = reference.quality(case.rows)
    assert {check: found[check] for check in expected} == expected
    assert found["stages"] == len({stage for _, stage, _ in case.rows})


@given(case=cases())
def test_items_that_the_items_table_does_not_have_are_counted(case: Case) -> None:
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    found = counts(log_of(case, items=items))
    assert found["items_not_in_table"] == found["items"] - len(case.groups)


def test_the_checks_are_always_the_same_ones_in_the_same_order() -> None:
    log = journeys_log("New > Won")
    assert log.quality()["check"].tolist() == OF_THE_LOG
    assert log.quality(SMALL)["check"].tolist() == [*OF_THE_LOG, *OF_THE_PIPELINE]
    assert log.quality().dtypes["count"] == "int64"
    assert log.quality()["note"].str.len().gt(0).all()
    assert list(log.quality().columns) == ["check", "count", "level", "note"]
    assert set(log.quality(SMALL)["level"]) == {"fact", "note", "warning"}


BAD_ROWS = frame_of(
    [
        (1.0, "New", "2026-01-01"),
        (None, "New", "2026-01-02"),
        (1.0, None, "2026-01-03"),
        (1.0, "Won", None),
        (1.0, "Won", "soon"),
        (1.0, "Won", "2026-01-04"),
    ]
)


@given(case=cases(unlisted="some"), seed=st.integers(0, 10**6))
def test_rows_without_a_stage_are_counted_as_the_reference_counts_them(case: Case, seed: int) -> None:
    random = Random(seed)
    rows = [(item, stage if random.random() < 0.6 else None, time) for item, stage, time in case.rows]
    if all(stage is None for _, stage, _ in rows):
        return
    log = sf.StageLog(frame_of(rows), invalid="keep_stage")
    found, expected = counts(log, pipeline_of(case.pipeline)), reference.quality(rows, case.pipeline)
    assert {check: found[check] for check in expected} == expected


# Stages of one item at the times 1, 2, 2, 3, and their repeats and exact duplicates.
@pytest.mark.parametrize(
    ("stages", "repeats", "duplicates"),
    [
        (["New", None, None, "New"], 0, 1),
        (["New", "New", None, None], 1, 0),
        ([None, None, None, None], 0, 1),
        (["New", None, "New", "New"], 1, 0),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_row_without_a_stage_repeats_none(
    stages: list[str | None], repeats: int, duplicates: int, stream: bool
) -> None:
    # The other item has a stage, so that the column is text.
    rows = {"item": [1, 1, 1, 1, 2], "stage": [*stages, "New"], "time": [1, 2, 2, 3, 9]}
    options: dict[str, Any] = {"invalid": "keep_stage"}
    log = sf.StageLog.from_batches([rows], **options) if stream else sf.StageLog(rows, **options)
    for found in (counts(log), counts(log, SMALL)):
        assert (found["repeats"], found["exact_duplicates"], found["ties"]) == (repeats, duplicates, 1)
    assert counts(log, SMALL)["unlisted_rows"] == 0
    pipeline_counts = sf.summary(log, SMALL).quality.set_index("check")["count"]
    assert pipeline_counts["repeats"] == repeats


def test_dropped_rows_are_counted_by_what_they_miss() -> None:
    log = sf.StageLog(BAD_ROWS, invalid="drop")
    found = counts(log)
    assert found["rows"] == 6
    assert found["dropped"] == 4
    missing = ["missing_item", "missing_stage", "missing_time", "unparsed_time"]
    assert [found[check] for check in missing] == [1, 1, 1, 1]
    assert log.n_rows == 2
    assert sf.funnel(log, SMALL)["reached"].tolist() == [1, 0, 1, 0]


def test_a_row_without_a_stage_can_be_kept_and_is_counted_and_no_visit() -> None:
    log = sf.StageLog(BAD_ROWS.drop(index=[1, 3, 4]), invalid="keep_stage")
    found = counts(log, SMALL)
    assert (found["missing_stage"], found["dropped"], found["unlisted_rows"]) == (1, 0, 0)
    assert log.n_rows == 3
    assert sf.item_table(log, SMALL)["visits"].tolist() == [2]
    assert sf.explain(log, SMALL, item=1, kind="classic")["passed"].tolist() == [True, False, True, False]


@pytest.mark.parametrize("keep", ["drop", "keep_stage"])
def test_an_item_that_has_only_a_row_without_a_stage_is_in_no_base(keep: str) -> None:
    frame = frame_of([(1, None, 0), (2, "New", 0)])
    log = sf.StageLog(frame, invalid=keep)
    assert sf.outcomes(log, SMALL)["base"].tolist() == [1]


def test_an_item_of_ignored_rows_alone_is_in_no_base_and_its_note_stands_alone():
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "Typo"], "time": [1, 2, 3]})
    table = log.quality(sf.Pipeline(["New"], won="Won", lost=None, ignore=["Typo"])).set_index("check")
    assert table.loc[["ignored_rows", "unlisted_rows", "items_without_rows"], "count"].tolist() == [1, 0, 1]
    note = "items that have no row of a stage of the pipeline: they are in no base"
    assert table.loc["items_without_rows", "note"] == note
