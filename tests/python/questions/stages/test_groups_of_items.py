"""Time in stage, moves, flow and items by group: each group has the table of a log of its items alone."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, frame_of, items_of, pipeline_of
from marked import MarkedCase, marked_cases
from questions.scope.test_selection import arguments_of, parts
from stagefunnel.tables.labels import value_labels
from strategies import UNLISTED, cases

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
ROWS: dict[str, Any] = {
    "item": [1, 1, 1, 2, 2, 3, 3, 4],
    "stage": ["New", "Offer", "Won", "New", "Lost", "New", "Offer", "New"],
    "time": [0, 4, 10, 2, 8, 3, 5, 6],
    "who": ["Ann", "Bob", "Bob", "Ann", "Ann", "Bob", "Ann", "Cid"],
}
LOG = sf.StageLog(
    ROWS,
    columns=["who"],
    items=pd.DataFrame({"item": [1, 2, 3], "team": ["a", "b", "a"], "amount": [500, 1000, 2000]}),
)


def test_time_in_stage_of_teams_worked_out_by_hand() -> None:
    table = sf.time_in_stage(LOG, PIPELINE, by="team", quantiles=[0.25])
    assert table.columns[:3].tolist() == ["team", "stage", "outcome"]
    new = table[table["stage"] == "New"].astype({"team": object}).fillna({"team": "(missing)"})
    # Item 1 was in New for 4, item 3 for 2; item 2 for 6; item 4, of no team, is in it still.
    assert new["team"].tolist() == ["a", "b", "(missing)"]
    assert new["completed"].tolist() == [2, 1, 0]
    assert new["open"].tolist() == [0, 0, 1]
    assert new["mean"].tolist()[:2] == [3.0, 6.0]
    assert new["q25"].tolist()[:2] == [2.5, 6.0]
    assert np.isnan(new["mean"].tolist()[2])


def test_moves_and_flow_of_teams_worked_out_by_hand() -> None:
    moves = sf.transitions(LOG, PIPELINE, by="team")
    assert moves.astype({"team": object}).to_numpy().tolist() == [
        ["a", "New", "Offer", 2, 2, 1.0],
        ["a", "Offer", "Won", 1, 1, 1.0],
        ["b", "New", "Lost", 1, 1, 1.0],
    ]
    balance = sf.flow(LOG, PIPELINE, period=(4, 9), by="team", top=1)
    new = balance[balance["stage"] == "New"]
    # At 4 item 1 goes on to Offer; items 2 and 3 are in New and leave it; item 4 comes.
    assert new["team"].fillna("(missing)").tolist() == ["a", "other (1 group)", "(missing)"]
    assert new["at_start"].tolist() == [2, 1, 0]
    assert new["created"].tolist() == [0, 0, 1]
    assert new["advanced"].tolist() == [2, 0, 0]
    assert new["lost"].tolist() == [0, 1, 0]
    assert new["at_end"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("by", "at", "groups"),
    [
        ("who", "first", ["Ann", "Ann", "Bob", "Cid"]),
        ("who", "last", ["Bob", "Ann", "Ann", "Cid"]),
        ("team", "first", ["a", "b", "a", "(missing)"]),
        ("outcome", "first", ["won", "lost", "open", "open"]),
        ("last_stage", "first", ["Won", "Lost", "Offer", "New"]),
        ("amount:[0, 1000]", "first", ["0 to 1,000", "1,000 and more", "1,000 and more", "(missing)"]),
    ],
)
def test_the_items_have_the_columns_of_their_groups(by: str, at: Any, groups: list[str]) -> None:
    table = sf.item_table(LOG, PIPELINE, by=by, at=at)
    assert value_labels(table.iloc[:, 0]) == groups
    assert_frame_equal(table.iloc[:, 1:], sf.item_table(LOG, PIPELINE))


def test_a_group_by_what_came_later_is_that_of_the_end_of_the_period() -> None:
    balance = sf.flow(LOG, PIPELINE, period=(4, 9), by="outcome")
    assert balance["by_outcome"].astype(str).unique().tolist() == ["open", "lost"]
    times = sf.time_in_stage(LOG, PIPELINE, as_of=9, by="outcome")
    assert times["by_outcome"].astype(str).unique().tolist() == ["open", "lost"]


def test_the_example_of_the_definitions() -> None:
    journeys = {
        1: [("New", "2026-01-03"), ("Won", "2026-02-20")],
        2: [("New", "2026-01-10"), ("Lost", "2026-01-12")],
        3: [("New", "2026-02-02"), ("Offer", "2026-02-05")],
        4: [("New", "2026-02-28"), ("Offer", "2026-03-03"), ("Won", "2026-03-09")],
    }
    rows = [(item, stage, pd.Timestamp(day)) for item, path in journeys.items() for stage, day in path]
    items = pd.DataFrame({"item": [1, 2, 3, 4], "amount": [500, 1000, None, 2500]})
    log = sf.StageLog(frame_of(rows), items=items)

    def in_new(**options: Any) -> dict[str, tuple[float, int]]:
        table = sf.time_in_stage(log, PIPELINE, by="outcome", **options)
        new = table[table["stage"] == "New"]
        days = (new["mean"].dt.total_seconds() / 86_400).tolist()
        return dict(zip(new["by_outcome"].astype(str), zip(days, new["open"], strict=True), strict=True))

    assert in_new() == {"open": (3.0, 0), "won": (25.5, 0), "lost": (2.0, 0)}
    assert in_new(as_of="2026-03-01") == {"open": (3.0, 1), "won": (48.0, 0), "lost": (2.0, 0)}
    moves = sf.transitions(log, PIPELINE, by="created:month").astype({"by_created": str}).astype(object)
    assert moves.drop(columns="items").to_numpy().tolist() == [
        ["2026-01", "New", "Won", 1, 0.5],
        ["2026-01", "New", "Lost", 1, 0.5],
        ["2026-02", "New", "Offer", 2, 1.0],
        ["2026-02", "Offer", "Won", 1, 1.0],
    ]
    bands = sf.item_table(log, PIPELINE, by="amount:[0, 1000]")["by_amount"]
    assert value_labels(bands) == ["0 to 1,000", "1,000 and more", "(missing)", "1,000 and more"]


QUESTIONS: dict[str, Any] = {
    "flow": sf.flow,
    "time_in_stage": sf.time_in_stage,
    "transitions": sf.transitions,
}


def check_groups(
    name: str, log: sf.StageLog, pipeline: sf.Pipeline, by: str, at: Any, **options: Any
) -> None:
    """Compare each group of a question with the same question about a log of the group's items."""
    question = QUESTIONS[name]
    found = question(log, pipeline, by=by, at=at, **options)
    of_items = {key: options[key] for key in ("period", "basis", "as_of", "unlisted") if key in options}
    staying = pipeline
    if name == "flow":
        period = of_items["period"]
        of_items["period"] = None if period is None else (None, period[1])
        staying = pipeline.replace(moved_out="include") if pipeline.elsewhere else pipeline
    members = sf.item_table(log, staying, by=by, at=at, missing="ignore", **of_items)
    group_of_item, group_of_row = (value_labels(table.iloc[:, 0]) for table in (members, found))
    rows_of, keys_of = (
        {group: [at for at, one in enumerate(groups) if one == group] for group in groups}
        for groups in (group_of_row, group_of_item)
    )
    for group, places in keys_of.items():
        alone = log.filter(items=members["item"].iloc[places].tolist())
        expected = question(alone, pipeline, missing="ignore", **options)
        rows = found.iloc[rows_of.get(group, []), 1:].reset_index(drop=True)
        assert_frame_equal(rows, expected, check_exact=True)
    assert not {*rows_of} - {*keys_of}


