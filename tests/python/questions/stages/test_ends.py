"""Ends of visits and unknown starts: the worked examples, and random logs against the reference."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import (
    SMALL,
    assert_frame_equal,
    assert_same,
    assert_summary,
    frame_of,
    log_of,
    pipeline_of,
    plain,
)
from marked import MarkedCase, marked_cases
from strategies import UNLISTED, Times

NEW, OFFER = 0, 1  # rows of the pipeline SMALL
PER = st.sampled_from(["visit", "item", "longest"])


def log_of_stays(*stays: tuple[int, str, int, int | None], **options: Any) -> sf.StageLog:
    """Read stays of (item, stage, start, end)."""
    frame = pd.DataFrame(stays, columns=["item", "stage", "time", "left"])
    frame["left"] = frame["left"].astype("Int64")
    return sf.StageLog(frame, exited="left", **options)


def times_in(table: pd.DataFrame) -> list[float | str]:
    """Return the mean times in New and Offer, or ``"open"``."""
    return ["open" if row["open"] else row["mean"] for row in table.iloc[[NEW, OFFER]].to_dict("records")]


STAYS: list[tuple[Any, dict[str, Any], list[Any]]] = [
    ([("New", 0, 4), ("Offer", 6, 9)], {}, [4, 3]),
    ([("New", 0, 4), ("Offer", 6, None)], {}, [4, "open"]),
    ([("New", 0, None), ("Offer", 6, 9)], {}, [6, 3]),
    ([("New", 0, 8), ("Offer", 6, 9)], {}, [6, 3]),
    ([("New", 0, 2), ("New", 5, 7), ("Offer", 9, None)], {}, [7, "open"]),
    ([("New", 0, 2), ("New", 5, None), ("Offer", 9, None)], {}, [9, "open"]),
    ([("New", 0, 4), ("Offer", 6, 9)], {"as_of": 9}, [4, "open"]),
    ([("New", 0, 4), ("Offer", 6, 9)], {"as_of": 10}, [4, 3]),
    ([("New", 0, 4), ("Offer", 6, 9)], {"period": (0, 8)}, [4, "open"]),
    ([("New", 0, 4), ("Offer", 6, 9)], {"period": (0, 8), "basis": "created"}, [4, 3]),
    ([("New", 0, 5), ("Archive", 3, None), ("Offer", 6, None)], {"unlisted": "ignore"}, [5, "open"]),
]


@pytest.mark.parametrize(("stays", "options", "expected"), STAYS)
def test_every_line_of_the_worked_example_is_met(stays: Any, options: Any, expected: Any) -> None:
    log = log_of_stays(*((1, *stay) for stay in stays))
    assert times_in(sf.time_in_stage(log, SMALL, **options)) == expected
    assert times_in(sf.summary(log, SMALL, **options).time_in_stage) == expected
    if "unlisted" not in options:
        assert times_in(sf.merge([sf.partial(log, SMALL, **options)]).summary().time_in_stage) == expected


@pytest.mark.parametrize(("until", "offer"), [(9, 3), (8, "open")])
def test_an_end_after_the_end_of_observation_is_not_known(until: int, offer: Any) -> None:
    log = log_of_stays((1, "New", 0, 4), (1, "Offer", 6, 9), observed_until=until)
    assert times_in(sf.time_in_stage(log, SMALL)) == [4, offer]


def test_an_item_that_moved_out_left_its_stage_at_the_end_of_its_visit() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], elsewhere=["Ordered"], moved_out="include")
    log = log_of_stays((1, "New", 0, 2), (1, "Ordered", 7, None), (2, "New", 0, 9), (2, "Ordered", 7, 8))
    table = sf.time_in_stage(log, pipeline)
    assert (table["completed"][NEW], table["mean"][NEW]) == (2, 4.5)  # 2, and 7 where the visit is cut


def test_nothing_but_times_changes_by_ends() -> None:
    stays = [(1, "New", 0, 4), (1, "Offer", 6, 9), (2, "New", 1, 2), (3, "New", 0, 1), (3, "Won", 4, 5)]
    log = log_of_stays(*stays)
    plain_log = sf.StageLog(frame_of([stay[:3] for stay in stays]))
    for ask in (sf.funnel, sf.outcomes, sf.transitions, sf.item_table):
        assert_frame_equal(ask(log, SMALL), ask(plain_log, SMALL))
    assert_frame_equal(sf.flow(log, SMALL, period=None), sf.flow(plain_log, SMALL, period=None))
    assert log.observed_until == plain_log.observed_until == 6


def test_pauses_and_cut_ends_are_counted() -> None:
    log = log_of_stays(
        *[(1, "New", 0, 4), (1, "Offer", 6, 9), (2, "New", 0, 8), (2, "Offer", 6, 9)],
        *[(3, "New", 0, 2), (3, "New", 5, 5), (3, "Offer", 5, None)],
    )
    counts = log.quality().set_index("check")["count"]
    assert (counts["pauses"], counts["cut_ends"]) == (2, 1)
    assert "start_unknown" not in counts


def test_a_loss_counts_the_time_in_its_stage_to_the_end_of_the_visit() -> None:
    stays = [(1, "New", 0, 3), (1, "Lost", 9, None), (2, "New", 0, None), (2, "Lost", 5, None)]
    table = sf.losses(log_of_stays(*stays), SMALL)
    assert (table["mean_in_stage"][0], table["mean_until_lost"][0]) == (4, 7)


def moves_log(**options: Any) -> sf.StageLog:
    """Read moves of which nobody knows since when the items were in their first stages."""
    frame = pd.DataFrame(
        [
            *[(1, "New", 7, True), (1, "Offer", 7, False), (1, "Won", 9, False)],
            *[(2, "New", 15, True), (2, "Won", 15, False)],
        ],
        columns=["item", "stage", "time", "unknown"],
    )
    return sf.StageLog(frame, start_unknown="unknown", **options)


def test_a_visit_of_unknown_start_is_in_no_time() -> None:
    for per in ("visit", "item", "longest"):
        table = sf.time_in_stage(moves_log(), SMALL, per=per)
        assert table["visits"].tolist() == [2, 1, 2, 0]
        assert table["completed"].tolist() == [0, 1, 0, 0]
        assert table["open"].tolist() == [0, 0, 2, 0]
        assert table["start_unknown"].tolist() == [2, 0, 0, 0]
        assert plain(table["mean"]) == plain(table["q25"]) == [None, 2, None, None]


def test_an_item_of_unknown_start_is_in_no_created_cohort() -> None:
    log = moves_log()
    for options in ({"basis": "created"}, {"within": 3}, {"basis": "created", "period": (0, 10)}):
        table = sf.funnel(log, SMALL, **options)
        assert (table["base"][0], table.attrs["stagefunnel"]["start_unknown"]) == (0, 2), options
        assert "Start unknown, so in no created cohort: 2 items" in str(sf.show(table))
    assert sf.funnel(log, SMALL, basis="created", as_of=10).attrs["stagefunnel"]["start_unknown"] == 1
    everything = sf.funnel(log, SMALL)
    assert everything["base"][0] == 2
    assert "start_unknown" not in everything.attrs["stagefunnel"]
    (reason,) = set(sf.explain(log, SMALL, item=1, basis="created")["reason"])
    assert reason == "left out: its start is unknown"
    reasons = sf.explain(log, SMALL, item=1, kind="classic")["reason"].tolist()
    assert reasons[:2] == ["passed: entered at 7, or at an unknown time before", "passed: entered at 7"]


def test_a_cohort_has_the_items_whose_start_is_known() -> None:
    frame = pd.DataFrame(
        [
            *[(1, "New", 7, True), (1, "Won", 8, False), (2, "New", 1, False), (2, "New", 3, True)],
            *[(3, "New", 10, False), (3, "Won", 12, None)],
        ],
        columns=["item", "stage", "time", "unknown"],
    )
    log = sf.StageLog(frame, start_unknown="unknown", observed_until=30)
    table = sf.funnel(log, SMALL, within=5)
    assert (table["base"][0], table["too_recent"][0]) == (2, 0)
    assert sf.compare_periods(log, SMALL, (5, 15), basis="created")["base"][0] == 1
    assert plain(sf.item_table(log, SMALL)["first_time"]) == [None, 1, 10]


def test_a_trend_and_a_comparison_say_how_many_starts_are_unknown() -> None:
    times = pd.to_datetime(["2026-01-05", "2026-01-07", "2026-02-01"])
    frame = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": times, "u": [1, 0, 0]}
    log = sf.StageLog(frame, start_unknown="u")
    trend = sf.funnel_by_period(log, SMALL, every="month", basis="created")
    compared = sf.compare_periods(log, SMALL, "2026-02", basis="created")
    for table in (trend, compared):
        assert table.attrs["stagefunnel"]["start_unknown"] == 1
    assert trend[trend["stage"] == "New"]["base"].tolist() == [0, 1]


def test_losses_of_unknown_start_are_counted_without_their_times() -> None:
    rows = [(1, "New", 5, True), (1, "Lost", 5, False), (2, "New", 1, False), (2, "Lost", 4, False)]
    rows += [(3, "Offer", 2, True), (3, "Lost", 9, False)]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "unknown"])
    table = sf.losses(sf.StageLog(frame, start_unknown="unknown"), SMALL)
    assert table["items"].tolist() == [2, 1]
    assert plain(table["mean_until_lost"]) == plain(table["mean_in_stage"]) == [3, None]
    assert plain(table["median_until_lost"]) == [3, None]


@given(marked=marked_cases(), per=PER)
def test_time_in_stage_is_that_of_the_reference(marked: MarkedCase, per: Any) -> None:
    stays = reference.stays_by_item(marked.case.rows, marked.case.pipeline, marked.marks())
    found = sf.time_in_stage(marked.log(), pipeline_of(marked.case.pipeline), per=per)
    expected = reference.time_in_stage(marked.case.rows, marked.case.pipeline, per=per, stays=stays)
    assert_same(found, expected)


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]), per=PER)
def test_what_a_period_knows_of_the_ends_is_that_of_the_reference(
    data: st.DataObject, times: Times, per: Any
) -> None:
    marked = data.draw(marked_cases(unlisted="some", times=times))
    case = marked.case
    known = sorted({time for _, _, time in case.rows} | {end for end in marked.ended if end is not None})
    start, end, as_of = (data.draw(st.none() | st.sampled_from(known)) for _ in range(3))
    if start is not None and end is not None and end <= start:
        start = None
    basis = data.draw(st.sampled_from(["active", "created", "closed"]))
    kept = reference.kept_rows(case.rows, case.pipeline, start=start, end=end, as_of=as_of, basis=basis)
    if basis == "created":
        unborn = unborn_items(marked)
        kept = [row for row in kept if case.rows[row][0] not in unborn]
    bounds = [moment for moment in (as_of, end if basis == "active" else None) if moment is not None]
    stays = reference.stays_by_item(
        case.rows,
        case.pipeline,
        marked.marks(ended_before=min(bounds, default=None)),
        unlisted="ignore",
        kept=set(kept),
    )
    period = None if start is None and end is None else (start, end)
    options = {"period": period, "as_of": as_of, "basis": basis, "unlisted": "ignore"}
    found = sf.time_in_stage(marked.log(), pipeline_of(case.pipeline), per=per, **options)
    rows = case.rows  # of all rows, for the unit of the times
    assert_same(found, reference.time_in_stage(rows, case.pipeline, per=per, stays=stays))


def unborn_items(marked: MarkedCase) -> set[Any]:
    """Return the items whose first visit has an unknown start."""
    stays = reference.stays_by_item(marked.case.rows, marked.case.pipeline, marked.marks(), unlisted="ignore")
    return {item for item, own in stays.items() if own[0].start_unknown}


@given(marked=marked_cases(unlisted="some"), within=st.integers(0, 6))
def test_losses_within_a_length_are_those_of_the_reference(marked: MarkedCase, within: int) -> None:
    case = marked.case
    until, too_recent = reference.followed(case.rows, case.pipeline, within)
    left_out = too_recent | unborn_items(marked)
    kept = [
        row
        for row, (item, _, time) in enumerate(case.rows)
        if item in until and item not in left_out and time <= until[item]
    ]
    stays = reference.stays_by_item(
        case.rows, case.pipeline, marked.marks(until=until), unlisted="ignore", kept=set(kept)
    )
    rows = [case.rows[row] for row in kept]
    if not rows:
        return
    expected = reference.losses(
        rows, case.pipeline, unlisted="ignore", groups={}, reasons={}, amounts={}, stays=stays
    )
    found = sf.losses(marked.log(), pipeline_of(case.pipeline), unlisted="ignore", within=within)
    names = ["from_stage", "lost_stage", "items", "mean_until_lost", "median_until_lost", "mean_in_stage"]
    for name in names:
        assert plain(found[name]) == plain(expected[name]), name


@given(marked=marked_cases())
def test_quality_counts_pauses_and_cut_ends_as_the_reference(marked: MarkedCase) -> None:
    counts = marked.log().quality().set_index("check")["count"]
    pauses, cuts = reference.pauses_and_cuts(marked.case.rows, marked.ended)
    assert (counts["pauses"], counts["cut_ends"]) == (pauses, cuts)
    assert counts["start_unknown"] == sum(marked.start_unknown)


@given(marked=marked_cases(), per=PER, basis=st.sampled_from(["active", "created"]))
def test_partials_of_marked_logs_are_the_summary_of_all(marked: MarkedCase, per: Any, basis: Any) -> None:
    pipeline = pipeline_of(marked.case.pipeline)
    whole = marked.frame
    items = whole["item"].unique()[: len(whole["item"].unique()) // 2 + 1]
    parts = [whole[whole["item"].isin(items)], whole[~whole["item"].isin(items)]]
    logs = [sf.StageLog(part, exited="left", start_unknown="unknown") for part in parts if len(part)]
    merged = sf.merge([sf.partial(log, pipeline, per=per, basis=basis) for log in logs]).summary()
    assert_summary(merged, sf.summary(marked.log(), pipeline, per=per, basis=basis).tables)


@given(marked=marked_cases())
def test_a_log_whose_marks_are_all_missing_is_a_log_without_marks(marked: MarkedCase) -> None:
    pipeline = pipeline_of(marked.case.pipeline)
    empty = marked.frame.assign(left=None, unknown=None)
    log = sf.StageLog(empty, exited="left", start_unknown="unknown")
    without = log_of(marked.case)
    for ask in (sf.time_in_stage, sf.losses):
        assert_frame_equal(ask(log, pipeline), ask(without, pipeline))


def test_an_unlisted_stage_is_one_of_the_drawn_ones() -> None:
    assert "Archive" in UNLISTED  # which the worked example uses
