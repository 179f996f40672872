"""Breakdowns by columns of the log: against the reference, then what must hold for any data."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, assert_same, frame_of, items_of, order_of, pipeline_of
from strategies import Case, cases

OPTIONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["classic", "conversions", "furthest", "strict"]),
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
    }
)
UNLISTED = st.sampled_from(["never", "some"])
AT = st.sampled_from(["first", "last"])
SEEDS = st.integers(0, 2**32 - 1)


def values_of(case: Case, seed: int, choices: list[Any]) -> list[Any]:
    """Draw a value for each row of a case."""
    places = np.random.default_rng(seed).integers(0, len(choices), len(case.rows))
    return [choices[place] for place in places]


def people_of(case: Case, seed: int) -> list[Any]:
    return values_of(case, seed, ["Zoe", "ann", "Émile", None])


def log_with(case: Case, columns: dict[str, list[Any]], *, ordered: bool = False, **more: Any) -> sf.StageLog:
    frame = frame_of(case.rows).assign(**columns)
    if ordered:
        frame["order"] = case.order
        more["order"] = "order"
    return sf.StageLog(frame, columns=[*columns], **more)


@given(case=cases(unlisted="some"), options=OPTIONS, at=AT, ordered=st.booleans(), seed=SEEDS)
def test_a_column_of_the_log_is_read_at_the_first_or_last_listed_row(
    case: Case, options: dict[str, Any], at: Any, ordered: bool, seed: int
) -> None:
    people, order = people_of(case, seed), order_of(case, ordered)
    log = log_with(case, {"group": people}, ordered=ordered)
    options |= {"unlisted": "ignore"}
    groups = reference.values_at(case.rows, case.pipeline, people, at, unlisted="ignore", order=order)
    found = sf.funnel(log, pipeline_of(case.pipeline), by="group", at=at, **options)
    expected = reference.funnel(case.rows, case.pipeline, groups=groups, order=order, **options)
    assert_same(found, expected, by=["group"])


@given(case=cases(unlisted="some"), options=OPTIONS, ordered=st.booleans(), seed=SEEDS)
def test_a_stage_counts_in_the_group_of_the_entry_that_it_counts_for(
    case: Case, options: dict[str, Any], ordered: bool, seed: int
) -> None:
    people = people_of(case, seed)
    log = log_with(case, {"group": people}, ordered=ordered)
    options |= {"unlisted": "ignore"}
    found = sf.funnel(log, pipeline_of(case.pipeline), by="group", at="stage", **options)
    expected = reference.funnel_at_stages(
        case.rows, case.pipeline, people, order=order_of(case, ordered), **options
    )
    assert_same(found, expected, by=["group"])


@given(case=cases(), options=OPTIONS, seed=SEEDS)
def test_amounts_at_the_stages_are_in_the_groups_of_the_entries(
    case: Case, options: dict[str, Any], seed: int
) -> None:
    people, sums = people_of(case, seed), values_of(case, seed + 1, [0.5, -3.0, 1e6, None])
    log = log_with(case, {"group": people, "sum": sums})
    found = sf.funnel(
        log, pipeline_of(case.pipeline), by="group", at="stage", amount="sum", amount_at="stage", **options
    )
    expected = reference.funnel_at_stages(case.rows, case.pipeline, people, amounts=sums, **options)
    assert_same(found, expected, by=["group"])


@given(case=cases(), options=OPTIONS, seed=SEEDS)
def test_amounts_at_the_stages_add_up_over_groups_of_items(
    case: Case, options: dict[str, Any], seed: int
) -> None:
    sums = values_of(case, seed, [0.5, -3.0, 1e6, None])
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    log = log_with(case, {"sum": sums}, items=items)
    pipeline = pipeline_of(case.pipeline)
    found = sf.funnel(log, pipeline, by="group", amount="sum", amount_at="stage", **options)
    expected = reference.funnel(case.rows, case.pipeline, groups=case.groups, **options)
    assert_same(found.drop(columns=["amount", "amount_missing"]), expected, by=["group"])
    sums_expected = reference.amounts_at_stages(case.rows, case.pipeline, sums, groups=case.groups, **options)
    assert found["amount"].tolist() == sums_expected["amount"].tolist()
    assert found["amount_missing"].tolist() == sums_expected["amount_missing"].tolist()


@given(case=cases(), options=OPTIONS, seed=SEEDS)
def test_an_amount_of_the_log_is_that_of_the_last_row_unless_it_is_read_at_the_stages(
    case: Case, options: dict[str, Any], seed: int
) -> None:
    sums = values_of(case, seed, [0.5, -3.0, 1e6, None])
    log = log_with(case, {"sum": sums})
    found = sf.funnel(log, pipeline_of(case.pipeline), amount="sum", **options)
    last = reference.values_at(case.rows, case.pipeline, sums, "last")
    assert_same(found, reference.funnel(case.rows, case.pipeline, amounts=last, **options))


@given(case=cases(), options=OPTIONS, seed=SEEDS)
def test_columns_of_items_and_of_the_log_combine(case: Case, options: dict[str, Any], seed: int) -> None:
    people = people_of(case, seed)
    items = items_of(case.groups, "region", [row[0] for row in case.rows])
    pipeline = pipeline_of(case.pipeline)
    log = log_with(case, {"person": people}, items=items)
    found = sf.funnel(log, pipeline, by=["person", "region"], at="stage", **options)

    def sortable(value: Any) -> tuple[bool, str]:
        return (value is None, value or "")

    regions = [case.groups.get(item) for item, _, _ in case.rows]
    pairs = [(*sortable(person), *sortable(region)) for person, region in zip(people, regions, strict=True)]
    numbers = {pair: place for place, pair in enumerate(sorted(set(pairs)))}
    expected = reference.funnel_at_stages(
        case.rows, case.pipeline, [numbers[pair] for pair in pairs], by="pair", **options
    )
    named = {place: pair for pair, place in numbers.items()}
    chosen = [named[place] for place in expected.pop("pair")]
    expected.insert(0, "region", [pair[3] or None for pair in chosen])
    expected.insert(0, "person", [pair[1] or None for pair in chosen])
    assert_same(found, expected, by=["person", "region"])


@given(case=cases(), options=OPTIONS, seed=SEEDS, end=st.integers(-3, 4))
def test_a_selection_reads_the_columns_of_the_rows_that_it_keeps(
    case: Case, options: dict[str, Any], seed: int, end: int
) -> None:
    people = people_of(case, seed)
    kept = [row for row, (_, _, time) in enumerate(case.rows) if time < end]
    frame = frame_of(case.rows).assign(person=people)
    pipeline = pipeline_of(case.pipeline)
    log = sf.StageLog(frame, columns="person")
    by_hand = sf.StageLog(frame.iloc[kept], columns="person", empty="allow")
    for at in ("first", "last", "stage"):
        found = sf.funnel(log, pipeline, by="person", at=at, as_of=end, **options)
        expected = sf.funnel(by_hand, pipeline, by="person", at=at, **options)
        assert_frame_equal(found, expected, check_dtype=False)


@given(case=cases(max_items=9), options=OPTIONS, at=AT, top=st.integers(1, 4), seed=SEEDS)
def test_folding_small_groups_keeps_every_item(
    case: Case, options: dict[str, Any], at: Any, top: int, seed: int
) -> None:
    people = values_of(case, seed, ["a", "b", "c", "d", "e", None])
    log, pipeline = log_with(case, {"person": people}), pipeline_of(case.pipeline)
    whole = sf.funnel(log, pipeline, by="person", at=at, **options)
    few = sf.funnel(log, pipeline, by="person", at=at, top=top, **options)
    labels = few["person"].drop_duplicates().tolist()
    other = [label for label in labels if isinstance(label, str) and label.startswith("other (")]
    n_groups = whole["person"].dropna().nunique()
    assert other == (
        [f"other ({n_groups - top} group{'s' * (n_groups - top > 1)})"] if n_groups > top else []
    )
    if other:
        present = [label for label in labels if not pd.isna(label)]
        assert present == [*sorted(present[:-1]), other[0]]
        assert few["person"].dropna().nunique() == top + 1
        smallest = few.loc[few["person"].isin(present[:-1]), "base"].min()
        folded = whole.loc[~whole["person"].isin(labels) & whole["person"].notna(), "base"]
        assert folded.empty or folded.max() <= smallest
    counts = [
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
    for name in counts:
        assert (
            few.groupby("stage", observed=False)[name].sum().tolist()
            == whole.groupby("stage", observed=False)[name].sum().tolist()
        )


@given(case=cases(unlisted="some"), options=OPTIONS, seed=SEEDS)
def test_the_groups_at_the_stages_add_up_to_the_funnel_also_of_items_that_moved(
    case: Case, options: dict[str, Any], seed: int
) -> None:
    people, sums = people_of(case, seed), values_of(case, seed, [0.5, -3.0, None])
    log = log_with(case, {"person": people, "sum": sums})
    stages = case.pipeline
    pipeline = sf.Pipeline(
        stages.stages, won=stages.won, lost=stages.lost, elsewhere=["Archive"], moved_out="include"
    )
    options |= {"unlisted": "ignore", "amount": "sum", "amount_at": "stage"}
    whole = sf.funnel(log, pipeline, **options)
    parts = sf.funnel(log, pipeline, by="person", at="stage", **options)
    if parts.empty:
        assert (whole["base"] == 0).all()
        return
    added = parts.groupby("stage", observed=False)[
        [
            "reached",
            "passed",
            "assumed",
            "skipped",
            "began_beyond",
            "lost_from",
            "open_at",
            "amount",
            "amount_missing",
        ]
    ].sum()
    for name in added:
        assert added[name].tolist() == whole[name].tolist()
    for name in ("base", "left_out", "moved_out"):
        assert parts[name].unique().tolist() == whole[name].unique().tolist()


@pytest.mark.parametrize("basis", ["active", "created", "closed"])
def test_a_trend_by_a_column_of_the_log_is_the_funnel_of_each_period(basis: Any) -> None:
    rng = np.random.default_rng(11)
    n_rows = 400
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n_rows), "D")
    frame = pd.DataFrame(
        {
            "item": rng.integers(0, 90, n_rows),
            "stage": rng.choice(["New", "Offer", "Won", "Lost"], n_rows),
            "time": days,
            "who": rng.choice(["Ann", "Bob", "Cid"], n_rows),
        }
    )
    log = sf.StageLog(frame, columns="who")
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    trend = sf.funnel_by_period(log, pipeline, every="month", by="who", basis=basis, kind="both")
    for month in ("2026-01", "2026-02", "2026-03"):
        own = trend[trend["period"] == pd.Period(month, "M")].drop(columns="period").reset_index(drop=True)
        found = sf.funnel(log, pipeline, by="who", basis=basis, kind="both", period=month)
        sort = ["kind", "who", "stage"]
        assert_frame_equal(
            own.sort_values(sort, ignore_index=True)[found.columns],
            found.sort_values(sort, ignore_index=True),
        )
