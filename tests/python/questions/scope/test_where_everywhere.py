"""Conditions in every question that takes them: the answer is that for a log of the chosen items alone."""

import gc
import json
import weakref
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from asked import PIPELINE, asked, parameters_of, questions, rich_log
from helpers import assert_frame_equal, items_of, pipeline_of
from marked import MarkedCase, marked_cases
from stagefunnel import plots

# The items of the rich log that each condition keeps; its table of items does not have D-3.
CONDITIONS: list[tuple[Any, list[str]]] = [
    ({"manager": "eve"}, ["D-1", "D-4"]),
    ({"amount": ">=8"}, ["D-4", "D-5"]),
    ({"manager": None}, ["D-3", "D-5"]),
    ({"manager": ["eve", "dan"], "amount": "<8"}, ["D-1", "D-2"]),
    ({"value": ">0"}, ["D-2", "D-3", "D-4", "D-5"]),  # in the first row of the log's own column
    ({"owner": "ann"}, ["D-1", "D-2", "D-3", "D-4", "D-5"]),
    ({"amount": "<0"}, []),
]
# Options that some of the questions have; each question is asked with those that it has.
OPTIONS: list[dict[str, Any]] = [
    {},
    {"by": "manager"},
    {"by": "owner"},
    {"period": "2026-03", "basis": "created"},
    {"period": "2026-03", "basis": "closed"},
    {"as_of": "2026-03-08"},
    {"within": "4d", "basis": "created"},
    {"unit": "manager"},
    {"amount": "amount"},
    {"amount": "amount", "by": "manager", "every": "month"},
    {"missing": "ignore"},
    {"unlisted": "ignore"},
]
# These have no conditions: an item is explained by itself, pipelines come before questions, and so on.
WITHOUT = {"explain", "pipelines_of_log"}
# These are to come; each moves out of here when it takes conditions.
TO_COME = {"row_table"}


def with_where() -> list[str]:
    return [name for name, one in questions().items() if "where" in parameters_of(one)]


def without_where(remembered: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in remembered.items() if name != "where"}


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, sf.Summary):
        for table, frame in expected.tables.items():
            assert_same(found.tables[table], frame)
    elif isinstance(expected, pd.DataFrame):
        assert_frame_equal(found, expected)
        remembered = without_where(found.attrs.get("stagefunnel", {}))
        assert json.dumps(remembered) == json.dumps(expected.attrs.get("stagefunnel", {}))
    else:
        assert found == expected


@cache
def whole_log() -> sf.StageLog:
    """Make the log once: a log is never changed, and all questions are put to it."""
    return rich_log()


@cache
def log_of(*items: str) -> sf.StageLog:
    return whole_log().filter(items=[*items], empty="allow")


def test_every_question_takes_conditions_or_is_known_not_to() -> None:
    assert {*questions()} - {*with_where()} - TO_COME <= WITHOUT


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", [one for one in with_where() if one not in ("report", "check", "partial")])
def test_the_answer_is_that_for_a_log_of_the_chosen_items(name: str, options: dict[str, Any]) -> None:
    question, log = questions()[name], whole_log()
    has = {option: value for option, value in options.items() if option in parameters_of(question)}
    if options and not has:
        return
    if name in ("decompose", "mix_rate") and {"by", "period"} & {*has}:
        return  # their two sides are periods here
    for where, items in CONDITIONS if not options else CONDITIONS[:3]:
        kept = log_of(*items)
        if name == "compare_periods":
            has = {"period": "2026-03"} | has
        found, expected = (
            asked(question, name, one, **has, **more) for one, more in ((log, {"where": where}), (kept, {}))
        )
        assert_same(found, expected)
        tables = [*found.tables.values()] if isinstance(found, sf.Summary) else [found]
        for table in tables:
            assert table.attrs["stagefunnel"]["where"]["items"] == len(items)
        for one in [*tables, found] if isinstance(found, sf.Summary) else tables:
            assert "Only items where" in str(sf.show(one))


PAGES = [({"manager": "eve"}, ["D-1", "D-4"]), ({"amount": ">=8"}, ["D-4", "D-5"])]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("where", "items"), PAGES, ids=str)
def test_the_page_names_the_conditions_once_and_is_else_that_of_the_chosen_items(
    where: Any, items: list[str], tmp_path: Path
) -> None:
    log = rich_log()
    found, expected = (
        asked(sf.report, "report", one, tmp_path, **more)
        for one, more in ((log, {"where": where}), (log.filter(items=items), {}))
    )
    (line,) = [line for line in found.splitlines() if "Only items where" in line]
    assert f"of {log.n_items}" in line
    assert [one for one in found.splitlines() if "Only items where" not in one] == expected.splitlines()


@pytest.mark.parametrize(("where", "items"), CONDITIONS, ids=str)
def test_a_check_is_about_the_chosen_items(where: Any, items: list[str]) -> None:
    log, conditions = rich_log(), ["won > 0", "items > 3", "rows > 1", "last_row < 2026-03-07"]
    found = sf.check(log, PIPELINE, conditions, where=where)
    expected = sf.check(log.filter(items=items, empty="allow"), PIPELINE, conditions)
    assert_same(found, expected)


