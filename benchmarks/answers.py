"""The questions, the form of an answer, and the test that two answers are the same.

All figures are per pipeline stage 0 to 7. An item's rows are in order of time, and its outcome is the
outcome of its last row:

funnel
    ``passed``: items with a row of the stage; ``filled``: items that passed it or are won; ``lost``: items
    that are lost and whose last pipeline row is of the stage; ``skipped``: items without a row of the stage
    that have a row of a later stage or are won.
durations
    ``mean`` and ``median`` of the time from a row of the stage to the item's next row, in milliseconds;
    the median of an even number is the mean of the middle two.
both
    All of these.

A new question needs a name here with its columns, a way to count it in `plain.py`, and a branch in
each candidate's `ask`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from workload import LOST, N_OPEN, WON

Question = Literal["both", "funnel", "durations"]
Answer = dict[str, list[float]]

COUNTS = ("passed", "filled", "lost", "skipped")
TIMES = ("mean", "median")
COLUMNS: dict[Question, tuple[str, ...]] = {
    "both": COUNTS + TIMES,
    "funnel": COUNTS,
    "durations": TIMES,
}


def funnel_of_states(states: Iterable[Sequence[int | None]]) -> Answer:
    """Add up items by their state.

    A state has the stages visited (one bit each), the stage of the last row, the stage of the last pipeline
    row (-1 or None if there is no such row), and the number of items in this state.
    """
    counts: Answer = {name: [0] * N_OPEN for name in COUNTS}
    for visited, last, last_open, items in states:
        assert visited is not None
        assert items is not None
        furthest = (visited & ((1 << N_OPEN) - 1)).bit_length() - 1
        for stage in range(N_OPEN):
            passed = bool(visited >> stage & 1)
            counts["passed"][stage] += items * passed
            counts["filled"][stage] += items * (passed or last == WON)
            counts["skipped"][stage] += items * (not passed and (last == WON or furthest > stage))
        if last == LOST and last_open is not None and last_open >= 0:
            counts["lost"][last_open] += items
    return counts


def times_of_stages(stages: Iterable[Sequence[float]]) -> Answer:
    """Turn rows of stage, mean and median into one list per figure."""
    times: Answer = {name: [math.nan] * N_OPEN for name in TIMES}
    for stage, mean, median in stages:
        times["mean"][int(stage)] = float(mean)
        times["median"][int(stage)] = float(median)
    return times


def differences(answer: Answer, expected: Answer, question: Question) -> list[str]:
    """Describe where an answer differs; means may differ by the rounding of a sum, other figures may not."""
    descriptions = []
    for name in COLUMNS[question]:
        tolerance = 1e-9 if name == "mean" else 0.0
        pairs = zip(answer[name], expected[name], strict=True)
        for stage, (ours, theirs) in enumerate(pairs):
            both_missing = math.isnan(ours) and math.isnan(theirs)
            if not both_missing and not math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=0.0):
                descriptions.append(f"{name} of stage {stage} is {ours}, not {theirs}")
    return descriptions
