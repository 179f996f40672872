"""The tables of a summary are equal to those of their own functions, and are shown together."""

import io
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, assert_summary, items_of, journeys_log, log_of, pipeline_of
from stagefunnel import _core
from strategies import Case, cases

ITEMS = {"item": [1, 2, 3], "manager": ["Bo", "Al", None]}


def one_by_one(
    log: sf.StageLog,
    pipeline: sf.Pipeline,
    *,
    unlisted: Any,
    fill: Any = "won",
    lost_then_won: Any = None,
    by: Any = None,
    at: Any = "first",
    top: Any = None,
    per: Any = "visit",
    quantiles: Any = (0.25, 0.75, 0.9),
    limits: Any = None,
) -> dict[str, pd.DataFrame]:
    groups = {"by": by, "at": at, "top": top, "unlisted": unlisted}
    report = {"lost_then_won": lost_then_won, **groups}
    now = report | {"lost_then_won": lost_then_won or "include"}
    times = {"per": per, "quantiles": quantiles, "limits": limits}
    return {
        "funnel": sf.funnel(log, pipeline, kind="both", fill=fill, **report),
        "outcomes": sf.outcomes(log, pipeline, **now),
        "time_in_stage": sf.time_in_stage(log, pipeline, **times, **groups),
        "transitions": sf.transitions(log, pipeline, **groups),
        "quality": log.quality(pipeline),
    }


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from(["include", "exclude", "exclude_reopened"]),
        "by": st.sampled_from(["group", "outcome", ["last_stage", "group"]]),
        "per": st.sampled_from(["item", "longest"]),
        "quantiles": st.just([0.1]),
    },
)


@given(
    case=cases(unlisted="some"), options=OPTIONS, top=st.none() | st.integers(1, 2), has_limit=st.booleans()
)
def test_every_table_is_the_one_that_its_function_returns(
    case: Case, options: dict[str, Any], top: int | None, has_limit: bool
) -> None:
    items = items_of(case.groups, "group", like=[row[0] for row in case.rows])
    log, pipeline = log_of(case, items=items), pipeline_of(case.pipeline)
    options |= {"unlisted": "ignore"}
    if "by" in options:
        options |= {"top": top}
    if has_limit:
        options |= {"limits": {pipeline.stages[0]: 2}}
    assert_summary(sf.summary(log, pipeline, **options), one_by_one(log, pipeline, **options))


def test_further_funnels_start_from_the_states_of_a_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    journeys = ["New > Offer > Won", "New > Lost", "Offer", "Won", "New > New"] * 60
    log, alone = journeys_log(*journeys), journeys_log(*journeys)
    expected = sf.funnel(alone, SMALL, kind="furthest")
    scans = []
    monkeypatch.setattr(_core.funnel, "find_states", lambda *_: scans.append(1))
    sf.summary(log, SMALL)
    assert_frame_equal(sf.funnel(log, SMALL, kind="furthest"), expected)
    assert not scans
    sf.funnel(journeys_log(*journeys), SMALL)
    assert scans


def test_a_summary_starts_from_the_states_of_a_funnel() -> None:
    log = journeys_log(*["New > Offer > Won", "New > Lost", "Offer"] * 80)
    sf.funnel(log, SMALL)
    assert_summary(sf.summary(log, SMALL), one_by_one(log, SMALL, unlisted="error"))


