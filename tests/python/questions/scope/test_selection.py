"""Period, basis, as-of and other pipelines against the reference, on random logs."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SHOP, assert_frame_equal, frame_of, journeys_log, log_of, pipeline_of
from strategies import UNLISTED, Case, cases

ANALYSES: dict[str, Callable[..., pd.DataFrame]] = {
    "funnel": lambda log, pipeline, **part: sf.funnel(log, pipeline, kind="both", **part),
    "moves": lambda log, pipeline, **part: sf.funnel(log, pipeline, kind="conversions", fill="moves", **part),
    "outcomes": sf.outcomes,
    "time_in_stage": sf.time_in_stage,
    "transitions": sf.transitions,
    "item_table": sf.item_table,
}


@st.composite
def parts(draw: st.DrawFn, case: Case) -> dict[str, Any]:
    """Draw a part of a log whose ends are mostly times of its rows."""
    times = sorted({time for _, _, time in case.rows})
    start, end, as_of = (draw(st.none() | st.sampled_from(times)) for _ in range(3))
    if start is not None and end is not None and end <= start:
        start, end = (end, start) if end < start else (start, None)
    basis = draw(st.sampled_from(["active", "created", "closed"]))
    return {"start": start, "end": end, "as_of": as_of, "basis": basis}


def arguments_of(part: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a question that choose this part."""
    ends = (part["start"], part["end"])
    return {"period": None if ends == (None, None) else ends, "basis": part["basis"], "as_of": part["as_of"]}


def log_of_rows(case: Case, kept: list[int], ordered: bool, **options: Any) -> sf.StageLog:
    """Read some rows of a case; their times and items keep the types they have in the whole log."""
    frame = frame_of(case.rows)
    frame["order"] = case.order
    order = {"order": "order"} if ordered else {}
    return sf.StageLog(frame.iloc[kept], **order, **options, empty="allow")


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]), ordered=st.booleans())
def test_a_part_of_a_log_is_the_log_of_the_rows_that_the_reference_keeps(
    data: st.DataObject, times: Any, ordered: bool
) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    part = data.draw(parts(case))
    order = list(case.order) if ordered else None
    kept = reference.kept_rows(case.rows, case.pipeline, **part, order=order)
    whole, pipeline = log_of(case, ordered=ordered), pipeline_of(case.pipeline)
    alone = log_of_rows(case, kept, ordered)
    for name, analysis in ANALYSES.items():
        found = analysis(whole, pipeline, unlisted="ignore", **arguments_of(part))
        expected = analysis(alone, pipeline, unlisted="ignore")
        if name == "item_table":
            # Items stand in the order of the whole input.
            places = {item: place for place, (item, _, _) in reversed([*enumerate(case.rows)])}
            expected = expected.sort_values("item", key=lambda keys: keys.map(places), ignore_index=True)
            if not kept:
                assert found.empty  # of an empty log the type of the keys is not known
                continue
        assert_frame_equal(found, expected, check_exact=True)


@given(data=st.data(), times=st.sampled_from(["integer", "zoned"]))
def test_items_of_other_pipelines_are_left_out_as_the_reference_does(data: st.DataObject, times: Any) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    part = data.draw(parts(case))
    kept = reference.kept_rows(case.rows, case.pipeline, **part, elsewhere=UNLISTED)
    pipeline = pipeline_of(case.pipeline)
    found = sf.funnel(log_of(case), pipeline.replace(elsewhere=UNLISTED), kind="both", **arguments_of(part))
    alone = log_of_rows(case, kept, ordered=False)
    expected = sf.funnel(alone, pipeline, kind="both", unlisted="ignore")
    assert_frame_equal(found, expected, check_exact=True)


