"""Errors of questions carry the option that is wrong, and name every option as a part of the text."""

import inspect
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log

ROWS = pd.DataFrame(
    {
        "item": [1, 1, 2],
        "stage": ["New", "Lost", "New"],
        "time": [0, 1, 2],
        "who": ["Ann", "Bob", "Ann"],
        "sum": [1.0, 2.0, 3.0],
    }
)
ITEMS = pd.DataFrame(
    {"item": [1, 2], "team": ["A", "B"], "value": [1.0, 2.0], "money": ["EUR", "USD"], "gaps": ["EUR", None]}
)
LOG = sf.StageLog(ROWS, columns=["who", "sum"], items=ITEMS)
DATED = sf.StageLog(
    ROWS.assign(time=pd.to_datetime(["2026-01-05", "2026-02-03", "2026-03-31"])), columns="sum", items=ITEMS
)
SHARED = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2], "share": ["a", "b"]}))
BARE = journeys_log("New > Lost")
LINKS = {"deal_id": [1], "lead_id": [1]}
OPTION = re.compile(r"(?<![\w'\"])([a-z_]+)=")


def funnel(**options: Any) -> Callable[[], Any]:
    return lambda: sf.funnel(LOG, SMALL, **options)


def trend(**options: Any) -> Callable[[], Any]:
    return lambda: sf.funnel_by_period(DATED, SMALL, **options)


def compare(period: Any, **options: Any) -> Callable[[], Any]:
    return lambda: sf.compare_periods(DATED, SMALL, period, **options)


def losses(log: sf.StageLog = LOG, **options: Any) -> Callable[[], Any]:
    return lambda: sf.losses(log, SMALL, **options)


def chain(links: Any = LINKS, **options: Any) -> Callable[[], Any]:
    stages = {"lead_pipeline": SMALL, "deal_pipeline": SMALL}
    return lambda: sf.chain_funnel(BARE, BARE, links, **stages | options)


def of_export(chosen: Any) -> Callable[[], Any]:
    leads, deals = (SimpleNamespace(log=BARE, pipelines={"one": SMALL, "two": SMALL}) for _ in range(2))
    export = SimpleNamespace(leads=leads, deals=deals, links=pd.DataFrame({"deal": [1], "lead": [1]}))
    return lambda: sf.chain_funnel(export, lead_pipeline=SMALL, deal_pipeline=chosen)


def merge(**options: Any) -> Callable[[], Any]:
    logs = [sf.StageLog({"item": [item], "stage": ["New"], "time": [0]}) for item in (1, 2)]
    first, second = sf.partial(logs[0], SMALL), sf.partial(logs[1], SMALL, **options)
    return lambda: sf.merge([first, second])


