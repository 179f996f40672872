"""Times to a stage: the worked example, what is counted apart, and random logs against the reference."""

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, frame_of, items_of, pipeline_of, plain
from marked import MarkedCase, marked_cases
from reference.durations import duration_column, ticks_between, unit_of
from strategies import UNLISTED, Times

PIPELINE = sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost")

# The worked example of definitions.md, section 5: journeys, of which the last begins with an unknown start.
JOURNEYS: list[list[tuple[str, int]]] = [
    [("New", 0), ("Offer", 3), ("New", 5), ("Offer", 6), ("Won", 9)],
    [("Offer", 2), ("Lost", 4)],
    [("New", 1), ("Won", 5)],
    [("New", 2)],
    [("New", 0), ("Lost", 3), ("Offer", 8)],
    [("New", 7), ("Offer", 8)],
]
ROWS = [(item, *row) for item, journey in enumerate(JOURNEYS, start=1) for row in journey]
# Start, stage, the time of each item or what it is, then n, completed, open, closed, mean, median, unknown.
EXAMPLE: list[tuple[str, str, list[Any], list[Any]]] = [
    ("created", "Offer", [3, 0, "closed", "open", 8, "unknown"], [5, 3, 1, 1, 11 / 3, 3, 1]),
    ("New", "Won", [9, None, 4, "open", "open", "unknown"], [4, 2, 2, 0, 6.5, 6.5, 1]),
    ("Offer", "New", [2, "closed", None, None, "open", "open"], [4, 1, 2, 1, 2, 2, 0]),
]


def example(only: list[int] | None = None, **options: Any) -> sf.StageLog:
    frame = frame_of(ROWS).assign(unknown=[row == (6, "New", 7) for row in ROWS])
    if only is not None:
        frame = frame[frame["item"].isin(only)]
    return sf.StageLog(frame, start_unknown="unknown", **options)


def unknown(table: pd.DataFrame) -> int:
    return int(table.attrs["stagefunnel"].get("start_unknown", 0))


@pytest.mark.parametrize(("start", "stage", "each", "totals"), EXAMPLE)
def test_the_worked_example_is_met(start: str, stage: str, each: list[Any], totals: list[Any]) -> None:
    table = sf.time_to(example(), PIPELINE, stage, start=start, missing="ignore", quantiles=[])
    assert list(table.columns) == ["n", "completed", "open", "closed", "mean", "median"]
    assert [*table.iloc[0], unknown(table)] == totals
    for item, expected in enumerate(each, start=1):
        one = sf.time_to(example([item]), PIPELINE, stage, start=start, missing="ignore", quantiles=[])
        counts = one[["completed", "open", "closed"]].iloc[0].tolist()
        if isinstance(expected, int):
            assert (counts, one["mean"][0]) == ([1, 0, 0], expected)
        else:
            assert counts == [0, int(expected == "open"), int(expected == "closed")]
        assert unknown(one) == (expected == "unknown")


@pytest.mark.parametrize(("start", "stage", "each", "totals"), EXAMPLE)
def test_the_reference_meets_the_worked_example(
    start: str, stage: str, each: list[Any], totals: list[Any]
) -> None:
    marks = reference.Marks([None] * len(ROWS), [row == (6, "New", 7) for row in ROWS])
    stays = reference.stays_by_item(ROWS, PIPELINE, marks)
    begin = None if start == "created" else start
    found = reference.time_to(stays, PIPELINE, stage, begin, measure=lambda one, other: other - one)
    assert found.times == sorted(one for one in each if isinstance(one, int))
    assert [*found[:4], found.start_unknown] == [*totals[:4], totals[6]]


def test_quantiles_are_exact_and_lengths_of_dates_are_timedeltas() -> None:
    rows = [
        (item, stage, pd.Timestamp("2026-05-01") + pd.Timedelta(days))
        for item, length in enumerate(["1D", "2D", "4D", "10h"], start=1)
        for stage, days in (("New", "0D"), ("Offer", length))
    ]
    table = sf.time_to(sf.StageLog(frame_of(rows)), PIPELINE, "Offer", missing="ignore", quantiles=[0.1, 1])
    assert table["median"].tolist() == [pd.Timedelta("36h")]
    assert table["q10"].tolist() == [pd.Timedelta("14:12:00")]  # three tenths of the way from 10 to 24 hours
    assert table["q100"].tolist() == [pd.Timedelta("4D")]
    assert table["mean"].tolist() == [pd.Timedelta(hours=(24 + 48 + 96 + 10) / 4)]


