"""The plain windowFunnel against ClickHouse's own, which chdb runs in this process."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from random import Random

import chdb
import pytest

import reference
from reference.clickhouse import MODES

ALL_MODES = [
    modes
    for size in range(len(MODES) + 1)
    for modes in combinations(MODES, size)
    if "allow_reentry" not in modes or "strict_order" in modes
]
# In the second a row fits several steps, in the third one stage stands for two steps.
CONDITIONS: list[list[str | list[str]]] = [
    ["A", "B", "C"],
    [["A", "B"], "*", "A", ["B", "C"]],
    ["A", "A", "B"],
    ["A"],
]
Journeys = list[list[tuple[str | None, int]]]


def drawn_journeys(number: int, seed: int) -> Journeys:
    """Draw journeys of up to nine rows with many ties; some rows fit no step or have no stage."""
    random = Random(seed)
    journeys = []
    for _ in range(number):
        latest = random.choice([2, 6, 20])
        times = sorted(random.randrange(latest) for _ in range(random.randrange(1, 10)))
        journeys.append([(random.choice([*"AABBCCDX", None]), time) for time in times])
    return journeys


def real_levels(journeys: Journeys, steps: Sequence[str | list[str]], window: int) -> list[list[int]]:
    """Return the level that ClickHouse gives each journey in all modes."""
    conditions = ", ".join(condition(step) for step in steps)
    funnels = ", ".join(
        f"ifNull(windowFunnel({', '.join([str(window), *map(repr, modes)])})(time, {conditions}), 0)"
        for modes in ALL_MODES
    )
    # ClickHouse takes twenty times as long to read the same rows as values of SQL.
    rows = "\n".join(
        "\t".join([str(item), stage or r"\N", str(time)])
        for item, journey in enumerate(journeys)
        for stage, time in journey
    )
    log = f"format(TSV, 'item UInt32, stage Nullable(String), time UInt32', $${rows}$$)"
    answer = chdb.query(f"select {funnels} from {log} group by item order by item", "CSV")
    return [[int(level) for level in line.split(",")] for line in str(answer).splitlines()]


def condition(step: str | list[str]) -> str:
    if step == "*":
        return "true"
    stages = ", ".join(repr(stage) for stage in step)
    return f"stage in ({stages})"


@cache
def levels_of(steps: int, window: int) -> list[list[int]]:
    """Return the level of each of a thousand journeys in all modes, for one of the conditions."""
    return [
        [reference.window_funnel(journey, CONDITIONS[steps], window, modes) for modes in ALL_MODES]
        for journey in drawn_journeys(1_000, seed=window)
    ]


@pytest.mark.parametrize("steps", CONDITIONS, ids=str)
@pytest.mark.parametrize("window", [0, 3, 12])
def test_every_combination_of_modes_gives_what_clickhouse_gives(
    steps: list[str | list[str]], window: int
) -> None:
    levels = levels_of(CONDITIONS.index(steps), window)
    assert levels == real_levels(drawn_journeys(1_000, seed=window), steps, window)


def test_the_drawn_journeys_give_every_combination_of_modes_an_answer_of_its_own() -> None:
    levels = [of_journey for steps in range(len(CONDITIONS)) for of_journey in levels_of(steps, 3)]
    assert len(set(zip(*levels, strict=True))) == len(ALL_MODES)


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("abc", (3, 3, 3)),
        ("adbc", (1, 1, 1)),
        ("aabbcc", (3, 3, 2)),
        ("aabbdcc", (2, 2, 2)),
        ("abac", (3, 3, 3)),
        ("acb", (1, 2, 1)),
        ("ccbbaa", (1, 1, 1)),
    ],
)
def test_strict_order_breaks_at_other_rows_and_at_steps_that_come_too_early(
    path: str, levels: tuple[int, ...]
) -> None:
    modes = [
        ("strict_order",),
        ("strict_order", "allow_reentry"),
        ("strict_deduplication", "strict_order"),
    ]
    journey = [(stage, time) for time, stage in enumerate(path)]
    assert tuple(reference.window_funnel(journey, "abc", 10, each) for each in modes) == levels


def test_a_match_that_is_overwritten_is_lost_under_strictly_rising_times() -> None:
    journey = [("A", 0), ("A", 1), ("B", 1)]
    assert reference.window_funnel(journey, "AB", 10, ["strict_increase"]) == 1
    assert reference.window_funnel(journey, "AB", 10, ["strict_increase", "strict_once"]) == 2


def test_repeats_end_the_scan_only_where_the_step_was_reached() -> None:
    journey = [(stage, time) for time, stage in enumerate("ABDB")]
    assert reference.window_funnel(journey, "ABCD", 10, ["strict_deduplication"]) == 2
    assert reference.window_funnel([("A", 0)], "AA", 10) == 2
    assert reference.window_funnel([("A", 0)], "AA", 10, ["strict_once"]) == 1
