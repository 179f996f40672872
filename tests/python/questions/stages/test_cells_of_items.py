"""From a number to its items: every cell of a funnel has as many items behind it as it says."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, frame_of, items_of, log_of, pipeline_of, plain
from marked import MarkedCase, marked_cases
from stagefunnel.questions.stages import cells_of_items
from strategies import UNLISTED, Case, cases

CELLS = ("open_at", "skipped", "lost_from", "reached", "passed", "assumed", "began_beyond")
RULES = st.fixed_dictionaries(
    {},
    optional={
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from(["include", "exclude", "exclude_reopened"]),
    },
)
KINDS: tuple[Any, ...] = ("classic", "conversions", "furthest", "strict")


def walk(
    log: sf.StageLog, pipeline: sf.Pipeline, kind: Any, rules: Mapping[str, Any] | None = None, **options: Any
) -> None:
    """Compare every cell of a funnel, and its base, with the number of items behind it."""
    rules = rules or {}
    table = sf.funnel(log, pipeline, kind=kind, **rules, **options).set_index("stage")
    everything = sf.item_table(log, pipeline, **options)
    for stage in pipeline.labels:
        for cell in CELLS:
            found = sf.item_table(log, pipeline, kind=kind, **{cell: stage}, **rules, **options)
            assert len(found) == table.loc[stage, cell], (kind, cell, stage)
            same = everything[everything["item"].isin(found["item"])].reset_index(drop=True)
            assert_frame_equal(found, same)
    assert len(sf.item_table(log, pipeline, kind=kind, **rules, **options)) == table["base"].iloc[0]


# An example asks for the items behind every cell of a funnel, a fifth of a second.
@examples(ci=10, night=300)
@given(case=cases(unlisted="some"), kind=st.sampled_from(KINDS), rules=RULES, data=st.data())
def test_every_cell_has_its_items(case: Case, kind: Any, rules: Any, data: st.DataObject) -> None:
    stages = case.pipeline
    pipeline = pipeline_of(stages).replace(
        elsewhere=data.draw(st.sampled_from([[], UNLISTED[:1]])),
        moved_out=data.draw(st.sampled_from(["include", "exclude"])),
        optional=data.draw(st.lists(st.sampled_from(stages.stages), unique=True, max_size=1)),
    )
    times = [time for *_, time in case.rows]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(times), st.sampled_from(times))))
    period = data.draw(st.sampled_from([None, (start, end + 1)]))
    basis = data.draw(st.sampled_from(["active", "created", "closed"]))
    walk(log_of(case), pipeline, kind, rules, period=period, basis=basis, unlisted="ignore", missing="ignore")


@examples(ci=10, night=300)
@given(case=cases(), kind=st.sampled_from(KINDS), rules=RULES, data=st.data())
def test_stages_that_come_and_go_have_their_items(
    case: Case, kind: Any, rules: Any, data: st.DataObject
) -> None:
    times = [time for *_, time in case.rows]
    since = data.draw(
        st.dictionaries(st.sampled_from(case.pipeline.stages), st.sampled_from(times), max_size=2)
    )
    walk(log_of(case), pipeline_of(case.pipeline).replace(since=since), kind, rules, missing="ignore")


@pytest.mark.parametrize("kind", KINDS)
def test_many_items_are_counted_part_by_part(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_of_items, "_MOST_CELLS", 12)
    shop = sf.datasets.worked_example()
    walk(shop.log, shop.pipeline, kind)
    walk(shop.log, shop.pipeline.replace(since={"Discussion": "2000-01-01"}), kind)


def test_the_items_behind_the_cells_of_the_worked_example() -> None:
    shop = sf.datasets.worked_example()

    def keys(**options: Any) -> list[int]:
        return plain(sf.item_table(shop.log, shop.pipeline, **options)["item"])

    assert keys(reached="Discussion") == [10, 11]
    assert keys(reached="Discussion", kind="conversions") == [1, 2, 3, 9, 10, 11, 12]
    assert keys(reached="Won", kind="strict") == []
    assert keys(open_at="Prepayment") == [4]
    assert keys(lost_from="New") == [5]
    assert keys(lost_from="Won") == [9, 13]
    assert keys(skipped="Discussion", reached="Lost") == [7, 8, 9, 13]
    assert keys(kind="conversions") == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13]  # without 8: lost, then won


def test_the_rules_of_a_funnel_choose_the_items_behind_its_cells() -> None:
    # 1 jumped over Offer and was lost, 2 jumped and won, 3 was lost and then won.
    rows = [(1, "New", 0), (1, "Sent", 1), (1, "Lost", 2), (2, "New", 0), (2, "Won", 1)]
    rows += [(3, "New", 0), (3, "Lost", 1), (3, "Won", 2)]
    log = sf.StageLog(frame_of(rows))
    pipeline = sf.Pipeline(["New", "Offer", "Sent"], won="Won", lost="Lost")

    def keys(**options: Any) -> list[int]:
        return plain(sf.item_table(log, pipeline, missing="ignore", **options)["item"])

    assert keys(reached="Offer", kind="conversions") == [2]
    assert keys(assumed="Offer", kind="conversions", fill="moves") == [1, 2]
    assert keys(reached="Won", kind="conversions") == [2]
    assert keys(reached="Won", kind="conversions", lost_then_won="include") == [2, 3]
    assert keys(kind="classic", lost_then_won="exclude") == [1, 2]
    assert keys(passed="Sent", kind="conversions", fill="moves") == [1]
    assert keys(began_beyond="New") == []


def test_a_log_without_items_has_none_behind_a_cell() -> None:
    empty = sf.StageLog(frame_of([(1, "New", 0)]).head(0), empty="allow")
    pipeline = sf.Pipeline(["New", "Offer"], won="Won")
    assert sf.item_table(empty, pipeline, reached="Won", kind="conversions", missing="ignore").empty
    assert sf.item_table(empty, pipeline, missing="ignore", columns=["age", "last_time", "cycle_time"]).empty


def test_columns_on_request() -> None:
    rows = [
        *[(1, "New", 0), (1, "Offer", 3), (1, "Won", 9), (1, "Won", 11)],
        *[(2, "New", 2), (2, "Offer", 4), (3, "Offer", 6), (3, "Lost", 6)],
    ]
    items = items_of({1: "Ann", 2: "Bob"}, "owner", [1])
    log = sf.StageLog(frame_of(rows), items=items, observed_until=20)
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", paused="New")
    names = ["owner", "age", "last_time", "in_stage", "cycle_time"]
    table = sf.item_table(log, pipeline, columns=names)
    usual = sf.item_table(log, pipeline)
    assert list(table.columns) == [*usual.columns, *names]
    assert plain(table["owner"]) == ["Ann", "Bob", None]
    assert plain(table["last_time"]) == [11, 4, 6]
    assert plain(table["cycle_time"]) == [9, None, 0]
    assert plain(table["in_stage"]) == [None, 16, None]
    assert plain(table["age"]) == [None, 16, None]  # 18 less the 2 in New
    before = sf.item_table(log, pipeline, columns=["in_stage", "age"], period=(0, 8))
    assert plain(before["in_stage"]) == [5, 4, None]
    one = sf.item_table(log, pipeline, columns=["owner", "last_time"], open_at="Offer")
    assert one.iloc[0][["owner", "last_time"]].tolist() == ["Bob", 4]


def test_lengths_on_request_are_working_time_with_a_calendar() -> None:
    rows = [
        (1, "New", pd.Timestamp("2026-05-08 16:00")),  # a Friday
        (1, "Won", pd.Timestamp("2026-05-11 10:00")),
        (2, "New", pd.Timestamp("2026-05-11 16:00")),
    ]
    log = sf.StageLog(frame_of(rows), observed_until="2026-05-12 12:00")
    hours = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
    table = sf.item_table(
        log, sf.Pipeline("New", won="Won"), columns=["cycle_time", "in_stage", "age"], calendar=hours
    )
    assert plain(table["cycle_time"]) == [pd.Timedelta("2h"), None]
    assert plain(table["in_stage"]) == plain(table["age"]) == [None, pd.Timedelta("4h")]


@given(marked=marked_cases(unlisted="some"))
def test_what_is_open_is_as_old_as_in_the_list_of_open_items(marked: MarkedCase) -> None:
    log, pipeline = marked.log(), pipeline_of(marked.case.pipeline)
    options: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore"}
    table = sf.item_table(log, pipeline, columns=["in_stage", "age", "last_time", "cycle_time"], **options)
    is_open = table["outcome"] == "open"
    expected = sf.open_items(log, pipeline, **options).set_index("item")
    found = table[is_open].set_index("item")
    assert {*found.index} == {*expected.index}
    for name in ("in_stage", "age"):
        assert plain(found[name]) == plain(expected[name].loc[found.index])
    assert table["in_stage"].isna()[~is_open].all()
    assert plain(table["cycle_time"]) == plain(table["closed_at"] - table["first_time"])
    listed = [row for row in marked.case.rows if row[1] in reference.labels(marked.case.pipeline)]
    for item, last in zip(table["item"], table["last_time"], strict=True):
        assert last == max(time for key, _, time in listed if key == item)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reached": "Ofer"}, "reached='Ofer' is not a stage of the pipeline; did you mean 'Offer'"),
        ({"open_at": 5}, "open_at=5 is not a stage of the pipeline"),
        ({"kind": "both"}, "kind='both' is two funnels with a base each; name 'classic' or 'conversions'"),
        ({"kind": "clasic"}, "kind='clasic'"),
        ({"fill": "all"}, "fill='all' is not one of"),
        ({"lost_then_won": "drop"}, "lost_then_won='drop' is not one of"),
        ({"assumed": "Ofer"}, "assumed='Ofer' is not a stage of the pipeline; did you mean 'Offer'"),
        ({"columns": "visits"}, "columns= names 'visits', which is a column of the result"),
        ({"columns": ["age", "owner"]}, "columns= names 'owner'; without a table of items"),
        ({"calendar": sf.WorkingHours({"mon": [("09:00", "17:00")]})}, "plain integers"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    log = sf.StageLog(frame_of([(1, "New", 0), (1, "Offer", 2)]))
    with pytest.raises(sf.SchemaError, match=message):
        sf.item_table(log, sf.Pipeline(["New", "Offer"], won="Won"), missing="ignore", **options)
