"""The chains of a log's items, as the core finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from . import _core
from .log import StageLog
from .periods import Clock
from .schema import STOPS
from .sequence_options import Plan
from .spans import Length, Months, Reach, reach_of
from .times import NAT

# What the core says of an item that an exclusion leaves out; people read that it is excluded.
LEFT_OUT = len(STOPS)
UNKNOWN = LEFT_OUT + 1  # why windowFunnel stopped


@dataclass(frozen=True)
class Chains:
    """How far each item came, in the order of the journeys.

    Attributes
    ----------
    level
        The deepest step done, 0 for none.
    stop
        The place in ``STOPS``, or ``LEFT_OUT``, or ``UNKNOWN``.
    done
        Whether each step was done, a row per item.
    time
        The time of each step; ``NAT`` where it was not done, or is not known.
    is_there
        Whether the item has a row before the end of observation.
    """

    level: npt.NDArray[np.uint8]
    stop: npt.NDArray[np.uint8]
    done: npt.NDArray[np.bool_]
    time: npt.NDArray[np.int64]
    is_there: npt.NDArray[np.bool_]


def chains_of(log: StageLog, plan: Plan, as_of: int | None) -> Chains:
    """Find the chain of every item in the rows before a moment."""
    journeys = log._journeys
    span = journeys.time_range
    n_steps = len(plan.steps)
    is_there = np.ones(journeys.n_items, dtype=np.bool_)
    if as_of is not None:
        is_there = journeys.time[journeys.offsets[:-1]] < as_of
    if plan.mode == "clickhouse":
        level = _core.window_funnel(
            journeys,
            [step.matches for step in plan.steps],
            cast(int, plan.window),
            sorted(plan.modes),
            as_of,
            log._threads,
        )
        stop = np.where(level == n_steps, STOPS.index("completed"), UNKNOWN).astype(np.uint8)
        done = level[:, np.newaxis] > np.arange(n_steps)
        return Chains(level, stop, done, np.full((len(level), n_steps), NAT), is_there)
    found = _core.find_chains(journeys, _core_options(plan, log, span, as_of), log._threads)
    time = found.time.reshape(-1, n_steps)
    return Chains(found.level, found.stop, time != NAT, time, is_there)


def _core_options(
    plan: Plan, log: StageLog, span: tuple[int, int] | None, as_of: int | None
) -> _core.SequenceOptions:
    clock = Clock(log.unit, log.zone)

    def core_span(length: Length | None) -> int | Reach | None:
        """Give months as the pieces that they are in this log."""
        return reach_of(length, *(span or (0, 0)), clock) if isinstance(length, Months) else length

    return _core.SequenceOptions(
        steps=[
            _core.SequenceStep(
                step.matches,
                core_span(step.max_gap),
                core_span(step.min_gap),
                step.optional,
                step.first_time,
            )
            for step in plan.steps
        ],
        mode=_core.SequenceMode[plan.mode],
        window=core_span(plan.window),
        timing=_core.Timing[plan.timing],
        exclusions=[
            _core.Exclusion(one.matches, one.after, one.before, _core.Effect[one.effect])
            for one in plan.barriers
        ],
        rows_before=as_of,
        observed_until=as_of if as_of is not None else (span[1] if span else None),
    )
