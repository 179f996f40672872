"""Merged partials with a breakdown and limits give the summary of all items, group by group."""

import pickle
import re
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from asked import rich_log
from examples import examples
from helpers import SMALL, assert_frame_equal, assert_summary, frame_of, items_of, journeys_log, pipeline_of
from strategies import Case, cases

OPTIONS = st.fixed_dictionaries(
    {
        "unlisted": st.just("ignore"),
        "per": st.sampled_from(["visit", "item", "longest"]),
        "by": st.sampled_from(
            ["group", "who", "outcome", "last_stage", "size:[1, 3]", ["who", "group"], ["group", "outcome"]]
        ),
        "limits": st.sampled_from([None, 0, 2]),
    },
    optional={
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from(["include", "exclude"]),
        "basis": st.sampled_from(["active", "created", "closed"]),
        "period": st.just((1, 6)),
        "as_of": st.integers(2, 8),
    },
)


@st.composite
def splits(draw: st.DrawFn) -> tuple[sf.StageLog, list[sf.StageLog], sf.Pipeline]:
    """Draw a log with a table of items and columns, and its items dealt out to up to three others."""
    case: Case = draw(cases(unlisted="some", max_items=8))
    table = items_of(case.groups, "group", like=[row[0] for row in case.rows])
    who = draw(st.lists(st.sampled_from("ab"), min_size=len(case.rows), max_size=len(case.rows)))
    frame = frame_of(case.rows).assign(
        who=who, size=[len(name) + row[2] % 5 for name, row in zip(who, case.rows, strict=True)]
    )
    items = list(dict.fromkeys(row[0] for row in case.rows))
    part_of = {item: draw(st.integers(0, 2)) for item in items}
    number = frame["item"].map(part_of)

    def read(rows: pd.DataFrame) -> sf.StageLog:
        return sf.StageLog(rows, items=table, columns=["who", "size"])

    parts = [read(frame[number == part]) for part in range(3) if (number == part).any()]
    return read(frame), parts, pipeline_of(case.pipeline)


def expected_of(whole: sf.StageLog, pipeline: sf.Pipeline, **options: Any) -> dict[str, pd.DataFrame]:
    """Ask the whole log; the quality table of parts has no items table."""
    tables = sf.summary(whole, pipeline, **options).tables
    about_items = ["table_rows_without_item", "items_not_in_table"]
    quality = tables["quality"]
    kept = quality[~quality["check"].isin(about_items)].reset_index(drop=True)
    kept.attrs = quality.attrs
    return {**tables, "quality": kept}


def with_limits(pipeline: sf.Pipeline, options: dict[str, Any]) -> dict[str, Any]:
    limit = options["limits"]
    return options | {"limits": None if limit is None else {pipeline.stages[-1]: limit}}


@examples(ci=10, night=300)
@given(
    split=splits(), options=OPTIONS, at=st.sampled_from(["first", "last"]), top=st.none() | st.integers(1, 2)
)
def test_the_merged_groups_are_those_of_the_whole(
    split: tuple[sf.StageLog, list[sf.StageLog], sf.Pipeline],
    options: dict[str, Any],
    at: Any,
    top: int | None,
) -> None:
    whole, parts, pipeline = split
    options = with_limits(pipeline, options)
    if "who" in options["by"]:
        options["at"] = at
    expected = expected_of(whole, pipeline, top=top, **options)
    for turned in permutations([sf.partial(part, pipeline, **options) for part in parts]):
        assert_summary(sf.merge(turned).summary(top=top), expected)
        stepwise = sf.merge([turned[0], *([sf.merge(turned[1:])] if turned[1:] else [])])
        assert_summary(pickle.loads(pickle.dumps(stepwise)).summary(top=top), expected)


