"""The balance of what comes into each stage and what becomes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, outcome_values, remember, row_outcomes, stage_values
from ...tables.options import Unlisted
from ...tables.schema import ENTRIES, FLOW
from ...times.periods import moment_of, period_of
from ..scope.selection import core_pipeline, elsewhere_flags


def flow(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: Any,
    unlisted: Unlisted = "error",
    as_of: Any = None,
) -> pd.DataFrame:
    """Balance what was in each stage, what came, what left and what is still there.

    Visits are counted, not items: one that comes back has entered again. On every row, and so in total,
    ``at_start + entered = advanced + went_back + won + lost + moved_out + at_end``.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages. A move to or from a stage that the pipeline has as ``elsewhere`` is
        a move out or in, whatever its ``moved_out`` says.
    period
        The stretch of time, as for :func:`funnel`; ``None`` is all of it. There is no ``basis``: a balance
        is about all items.
    unlisted, as_of
        As for :func:`funnel`. At ``as_of`` the period ends, if it comes before the end.

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
    lookup = core_pipeline(log, pipeline, unlisted)
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    ends = [moment for moment in (end, seen_at) if moment is not None]
    counts = _core.stages.count_flow(
        log._data.journeys,
        lookup,
        start,
        min(ends, default=None),
        elsewhere_flags(log, pipeline),
        log._data.threads,
    )
    columns: dict[str, Any] = {
        name: getattr(counts, name) for name in FLOW if name not in ("stage", "outcome", "entered")
    }
    columns["entered"] = np.sum([columns[name] for name in ENTRIES], axis=0)
    columns["stage"] = stage_values(pipeline, np.arange(len(pipeline.labels)))
    columns["outcome"] = outcome_values(row_outcomes(pipeline))
    table = frame(columns, FLOW)
    remember(table, "flow", pipeline)
    return table