@pytest.mark.parametrize(
    ("question", "option", "text"),
    [
        (
            lambda: sf.transitions(LOG, SMALL, by="who", at="stage"),
            "at",
            "at='stage' reads an entry into a stage, and the groups are of whole items; pass at=\"first\" or "
            'at="last"',
        ),
        (lambda: sf.time_in_stage(LOG, SMALL, by="team", top=0), "top", "top=0 is not a whole number of at"),
        (
            lambda: sf.flow(LOG, SMALL, period=None, top=1),
            "top",
            "top=1 is the number of groups to show, and",
        ),
        (losses(by="team", top=0), "top", "top=0 is not a whole number of at least 1"),
        (funnel(by="team", at="middle"), "at", "at='middle' is not one of 'first', 'last', 'stage'"),
        (funnel(at="last"), "at", "at='last' says where by= is read, and there is no by="),
        (
            funnel(by="team", at="stage"),
            "at",
            "at=\"stage\" reads by= where an item enters a stage, but 'team' are columns of the items table; "
            "name a column of the log",
        ),
        (funnel(by=[]), "by", "by= names no column"),
        (funnel(by=["team", "team"]), "by", "by= names a column twice: 'team', 'team'"),
        (funnel(by=[["team"]]), "by", "by=[['team']] is not a name of a column or a list of such names"),
        (funnel(by="wo"), "by", "by='wo' is not a column of the items table, nor one that the log keeps; "),
        (funnel(by=7), "by", "by=7 is not a column of the items table, nor one that the log keeps; "),
        (lambda: sf.funnel(BARE, SMALL, by="who"), "by", "by= names a column of the items table, and "),
        (funnel(top=3), "top", "top=3 is the number of groups to show, and there is no by="),
        (funnel(by="team", top=0), "top", "top=0 is not a whole number of at least 1"),
        (funnel(amount="vluae"), "amount", "amount='vluae' is not a column"),
        (
            funnel(amount="value", amount_at="stage"),
            "amount_at",
            "amount_at=\"stage\" reads the amount where an item enters a stage, but 'value' is a column of "
            "the items table; name a column of the log",
        ),
        (funnel(currency="money"), "currency", "currency= says how amount= is read, and there is no amount="),
        (
            funnel(amount_at="stage", rates={}),
            "amount_at",
            "amount_at=, rates= say how amount= is read, and there is no amount=",
        ),
        (funnel(amount="value", rates={"EUR": 1}), "rates", "rates= converts currencies, and currency= does"),
        (funnel(amount="value", currency="monye"), "currency", "currency='monye' is not a column"),
        (funnel(amount="value", currency="gaps"), "currency", "1 amount has no currency in column 'gaps'; "),
        (funnel(amount="value", currency="money"), "rates", "the amounts are in 2 currencies, which do not"),
        (funnel(amount="value", currency="money", rates={"EUR": 1}), "rates", "rates= has no rate of 'USD'"),
        (funnel(amount="value", currency="money", rates=5), "rates", "rates=5 is not a mapping of curr"),
        (
            funnel(amount="value", currency="money", rates={"EUR": 0}),
            "rates",
            "the rate of 'EUR' is 0, not a number above 0",
        ),
        (
            lambda: sf.outcomes(LOG, SMALL, by="who", at="stage"),
            "at",
            "at='stage' reads an entry into a stage, and an outcome belongs to an item; pass at=\"first\" or "
            'at="last"',
        ),
        (losses(reason="wy"), "reason", "reason='wy' is not a column of the items table, nor one that"),
        (
            losses(SHARED, reason="share"),
            "reason",
            "reason= names 'share', which is a column of the result; rename",
        ),
        (losses(by="who", reason="who"), "reason", "reason='who' is in by= too; name it once"),
        (losses(by="who", reason=["team", "who"]), "reason", "reason=['team', 'who'] is in by= too; name it"),
        (lambda: sf.losses(BARE, SMALL, reason="who"), "reason", "reason= names a column of the items"),
        (trend(every="moon"), "every", "every='moon' is not one of"),
        (trend(period="2026-W02"), "period", "period= begins at 2026-01-05 00:00:00, within a month; give"),
        (trend(period=("2027-01", None)), "period", "the log's times end before period= begins (2026-03-31"),
        (
            trend(period=(None, "2025-11")),
            "period",
            "the log's times begin after period= ends (2026-01-05 00:00:00 >= 2025-12-01 00:00:00)",
        ),
        (trend(period=("1400", "2026"), every="day"), "every", "from 1400-01-01 to 2026-12-31 there are"),
        (
            trend(amount="sum"),
            "amount",
            "amount='sum' is a column of the log, and a trend of active items reads it in another row for "
            'each period; pass basis="created" or basis="closed", or name a column of the items table',
        ),
        (compare((None, "2026-02")), "period", "period=(None, '2026-02') has no start; give both"),
        (compare("2026-02", against=None), "against", 'against= is a period, "previous" or "last_year"'),
        (compare("2026-02", against=7), "against", "against=7 is a moment, not a period"),
        (compare("2026-02", against="prveious"), "against", "against='prveious' is not a period"),
        (
            lambda: sf.compare_periods(LOG, SMALL, (0, 2), against="last_year"),
            "against",
            "against='last_year' needs timestamps, and the log's times are plain integers",
        ),
        (
            lambda: sf.time_in_stage(LOG, SMALL, quantiles=[0.5, 0.5]),
            "quantiles",
            "quantiles=[0.5, 0.5] names a quantile twice",
        ),
        (lambda: sf.time_in_stage(LOG, SMALL, quantiles=[2]), "quantiles", "quantiles=2 is not between 0"),
        (lambda: sf.time_in_stage(LOG, SMALL, quantiles=["x"]), "quantiles", "quantiles='x' is not a share"),
        (lambda: sf.time_in_stage(LOG, SMALL, quantiles=[None]), "quantiles", "quantiles=None is not a sha"),
        (lambda: sf.time_in_stage(LOG, SMALL, quantiles=0.5), "quantiles", "quantiles=0.5 is not a list"),
        (chain(basis="active"), "basis", "basis='active' is not one of 'entity', 'origin'"),
        (
            chain(period_basis="open"),
            "period_basis",
            "period_basis='open' is not one of 'active', 'created', 'closed'",
        ),
        (chain(deal_pipeline=None), "deal_pipeline", "deal_pipeline= is a NoneType; pass the Pipeline of"),
        (chain({"deal_id": ["a"], "lead_id": [1]}), "deal", "the links' column 'deal_id' holds text, the"),
        (chain({"deal_id": [1], "lead_id": ["a"]}), "lead", "the links' column 'lead_id' holds text, the"),
        (of_export(None), "deal_pipeline", "deal_pipeline= is needed; the pipelines are 'one', 'two'"),
        (of_export("three"), "deal_pipeline", "deal_pipeline='three' is not a pipeline of the export; the"),
        (of_export(["one"]), "deal_pipeline", "deal_pipeline=['one'] is not a pipeline of the export; the"),
        (
            merge(per="item"),
            "per",
            "the partials differ in per= ('visit' in number 0 and 'item' in number 1)",
        ),
    ],
)
def test_an_error_carries_its_option(question: Callable[[], Any], option: str, text: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        question()
    error = caught.value
    assert str(error).startswith(text)
    assert error.option == option
    # A face that spells its options otherwise finds all of them.
    assert not OPTION.search(error.spelled(lambda part: "…"))


@pytest.mark.parametrize("question", [sf.compare_periods, sf.funnel_by_period])
def test_a_question_about_periods_refuses_what_is_not_a_log(question: Any) -> None:
    arguments = {"period": "2026-01"}
    with pytest.raises(sf.SchemaError, match=r"^expected a StageLog, got DataFrame; make"):
        question(ROWS, SMALL, **arguments)


RESULT = ["base", "stage"]


@pytest.mark.parametrize(
    ("of_items", "of_log", "advice"),
    [
        (["base"], [], "'base', which is a column of the result; rename it in the items table"),
        (RESULT, [], "'base', 'stage', which are columns of the result; rename them in the items table"),
        (
            [],
            ["base"],
            "'base', which is a column of the result; rename it in the table that the log is made from",
        ),
        (
            ["outcome"],
            ["base"],
            "'base', 'outcome', which are columns of the result; rename 'outcome' in the items table and "
            "'base' in the table that the log is made from",
        ),
    ],
)
def test_a_breakdown_by_a_name_of_the_result_is_advised_where_to_rename_it(
    of_items: list[str], of_log: list[str], advice: str
) -> None:
    items = pd.DataFrame({"item": [1, 2], **{name: ["x", "y"] for name in of_items}})
    log = sf.StageLog(ROWS.assign(**dict.fromkeys(of_log, "z")), columns=of_log, items=items)
    with pytest.raises(sf.SchemaError, match=f"^by= names {advice}$") as caught:
        sf.funnel(log, SMALL, by=[*of_items, *of_log])
    assert caught.value.option == "by"


def test_a_column_of_the_items_table_may_be_named_by_a_number() -> None:
    items = pd.DataFrame({"item": [1, 2], 7: ["x", "y"]})
    log = sf.StageLog(ROWS, items=items)
    by: Any = 7
    table = sf.funnel(log, SMALL, by=by)
    assert table.loc[table["stage"] == "New", [7, "reached"]].to_numpy().tolist() == [["x", 1], ["y", 1]]


def test_a_comparison_refuses_a_breakdown_by_a_column_of_its_own() -> None:
    for name in ("reached_before", "conversion_from_all_difference", "base_before", "amount_change"):
        log = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2], name: ["x", "y"]}))
        with pytest.raises(sf.SchemaError, match=f"^by= names '{name}', which is a column of the result"):
            sf.compare_periods(log, SMALL, (1, 3), by=name)


