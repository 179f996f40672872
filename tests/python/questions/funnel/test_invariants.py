"""Invariants that hold for every table, whatever the log."""

from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SHOP, assert_frame_equal, frame_of, log_of, pipeline_of
from strategies import Case, cases

KINDS = ["classic", "conversions", "furthest", "strict"]
COUNTS = [
    "reached",
    "passed",
    "assumed",
    "skipped",
    "began_beyond",
    "lost_from",
    "open_at",
    "base",
    "left_out",
]
any_kind = st.fixed_dictionaries(
    {"kind": st.sampled_from([*KINDS, "both"]), "fill": st.sampled_from(["won", "moves"])}
)


def every_table(log: sf.StageLog, pipeline: sf.Pipeline) -> dict[str, pd.DataFrame]:
    tables = {kind: sf.funnel(log, pipeline, kind=kind) for kind in [*KINDS, "both"]}
    return tables | {
        "moves": sf.funnel(log, pipeline, kind="conversions", fill="moves"),
        "outcomes": sf.outcomes(log, pipeline),
        "time_in_stage": sf.time_in_stage(log, pipeline),
        "transitions": sf.transitions(log, pipeline),
    }


@given(case=cases(max_items=8), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_items_changes_no_table(case: Case, seed: int) -> None:
    keys = list(dict.fromkeys(item for item, _, _ in case.rows))
    Random(seed).shuffle(keys)
    # Sorting is stable: the rows of an item keep their order, which decides between equal times.
    shuffled = sorted(case.rows, key=lambda row: keys.index(row[0]))
    pipeline = pipeline_of(case.pipeline)
    before, after = (every_table(sf.StageLog(frame_of(rows)), pipeline) for rows in (case.rows, shuffled))
    for name, table in before.items():
        assert_frame_equal(after[name], table, check_exact=True)


@given(case=cases(), options=any_kind)
def test_renaming_the_stages_renames_them_in_the_result(case: Case, options: dict[str, Any]) -> None:
    pipeline = pipeline_of(case.pipeline)
    # The numbers fall where the stages rise, so that an order by label would show.
    codes = {label: 1_000 - place for place, label in enumerate(pipeline.labels)}
    renamed = [(item, codes[stage], time) for item, stage, time in case.rows]
    won, lost = ([codes[label] for label in part] for part in (pipeline.won, pipeline.lost))
    numbered = sf.Pipeline([codes[label] for label in pipeline.stages], won=won, lost=lost)
    found = sf.funnel(sf.StageLog(frame_of(renamed)), numbered, **options)
    expected = sf.funnel(log_of(case), pipeline, **options)
    expected["stage"] = expected["stage"].cat.rename_categories(codes)
    assert_frame_equal(found, expected, check_exact=True)


@given(case=cases(max_items=8), options=any_kind)
def test_two_logs_of_different_items_add_up_to_one(case: Case, options: dict[str, Any]) -> None:
    keys = list(dict.fromkeys(item for item, _, _ in case.rows))
    pipeline = pipeline_of(case.pipeline)
    halves = [
        sf.funnel(
            sf.StageLog(
                frame_of([row for row in case.rows if keys.index(row[0]) % 2 == part]), empty="allow"
            ),
            pipeline,
            **options,
        )
        for part in (0, 1)
    ]
    whole = sf.funnel(log_of(case), pipeline, **options)
    assert_frame_equal(halves[0][COUNTS] + halves[1][COUNTS], whole[COUNTS])


@given(case=cases(unlisted="some"), options=any_kind)
def test_every_item_of_the_base_is_won_lost_or_open(case: Case, options: dict[str, Any]) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    rule = "include"
    table = sf.funnel(log, pipeline, **options, lost_then_won=rule, unlisted="ignore")
    totals = sf.outcomes(log, pipeline, unlisted="ignore").iloc[0]
    items = sf.item_table(log, pipeline, unlisted="ignore")
    now = Counter(items["outcome"])
    assert (table["base"] == totals["base"]).all()
    assert totals["base"] == totals["won"] + totals["lost"] + totals["open"] == len(items)
    assert (totals["won"], totals["lost"], totals["open"]) == (now["won"], now["lost"], now["open"])


@given(case=cases(), kind=st.sampled_from(KINDS))
def test_the_stages_that_items_are_lost_from_add_up_to_the_items_now_lost(case: Case, kind: Any) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    table = sf.funnel(log, pipeline, kind=kind)
    items = sf.item_table(log, pipeline)
    lost = items[items["outcome"] == "lost"]
    assert table["lost_from"].sum() + lost["lost_from"].isna().sum() == len(lost)
    assert table["open_at"].sum() == (items["outcome"] == "open").sum()


@given(case=cases(), options=any_kind)
def test_what_reached_a_stage_passed_it_or_is_assumed_to_have(case: Case, options: dict[str, Any]) -> None:
    table = sf.funnel(log_of(case), pipeline_of(case.pipeline), **options)
    assert (table["reached"] == table["passed"] + table["assumed"]).all()
    assert (table["reached"] <= table["base"]).all()
    assert (table["conversion_from_all"].dropna() <= 1).all()
    assert table["conversion_from_all"].notna().equals(table["base"] > 0)


@given(case=cases(), fill=st.sampled_from(["won", "moves"]))
def test_conversions_show_at_least_what_classic_shows_of_the_same_items(case: Case, fill: Any) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    classic = sf.funnel(log, pipeline, lost_then_won="exclude")
    conversions = sf.funnel(log, pipeline, kind="conversions", fill=fill)
    assert (conversions["reached"] >= classic["reached"]).all()
    same = [
        "stage",
        "passed",
        "skipped",
        "lost_from",
        "open_at",
        "skip_rate",
        "loss_rate",
        "base",
        "left_out",
    ]
    assert_frame_equal(conversions[same], classic[same])


@given(case=cases(), kind=st.sampled_from(["furthest", "strict"]))
def test_a_furthest_or_strict_funnel_never_widens(case: Case, kind: Any) -> None:
    table = sf.funnel(log_of(case), pipeline_of(case.pipeline), kind=kind)
    in_progress = table.loc[table["outcome"] == "open", "reached"]
    assert in_progress.is_monotonic_decreasing


@given(case=cases(max_items=8, times="naive"))
def test_the_number_of_threads_changes_nothing(case: Case) -> None:
    pipeline = pipeline_of(case.pipeline)
    one, two, seven = (every_table(log_of(case, threads=threads), pipeline) for threads in (1, 2, 7))
    for name, table in one.items():
        assert_frame_equal(two[name], table, check_exact=True)
        assert_frame_equal(seven[name], table, check_exact=True)


@pytest.fixture(scope="module")
def large() -> tuple[pd.DataFrame, pd.DataFrame]:
    """200,000 rows of 50,000 items with many ties, and an amount for most items."""
    rng = np.random.default_rng(7)
    n_rows, n_items = 200_000, 50_000
    frame = pd.DataFrame(
        {
            "item": rng.integers(n_items, size=n_rows),
            "stage": rng.choice(np.array(SHOP.labels, dtype=object), n_rows),
            "time": rng.integers(1_000, size=n_rows),
        }
    )
    amounts = np.where(rng.random(n_items) < 0.1, np.nan, rng.lognormal(7, 2, n_items))
    groups = rng.integers(5, size=n_items)
    return frame, pd.DataFrame({"item": np.arange(n_items), "value": amounts, "group": groups})


@pytest.mark.parametrize("threads", [2, 7])
def test_a_large_log_gives_the_same_bytes_with_any_number_of_threads(
    large: tuple[pd.DataFrame, pd.DataFrame], threads: int
) -> None:
    frame, items = large
    one, many = (sf.StageLog(frame, items=items, threads=count) for count in (1, threads))
    found = every_table(many, SHOP)
    for name, table in every_table(one, SHOP).items():
        assert_frame_equal(found[name], table, check_exact=True)
    options: dict[str, Any] = {"kind": "both", "by": "group", "amount": "value"}
    expected = sf.funnel(one, SHOP, **options)
    assert_frame_equal(sf.funnel(many, SHOP, **options), expected, check_exact=True)
    assert_frame_equal(sf.item_table(many, SHOP), sf.item_table(one, SHOP))
    assert_frame_equal(many.quality(SHOP), one.quality(SHOP))


def test_the_groups_of_a_breakdown_add_up_to_the_whole(large: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    frame, items = large
    log = sf.StageLog(frame, items=items)
    split = sf.funnel(log, SHOP, kind="conversions", by="group").groupby("stage", observed=True)[COUNTS].sum()
    whole = sf.funnel(log, SHOP, kind="conversions").set_index("stage")[COUNTS]
    assert_frame_equal(split, whole)
