"""The balance of stages closes, whatever the log, and is equal to that of the reference."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, assert_same, journeys_log, log_of, order_of, pipeline_of
from questions.scope.test_selection import arguments_of, parts
from strategies import UNLISTED, Case, cases

IN = ["at_start", "created", "from_earlier", "from_later", "from_closed", "moved_in"]
OUT = ["advanced", "went_back", "won", "lost", "moved_out", "at_end"]


@st.composite
def flows(draw: st.DrawFn) -> tuple[Case, sf.Pipeline, dict[str, Any], bool]:
    """Draw a log, a pipeline that may know of another one's stages, and a part of time."""
    case = draw(cases(unlisted="some", times=draw(st.sampled_from(["integer", "naive", "zoned"]))))
    part = draw(parts(case))
    del part["basis"]
    elsewhere = draw(st.sampled_from([(), UNLISTED[:1], UNLISTED]))
    moved_out = draw(st.sampled_from(["exclude", "include"]))
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=elsewhere, moved_out=moved_out)
    return case, pipeline, part, draw(st.booleans())


@given(drawn=flows())
def test_flows_are_those_of_the_reference(drawn: tuple[Case, sf.Pipeline, dict[str, Any], bool]) -> None:
    case, pipeline, part, ordered = drawn
    found = flow_of(case, pipeline, part, ordered)
    expected = reference.flow(
        case.rows, case.pipeline, **part, elsewhere=pipeline.elsewhere, order=order_of(case, ordered)
    )
    assert_same(found, expected)


@given(drawn=flows())
def test_every_balance_closes(drawn: tuple[Case, sf.Pipeline, dict[str, Any], bool]) -> None:
    table = flow_of(*drawn)
    assert (table[IN].sum(axis="columns") == table[OUT].sum(axis="columns")).all()
    assert (table["at_start"] + table["entered"] == table[IN].sum(axis="columns")).all()
    between = table[["from_earlier", "from_later", "from_closed"]].sum().sum()
    assert table[["advanced", "went_back", "won", "lost"]].sum().sum() == between


@given(case=cases(unlisted="some"), data=st.data())
def test_a_period_begins_as_the_one_before_ended(case: Case, data: st.DataObject) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    cut = data.draw(st.sampled_from([time for _, _, time in case.rows]))
    before = sf.flow(log, pipeline, period=(None, cut), unlisted="ignore")
    after = sf.flow(log, pipeline, period=(cut, None), unlisted="ignore")
    whole = sf.flow(log, pipeline, period=None, unlisted="ignore")
    assert before["at_end"].tolist() == after["at_start"].tolist()
    moves = [name for name in (*IN, *OUT) if not name.startswith("at_")]
    assert (before[moves] + after[moves] == whole[moves]).all(axis=None)


def flow_of(case: Case, pipeline: sf.Pipeline, part: dict[str, Any], ordered: bool) -> pd.DataFrame:
    wanted = arguments_of(part | {"basis": "active"})
    del wanted["basis"]
    return sf.flow(log_of(case, ordered=ordered), pipeline, unlisted="ignore", **wanted)


# The worked example of the definitions.
ROWS = [
    *[(1, "New", 5), (1, "Offer", 12), (1, "Won", 15)],
    *[(2, "New", 11), (2, "Lost", 13), (2, "New", 16)],
    *[(3, "New", 2), (3, "Offer", 4), (3, "New", 14), (3, "Offer", 18)],
    *[(4, "Offer", 3), (4, "Lost", 8), (4, "Offer", 19)],
    *[(5, "New", 1), (5, "Ordered", 11), (5, "New", 17)],
]
COLUMNS = [*IN, *OUT]
BALANCE = [
    [2, 1, 0, 1, 1, 1, 2, 0, 0, 1, 1, 2],
    [1, 0, 2, 0, 1, 0, 0, 1, 1, 0, 0, 2],
    [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0],
]


def example() -> sf.StageLog:
    return sf.StageLog(pd.DataFrame(ROWS, columns=["item", "stage", "time"]))


def test_the_worked_example_is_met() -> None:
    found = sf.flow(example(), SMALL.replace(elsewhere="Ordered"), period=(10, 20))
    assert found[COLUMNS].to_numpy().tolist() == BALANCE
    assert found["entered"].tolist() == [4, 3, 1, 1]
    assert found["stage"].tolist() == ["New", "Offer", "Won", "Lost"]
    expected = reference.flow(ROWS, SMALL, start=10, end=20, elsewhere=["Ordered"])
    assert expected[COLUMNS].to_numpy().tolist() == BALANCE


def test_as_of_ends_the_period_earlier() -> None:
    log, pipeline = example(), SMALL.replace(elsewhere="Ordered")
    early = sf.flow(log, pipeline, period=(10, 14))
    assert_frame_equal(sf.flow(log, pipeline, period=(10, 20), as_of=14), early)
    before = sf.flow(log, pipeline, period=(10, 20), as_of=6)
    assert before["at_start"].tolist() == before["at_end"].tolist() == [2, 2, 0, 0]
    assert before["entered"].sum() == 0


def test_rows_of_ignored_stages_do_not_split_a_visit() -> None:
    log = journeys_log("New > Call > New > Offer")
    table = sf.flow(log, SMALL, period=None, unlisted="ignore")
    assert table["entered"].tolist() == [1, 1, 0, 0]


def test_flow_needs_a_period_and_listed_stages() -> None:
    with pytest.raises(TypeError, match="period"):
        sf.flow(example(), SMALL)  # type: ignore[call-arg]  # wrong on purpose
    with pytest.raises(sf.UnknownStageError, match="'Ordered'"):
        sf.flow(example(), SMALL, period=None)
    with pytest.raises(sf.SchemaError, match="ends before it begins"):
        sf.flow(example(), SMALL, period=(20, 10), unlisted="ignore")