@pytest.mark.parametrize("name", QUESTIONS)
@examples(ci=10, night=300)
@given(data=st.data())
def test_a_group_has_the_table_of_its_items_alone(name: str, data: st.DataObject) -> None:
    times = data.draw(st.sampled_from(["integer", "naive", "zoned"]))
    marked = data.draw(marked_cases(unlisted="some", times=times) | cases(unlisted="some", times=times))
    case = marked.case if isinstance(marked, MarkedCase) else marked
    frame = marked.frame if isinstance(marked, MarkedCase) else frame_of(case.rows)
    who = data.draw(st.lists(st.sampled_from(["x", "y", None]), min_size=len(frame), max_size=len(frame)))
    keys = [item for item, _, _ in case.rows]
    marks: dict[str, Any] = (
        {"exited": "left", "start_unknown": "unknown"} if isinstance(marked, MarkedCase) else {}
    )
    log = sf.StageLog(
        frame.assign(who=who), columns=["who"], items=items_of(case.groups, "team", keys), **marks
    )
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1], UNLISTED]))
    moved_out = data.draw(st.sampled_from(["exclude", "include"]))
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=elsewhere, moved_out=moved_out)
    by, at = data.draw(
        st.sampled_from([("who", "first"), ("who", "last"), ("team", "first"), ("outcome", "first")])
    )
    options: dict[str, Any] = {"unlisted": "ignore", **arguments_of(data.draw(parts(case)))}
    if name == "flow":
        del options["basis"]
    if name == "time_in_stage":
        options["per"] = data.draw(st.sampled_from(["visit", "item", "longest"]))
        if times != "integer":
            options["calendar"] = data.draw(
                st.sampled_from([None, sf.WorkingHours({"mon-sat": [("09:00", "18:00")]})])
            )
    check_groups(name, log, pipeline, by, at, **options)