def test_groups_have_rows_of_their_own_and_add_up() -> None:
    items = items_of({1: "a", 2: "b", 3: "b", 4: None, 5: "a", 6: "c"}, "team", [1])
    log = example(items=items)
    table = sf.time_to(log, PIPELINE, "Offer", by="team", missing="ignore", quantiles=[])
    assert plain(table["team"]) == ["a", "b", None]  # the one item of c has no creation
    assert table["n"].tolist() == [2, 2, 1]
    assert table["completed"].tolist() == [2, 1, 0]
    assert plain(table["median"]) == [5.5, 0, None]
    assert unknown(table) == 1
    whole = sf.time_to(log, PIPELINE, "Offer", missing="ignore")
    for name in ("n", "completed", "open", "closed"):
        assert table[name].sum() == whole[name][0]


def test_a_breakdown_by_a_column_of_the_log_reads_the_first_row() -> None:
    frame = frame_of(ROWS).assign(who=["Ann", "Bob", "Bob", "Bob", "Bob", *["Cid"] * 10])
    table = sf.time_to(
        sf.StageLog(frame, columns="who"), PIPELINE, "Offer", by="who", missing="ignore", quantiles=[]
    )
    assert table["who"].tolist() == ["Ann", "Cid"]
    assert table["n"].tolist() == [1, 5]


def test_periods_choose_items_as_everywhere() -> None:
    def ask(**options: Any) -> list[int]:
        table = sf.time_to(example(), PIPELINE, "Offer", missing="ignore", **options)
        return [*table[["n", "completed", "open", "closed"]].iloc[0].tolist(), unknown(table)]

    # Before 5 are the rows of items 1 to 5; item 3 is open then, and item 5 lost.
    assert ask(as_of=5) == [5, 2, 2, 1, 0]
    assert ask(period=(0, 2), basis="created") == [3, 2, 0, 1, 1]  # items 1, 3 and 5; 6 is in no cohort
    assert ask(period=(4, 6), basis="closed") == [2, 1, 0, 1, 0]  # items 2 and 3


def test_an_item_that_moved_out_is_closed_unless_it_arrived_before() -> None:
    rows = [(1, "New", 0), (1, "Ordered", 4), (2, "New", 0), (2, "Offer", 3), (2, "Ordered", 4)]
    log = sf.StageLog(frame_of(rows))
    pipeline = PIPELINE.replace(elsewhere="Ordered", moved_out="include")
    table = sf.time_to(log, pipeline, "Offer", missing="ignore", quantiles=[])
    assert table.iloc[0].tolist() == [2, 1, 0, 1, 3, 3]
    left_out = sf.time_to(log, pipeline.replace(moved_out="exclude"), "Offer", missing="ignore")
    assert left_out["n"].tolist() == [0]


def test_a_stage_under_another_name_is_the_stage_itself() -> None:
    rows = [(1, "New", 0), (1, "Proposal", 4), (1, "Offer", 5)]
    table = sf.time_to(
        sf.StageLog(frame_of(rows)),
        PIPELINE.replace(aliases={"Proposal": "Offer"}),
        "Offer",
        missing="ignore",
    )
    assert table["mean"].tolist() == [4]


def test_labels_may_be_integers_and_a_stage_may_be_called_created() -> None:
    log = sf.StageLog({"item": [1, 1, 1], "stage": [1, 2, 3], "time": [0, 3, 9]})
    pipeline = sf.Pipeline([1, 2], won=3)
    assert sf.time_to(log, pipeline, 3, start=2)["mean"].tolist() == [6]
    log = sf.StageLog({"item": [1, 1, 1], "stage": ["draft", "created", "Won"], "time": [0, 3, 9]})
    pipeline = sf.Pipeline(["draft", "created"], won="Won")
    assert sf.time_to(log, pipeline, "Won", start="created")["mean"].tolist() == [9]
    assert sf.time_to(log, pipeline, "created")["mean"].tolist() == [3]


