"""The chains of a log's items, and their counts, as the core finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, did_you_mean, quoted
from ...log.columns.category import Codes
from ...log.stage_log import StageLog
from ...tables.schema import STOPS
from ...times.lengths import Length, Months, reach_of
from ...times.stamps import NAT
from ..scope.groups import Groups, combined
from .rules import Plan
from .steps import Flags

# What the core says of an item that an exclusion leaves out; people read that it is excluded.
LEFT_OUT = len(STOPS)
UNKNOWN = LEFT_OUT + 1  # why windowFunnel stopped


@dataclass(frozen=True)
class Chains:
    """How far each item came, in the order of the journeys.

    Attributes
    ----------
    item
        Place of the item among the log's; several chains may be of one.
    level
        The deepest step done, 0 for none.
    stop
        The place in ``STOPS``, or ``LEFT_OUT``, or ``UNKNOWN``.
    done
        Whether each step was done, a row per chain.
    time
        The time of each step; ``NAT`` where it was not done, or is not known.
    """

    item: npt.NDArray[np.uint32]
    level: npt.NDArray[np.uint8]
    stop: npt.NDArray[np.uint8]
    done: npt.NDArray[np.bool_]
    time: npt.NDArray[np.int64]


def chains_of(
    log: StageLog, plan: Plan, as_of: int | None, journeys: _core.journeys.Journeys | None = None
) -> Chains:
    """Find the chain of every item in the rows before a moment, or that of every entry.

    Other journeys than the log's are of its times.
    """
    n_steps = len(plan.steps)
    read = log._data.journeys if journeys is None else journeys
    if plan.mode == "clickhouse":
        level = window_funnel(log, plan, as_of)
        stop = np.where(level == n_steps, STOPS.index("completed"), UNKNOWN).astype(np.uint8)
        done = level[:, np.newaxis] > np.arange(n_steps)
        time = np.full((len(level), n_steps), NAT)
        item = np.arange(read.n_items, dtype=np.uint32)
    else:
        every_entry = plan.entries == "all"
        find = _core.sequence.entry_matches if every_entry else _core.sequence.best_matches
        found = find(read, core_options(plan, log, as_of), held_by_rows(log, plan), log._data.threads)
        level, stop, time = found.level, found.stop, found.time.reshape(-1, n_steps)
        done = time != NAT
        item = found.item if every_entry else np.arange(read.n_items, dtype=np.uint32)
    if as_of is None:
        return Chains(item, level, stop, done, time)
    kept = items_before(read, as_of)[item]
    return Chains(item[kept], level[kept], stop[kept], done[kept], time[kept])


def items_before(journeys: _core.journeys.Journeys, as_of: int | None) -> npt.NDArray[np.bool_]:
    """Tell which items have a row before the end of observation."""
    if as_of is None:
        return np.ones(journeys.n_items, dtype=np.bool_)
    there: npt.NDArray[np.bool_] = journeys.time[journeys.offsets[:-1]] < as_of
    return there


def counts_of(
    log: StageLog,
    plan: Plan,
    as_of: int | None,
    groups: Groups | None,
    quantiles: Sequence[_core.stages.Quantile] | None,
    journeys: _core.journeys.Journeys | None = None,
) -> _core.sequence.Counts:
    """Count the chains, group by group, without making them; without quantiles no times are kept."""
    return _core.sequence.count_sequence(
        log._data.journeys if journeys is None else journeys,
        core_options(plan, log, as_of),
        held_by_rows(log, plan),
        plan.entries == "all",
        None if groups is None else groups.code,
        1 if groups is None else max(len(groups.values), 1),
        None if quantiles is None else list(quantiles),
        log._data.threads,
    )


def window_funnel(log: StageLog, plan: Plan, as_of: int | None) -> npt.NDArray[np.uint8]:
    """Find the level that ClickHouse's windowFunnel gives every item."""
    return _core.sequence.window_funnel(
        log._data.journeys,
        [np.append(step.matches, np.uint8(0)) for step in plan.steps],
        cast(int, plan.window),
        [_core.sequence.WindowFunnelMode[mode] for mode in sorted(plan.modes)],
        as_of,
        log._data.threads,
    )


def held_by_rows(log: StageLog, plan: Plan) -> Codes | None:
    """Give a number to what each row holds in the columns that must be equal along a chain."""
    if not plan.hold:
        return None
    rows = log._data.columns
    kept = [] if rows is None else rows.names
    for name in plan.hold:
        if log._data.items_table is not None and name in log._data.items_table and name not in kept:
            raise SchemaError(f"hold={name!r} is of the items table, which is the same all along a chain")
        if rows is None or name not in rows:
            raise SchemaError(
                f"hold={name!r} is no column that the log keeps of its rows; it keeps: {quoted(kept)}; "
                f"columns= of StageLog says which{did_you_mean(name, kept)}"
            )
    categories = [] if rows is None else [rows.category(name) for name in plan.hold]
    return combined(categories, plan.hold, "row").code


def core_options(plan: Plan, log: StageLog, as_of: int | None) -> _core.sequence.Options:
    """Put a plan in the terms of the core."""
    clock = log._data.clock
    first, last = log._data.time_range or (0, 0)

    def with_missing(matches: Flags) -> Flags:
        """Add that a missing stage, whose code is behind all others, is none of them."""
        return np.append(matches, np.uint8(0))

    def core_span(length: Length | None) -> _core.sequence.Length | None:
        """Give months as the pieces that they are in this log."""
        if length is None:
            return None
        if isinstance(length, Months):
            reach = reach_of(length, first, last, clock)
            return _core.sequence.Length(reach.begin, reach.shift, reach.least)
        return _core.sequence.Length(*(np.array([value], dtype=np.int64) for value in (0, length, NAT)))

    return _core.sequence.Options(
        steps=[
            _core.sequence.Step(
                with_missing(step.matches),
                core_span(step.min_gap),
                core_span(step.max_gap),
                step.optional,
                step.first_time,
            )
            for step in plan.steps
        ],
        mode=_core.sequence.Mode[plan.mode],
        timing=_core.sequence.Timing[plan.timing],
        window=None if plan.mode == "open" else core_span(plan.window),
        exclusions=[
            _core.sequence.Exclusion(
                with_missing(one.matches), one.after, one.before, _core.sequence.ExclusionEffect[one.effect]
            )
            for one in plan.barriers
        ],
        as_of=as_of,
        observed_until=last if as_of is None else as_of,
    )