@pytest.mark.parametrize(("where", "items"), CONDITIONS, ids=str)
def test_parts_remember_their_conditions(where: Any, items: list[str]) -> None:
    log = rich_log()
    halves = [log.filter(items=one) for one in (["D-1", "D-2", "D-3"], ["D-4", "D-5"])]
    whole = sf.merge([sf.partial(half, PIPELINE, where=where) for half in halves])
    found, expected = whole.summary(), sf.summary(log, PIPELINE, where=where)
    for name, table in expected.tables.items():
        if name != "quality":  # which leaves out the items tables
            assert_frame_equal(found.tables[name], table)
        assert found.tables[name].attrs["stagefunnel"]["where"] == table.attrs["stagefunnel"]["where"]
    assert whole.summary().outcomes["base"].sum() <= len(items)
    assert whole.n_items == log.n_items  # whatever its questions choose
    with pytest.raises(sf.SchemaError, match="differ in where="):
        sf.merge([whole, sf.partial(halves[0], PIPELINE)])
    with pytest.raises(sf.SchemaError, match="differ in where="):
        sf.merge([whole, sf.partial(halves[0], PIPELINE, where={"manager": "zoe"})])


def test_a_part_need_not_have_a_value_and_the_stages_of_all_items_are_judged() -> None:
    frame = pd.DataFrame({"item": [1, 1, 2], "stage": ["Offer A", "Won", "Offer B"], "time": [0, 5, 1]})
    items = pd.DataFrame({"item": [1, 2], "region": ["East", "West"]})
    logs = [sf.StageLog(frame[frame["item"] == item], items=items[items["item"] == item]) for item in (1, 2)]
    pipeline = sf.Pipeline(["Offer A", "Offer B"], won="Won", lost="Lost")
    whole = sf.merge([sf.partial(log, pipeline, where={"region": "East"}) for log in logs])
    assert whole.summary().outcomes["base"].tolist() == [1]
    shown = str(sf.show(whole.summary()))
    assert "Only items where region is East: 1 item of 2" in shown
    wrong = sf.Pipeline(["Offer A", "Offer C"], won="Won", lost="Lost")
    options: dict[str, Any] = {"where": {"region": "East"}, "unlisted": "ignore"}
    with pytest.raises(sf.SchemaError, match=r"'Offer C'.*'Offer B'"):
        sf.merge([sf.partial(log, wrong, **options) for log in logs]).summary()


@given(data=st.data(), marked=marked_cases(times="naive"))
def test_random_logs_with_ends_and_unknown_starts(data: st.DataObject, marked: MarkedCase) -> None:
    items = [*dict.fromkeys(item for item, _, _ in marked.case.rows)]
    groups = {item: data.draw(st.sampled_from(["A", "B"])) for item in items}
    wanted = data.draw(st.sampled_from(["A", ["A", "B"], "!=A"]))
    table = items_of(groups, "account", items)
    log, pipeline = marked.log(items=table), pipeline_of(marked.case.pipeline)
    chosen = [item for item in items if wanted == ["A", "B"] or (groups[item] == "A") == (wanted == "A")]
    kept = log.filter(items=chosen, empty="allow")
    names = ["funnel", "losses", "visits", "time_to", "summary", "funnel_by_period"]
    name = data.draw(st.sampled_from(names))
    needs: dict[str, Any] = {"time_to": {"to_stage": pipeline.labels[-1]}}.get(name, {})
    ask = questions()[name]
    moment = data.draw(st.none() | st.sampled_from([row[2] for row in marked.case.rows]))
    found = ask(log, pipeline, **needs, where={"account": wanted}, missing="ignore", as_of=moment)
    assert_same(found, ask(kept, pipeline, **needs, missing="ignore", as_of=moment))


def test_chosen_items_are_kept_for_the_next_question_as_long_as_the_log() -> None:
    log = rich_log()
    sf.funnel(log, PIPELINE, where={"amount": 5})
    first = sf.funnel(log, PIPELINE, where={"amount": 5})
    assert first["base"].tolist() == [1] * 4
    # Values that are equal and of other types are other conditions.
    assert sf.funnel(log, PIPELINE, where={"amount": [5, 7]})["base"].tolist() == [2] * 4
    assert sf.funnel(log, PIPELINE, where={"owner": "ann"})["base"].tolist() == [5] * 4
    data = weakref.ref(log._data)
    del log
    gc.collect()
    assert data() is None


def test_conditions_judge_steps_by_the_whole_log() -> None:
    rows = {"item": [1, 1, 2], "stage": ["Offer A", "Won", "Offer B"], "time": [0, 5, 1]}
    log = sf.StageLog(rows, items=pd.DataFrame({"item": [1, 2], "region": ["East", "West"]}))
    found = sf.sequence_funnel(log, ["Offer B", "Won"], where={"region": "East"})
    assert found["reached"].tolist() == [0, 0]
    with pytest.raises(sf.SchemaError, match="has no stage 'Offer C'"):
        sf.sequence_funnel(log, ["Offer C", "Won"], where={"region": "East"})


def test_charts_name_the_conditions() -> None:
    log = rich_log()
    charts = [
        plots.plot_funnel(sf.funnel(log, PIPELINE, where={"manager": "eve"})),
        plots.plot_skips(sf.skips(log, PIPELINE, by="manager", where={"manager": "eve"})),
        plots.plot_compare(sf.compare_periods(log, PIPELINE, "2026-03", where={"manager": ["eve"]})),
    ]
    for chart in charts:
        assert "Only items where manager is eve: 2 items of 5" in chart.to_dict()["usermeta"]["sentences"]