def test_groups_of_two_parts_by_hand() -> None:
    # Bo: New takes 1 and 3, so the median is 2; Al's Offer goes on for 9 since 1, until the last row of all.
    first = journeys_log("New > Won", items={"item": [1], "manager": ["Bo"]})
    rows = {"item": [2, 2, 3, 3], "stage": ["New", "Won", "New", "Offer"], "time": [0, 3, 0, 1]}
    second = sf.StageLog(rows, items={"item": [2, 3], "manager": ["Bo", "Al"]}, observed_until=10)
    options: dict[str, Any] = {"by": "manager", "limits": {"New": 1, "Offer": 8}}
    summary = sf.merge([sf.partial(log, SMALL, **options) for log in (first, second)]).summary(quantiles=[])
    assert summary.outcomes["manager"].tolist() == ["Al", "Bo"]
    assert summary.outcomes[["base", "won", "open"]].to_numpy().tolist() == [[1, 0, 1], [2, 2, 0]]
    times = summary.time_in_stage.set_index(["manager", "stage"])
    assert times.loc[("Bo", "New"), ["completed", "median", "over_limit"]].tolist() == [2, 2.0, 0.5]
    assert times.loc[("Al", "New"), "over_limit"] == 0
    assert times.loc[("Al", "Offer"), "over_limit"] == 1
    assert np.isnan(times.loc[("Bo", "Offer"), "over_limit"])
    moves = summary.transitions[["manager", "from_stage", "to_stage", "moves"]].astype(object)
    assert moves.to_numpy().tolist() == [["Al", "New", "Offer", 1], ["Bo", "New", "Won", 2]]


def test_how_long_visits_go_on_is_judged_by_the_last_row_of_all_parts() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", limits={"New": 5})
    logs = [sf.StageLog({"item": [key], "stage": ["New"], "time": [time]}) for key, time in ((1, 0), (2, 6))]
    parts = [sf.partial(log, pipeline) for log in logs]
    # Alone item 1 has just begun; item 2 shows that it has been there for 6.
    assert [part.summary().time_in_stage["over_limit"].iloc[0] for part in parts] == [0, 0]
    assert sf.merge(parts).summary().time_in_stage["over_limit"].iloc[0] == 0.5


@pytest.mark.parametrize(
    "by", ["manager", "owner", "created:month", "outcome", "last_stage", "amount:[6, 8]"]
)
@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"elsewhere": ["Lost"], "moved_out": "include", "lost": []},
        {"optional": ["Offer"]},
        {"until": {"Offer": "2026-03-06"}},
    ],
)
def test_pipelines_with_rules_and_logs_with_ends_have_the_groups_of_the_whole(
    by: str, rules: dict[str, Any]
) -> None:
    pipeline = sf.Pipeline(
        ["New", "Offer"], **{"won": "Won", "lost": ["Lost"], "limits": {"New": "1d"}} | rules
    )
    log = rich_log()
    keys = [["D-1", "D-4"], ["D-2", "D-3", "D-5"]]
    parts = [sf.partial(log.filter(items=some), pipeline, by=by, missing="ignore") for some in keys]
    found = sf.merge(parts).summary().tables
    expected = sf.summary(log, pipeline, by=by, missing="ignore").tables
    # A log of chosen items does not know which of the doubtful local times are theirs.
    for name in ("funnel", "outcomes", "time_in_stage", "transitions"):
        assert_frame_equal(found[name], expected[name], check_exact=True)


def test_the_order_of_categories_stays_where_parts_share_it_and_else_values_are_sorted() -> None:
    sizes = pd.CategoricalDtype(["small", "large"], ordered=True)
    other = pd.CategoricalDtype(["large", "small"], ordered=True)

    def part(key: int, size: str, dtype: Any) -> sf.Partial:
        table = pd.DataFrame({"item": [key], "size": pd.Series([size], dtype=dtype)})
        return sf.partial(
            sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}, items=table), SMALL, by="size"
        )

    alike = [part(1, "large", sizes), part(2, "small", sizes)]
    assert sf.merge(alike).summary().outcomes["size"].tolist() == ["small", "large"]
    unlike = [part(1, "large", sizes), part(2, "small", sizes), part(3, "small", other)]
    for turned in permutations(unlike):
        found = sf.merge([sf.merge(turned[:2]), turned[2]]).summary().outcomes
        assert found[["size", "base"]].astype(object).to_numpy().tolist() == [["large", 1], ["small", 2]]


def test_a_part_without_items_has_no_groups() -> None:
    empty = sf.StageLog(
        {"item": [], "stage": [], "time": np.zeros(0, dtype=np.int64)},
        empty="allow",
        items={"item": [1], "manager": ["Bo"]},
    )
    log = journeys_log("New > Won", items={"item": [1], "manager": ["Bo"]})
    parts = [sf.partial(one, SMALL, by="manager", missing="ignore") for one in (empty, log)]
    assert sf.merge(parts).summary().outcomes["base"].tolist() == [1]
    assert not len(sf.merge(parts[:1]).summary().funnel)