@pytest.mark.parametrize("name", QUESTIONS)
@given(case=cases(max_items=6), top=st.integers(1, 3))
def test_the_largest_groups_stay_and_the_others_are_one(name: str, case: Any, top: int) -> None:
    keys = list(dict.fromkeys(item for item, _, _ in case.rows))
    log = sf.StageLog(frame_of(case.rows), items=items_of({key: f"g{key}" for key in keys}, "own", keys))
    options: dict[str, Any] = {"period": None} if name == "flow" else {}
    pipeline = pipeline_of(case.pipeline)
    found = QUESTIONS[name](log, pipeline, by="own", top=top, missing="ignore", **options)
    # All groups are of one item, so that the first ones stay.
    kept = sorted(f"g{key}" for key in keys)[:top]
    rest = [key for key in keys if f"g{key}" not in kept]
    others = QUESTIONS[name](log.filter(items=rest, empty="allow"), pipeline, missing="ignore", **options)
    rows = found[~found["own"].isin(kept)].iloc[:, 1:].reset_index(drop=True)
    if rest:
        assert_frame_equal(rows, others, check_exact=True)
    else:
        assert rows.empty


@pytest.mark.parametrize("name", [*QUESTIONS, "item_table"])
def test_what_no_group_can_be_is_refused(name: str) -> None:
    question = getattr(sf, name)
    options: dict[str, Any] = {"period": None} if name == "flow" else {}
    with pytest.raises(sf.SchemaError, match="at='stage' reads an entry into a stage, and the groups are"):
        question(LOG, PIPELINE, by="who", at="stage", **options)
    with pytest.raises(sf.SchemaError, match="reads by= in the last row of an item"):
        question(LOG, PIPELINE, by="team", at="last", **options)
    with pytest.raises(sf.SchemaError, match="there is no by="):
        question(LOG, PIPELINE, at="last", **options)
    with pytest.raises(sf.SchemaError, match="did you mean 'team'"):
        question(LOG, PIPELINE, by="taem", **options)
    if name != "item_table":
        with pytest.raises(sf.SchemaError, match="top=2 is the number of groups to show"):
            question(LOG, PIPELINE, top=2, **options)


@pytest.mark.parametrize("name", [*QUESTIONS, "item_table"])
def test_conditions_choose_the_items(name: str) -> None:
    question = getattr(sf, name)
    options: dict[str, Any] = {"period": (4, 9)} if name == "flow" else {}
    found = question(LOG, PIPELINE, where={"team": "a"}, **options)
    assert_frame_equal(found, question(LOG.filter(items=[1, 3]), PIPELINE, missing="ignore", **options))
    assert found.attrs["stagefunnel"]["where"] == {"text": "team is a", "items": 2, "of": 4}
    by = question(LOG, PIPELINE, where={"amount": ">1e9"}, by="team", **options)
    assert by.empty
    assert by.columns[0] == "team"


