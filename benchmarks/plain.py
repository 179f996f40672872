"""The answers in plain Python: slow and obvious."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from itertools import groupby, pairwise

from answers import Answer, funnel_of_states, times_of_stages
from workload import N_OPEN, Columns


def answer(drawn: Columns) -> Answer:
    """Answer both questions from columns with integer keys, whatever the order of the rows."""
    rows = sorted(zip(*(drawn[name].tolist() for name in ("item", "time", "stage")), strict=True))
    states: Counter[tuple[int, int, int]] = Counter()
    durations: dict[int, list[int]] = defaultdict(list)
    for _, journey in groupby(rows, key=lambda row: row[0]):
        steps = [(time, stage) for _, time, stage in journey]
        stages = [stage for _, stage in steps]
        visited = sum(1 << stage for stage in set(stages))
        last_open = next((stage for stage in reversed(stages) if stage < N_OPEN), -1)
        states[visited, stages[-1], last_open] += 1
        for (start, stage), (end, _) in pairwise(steps):
            if stage < N_OPEN:
                durations[stage].append(end - start)
    times = [
        (stage, sum(lengths) / len(lengths), statistics.median(lengths))
        for stage, lengths in durations.items()
    ]
    counts = funnel_of_states((*state, items) for state, items in states.items())
    return counts | times_of_stages(times)
