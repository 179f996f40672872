"""The matches of a log's items, and their counts, as the core finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, did_you_mean, given, named, quoted
from ...log.columns.category import Codes
from ...log.stage_log import StageLog
from ...tables.schema import STOPS
from ...times.lengths import Length, Months, reach_of
from ...times.stamps import NAT
from ..scope.groups import Groups, combined
from .plan import Plan
from .stages import with_missing

# Code of the core for an item that an exclusion leaves out; people read that it is excluded.
LEFT_OUT = len(STOPS)
UNKNOWN = LEFT_OUT + 1  # windowFunnel gives no reason


@dataclass(frozen=True)
class Matches:
    """How far each item came, in the order of the journeys.

    Attributes
    ----------
    item
        Places of the items among those of the log; an item may have several matches.
    level
        The deepest step done, 0 for none.
    stop
        Places in ``STOPS``, or ``LEFT_OUT``, or ``UNKNOWN``.
    done
        Whether each step was done, a row per match.
    time
        Times of the steps, a row per match; ``NAT`` where a step was not done, or its time is not known.
    """

    item: npt.NDArray[np.uint32]
    level: npt.NDArray[np.uint8]
    stop: npt.NDArray[np.uint8]
    done: npt.NDArray[np.bool_]
    time: npt.NDArray[np.int64]


def matches_of(
    log: StageLog, plan: Plan, as_of: int | None, journeys: _core.journeys.Journeys | None = None
) -> Matches:
    """Find the match of every item, or of every entry, in the rows before the end of observation.

    Parameters
    ----------
    log, plan
        The log, and the sequence to look for.
    as_of
        End of observation.
    journeys
        Journeys to read instead of the log's; their times must be in the log's unit.
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
        found = find(
            journeys=read,
            options=core_options(plan, log, as_of),
            hold=held_by_rows(log, plan),
            threads=log._data.threads,
        )
        level, stop, time = found.level, found.stop, found.time.reshape(-1, n_steps)
        done = time != NAT
        item = found.item if every_entry else np.arange(read.n_items, dtype=np.uint32)
    if as_of is None:
        return Matches(item, level, stop, done, time)
    kept = items_before(read, as_of)[item]
    return Matches(item[kept], level[kept], stop[kept], done[kept], time[kept])


def items_before(journeys: _core.journeys.Journeys, as_of: int | None) -> npt.NDArray[np.bool_]:
    """Return whether each item has a row before the end of observation."""
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
    """Count the matches, group by group, without listing them; without quantiles no times are summarised."""
    return _core.sequence.count_sequence(
        journeys=log._data.journeys if journeys is None else journeys,
        options=core_options(plan, log, as_of),
        hold=held_by_rows(log, plan),
        every_entry=plan.entries == "all",
        group=None if groups is None else groups.code,
        n_groups=1 if groups is None else max(len(groups.values), 1),
        quantiles=None if quantiles is None else list(quantiles),
        threads=log._data.threads,
    )


def window_funnel(log: StageLog, plan: Plan, as_of: int | None) -> npt.NDArray[np.uint8]:
    """Find the level that ClickHouse's windowFunnel gives every item."""
    return _core.sequence.window_funnel(
        journeys=log._data.journeys,
        steps=[with_missing(step.stages) for step in plan.steps],
        window=cast(int, plan.window),
        modes=[_core.sequence.WindowFunnelMode[mode] for mode in sorted(plan.modes)],
        as_of=as_of,
        threads=log._data.threads,
    )


def held_by_rows(log: StageLog, plan: Plan) -> Codes | None:
    """Give numbers to the values that each row holds in the columns that must be equal throughout a match."""
    if not plan.hold:
        return None
    rows = log._data.columns
    kept = [] if rows is None else rows.names
    for name in plan.hold:
        if log._data.items_table is not None and name in log._data.items_table and name not in kept:
            raise SchemaError(
                given("hold", name),
                " is a column of the items table, which is equal throughout a match anyway; leave it out",
            )
        if rows is None or name not in rows:
            raise SchemaError(
                given("hold", name),
                f" is not a column that the log keeps of its rows; it keeps: {quoted(kept)}; name it in ",
                *(named("columns"), f" of StageLog{did_you_mean(name, kept)}"),
            )
    categories = [] if rows is None else [rows.category(name) for name in plan.hold]
    return combined(categories, plan.hold, "row").code


def end_of_observation(log: StageLog, as_of: int | None) -> int:
    """Return the end of observation in the unit of a log; 0 for a log without rows."""
    return log._data.end_of_observation(as_of) or 0


def core_options(plan: Plan, log: StageLog, as_of: int | None) -> _core.sequence.Options:
    """Put a plan in the terms of the core."""
    clock = log._data.clock
    first, last = log._data.time_range or (0, 0)

    def core_length(length: Length | None) -> _core.sequence.Length | None:
        """Write a length as pieces: calendar months differ in length over the log."""
        if length is None:
            return None
        if isinstance(length, Months):
            reach = reach_of(length, first, last, clock)
            return _core.sequence.Length(start=reach.begin, shift=reach.shift, least=reach.least)
        start, shift, least = (np.array([value], dtype=np.int64) for value in (0, length, NAT))
        return _core.sequence.Length(start=start, shift=shift, least=least)

    return _core.sequence.Options(
        steps=[
            _core.sequence.Step(
                matches=with_missing(step.stages),
                min_gap=core_length(step.min_gap),
                max_gap=core_length(step.max_gap),
                optional=step.optional,
                first_time=step.first_time,
            )
            for step in plan.steps
        ],
        mode=_core.sequence.Mode[plan.mode],
        timing=_core.sequence.Timing[plan.timing],
        window=None if plan.mode == "open" else core_length(plan.window),
        exclusions=[
            _core.sequence.Exclusion(
                matches=with_missing(exclusion.stages),
                after=exclusion.after,
                before=exclusion.before,
                effect=_core.sequence.ExclusionEffect[exclusion.effect],
            )
            for exclusion in plan.exclusions
        ],
        as_of=as_of,
        observed_until=end_of_observation(log, as_of),
    )
