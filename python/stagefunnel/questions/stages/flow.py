"""The balance of the visits that enter and leave each stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import frame, remember, stage_columns
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import ENTRIES, FLOW
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from ..scope.reading import elsewhere_flags
from ..scope.remarks import remark
from ..scope.selection import core_pipeline, remarks_about


def flow(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: PeriodLike | None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
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
    unlisted, missing, as_of
        As for :func:`funnel`. The period ends at ``as_of`` if that is before its own end.

    Returns
    -------
    DataFrame
        One row per stage of the pipeline: ``stage``, ``outcome``; ``at_start``: items in it at the period's
        first moment; ``entered``, which is the sum of ``created`` (in this stage), ``from_earlier`` and
        ``from_later`` (stages in progress), ``from_closed`` (won or lost: reopened, or turned) and
        ``moved_in``; ``advanced`` (to a later stage in progress), ``went_back`` (to an earlier one; from a
        final stage, to any), ``won``, ``lost``, ``moved_out``; ``at_end``.

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
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    ends = [moment for moment in (end, seen_at) if moment is not None]
    counts = _core.stages.count_flow(
        journeys=as_read(log, pipeline, lookup)._data.journeys,
        pipeline=lookup,
        start=start,
        end=min(ends, default=None),
        elsewhere=elsewhere_flags(log, pipeline),
        threads=log._data.threads,
    )
    columns: dict[str, Any] = {
        name: getattr(counts, name) for name in FLOW if name not in ("stage", "outcome", "entered")
    }
    columns["entered"] = np.sum([columns[name] for name in ENTRIES], axis=0)
    columns |= stage_columns(pipeline)
    table = frame(columns, FLOW)
    remember(table, "flow", pipeline)
    return remark(table, remarks_about(log, pipeline, unlisted, period=period, as_of=as_of))
