"""Which groups are named, against the reference and by hand, and what people read about them."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import frame_of
from reference import standouts as reference
from stagefunnel.questions.stats.standouts import find_standouts

ONE = sf.Pipeline(["New"], won="Won", lost="Lost")


def log_of_managers(**managers: tuple[int, int, int]) -> sf.StageLog:
    """Make a log in which each manager has so many won, lost and open items."""
    rows: list[Any] = []
    table: dict[int, str] = {}
    for name, numbers in managers.items():
        for stage, number in zip(("Won", "Lost", None), numbers, strict=True):
            for _ in range(number):
                item = len(table)
                table[item] = name
                rows += [(item, "New", 0), *([(item, stage, 1)] if stage else [])]
    items = pd.DataFrame({"item": list(table), "manager": list(table.values())})
    return sf.StageLog(frame_of(rows), items=items)


def sentences(log: sf.StageLog, **options: Any) -> list[str]:
    """Return the lines below the outcomes of managers."""
    table = sf.outcomes(log, ONE, by="manager", **options)
    lines = str(sf.show(table)).splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("─")) + 1 + len(table) :]


@given(numbers=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8))
def test_the_named_groups_are_those_of_the_reference(numbers: list[tuple[int, int]]) -> None:
    groups = {str(at): (won, won + lost) for at, (won, lost) in enumerate(numbers)}
    successes, trials = (np.array([one[i] for one in groups.values()]) for i in (0, 1))
    found = find_standouts([[name] for name in groups], successes, trials, trials * 0, trials)
    named, together = reference.standouts(groups) if sum(trials) else ([], math.nan)
    rates = {name: groups[name][0] / groups[name][1] for name in named}
    assert [
        successes / trials for successes, trials in ((one.successes, one.trials) for one in found.named)
    ] == [*rates.values()]
    assert {one.group[0] for one in found.named} == {*named}
    if found.n_groups > 1 and not math.isnan(found.p_value):
        assert found.p_value == pytest.approx(together, rel=1e-5, abs=1e-9)


def test_the_example_of_the_definitions() -> None:
    log = log_of_managers(Ann=(45, 55, 0), Bob=(30, 70, 0), Cid=(25, 75, 0))
    # Ann against Bob and Cid: z = 3.031, p = .0024, times 3; Cid: p = .030, times 2; Bob: p = .387.
    assert sentences(log) == [
        "Higher win rate than the rest: Ann (45%, 45 of 100 closed items; the rest 28%)"
    ]


def test_groups_are_compared_before_small_ones_are_put_together() -> None:
    log = log_of_managers(Ann=(45, 55, 0), Bob=(30, 70, 99), Cid=(25, 75, 99))
    assert "other (1 group)" not in sentences(log, top=2)
    whole = sentences(log)
    assert whole
    assert sentences(log, top=1)[:1] == sentences(log, top=2)[:1] == whole[:1]


def test_a_group_whose_items_are_younger_is_not_praised() -> None:
    log = log_of_managers(Ann=(45, 55, 62), Bob=(30, 70, 10), Cid=(25, 75, 10))
    assert sentences(log)[0] == "Ann's items are younger (38% still open, against 9%)"
    # 4.9 points are like, 5 points are not.
    like = log_of_managers(Ann=(45, 55, 5), Bob=(130, 270, 0))
    assert sentences(like)[0].startswith("Higher win rate than the rest: Ann")
    unlike = log_of_managers(Ann=(45, 50, 5), Bob=(130, 270, 0))
    assert sentences(unlike)[0] == "Ann's items are younger (5% still open, against 0%)"


def test_what_lies_within_chance_is_said_with_its_chance() -> None:
    log = log_of_managers(A=(10, 30, 1), B=(14, 26, 2), C=(11, 29, 1))
    p = reference.standouts({"A": (10, 40), "B": (14, 40), "C": (11, 40)})[1]
    expected = f"Win rate: differences between managers are within chance (p = {p:.2f}, 3 managers)"
    assert sentences(log) == [expected]


def test_groups_may_differ_without_one_that_stands_out() -> None:
    log = log_of_managers(**{f"m{at}": (20 + 11 * (at % 2), 40 - 11 * (at % 2), 0) for at in range(30)})
    (sentence,) = sentences(log)
    assert sentence.startswith("Win rate: managers differ overall; no single one stands out (p = ")


def test_small_groups_are_counted_and_not_ranked() -> None:
    log = log_of_managers(A=(29, 0, 50), B=(0, 29, 0))
    assert sentences(log) == ["No rank: none of the managers has 30 closed items", "Fewer than 30 items: B"]
    # A group of 30 is compared with all others, small ones too.
    assert sentences(log_of_managers(A=(30, 0, 0), B=(0, 29, 0)))[0].startswith("Higher win rate")


def test_one_group_has_nothing_to_be_compared_with() -> None:
    assert sentences(log_of_managers(A=(40, 10, 0))) == []


def test_of_some_groups_alone_nothing_is_said() -> None:
    log = log_of_managers(Ann=(45, 55, 0), Bob=(30, 70, 0), Cid=(25, 75, 0))
    table = sf.outcomes(log, ONE, by="manager")
    assert "rest" not in str(sf.show(table[table["manager"] != "Bob"]))
    assert "rest" in str(sf.show(table.sort_values("win_rate")))
