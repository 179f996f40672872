"""What the sales velocity of a part of a log is made of, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import remember, share
from ...tables.options import AmountAtName, EveryName, MissingStages, Unlisted
from ...tables.schema import VELOCITY
from ...times.every import check_every
from ...times.periods import Clock, MomentLike, Period, PeriodLike, moment_of
from ..counted.about import About
from ..counted.cell_sums import sums_of_cells
from ..counted.exact_sums import ExactSums
from ..counted.fields import about, dense, groups, key, key_of_group, nested, rows, same, settled, sums, value
from ..counted.folding import added_up, largest
from ..counted.lengths import length_sums, means_of_sums
from ..funnel.halves import total_currencies
from ..funnel.outcome_money import check_amount_at
from ..scope.calendar_periods import check_rows
from ..scope.groups import ONE_GROUP, Groups
from ..scope.item_groups import item_groups_of
from ..scope.money import Rates, amounts_of
from ..scope.remarks import Noted
from ..scope.selection import Selection, core_pipeline, remarks_about, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import Seen
from ..scope.working import Lengths
from ..stages.flow import known_at_the_end
from ..stages.flow_counts import FlowTime
from ..stages.velocity import (
    TICKS_OF_DAY,
    ClosedCells,
    coverage_of,
    refuse_later,
    velocity_of,
    velocity_table,
)
from .flows import Moving, time_of_part

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClosedRows:
    """The items that closed, by group and period.

    Attributes
    ----------
    group, period
        The group, and the ordinal of the period; 0 where there are none.
    n
        Closed items, won ones, and won ones with and without an amount.
    amount
        Amounts of the won ones.
    cycle
        How long these took, as :func:`length_sums` adds it up.
    """

    group: Integers = key_of_group()
    period: Integers = key()
    n: Integers = value()
    amount: ExactSums = sums()
    cycle: Integers = value()


@dataclass(frozen=True, eq=False)
class VelocityCounted:
    """What :func:`sales_velocity` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items of each group that have a row before the end.
    moving
        The visits over time.
    closed
        The items that closed.
    currencies
        How many amounts are in each currency, where no rates are given.
    begin, end
        When the log begins and until when it is seen; ``None`` without rows.
    paused
        What the table remembers of paused stages.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    moving: Moving = nested(Moving)
    closed: ClosedRows = rows(ClosedRows)
    currencies: Mapping[Any, int] | None = settled(total_currencies)
    begin: int | None = settled(min)
    end: int | None = settled(max)
    paused: Mapping[str, Any] = same()


def count_velocity(
    log: StageLog,
    pipeline: Pipeline,
    *,
    amount: str,
    period: PeriodLike | None = None,
    every: EveryName | None = None,
    by: str | Sequence[str] | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> VelocityCounted:
    """Count what :func:`sales_velocity` needs of a part of a log; the options are its own."""
    if every is not None:
        check_every(every)
    check_amount_at(amount_at)
    if amount is None:
        raise SchemaError(given("amount", amount), " does not name the column of amounts")
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    data = asked.log._data
    if data.unit is None:
        raise SchemaError(
            "a velocity is one per day, and the log's times are plain integers; give timestamps"
        )
    refuse_later(asked.log, by)
    lookup = core_pipeline(asked.log, pipeline, unlisted, asked.missing)
    time = time_of_part(asked.log, period, every, as_of)
    whole = Selection(
        as_read(asked.log, pipeline, lookup),
        pipeline,
        lookup,
        remarks=remarks_about(asked.log, pipeline, unlisted, period=period, as_of=as_of),
        noted=Noted(unlisted, "active", period, as_of),
    )
    known = whole if by is None else known_at_the_end(whole, time, as_of)
    reserved = [*VELOCITY, *(() if every is None else ("period",))]
    of_items = item_groups_of(known, by, at="first", reserved=reserved)
    n_groups = 1 if of_items is None else of_items.groups.n_groups
    check_rows(len(time.starts), n_groups, len(pipeline.labels))
    moving = Moving.of(whole, known, time, of_items)
    closed = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=time.stretch,
        basis="closed",
        as_of=as_of,
    )
    amounts = amounts_of(closed, amount, amount_at=amount_at, currency=currency, rates=rates)
    cells = ClosedCells.of(closed, time, of_items, n_groups)
    found, counts = sums_of_cells(amounts, None, cells.of_won, cells.n)
    kept = np.flatnonzero(cells.closed)
    group, place = np.divmod(kept, len(time.starts))
    n = np.stack([cells.closed, cells.won, counts.present, counts.missing], axis=-1)
    cycle = length_sums(cells.cycle_time, cells.cycle_cell, cells.n)
    return VelocityCounted(
        groups=(ONE_GROUP if of_items is None else of_items.groups).alone(),
        about=About.of(asked, whole),
        sizes=np.zeros(1, dtype=np.int64) if of_items is None else of_items.sizes,
        moving=moving,
        closed=ClosedRows(group, moving.start + place, n[kept], found.at_places(kept), cycle[kept]),
        currencies=amounts.used,
        begin=None if data.time_range is None else data.time_range[0],
        end=data.end_of_observation(moment_of(as_of, data.clock, "as_of")),
        paused=Lengths.of(closed.data, None).remembered_with_pauses(pipeline),
    )


def velocities_of(
    counts: VelocityCounted,
    pipeline: Pipeline,
    *,
    clock: Clock,
    amount: str,
    every: EveryName | None = None,
    top: int | None = None,
    as_of: MomentLike | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`sales_velocity`."""
    counts = largest(counts, counts.groups, counts.sizes, top)
    chosen, moving, closed = counts.groups, counts.moving, counts.closed
    n_groups, n_periods, n_stages = len(moving.at_start), moving.n_periods, len(pipeline.labels)
    check_rows(n_periods, n_groups, n_stages)
    cell, n_cells = closed.group * n_periods + (closed.period - moving.start), n_groups * n_periods
    n_closed, won, present, missing = np.moveaxis(added_up(closed.n, cell, n_cells), -1, 0)
    amounts = closed.amount.to(cell, n_cells).rounded()
    means = means_of_sums(added_up(closed.cycle, cell, n_cells))
    at_end = moving.columns(n_stages)["at_end"].reshape(n_cells, n_stages)
    columns: dict[str, Any] = {
        "open_at_end": at_end[:, : len(pipeline.stages)].sum(axis=1),
        "closed": n_closed,
        "won": won,
        "win_rate": share(won, n_closed),
        "mean_amount": share(amounts, present),
        "amount_missing": missing,
    }
    unit = str(clock.unit)
    columns["velocity"] = velocity_of(columns, means, TICKS_OF_DAY[unit])
    time = FlowTime(np.zeros(n_periods, dtype=np.int64), None, Period(None, None), moving.periods(every))
    table = velocity_table(columns, means, unit, time, None if chosen.is_one else chosen)
    seen = Seen(clock, None if counts.begin is None else (counts.begin, counts.begin), counts.end)
    remember(
        table,
        "sales_velocity",
        pipeline,
        **({} if chosen.is_one else chosen.remembered),
        amount=amount,
        **counts.paused,
        **coverage_of(seen, time, as_of),
    )
    return counts.about.remarked(table)
