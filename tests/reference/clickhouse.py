"""The scan of ClickHouse's windowFunnel, which forgets matches, ported rule by rule."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from reference.sequence_steps import Step, fits
from reference.stages import Stage, Time

MODES = ("strict_order", "strict_deduplication", "strict_increase", "strict_once", "allow_reentry")


class _Entry(NamedTuple):
    """A row that fits a step; step 0 stands for a row that fits no step."""

    time: Time
    step: int
    row: int


class _Held(NamedTuple):
    """A match that the scan remembers: when it began, when it last went on, and its rows."""

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
    entries = _entries(journey, steps, others="strict_order" in modes)
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
                return next(level for level, matches in enumerate(held) if not matches)
            continue
        longer = [
            _Held(match.start, time, (*match.rows, row))
            for match in before
            if time - match.start <= window
            and ("strict_increase" not in modes or match.last < time)
            and ("strict_once" not in modes or row not in match.rows)
        ]
        if longer:
            held[step - 1] = [*held[step - 1], *longer] if "strict_once" in modes else longer
    return max((level for level, matches in enumerate(held, start=1) if matches), default=0)


def _entries(journey: Sequence[tuple[Stage, Time]], steps: Sequence[Step], *, others: bool) -> list[_Entry]:
    """Return one entry for each step that a row fits, in order of time, then of step.

    A row without a stage gives no entry, as ClickHouse passes over rows with a condition that is NULL.
    """
    entries = []
    for row, (stage, time) in enumerate(journey):
        if stage is None:
            continue
        fitted = [number for number, step in enumerate(steps, start=1) if fits(stage, step)]
        entries += [_Entry(time, number, row) for number in fitted or ([0] if others else [])]
    return sorted(entries, key=lambda entry: (entry.time, entry.step))
