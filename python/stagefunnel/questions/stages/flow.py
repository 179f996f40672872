"""The balance of the visits that enter and leave each stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ...errors import core_errors
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, stage_columns
from ...tables.options import AtName, MissingStages, Unlisted
from ...tables.schema import ENTRIES, FLOW
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from ..scope.item_groups import ItemGroups, item_groups_of
from ..scope.reading import elsewhere_flags, moved_items, select
from ..scope.remarks import remark
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.where import Where, asked_of


def flow(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: PeriodLike | None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
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
        balance is about all items.
    by
        Columns of the items table or of the log, or what the log itself knows, as for :func:`funnel`; the
        table has the balance of each group, as for a log of its items alone.
    at
        Where a column of the log is read: in the ``"first"`` or ``"last"`` of the item's rows before the end
        of the period.
    top, unlisted, missing, as_of, where
        As for :func:`funnel`. The period ends at ``as_of`` if that is before its own end.

    Returns
    -------
    DataFrame
        One row per group of `by` and stage of the pipeline: ``stage``, ``outcome``; ``at_start``: items in it
        at the period's first moment; ``entered``, which is the sum of ``created`` (in this stage),
        ``from_earlier`` and ``from_later`` (stages in progress), ``from_closed`` (won or lost: reopened, or
        turned) and ``moved_in``; ``advanced`` (to a later stage in progress), ``went_back`` (to an earlier
        one; from a final stage, to any), ``won``, ``lost``, ``moved_out``; ``at_end``.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

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
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    lookup = core_pipeline(asked.log, pipeline, unlisted, asked.missing)
    log = as_read(asked.log, pipeline, lookup)
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    ends = [moment for moment in (end, seen_at) if moment is not None]
    whole = Selection(log, pipeline, lookup, log._data.journeys)
    known = whole if by is None else _known_at_the_end(whole, period, as_of)
    of_items = item_groups_of(known, by, at=at, top=top, reserved=FLOW)
    counts = _count(whole, start, min(ends, default=None), of_items)
    shown = np.arange(1) if of_items is None else of_items.shown
    n_stages = len(pipeline.labels)
    columns: dict[str, Any] = {
        name: getattr(counts, name).reshape(-1, n_stages)[shown].reshape(-1)
        for name in FLOW
        if name not in ("stage", "outcome", "entered")
    }
    columns["entered"] = np.sum([columns[name] for name in ENTRIES], axis=0)
    columns |= stage_columns(pipeline, len(shown))
    table = frame(columns, FLOW)
    if of_items is None:
        remember(table, "flow", pipeline)
    else:
        groups = of_items.groups
        table = label_rows(table, groups.values, np.repeat(shown, n_stages))
        remember(table, "flow", pipeline, **groups.remembered)
    remarks = remarks_about(asked.log, pipeline, unlisted, period=period, as_of=as_of)
    return asked.remarked(remark(table, remarks))


def _known_at_the_end(whole: Selection, period: PeriodLike | None, as_of: MomentLike | None) -> Selection:
    """Choose the rows before the end of the period; items that moved out stay, whatever the pipeline says."""
    log, pipeline, lookup = whole.log, whole.pipeline, whole.lookup
    staying = pipeline.replace(moved_out="include") if pipeline.elsewhere else pipeline
    journeys = select(
        log,
        whole.journeys,
        staying,
        lookup,
        period=Period(None, period_of(period, log._data.clock).end),
        basis="active",
        as_of=as_of,
    )
    return replace(whole, journeys=journeys, moved=moved_items(log, staying, lookup, journeys))


def _count(
    whole: Selection, start: int | None, end: int | None, of_items: ItemGroups | None
) -> _core.stages.Flow:
    options: dict[str, Any] = {
        "journeys": whole.data.journeys,
        "pipeline": whole.lookup,
        "start": start,
        "end": end,
        "elsewhere": elsewhere_flags(whole.log, whole.pipeline),
        "threads": whole.data.threads,
    }
    with core_errors():
        if of_items is None:
            return _core.stages.count_flow(**options)
        return _core.stages.count_flow_of_groups(
            **options, group=of_items.code, n_groups=of_items.groups.n_groups
        )