def test_a_log_without_an_item_that_sets_out_has_a_row_of_nothing() -> None:
    table = sf.time_to(example(), PIPELINE, "Won", start="Delivery", missing="ignore", quantiles=[])
    assert table.iloc[0, :4].tolist() == [0, 0, 0, 0]
    assert plain(table["mean"]) == plain(table["median"]) == [None]
    empty = sf.StageLog(frame_of(ROWS).head(0), empty="allow")
    assert sf.time_to(empty, PIPELINE, "Offer", missing="ignore")["n"].tolist() == [0]


@pytest.mark.parametrize(
    ("to_stage", "options", "message"),
    [
        ("Ofer", {}, "to_stage='Ofer' is not a stage of the pipeline; did you mean 'Offer'"),
        ("Offer", {"start": "Neww"}, "start='Neww' is not a stage of the pipeline; did you mean 'New'"),
        ("Offer", {"start": "Neww"}, "'Lost', and \"created\" is the creation"),
        (
            "Angebot",
            {},
            "to_stage='Angebot' is not a stage of the pipeline; it is the name of 'Offer'; it has",
        ),
        ("Offer", {"start": "Offer"}, "to_stage='Offer' is also where the time starts; name two stages"),
        ("Offer", {"by": "n"}, "by= names 'n', which is a column of the result"),
        ("Offer", {"by": "q25"}, "by= names 'q25', which is a column of the result"),
        ("Offer", {"quantiles": 2}, "quantiles=2 is not a list of shares"),
        ("Offer", {"calendar": sf.WorkingHours({"mon": [("09:00", "17:00")]})}, "plain integers"),
    ],
)
def test_what_has_no_answer_is_refused(to_stage: Any, options: dict[str, Any], message: str) -> None:
    items = pd.DataFrame({"item": [1], "n": ["x"], "q25": ["y"]})
    with pytest.raises(sf.SchemaError, match=message):
        sf.time_to(
            example(items=items),
            PIPELINE.replace(names={"Offer": "Angebot"}),
            to_stage,
            missing="ignore",
            **options,
        )


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]))
def test_times_are_those_of_the_reference(data: st.DataObject, times: Times) -> None:
    marked: MarkedCase = data.draw(marked_cases(unlisted="some", times=times))
    labels = reference.labels(marked.case.pipeline)
    start, to_stage = data.draw(
        st.tuples(st.none() | st.sampled_from(labels), st.sampled_from(labels)).filter(
            lambda pair: pair[0] != pair[1]
        )
    )
    paused = data.draw(st.lists(st.sampled_from(marked.case.pipeline.stages), unique=True, max_size=2))
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1]]))
    rows, unit = marked.case.rows, unit_of(marked.case.rows)
    pipeline = pipeline_of(marked.case.pipeline).replace(
        paused=paused, elsewhere=elsewhere, moved_out="include"
    )
    order = marked.case.order
    stays = reference.stays_by_item(
        rows, marked.case.pipeline, marked.marks(), unlisted="ignore", order=order, elsewhere=elsewhere
    )
    expected = reference.time_to(
        stays,
        marked.case.pipeline,
        to_stage,
        start,
        paused=paused,
        moved=reference.moved_items(rows, pipeline, elsewhere, order=order) if elsewhere else (),
        measure=lambda one, other: ticks_between(one, other, unit),
    )
    found = sf.time_to(
        marked.log(order="order"),
        pipeline,
        to_stage,
        start="created" if start is None else start,
        unlisted="ignore",
        missing="ignore",
        quantiles=[0, 1],
    )
    assert found[["n", "completed", "open", "closed"]].iloc[0].tolist() == [*expected[:4]]
    assert unknown(found) == expected.start_unknown
    if expected.times:
        ends = pd.concat([found["q0"], found["q100"]])
        assert ends.tolist() == duration_column([expected.times[0], expected.times[-1]], unit).tolist()
        total = sum(expected.times)
        mean = duration_column([Fraction(total, len(expected.times))], unit)
        assert found["mean"].tolist() == mean.tolist()


@given(marked=marked_cases(unlisted="some"), paused=st.booleans())
def test_threads_make_no_difference(marked: MarkedCase, paused: bool) -> None:
    stages = marked.case.pipeline.stages
    pipeline = pipeline_of(marked.case.pipeline).replace(paused=stages[:1] if paused else ())
    one, other = (
        sf.time_to(marked.log(threads=n), pipeline, stages[-1], unlisted="ignore", missing="ignore")
        for n in (1, 3)
    )
    assert_frame_equal(one, other)