def test_a_comparison_keeps_a_breakdown_by_a_name_that_only_looks_like_its_own() -> None:
    log = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2], "base_change": ["x", "y"]}))
    table = sf.compare_periods(log, SMALL, (1, 3), by="base_change")
    assert sorted(set(table["base_change"])) == ["x", "y"]


def test_a_comparison_by_a_column_of_the_log_keeps_its_integers() -> None:
    # In the first period an item has no row, so that its value is missing there.
    rows = {"item": [1, 2], "stage": ["New", "New"], "time": [0, 5], "team": [10**9, 20]}
    log = sf.StageLog(pd.DataFrame(rows), columns="team")
    table = sf.compare_periods(log, SMALL, (4, 8), by="team", basis="created")
    assert table.loc[table["stage"] == "New", ["team", "reached", "reached_before"]].to_numpy().tolist() == [
        [20, 1, 0],
        [10**9, 0, 1],
    ]


def test_quantiles_near_one_are_apart_from_it() -> None:
    table = sf.time_in_stage(LOG, SMALL, quantiles=[0.9999999, 1, 0.07])
    assert list(table.columns[-3:]) == ["q99.99999", "q100", "q7"]


def test_a_breakdown_of_too_many_combinations_is_refused() -> None:
    n = 3_000
    rows = {"item": range(n), "stage": ["New"] * n, "time": [0] * n}
    columns = {f"c{i}": np.arange(n) for i in range(6)}
    log = sf.StageLog(rows, items=pd.DataFrame({"item": range(n), **columns}))
    with pytest.raises(sf.SchemaError, match=r"^by= makes 3,001 × .* combinations; name fewer") as caught:
        sf.funnel(log, SMALL, by=[*columns])
    assert caught.value.option == "by"


