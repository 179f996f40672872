"""The funnel and the outcomes against the reference, on random logs."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_same, items_of, log_of, order_of, pipeline_of
from strategies import MANY, Case, cases

RULES = st.sampled_from([None, "include", "exclude", "exclude_reopened"])
OPTIONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["classic", "conversions", "furthest", "strict", "both"]),
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": RULES,
    }
)


@given(case=cases(), options=OPTIONS, ordered=st.booleans())
def test_a_funnel_counts_what_the_reference_counts(
    case: Case, options: dict[str, Any], ordered: bool
) -> None:
    found = sf.funnel(log_of(case, ordered=ordered), pipeline_of(case.pipeline), **options)
    assert_same(found, reference.funnel(case.rows, case.pipeline, **options, order=order_of(case, ordered)))


@given(case=cases(unlisted="some"), options=OPTIONS, ordered=st.booleans())
def test_unlisted_rows_are_taken_out_as_the_reference_does(
    case: Case, options: dict[str, Any], ordered: bool
) -> None:
    options |= {"unlisted": "ignore"}
    found = sf.funnel(log_of(case, ordered=ordered), pipeline_of(case.pipeline), **options)
    assert_same(found, reference.funnel(case.rows, case.pipeline, **options, order=order_of(case, ordered)))


@given(case=cases(), options=OPTIONS)
def test_a_breakdown_is_that_of_the_reference(case: Case, options: dict[str, Any]) -> None:
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    found = sf.funnel(log_of(case, items=items), pipeline_of(case.pipeline), by="group", **options)
    expected = reference.funnel(case.rows, case.pipeline, groups=case.groups, **options)
    assert_same(found, expected, by=["group"])


@given(case=cases(max_items=8), options=OPTIONS, seconds=st.lists(st.sampled_from([1, 2, None])))
def test_a_breakdown_by_two_columns_sorts_each_with_missing_values_last(
    case: Case, options: dict[str, Any], seconds: list[int | None]
) -> None:
    second = dict(zip(case.groups, seconds, strict=False))
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    items["second"] = pd.Series([second.get(item) for item in items["item"]], dtype="Int64")
    found = sf.funnel(
        log_of(case, items=items), pipeline_of(case.pipeline), by=["group", "second"], **options
    )

    def sortable(item: Any) -> tuple[Any, ...]:
        values = (case.groups.get(item), second.get(item))
        return tuple((value is None, value or "") for value in values)

    pairs = {item: sortable(item) for item, _, _ in case.rows}
    expected = reference.funnel(case.rows, case.pipeline, groups=pairs, by="pair", **options)
    split = [[value if value != "" else None for _, value in pair] for pair in expected.pop("pair")]
    at = list(expected.columns).index("stage")
    expected.insert(at, "second", [pair[1] for pair in split])
    expected.insert(at, "group", [pair[0] for pair in split])
    assert_same(found, expected, by=["group", "second"])


@given(case=cases(), options=OPTIONS)
def test_counts_of_amounts_are_those_of_the_reference(case: Case, options: dict[str, Any]) -> None:
    items = items_of(case.amounts, "value", [row[0] for row in case.rows])
    items["value"] = items["value"].astype("float64")
    found = sf.funnel(log_of(case, items=items), pipeline_of(case.pipeline), amount="value", **options)
    expected = reference.funnel(case.rows, case.pipeline, amounts=case.amounts, **options)
    # The reference adds up fractions; a sum of floats may end one rounding away.
    pd.testing.assert_series_equal(found["amount"], expected["amount"], rtol=1e-12, atol=1e-9)
    assert_same(found.drop(columns="amount"), expected.drop(columns="amount"))


@given(case=cases(), rule=RULES.filter(bool), ordered=st.booleans())
def test_outcomes_are_those_of_the_reference(case: Case, rule: Any, ordered: bool) -> None:
    found = sf.outcomes(log_of(case, ordered=ordered), pipeline_of(case.pipeline), lost_then_won=rule)
    order = order_of(case, ordered)
    assert_same(found, reference.outcomes(case.rows, case.pipeline, lost_then_won=rule, order=order))


@given(case=cases(unlisted="some"), rule=RULES.filter(bool))
def test_outcomes_by_group_are_those_of_the_reference(case: Case, rule: Any) -> None:
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    options = {"lost_then_won": rule, "unlisted": "ignore"}
    found = sf.outcomes(log_of(case, items=items), pipeline_of(case.pipeline), by="group", **options)
    expected = reference.outcomes(case.rows, case.pipeline, groups=case.groups, **options)
    assert_same(found, expected, by=["group"])


@given(
    paths=st.lists(
        st.lists(st.sampled_from([*MANY, "Won", "Lost"]), min_size=1, max_size=8), min_size=1, max_size=6
    ),
    options=OPTIONS,
)
def test_seventy_stages_are_counted_like_few(paths: list[list[str]], options: dict[str, Any]) -> None:
    stages = reference.Stages(MANY, ("Won",), ("Lost",))
    rows = [(item, stage, time) for item, path in enumerate(paths) for time, stage in enumerate(path)]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    assert_same(sf.funnel(log, pipeline_of(stages), **options), reference.funnel(rows, stages, **options))


@pytest.mark.parametrize("kind", ["classic", "both"])
def test_a_breakdown_without_an_item_has_its_columns_and_no_row(kind: Any) -> None:
    items = pd.DataFrame({"item": [1], "group": ["south"]})
    log = sf.StageLog({"item": [1], "stage": ["Archive"], "time": [0]}, items=items)
    table = sf.funnel(log, sf.Pipeline("New"), kind=kind, by="group", unlisted="ignore")
    assert len(table) == 0
    assert list(table.columns)[-15:] == [
        *["stage", "outcome", "reached", "passed", "assumed", "skipped", "began_beyond", "lost_from"],
        *["open_at"],
        *["conversion_from_all", "conversion_from_previous", "skip_rate", "loss_rate", "base", "left_out"],
    ]