@pytest.mark.parametrize("name", QUESTIONS)
def test_groups_without_a_value_are_one(name: str) -> None:
    items = pd.DataFrame({"item": [1], "team": pd.Series([None], dtype=object)})
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1]}, items=items)
    options: dict[str, Any] = {"period": None} if name == "flow" else {}
    table = QUESTIONS[name](log, PIPELINE, by="team", missing="ignore", **options)
    assert table["team"].isna().all()
    whole = QUESTIONS[name](log, PIPELINE, missing="ignore", **options)
    assert_frame_equal(table.drop(columns="team"), whole)


def test_many_groups_do_not_cost_square_time() -> None:
    random, n = np.random.default_rng(1), 100_000
    rows = pd.DataFrame(
        {
            "item": np.repeat(np.arange(n), 3),
            "stage": np.array(PIPELINE.labels)[random.integers(0, 4, 3 * n)],
            "time": random.integers(0, 10**6, 3 * n),
        }
    )
    log = sf.StageLog(rows, items=pd.DataFrame({"item": np.arange(n), "own": random.permutation(n) % 10_000}))
    for name, question in QUESTIONS.items():
        options: dict[str, Any] = {"period": (10**5, 9 * 10**5)} if name == "flow" else {}
        begin = time.perf_counter()
        table = question(log, PIPELINE, by="own", **options)
        assert time.perf_counter() - begin < 30, name  # 10,000 logs of the items of a group take minutes
        assert table["own"].nunique() == 10_000


def test_groups_by_what_came_later_are_named_under_every_table() -> None:
    later = "Groups by outcome say what became of the items later, not what was known before."
    shop = sf.datasets.worked_example()
    log, pipeline = shop.log, shop.pipeline
    tables = [
        sf.funnel(log, pipeline, by="outcome"),
        sf.outcomes(log, pipeline, by="outcome", top=1),
        sf.funnel_by_period(log, pipeline, by="outcome"),
        sf.compare_periods(log, pipeline, "2026-03", by="outcome"),
        sf.losses(log, pipeline, by="outcome"),
        sf.skips(log, pipeline, by="outcome"),
        sf.visits(log, pipeline, by="outcome"),
        sf.time_to(log, pipeline, "Won", by="outcome"),
        sf.time_in_stage(log, pipeline, by="outcome"),
        sf.transitions(log, pipeline, by="outcome"),
        sf.flow(log, pipeline, period=None, by="outcome"),
        sf.item_table(log, pipeline, by="outcome"),
    ]
    for table in tables:
        assert later in str(sf.show(table)), table.attrs
    both = sf.outcomes(log, pipeline, by=["last_stage", "outcome"])
    assert "Groups by last stage and outcome say what became" in str(sf.show(both))
    own = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1], "last_stage": ["good"]}))
    assert "became" not in str(sf.show(sf.transitions(own, PIPELINE, by="last_stage")))


def test_each_of_few_groups_has_its_sentence() -> None:
    below = str(sf.show(sf.transitions(LOG, PIPELINE, by="team"))).splitlines()
    assert "a: Most frequent: New → Offer (2 moves, 100% of those that left New)" in below
    assert "b: Most frequent: New → Lost (1 move, 100% of those that left New)" in below
    items = pd.DataFrame({"item": range(9), "own": [f"g{item}" for item in range(9)]})
    rows: dict[str, Any] = {
        "item": [*range(9)] * 2,
        "stage": ["New"] * 9 + ["Won"] * 9,
        "time": [0] * 9 + [1] * 9,
    }
    many = sf.time_in_stage(sf.StageLog(rows, items=items), PIPELINE, by="own", missing="ignore")
    assert "… and 3 more groups" in str(sf.show(many))
