"""Chains out of the plain reference, in the terms in which the core gives them."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import reference
from stagefunnel import _core
from stagefunnel.schema import STOPS
from stagefunnel.sequence_chains import LEFT_OUT
from stagefunnel.spans import Reach
from stagefunnel.times import NAT


class Name:
    """Stands for an enumeration: each of its members is its name."""

    def __class_getitem__(cls, name: str) -> str:
        return name


class Step(NamedTuple):
    matches: Any
    max_gap: Any
    min_gap: Any
    optional: bool
    first_time: bool


class Barrier(NamedTuple):
    matches: Any
    after: int
    before: int
    effect: str


class Ending:
    """A span whose end is looked up in the pieces of a reach."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach

    def __radd__(self, time: int) -> int:
        piece = int(np.searchsorted(self.reach.begin, time, side="right")) - 1
        return max(time + int(self.reach.shift[piece]), int(self.reach.least[piece]))


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plain reference find chains in the place of the core."""
    for name in ("SequenceMode", "Timing", "Effect"):
        monkeypatch.setattr(_core, name, Name, raising=False)
    monkeypatch.setattr(_core, "SequenceStep", Step, raising=False)
    monkeypatch.setattr(_core, "Exclusion", Barrier, raising=False)
    monkeypatch.setattr(_core, "SequenceOptions", SimpleNamespace, raising=False)
    monkeypatch.setattr(_core, "find_chains", find_chains, raising=False)
    monkeypatch.setattr(_core, "window_funnel", window_funnel, raising=False)


def journeys_of(journeys: Any, n_labels: int, rows_before: int | None) -> list[list[tuple[int | None, int]]]:
    """Read the journeys; the code behind the last label is a missing stage."""
    offsets, codes, times = journeys.offsets.tolist(), journeys.stage.tolist(), journeys.time.tolist()
    return [
        [
            (code if code < n_labels else None, time)
            for code, time in zip(codes[begin:end], times[begin:end], strict=True)
            if rows_before is None or time < rows_before
        ]
        for begin, end in pairwise(offsets)
    ]


def named(matches: Any) -> list[int]:
    return np.flatnonzero(matches).tolist()


def find_chains(journeys: Any, options: Any, threads: int) -> SimpleNamespace:
    asked = {
        "mode": options.mode,
        "window": span(options.window),
        "timing": options.timing,
        "max_gap": {number: span(step.max_gap) for number, step in enumerate(options.steps, start=1)},
        "min_gap": {number: span(step.min_gap) for number, step in enumerate(options.steps, start=1)},
        "optional": [number for number, step in enumerate(options.steps, start=1) if step.optional],
        "first_time": [number for number, step in enumerate(options.steps, start=1) if step.first_time],
        "exclude": [
            reference.Exclusion(named(one.matches), one.after, one.before, one.effect)
            for one in options.exclusions
        ],
    }
    steps = [named(step.matches) for step in options.steps]
    chains = [
        reference.sequence(journey, steps, observed_until=options.observed_until, **asked)
        for journey in journeys_of(journeys, len(options.steps[0].matches), options.rows_before)
    ]
    times = [[NAT if time is None else time for time in chain.times] for chain in chains]
    return SimpleNamespace(
        level=np.array([chain.level for chain in chains], dtype=np.uint8),
        stop=np.array([stop_code(chain) for chain in chains], dtype=np.uint8),
        time=np.array(times, dtype=np.int64).ravel(),
    )


def span(length: int | Reach | None) -> Any:
    return Ending(length) if isinstance(length, Reach) else length


def stop_code(chain: reference.Chain) -> int:
    assert chain.stop is not None
    is_left_out = chain.level == 0 and any(row is not None for row in chain.rows)
    return LEFT_OUT if is_left_out else STOPS.index(chain.stop)


def window_funnel(
    journeys: Any, steps: Any, window: int, modes: list[str], rows_before: int | None, threads: int
) -> Any:
    levels = [
        reference.window_funnel(journey, [named(step) for step in steps], window, modes)
        for journey in journeys_of(journeys, len(steps[0]), rows_before)
    ]
    return np.array(levels, dtype=np.uint8)
