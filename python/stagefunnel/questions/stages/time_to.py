"""How long items take to come to a stage."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ... import _core
from ...errors import SchemaError, did_you_mean, given, quoted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember
from ...tables.options import BasisName, MissingStages, Unlisted
from ...tables.schema import TIMES_TO
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..scope.breakdown import groups_of
from ..scope.selection import selection_of
from ..scope.working import Lengths
from .cells import Cells
from .durations import QUANTILES, quantiles_of

CREATED: Final = "created"
_WAYS: Final = _core.stages.Way


def time_to(
    log: StageLog,
    pipeline: Pipeline,
    stage: Hashable,
    *,
    start: Hashable = CREATED,
    by: str | Sequence[str] | None = None,
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
) -> pd.DataFrame:
    """Summarise how long items take to come to a stage: "how long until the first offer".

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    stage
        The stage that items come to, with their first entry into it at or after the start.
    start
        What the time runs from: ``"created"``, the item's first row, or a stage, the first entry into it.
    by
        Columns of the items table, or of the log at the item's first row; the table has a row for each
        combination of their values.
    quantiles
        Shares between 0 and 1; each gives a column, as in :func:`time_in_stage`.
    unlisted, missing, period, basis, as_of
        As for :func:`funnel`.
    calendar
        Working hours, as for :func:`time_in_stage`.

    Returns
    -------
    DataFrame
        One row per group of `by`: ``n`` items that set out; of these ``completed`` came to the stage,
        ``open`` did not and are open now, ``closed`` did not and are won, lost or in another pipeline now;
        then ``mean``, ``median`` and the quantiles of the times of those that came. The times of the
        pipeline's ``paused`` stages do not count. Lengths of time are timedeltas, or floats where the log's
        times are plain integers; missing where none came. Those that are still open may yet come, and late:
        the times are those of the items that came, not of all.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also if `stage` or `start` is not a stage of the pipeline, or both are one.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 3, 3], "stage": ["New", "Offer", "New", "New", "Lost"], "time": [0, 4, 1, 2, 9]}
    >>> pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    >>> sf.time_to(sf.StageLog(rows), pipeline, "Offer", quantiles=[])
       n  completed  open  closed  mean  median
    0  3          1     1       1   4.0     4.0
    """
    exact_quantiles = quantiles_of(quantiles)
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    lengths = Lengths.of(selection.data, calendar)
    arrives = _row_of(pipeline, "stage", stage)
    sets_out = -1 if start == CREATED else _row_of(pipeline, "start", start)
    if arrives == sets_out:
        raise SchemaError(given("stage", stage), " is where the time starts too; name two stages")
    found = _core.stages.times_to(
        journeys=lengths.item_journeys(selection),
        pipeline=selection.lookup,
        start=sets_out,
        stage=arrives,
        threads=log._data.threads,
    )
    own = [*TIMES_TO, *list(exact_quantiles)[1:]]
    groups = groups_of(selection, by, reserved=own)
    way = found.way
    if selection.moved is not None:
        # An item that moved on to another pipeline does not come any more.
        way = np.where(selection.moved & (way == _WAYS.open.value), _WAYS.closed.value, way)
    item = np.flatnonzero(way != _WAYS.none.value)
    group = groups.codes(log.n_items)[item]
    n_groups = groups.n_groups
    counts = {
        name: np.bincount(group[way[item] == state.value], minlength=n_groups)
        for name, state in (("completed", _WAYS.there), ("open", _WAYS.open), ("closed", _WAYS.closed))
    }
    n = sum(counts.values())
    came = way[item] == _WAYS.there.value
    cells = Cells([group[came]])
    measured = cells.lengths(found.duration[item[came]])
    kept = np.arange(n_groups) if groups.is_one else np.flatnonzero(n)
    of_group = dict(zip(cells.keys[0].tolist(), range(len(cells.sizes)), strict=True))
    columns: dict[str, Any] = {"n": n[kept], **{name: values[kept] for name, values in counts.items()}}
    for name, values in (
        ("mean", measured.means()),
        *((name, measured.quantiles(one)) for name, one in exact_quantiles.items()),
    ):
        exact = [values[of_group[code]] if code in of_group else None for code in kept.tolist()]
        columns[name] = to_durations(exact, lengths.unit)
    table = label_rows(pd.DataFrame(columns)[own], groups.values, kept)
    names = pipeline.names
    remember(
        table,
        "time_to",
        pipeline,
        by=groups.names,
        stage=names[stage],
        start="creation" if start == CREATED else names[start],
        **lengths.remembered,
    )
    return selection.remarked(table)


def _row_of(pipeline: Pipeline, option: str, label: Hashable) -> int:
    if label not in pipeline.labels:
        more = f', or "{CREATED}"' if option == "start" else ""
        raise SchemaError(
            given(option, label),
            f" is not a stage of the pipeline{did_you_mean(label, pipeline.labels)}; it has: "
            f"{quoted(pipeline.labels)}{more}",
        )
    return pipeline.labels.index(label)
