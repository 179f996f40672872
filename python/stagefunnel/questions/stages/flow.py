"""The balance of the visits that enter and leave each stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import EllipsisType

import pandas as pd

from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import remember
from ...tables.options import AtName, EveryName, MissingStages, Unlisted
from ...tables.schema import FLOW, FLOW_AMOUNTS
from ...times.every import check_every
from ...times.periods import MomentLike, Period, PeriodLike
from ..scope.calendar_periods import check_rows
from ..scope.item_groups import item_groups_of
from ..scope.money import Rates
from ..scope.reading import moved_items, select
from ..scope.remarks import remark
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.where import Where, asked_of
from .flow_counts import FlowTime, count_flow, flow_money, flow_table, shown_cells


def flow(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: PeriodLike | EllipsisType | None = ...,
    every: EveryName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Balance the visits of each stage: those at the start, those that enter and leave, those at the end.

    Visits are counted, not items: an item that comes back enters again. On every row, and so in total,
    ``at_start + entered = advanced + went_back + won + lost + moved_out + at_end``.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages. A move to or from a stage that the pipeline has as ``elsewhere`` is
        a move out or in, whatever its ``moved_out`` says.
    period
        The stretch of time, as for :func:`funnel`; ``None`` is all of the log. There is no ``basis``: a
        balance is about all items. With `every` it may be left out, and is in whole periods.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``: the table has the
        balance of each of these periods, by default from the first row of the log to the last one.
    by
        Columns of the items table or of the log, or what the log itself knows, as for :func:`funnel`; the
        table has the balance of each group, as for a log of its items alone.
    at
        Where a column of the log is read: in the ``"first"`` or ``"last"`` of the item's rows before the end
        of the period, with `every` of the last one.
    amount
        Column of the items table or of the log. The table then has the money of every count. With a column
        of the log the amount of an item at a moment is that of its last row until then that has one; a
        column of the items table has the amounts of today, at every moment.
    top, currency, rates, unlisted, missing, as_of, where
        As for :func:`funnel`. The period ends at ``as_of`` if that is before its own end.

    Returns
    -------
    DataFrame
        One row per period of `every` (a pandas Period, in the column ``period``), group of `by` and stage of
        the pipeline: ``stage``, ``outcome``; ``at_start``: items in it
        at the period's first moment; ``entered``, which is the sum of ``created`` (in this stage),
        ``from_earlier`` and ``from_later`` (stages in progress), ``from_closed`` (won or lost: reopened, or
        turned) and ``moved_in``; ``advanced`` (to a later stage in progress), ``went_back`` (to an earlier
        one; from a final stage, to any), ``won``, ``lost``, ``moved_out``; ``at_end``. With `amount`, the
        sums of the amounts of each of these visits, ``amount_at_start`` to ``amount_at_end``, ``raised`` and
        ``lowered``, by how much amounts rose and fell while their items were in the stage, and
        ``amount_missing``, the visits whose amount was not known before they or the period ended:
        ``amount_at_start + amount_entered + raised = amount_advanced + amount_went_back + amount_won +
        amount_lost + amount_moved_out + lowered + amount_at_end``.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; with `every` as for :func:`funnel_by_period`.
    TypeError
        Without both `period` and `every`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2], "stage": ["New", "Offer", "New"], "time": [0, 5, 6]}
    >>> pipeline = sf.Pipeline(["New", "Offer"])
    >>> table = sf.flow(sf.StageLog(rows), pipeline, period=(1, 10))
    >>> table[["stage", "at_start", "entered", "created", "from_earlier", "advanced", "at_end"]]
       stage  at_start  entered  created  from_earlier  advanced  at_end
    0    New         1        1        1             0         1       1
    1  Offer         0        1        0             1         0       1
    """
    if period is ...:
        if every is None:
            raise TypeError("flow() needs period= or every=; period=None is all of the log")
        period = None
    if every is not None:
        check_every(every)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    lookup = core_pipeline(asked.log, pipeline, unlisted, asked.missing)
    time = FlowTime.of(asked.log, period, every, as_of)
    log = as_read(asked.log, pipeline, lookup)
    whole = Selection(log, pipeline, lookup)
    known = whole if by is None else known_at_the_end(whole, time, as_of)
    reserved = [*FLOW, *FLOW_AMOUNTS, *(() if every is None else ("period",))]
    of_items = item_groups_of(known, by, at=at, top=top, reserved=reserved)
    n_groups = 1 if of_items is None else of_items.groups.n_groups
    check_rows(len(time.starts), n_groups, len(pipeline.labels))
    money = flow_money(whole, amount, time.end, currency=currency, rates=rates)
    counts = count_flow(whole, time, of_items, money)
    cells = shown_cells(known, time, of_items)
    table = flow_table(pipeline, counts, n_groups, cells, has_money=money is not None)
    if of_items is None:
        table = cells.labelled(table, time)
        remember(table, "flow", pipeline)
    else:
        table = cells.labelled(table, time, of_items.groups)
        remember(table, "flow", pipeline, **of_items.groups.remembered)
    remarks = remarks_about(asked.log, pipeline, unlisted, period=period, as_of=as_of)
    table = asked.remarked(remark(table, remarks))
    return remark(table, {"amounts_of_today": True} if money is not None and money.of_item else {})


def known_at_the_end(whole: Selection, time: FlowTime, as_of: MomentLike | None) -> Selection:
    """Choose the rows before the end of the period; items that moved out stay, whatever the pipeline says."""
    log, pipeline, lookup = whole.log, whole.pipeline, whole.lookup
    staying = pipeline.replace(moved_out="include") if pipeline.elsewhere else pipeline
    journeys = select(
        log,
        whole.journeys,
        staying,
        lookup,
        period=Period(None, time.stretch.end),
        basis="active",
        as_of=as_of,
    )
    return replace(whole, rows=journeys, moved=moved_items(log, staying, lookup, journeys))