def test_a_log_without_rows_has_all_tables() -> None:
    log = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    assert_summary(sf.summary(log, SMALL), one_by_one(log, SMALL, unlisted="error"))
    assert "0 items now: 0 won" in repr(sf.show(sf.summary(log, SMALL)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fill": "all"}, "fill='all' is not one of"),
        ({"lost_then_won": "drop"}, "lost_then_won='drop' is not one of"),
        ({"per": "row"}, "per='row' is not one of"),
        ({"quantiles": [2]}, "quantiles=2 is not between"),
        ({"by": "manager"}, "by= names a column of the items table, and the log has none"),
    ],
)
def test_an_option_is_refused_as_by_the_function_that_has_it(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.summary(journeys_log("New"), SMALL, **options)


def test_an_unlisted_stage_is_refused() -> None:
    with pytest.raises(sf.UnknownStageError, match="unknown stage 'Ofer'"):
        sf.summary(journeys_log("New > Ofer"), SMALL)


def test_the_repr_of_a_summary_has_the_outcomes_and_the_names_of_the_tables() -> None:
    log = journeys_log("New > Offer > Won", "New > Lost", "Offer", items=ITEMS)
    for by in (None, "manager"):
        assert repr(sf.summary(log, SMALL, by=by)) == (
            "Summary: 3 items: 1 won, 1 lost, 1 open\n"
            "  tables  funnel, outcomes, time_in_stage, transitions, quality"
        )


# Worked out from the journeys New > Offer > Won and New > Lost, one unit of time a step.
SHOWN = """\
Funnel: classic and with conversions
2 items now: 1 won, 1 lost, 0 open; win rate 50%
        classic            conversions                                lost   open
stage   reached   of all       reached   assumed   of all   skipped   here   here
─────────────────────────────────────────────────────────────────────────────────
New           2     100%             2         0     100%         0      1      0
Offer         1      50%             1         0      50%         0      0      0

Won           1      50%             1         0      50%         0      0      0
Lost          1      50%             1         0      50%         0      0      0
No stage was skipped.
Most often lost from: New (1 of 1 lost, 100%)

Time in stage, per visit
stage   completed   open   items   mean   median   q25   q75   q90
──────────────────────────────────────────────────────────────────
New             2      0       2      1        1     1     1     1
Offer           1      0       1      1        1     1     1     1
Won             0      1       1      –        –     –     –     –
Lost            0      1       1      –        –     –     –     –
Slowest stage: New (half of the completed visits took 1 or more; 0% of all visits are still open); a tie with 1 more

Moves, the most frequent first
from stage   to stage   moves   items   share
─────────────────────────────────────────────
New          Offer          1       1     50%
New          Lost           1       1     50%
Offer        Won            1       1    100%
Most frequent: New → Offer (1 move, 50% of those that left New); a tie with 2 more

What was read
check    count   level   note
──────────────────────────────────────────
rows         5   fact    rows of the input
items        2   fact    distinct items
stages       4   fact    distinct stages
17 other checks found nothing."""  # noqa: E501 - as it is shown


@pytest.fixture
def small() -> sf.Summary:
    return sf.summary(journeys_log("New > Offer > Won", "New > Lost"), SMALL)


def test_the_tables_are_shown_one_under_the_other(small: sf.Summary) -> None:
    assert repr(sf.show(small)) == SHOWN


def test_a_rich_console_shows_the_same(small: sf.Summary) -> None:
    file = io.StringIO()
    Console(file=file, width=120).print(sf.show(small))
    text = file.getvalue()
    assert "\n".join(line.rstrip() for line in text.splitlines()) == SHOWN


def test_a_page_and_markdown_have_every_part(small: sf.Summary) -> None:
    titles = ["Funnel: classic and with conversions", "Time in stage, per visit"]
    titles += ["Moves, the most frequent first", "What was read"]
    markdown, page = sf.show(small).to_markdown(), sf.show(small)._repr_html_()
    assert [line.strip("*") for line in markdown.splitlines() if line.startswith("**")] == titles
    assert page.count("<table>") == 4
    assert all(f"<b>{title}</b>" in page for title in titles)


def test_only_the_most_frequent_of_many_moves_are_shown() -> None:
    stages = [f"Step {number}" for number in range(13)]
    # Twelve moves once each, the last of them twice.
    log = journeys_log(" > ".join(stages), " > ".join(stages[-2:]))
    lines = repr(sf.show(sf.summary(log, sf.Pipeline(stages)))).splitlines()
    at = lines.index("Moves, the most frequent first")
    assert lines[at + 3].split()[:5] == ["Step", "11", "Step", "12", "2"]
    assert lines[at + 4].split()[:5] == ["Step", "0", "Step", "1", "1"]
    assert lines[at + 13] == "… and 2 more rows"


def test_groups_are_shown_in_every_table() -> None:
    summary = sf.summary(journeys_log("New > Won", "New", "Offer", items=ITEMS), SMALL, by="manager")
    lines = repr(sf.show(summary)).splitlines()
    of_new = [line.split()[0] for line in lines if line.split()[1:2] == ["New"]]
    assert of_new == ["Al", "Bo", "(missing)", "Al", "Bo", "Bo"]
    assert "Bo: 1 item now: 1 won, 0 lost, 0 open; win rate 100%" in lines
    times = lines.index("Time in stage, per visit")
    of_bo = next(line for line in lines[times:] if line.split()[:2] == ["Bo", "New"])
    assert of_bo.split() == ["Bo", "New", "1", "0", "1", *["1"] * 5]


def test_times_and_moves_of_groups_are_those_worked_out_by_hand() -> None:
    # Bo's New takes 1, Al's goes on; Offer is nobody's; moves are Bo's alone.
    log = journeys_log("New > Won", "New", "Offer", items=ITEMS)
    summary = sf.summary(log, SMALL, by="manager", quantiles=[], limits={"New": 0})
    times = summary.time_in_stage
    of_new = times[times["stage"] == "New"]
    assert of_new["manager"].fillna("–").tolist() == ["Al", "Bo", "–"]
    assert of_new["completed"].tolist() == [0, 1, 0]
    assert of_new["over_limit"].fillna(-1).tolist() == [1.0, 1.0, -1]
    moves = summary.transitions[["manager", "from_stage", "to_stage", "moves", "share"]]
    assert moves.astype(object).to_numpy().tolist() == [["Bo", "New", "Won", 1, 1.0]]


def test_the_largest_groups_are_those_of_every_table() -> None:
    items = {"item": [1, 2, 3, 4], "manager": ["Bo", "Bo", "Al", "Cy"]}
    log = journeys_log("New > Won", "New > Lost", "New > Won", "New > Won", items=items)
    summary = sf.summary(log, SMALL, by="manager", top=1)
    tables = {name: table for name, table in summary.tables.items() if name != "quality"}
    shown = [[*dict.fromkeys(table["manager"])] for table in tables.values()]
    assert shown == [["Bo", "other (2 groups)"]] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": "stage", "by": "manager"}, "the groups are of whole items"),
        ({"at": "last"}, "there is no by="),
        ({"top": 2}, "there is no by="),
        ({"by": "moves"}, "by='moves' is not a column"),
        ({"limits": {"Won": 1}}, "limits='Won' is a final stage"),
    ],
)
def test_a_breakdown_that_a_table_cannot_have_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.summary(journeys_log("New", "New", "New", items=ITEMS), SMALL, **options)


def test_findings_in_the_rows_and_the_rule_of_the_times_are_shown() -> None:
    rows = {"item": [1, 1, 1], "stage": ["New", "New", "Won"], "time": [0, 0, 1]}
    summary = sf.summary(sf.StageLog(rows), SMALL, per="longest")
    lines = repr(sf.show(summary)).splitlines()
    assert "Time in stage, the longest visit of each item" in lines
    assert [line.split()[:3] for line in lines[-5:-1]] == [
        ["exact_duplicates", "1", "note"],
        ["repeats", "1", "note"],
        ["ties", "1", "note"],
        ["stages_without_rows", "2", "note"],
    ]
    assert lines[-1] == "13 other checks found nothing."


def test_tables_that_lost_their_attributes_are_still_shown(small: sf.Summary) -> None:
    for table in small.tables.values():
        table.attrs = {}
    shown = repr(sf.show(small))
    assert "Time in stage, per visit" in shown
    assert "Most often lost from: New (1 of 1 lost from a stage, 100%)" in shown