@given(data=st.data())
def test_items_that_moved_out_are_counted_in_what_they_passed_and_in_no_outcome(data: st.DataObject) -> None:
    case = data.draw(cases(unlisted="some"))
    part = data.draw(parts(case))
    pipeline = pipeline_of(case.pipeline)
    keeping = pipeline.replace(elsewhere=UNLISTED, moved_out="include")
    with_moved, without = (
        log_of_rows(
            case,
            reference.kept_rows(case.rows, case.pipeline, **part, elsewhere=UNLISTED, moved_out=moved_out),
            ordered=False,
        )
        for moved_out in ("include", "exclude")
    )
    found = sf.funnel(log_of(case), keeping, lost_then_won="include", **arguments_of(part))
    passed = sf.funnel(with_moved, pipeline, unlisted="ignore")
    now = sf.funnel(without, pipeline, unlisted="ignore")
    same = ["stage", "reached", "passed", "skipped", "base", "conversion_from_all"]
    assert_frame_equal(found[same], passed[same], check_exact=True)
    assert_frame_equal(found[["lost_from", "open_at"]], now[["lost_from", "open_at"]])
    assert (found["moved_out"] == passed["base"] - now["base"]).all()
    totals = sf.outcomes(log_of(case), keeping, **arguments_of(part)).iloc[0]
    assert totals["base"] == totals["won"] + totals["lost"] + totals["open"] + totals["moved_out"]
    items = sf.item_table(log_of(case), keeping, **arguments_of(part))
    assert (items["outcome"] == "moved_out").sum() == totals["moved_out"]


@given(data=st.data())
def test_an_explanation_of_a_part_agrees_with_its_funnel(data: st.DataObject) -> None:
    case = data.draw(cases(max_items=3))
    part = data.draw(parts(case))
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    table = sf.funnel(log, pipeline, kind="conversions", lost_then_won="include", **arguments_of(part))
    explained = [
        sf.explain(
            log, pipeline, item=item, kind="conversions", lost_then_won="include", **arguments_of(part)
        )[["passed", "assumed"]].to_numpy()
        for item in dict.fromkeys(row[0] for row in case.rows)
    ]
    assert (sum(one.astype(int) for one in explained) == table[["passed", "assumed"]].to_numpy()).all()


def test_the_example_of_the_definitions_moves_to_the_warehouse_and_back() -> None:
    log = journeys_log("New > Ordered", "New > Ordered > New", "New > Ordered > Won")
    here = SHOP.replace(elsewhere="Ordered")
    table = sf.funnel(log, here).set_index("stage")
    assert table.loc["New", ["passed", "open_at", "base"]].tolist() == [2, 1, 2]
    kept = sf.funnel(log, here.replace(moved_out="include")).set_index("stage")
    assert kept.loc["New", ["passed", "open_at", "base", "moved_out"]].tolist() == [3, 1, 3, 1]


def test_quality_counts_the_rows_of_other_pipelines_apart_from_unlisted_ones() -> None:
    log = journeys_log("New > Ordered > Note > Won")
    counts = log.quality(SHOP.replace(elsewhere="Ordered")).set_index("check")["count"]
    assert (counts["elsewhere_rows"], counts["unlisted_rows"], counts["unlisted_stages"]) == (1, 1, 1)


def test_a_stage_that_is_neither_here_nor_elsewhere_is_still_refused() -> None:
    with pytest.raises(sf.UnknownStageError, match="unknown stage 'Note'"):
        sf.funnel(journeys_log("New > Ordered > Note"), SHOP.replace(elsewhere=["Ordered", "Shipped"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"elsewhere": ["Won"]}, "'Won' cannot be both its own and elsewhere"),
        ({"moved_out": "keep"}, "moved_out='keep'"),
    ],
)
def test_a_pipeline_that_is_here_and_elsewhere_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        SHOP.replace(**arguments)
    assert message in str(caught.value)


def test_without_a_period_the_closed_basis_keeps_the_items_that_are_closed() -> None:
    log = journeys_log("New > Won", "New", "New > Lost > New")
    table = sf.outcomes(log, SHOP, basis="closed")
    assert table[["base", "won", "open"]].values.tolist() == [[1, 1, 0]]
