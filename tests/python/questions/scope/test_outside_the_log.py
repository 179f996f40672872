"""Periods and moments that the log does not reach are named as such."""

from collections.abc import Callable
from typing import Any

import pytest

import stagefunnel as sf
from helpers import SMALL

ROWS = {"item": [1, 1, 2, 2], "stage": ["New", "Offer", "New", "Lost"]}
TIMES = ["2026-01-05", "2026-02-01", "2026-02-03", "2026-03-31T12:00"]
LOG = sf.StageLog({**ROWS, "time": TIMES})
NUMBERS = sf.StageLog({**ROWS, "time": [5, 6, 7, 8]})
RUNS = "Outside the log, which runs from 2026-01-05 to 2026-03-31 12:00:00: "
QUESTIONS: dict[str, Callable[..., Any]] = {
    "funnel": sf.funnel,
    "outcomes": sf.outcomes,
    "skips": lambda *both, **more: sf.skips(*both, by=None, **more),
    "losses": sf.losses,
    "flow": sf.flow,
    "time_in_stage": sf.time_in_stage,
    "transitions": sf.transitions,
    "item_table": sf.item_table,
    "explain": lambda *both, **more: sf.explain(*both, item=1, **more),
    "summary": sf.summary,
    "partial": lambda *both, **more: sf.partial(*both, **more).summary(),
}


def remark(table: Any) -> list[str]:
    return [line for line in repr(sf.show(table)).splitlines() if line.startswith("Outside the log")]


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_every_table_names_a_period_outside_the_log(ask: Callable[..., Any]) -> None:
    assert remark(ask(LOG, SMALL, period="2026-04")) == [f"{RUNS}period 2026-04"]
    assert remark(ask(LOG, SMALL, period=("2025-01", "2025-12"))) == [f"{RUNS}period 2025-01 to 2025-12"]
    assert remark(ask(LOG, SMALL, period="2026-03")) == []


@pytest.mark.parametrize(
    ("period", "is_outside"),
    [
        ((8, 9), False),
        ((9, 10), True),
        ((0, 5), True),
        ((0, 6), False),
        ((None, 5), True),
        ((9, None), True),
        ((0, 99), False),
        (None, False),
    ],
)
def test_a_period_that_touches_the_log_is_not_outside(period: Any, is_outside: bool) -> None:
    assert bool(remark(sf.funnel(NUMBERS, SMALL, period=period))) is is_outside


def test_an_open_side_is_written_as_such() -> None:
    assert remark(sf.funnel(NUMBERS, SMALL, period=(9, None))) == [
        "Outside the log, which runs from 5 to 8: period 9 to …"
    ]


def test_a_moment_before_the_log_is_named() -> None:
    assert remark(sf.funnel(LOG, SMALL, as_of="2026-01-05")) == [f"{RUNS}as of 2026-01-05"]
    assert remark(sf.funnel(LOG, SMALL, as_of="2026-01-06")) == []
    assert remark(sf.sequence_funnel(LOG, ["New", "Offer"], as_of="2025-01")) == [f"{RUNS}as of 2025-01"]
    both = sf.funnel(LOG, SMALL, as_of="2026-01-05", period="2026-05")
    assert remark(both) == [f"{RUNS}period 2026-05, as of 2026-01-05"]


def test_of_two_periods_each_may_be_outside() -> None:
    table = sf.compare_periods(LOG, SMALL, "2026-01")
    assert remark(table) == [f"{RUNS}period 2025-12"]
    assert remark(sf.compare_periods(LOG, SMALL, "2027-05")) == [f"{RUNS}period 2027-05, period 2027-04"]
    assert remark(sf.compare_periods(LOG, SMALL, "2026-03")) == []


def test_a_trend_outside_the_log_says_so() -> None:
    table = sf.funnel_by_period(LOG, SMALL, period=("2027-01", "2027-02"), basis="created")
    assert remark(table) == [f"{RUNS}period 2027-01 to 2027-02"]


def test_parts_are_outside_where_all_of_them_are() -> None:
    logs = [
        sf.StageLog({"item": [item], "stage": ["New"], "time": [time]}) for item, time in ((1, 3), (2, 9))
    ]
    parts = [sf.partial(log, SMALL, period=(5, 8)) for log in logs]
    assert [remark(part.summary()) for part in parts] == [
        ["Outside the log, which runs from 3 to 3: period 5 to 8"],
        ["Outside the log, which runs from 9 to 9: period 5 to 8"],
    ]
    assert remark(sf.merge(parts).summary()) == []


def test_an_empty_log_has_no_outside() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    assert remark(sf.funnel(empty, SMALL, period="2026-03")) == []
