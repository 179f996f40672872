"""What ClickHouse's windowFunnel gives: a scan that forgets chains, ported rule by rule."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from reference.sequence_steps import Step, matches
from reference.stages import Stage, Time

MODES = ("strict_order", "strict_deduplication", "strict_increase", "strict_once", "allow_reentry")


class _Entry(NamedTuple):
    """A row that meets the condition of a step; 0 stands for one that meets none."""

    time: Time
    step: int
    row: int


class _Held(NamedTuple):
    """A chain that the scan remembers: when it began and last went on, and its rows."""

    start: Time
    last: Time
    rows: tuple[int, ...]


def window_funnel(
    journey: Sequence[tuple[Stage, Time]],
    steps: Sequence[Step],
    window: int,
    modes: Collection[str] = (),
) -> int:
    """Return the level that windowFunnel returns for one group."""
    entries = _entries(journey, steps, unmet="strict_order" in modes)
    held: list[list[_Held]] = [[] for _ in steps]
    for time, step, row in entries:
        entered = bool(held[0])
        if step == 0:
            if entered:
                break
            continue
        if step == 1:
            start = _Held(time, time, (row,))
            held[0] = [*held[0], start] if "strict_once" in modes else [start]
            continue
        if "strict_deduplication" in modes and held[step - 1]:
            break
        before = held[step - 2]
        if not before:
            if "strict_order" in modes and entered and "allow_reentry" not in modes:
                return next(level for level, chains in enumerate(held) if not chains)
            continue
        longer = [
            _Held(chain.start, time, (*chain.rows, row))
            for chain in before
            if time - chain.start <= window
            and ("strict_increase" not in modes or chain.last < time)
            and ("strict_once" not in modes or row not in chain.rows)
        ]
        if longer:
            held[step - 1] = [*held[step - 1], *longer] if "strict_once" in modes else longer
    return max((level for level, chains in enumerate(held, start=1) if chains), default=0)


def _entries(journey: Sequence[tuple[Stage, Time]], steps: Sequence[Step], *, unmet: bool) -> list[_Entry]:
    """Return one entry for each condition that a row meets, in order of time, then of step.

    A row without a stage is passed over, as ClickHouse passes over rows with a condition that is NULL.
    """
    entries = []
    for row, (stage, time) in enumerate(journey):
        if stage is None:
            continue
        met = [number for number, step in enumerate(steps, start=1) if matches(stage, step)]
        entries += [_Entry(time, number, row) for number in met or ([0] if unmet else [])]
    return sorted(entries, key=lambda entry: (entry.time, entry.step))