SHOP = sf.datasets.worked_example()
PRICED = sf.StageLog(sf.row_table(SHOP.log), items=pd.DataFrame({"item": range(1, 14), "amount": [5.0] * 13}))
JUNK = ["zzz", -3, 3.7, ["zzz"], {}, object()]
QUESTIONS = [
    question
    for name in sf.__all__
    if inspect.isfunction(question := getattr(sf, name)) and "log" in inspect.signature(question).parameters
]
# The one draws a page for each value that is taken, and the other hands its options on.
QUESTIONS = [question for question in QUESTIONS if question not in (sf.report, sf.bind)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_of_all_options_the_one_that_was_wrong_is_named(question: Any) -> None:
    right = {
        "pipeline": SHOP.pipeline,
        "pipelines": {"Sales": SHOP.pipeline},
        "steps": ["New", "Won"],
        "item": 1,
        "to_stage": "Won",
        "amount": "amount",
        "period": "2026-01",
        "every": "month",
        "by": "outcome",
        "mix": "outcome",
        "columns": "created:month",
        "a": "2026-01",
        "b": "2026-02",
        "tau": "30d",
        "horizon": "30d",
        "times": ["30d"],
        "as_of": "2026-03-01",
        "fail_if": ["win_rate < 0", "days_since_last_row < 0"],
    }
    options = inspect.signature(question).parameters
    needed = {
        name: right[name]
        for name, option in options.items()
        if name in right and option.default in (option.empty, ...)  # what a balance may have in two ways
    }
    wrong: list[tuple[str, str | None]] = []
    for name in options.keys() - {"log", "pipeline"}:
        for value in JUNK:
            try:
                question(PRICED if "amount" in needed else SHOP.log, **{**needed, name: value})
            except sf.StageFunnelError as error:
                wrong.append((name, error.option))
    assert all(option == name for name, option in wrong), wrong
    assert wrong or options.keys() == {"log"}