@pytest.mark.parametrize(
    ("mine", "theirs", "message"),
    [
        ({"by": "manager"}, {}, "the partials differ in by= (('manager',) in number 0 and None in number 1)"),
        (
            {"limits": {"New": 2}},
            {},
            "the partials differ in limits= ({'New': 2} in number 0 and {} in number 1)",
        ),
    ],
)
def test_parts_with_other_groups_or_limits_are_not_merged(
    mine: dict[str, Any], theirs: dict[str, Any], message: str
) -> None:
    logs = [
        sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}, items={"item": [key], "manager": ["Bo"]})
        for key in (1, 2)
    ]
    parts = [sf.partial(log, SMALL, **options) for log, options in zip(logs, (mine, theirs), strict=True)]
    with pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$"):
        sf.merge(parts)


def test_an_outcome_is_not_merged_with_a_column_of_that_name() -> None:
    known = journeys_log("New")
    column = sf.StageLog({"item": [2], "stage": ["New"], "time": [0], "outcome": ["x"]}, columns="outcome")
    parts = [sf.partial(known, SMALL, by="outcome")]
    with pytest.raises(sf.SchemaError, match="'outcome', which is a column of the result"):
        sf.partial(column, SMALL, by="outcome")
    column = sf.StageLog(
        {"item": [2], "stage": ["New"], "time": [0], "last_stage": ["x"]}, columns="last_stage"
    )
    parts = [sf.partial(log, SMALL, by="last_stage") for log in (known, column)]
    message = r"differ in the columns of by=: 'by_last_stage' in number 0 and 'last_stage' in number 1"
    with pytest.raises(sf.SchemaError, match=message):
        sf.merge(parts)


def test_values_that_do_not_sort_together_are_refused() -> None:
    logs = [
        sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}, items={"item": [key], "size": [size]})
        for key, size in ((1, "big"), (2, 7))
    ]
    with pytest.raises(sf.SchemaError, match="by='size' has values that do not sort"):
        sf.merge(sf.partial(log, SMALL, by="size") for log in logs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": "stage", "by": "manager"}, "the groups are of whole items"),
        ({"by": "moves"}, "by='moves' is not a column"),
        ({"at": "last"}, "there is no by="),
    ],
)
def test_groups_that_a_part_cannot_have_are_refused(options: dict[str, Any], message: str) -> None:
    log = journeys_log("New", items={"item": [1], "manager": ["Bo"]})
    with pytest.raises(sf.SchemaError, match=message):
        sf.partial(log, SMALL, **options)


def test_the_number_of_groups_is_chosen_at_the_end_and_checked_there() -> None:
    log = journeys_log("New", items={"item": [1], "manager": ["Bo"]})
    with pytest.raises(sf.SchemaError, match="top=2 is the number of groups to show, and there is no by="):
        sf.partial(log, SMALL).summary(top=2)
    with pytest.raises(sf.SchemaError, match="top=0 is not a whole number"):
        sf.partial(log, SMALL, by="manager").summary(top=0)


@pytest.mark.parametrize("state", [{"_moves": 1}, {"version": 2}, {"version": 3}])
def test_a_partial_of_an_older_version_is_refused(state: dict[str, Any]) -> None:
    # The first version of what is pickled had no number.
    with pytest.raises(sf.SchemaError, match=r"an earlier stagefunnel stored this partial .* make it anew"):
        sf.Partial.__new__(sf.Partial).__setstate__(state)


def test_a_partial_of_a_newer_version_is_refused() -> None:
    state = sf.partial(journeys_log("New"), SMALL).__getstate__() | {"version": 99}
    with pytest.raises(sf.SchemaError, match="a newer stagefunnel stored this partial"):
        sf.Partial.__new__(sf.Partial).__setstate__(state)


def test_many_groups_take_no_square_time() -> None:
    n = 10_000
    rows = pd.DataFrame({"item": np.arange(n), "stage": "New", "time": np.arange(n)})
    table = pd.DataFrame({"item": np.arange(n), "manager": np.arange(n) % 5_000})
    halves = [sf.StageLog(half, items=table) for half in (rows[: n // 2], rows[n // 2 :])]
    summary = sf.merge(sf.partial(log, SMALL, by="manager") for log in halves).summary(top=3, quantiles=[])
    assert summary.outcomes["base"].tolist() == [2, 2, 2, n - 6]
    assert_frame_equal(
        summary.time_in_stage,
        sf.time_in_stage(sf.StageLog(rows, items=table), SMALL, by="manager", top=3, quantiles=[]),
    )
