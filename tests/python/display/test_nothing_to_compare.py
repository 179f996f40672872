"""Sentences of what is nothing: no part of a difference of 0, no slowest stage without time, no empty sum."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
JANUARY, FEBRUARY = pd.Timestamp("2026-01-05"), pd.Timestamp("2026-02-05")


def sentences(table: pd.DataFrame, language: Any = "en") -> list[str]:
    lines = str(sf.show(table, language=language)).replace("\N{NO-BREAK SPACE}", " ").splitlines()
    return [line for line in lines if line and "  " not in line]


def two_months(january: dict[str, tuple[int, int]], february: dict[str, tuple[int, int]]) -> sf.StageLog:
    """Make items of two months: for each manager how many are won, and how many lost."""
    rows, managers = list[tuple[int, str, pd.Timestamp]](), list[str]()
    for start, of_month in ((JANUARY, january), (FEBRUARY, february)):
        for manager, numbers in of_month.items():
            for stage, n in zip(("Won", "Lost"), numbers, strict=True):
                for _ in range(n):
                    item = len(managers)
                    managers.append(manager)
                    rows += [(item, "New", start), (item, stage, start + pd.Timedelta("1D"))]
    items = pd.DataFrame({"item": range(len(managers)), "manager": managers})
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    return sf.StageLog(frame, items=items, observed_until="2026-07-01")


def mix(log: sf.StageLog) -> list[str]:
    return sentences(sf.mix_rate(log, PIPELINE, mix="manager", a="2026-02", b="2026-01"))


def test_of_two_months_that_are_alike_no_part_is_named() -> None:
    alike = {"Ann": (20, 10), "Bob": (10, 30)}
    said = mix(two_months(alike, alike))
    assert any(line.startswith("Won of all: 43% in 2026-02, 43% in 2026-01 (0 points)") for line in said)
    assert not any("Which items came" in line for line in said)


def test_parts_that_cancel_out_are_named_as_such() -> None:
    january = {"Ann": (40, 10), "Bob": (10, 40)}  # 80% and 20% of 50 each: 50% of 100
    february = {"Ann": (54, 21), "Bob": (0, 33)}  # 72% and 0% of 75 and 33: 54 of 108, 50%
    said = mix(two_months(january, february))
    # Mean rates: Ann 0.76, Bob 0.10; her share rises by 75/108 - 0.5: +19.4 points, of which 0.66 is 12.8.
    assert "Which items came makes +13 points, and how they were handled -13 points: both cancel out." in said


def test_a_part_that_is_rounding_is_0() -> None:
    january = {"Ann": (7, 23), "Bob": (13, 17), "Eva": (29, 1)}
    february = {"Ann": (8, 22), "Bob": (14, 16), "Eva": (29, 1)}
    said = mix(two_months(january, february))
    assert "Which items came accounts for 0 points of it, and how they were handled for +2 points." in said


@pytest.mark.parametrize(("language", "word"), [("en", "Which"), ("fr", "composition"), ("ru", "Состав")])
def test_no_part_is_named_in_other_languages(language: Any, word: str) -> None:
    alike = {"Ann": (20, 10), "Bob": (10, 30)}
    log = two_months(alike, alike)
    table = sf.mix_rate(log, PIPELINE, mix="manager", a="2026-02", b="2026-01")
    assert not any(word in line for line in sentences(table, language))


def test_without_any_time_no_stage_is_the_slowest() -> None:
    frame = pd.DataFrame(
        [(item, stage, JANUARY) for item in range(4) for stage in ("New", "Offer", "Won")],
        columns=["item", "stage", "time"],
    )
    table = sf.time_in_stage(sf.StageLog(frame), PIPELINE)
    assert "There is no slowest stage: each median is 0 s" in sentences(table)
    slow = sf.time_in_stage(journeys_log("New > Offer > Won"), PIPELINE)
    assert any(line.startswith("Slowest stage: New") for line in sentences(slow))


def test_of_groups_that_take_equally_long_none_is_the_longest() -> None:
    alike = {"Ann": (40, 0), "Bob": (40, 0)}
    log = two_months(alike, alike)
    said = sentences(sf.time_to(log, PIPELINE, "Won", by="manager"))
    assert "160 of 160 items reached Won, 100%" in said
    assert not any(line.startswith("Longest") for line in said)


def test_nothing_that_is_won_has_no_sum() -> None:
    items = pd.DataFrame({"item": [1, 2], "deal": [10.0, 10.0], "who": ["Ann", "Bob"]})
    log = journeys_log("New > Lost", "New", items=items)
    said = sentences(sf.outcomes(log, PIPELINE, amount="deal"))
    assert "2 items now: 0 won, 1 lost, 1 open; win rate 0%" in said
    assert "Nothing was won" in sentences(sf.outcomes(log, PIPELINE, amount="deal", by="who"))


def test_of_groups_that_won_alike_none_won_most() -> None:
    items = pd.DataFrame({"item": [1, 2, 3], "deal": [10.0, 10.0, 5.0], "who": ["Ann", "Bob", "Eva"]})
    log = journeys_log("New > Won", "New > Won", "New > Won", items=items)
    assert "Won 25 of 3 items" in sentences(sf.outcomes(log, PIPELINE, amount="deal", by="who"))
    higher = journeys_log("New > Won", "New > Lost", "New > Won", items=items)
    assert "Won 15 of 2 items, most in Ann (10)" in sentences(
        sf.outcomes(higher, PIPELINE, amount="deal", by="who")
    )


def test_the_rest_of_the_groups_did_not_win_most() -> None:
    # Ann has two items and a line; the five others are one line, which won more together.
    items = pd.DataFrame({"item": range(1, 8), "deal": [10.0] * 7, "who": ["Ann", "Ann", *"bcdef"]})
    log = journeys_log(*["New > Won"] * 7, items=items)
    said = sentences(sf.outcomes(log, PIPELINE, amount="deal", by="who", top=1))
    assert "Won 70 of 7 items" in said
