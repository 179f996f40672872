"""The table of visits: when each began and ended, and what came next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, core_errors, did_you_mean, given, named, quoted
from ...log.columns.kept import RowColumns, column_names
from ...log.columns.marks import RowMarks
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember
from ...tables.options import AtName, BasisName, MissingStages, Unlisted
from ...tables.schema import MOVED_OUT, OUTCOMES, VISITS
from ...times.periods import MomentLike, PeriodLike, period_of
from ...times.stamps import NAT, to_lengths
from ...working_hours import WorkingHours
from ..scope.breakdown import groups_of, refuse_names_of_the_result
from ..scope.reading import elsewhere_flags, select
from ..scope.selection import Selection, end_of_ends, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths

_NOTHING: Final = RowMarks(None, None)


def visits(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    columns: str | Sequence[str] | None = (),
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """List the visits: which item was in which stage, from when to when.

    A visit lasts until the item's next visit starts, or until its own end, if the log knows one.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log, which stand first.
    at
        Where `by` reads a column of the log: in the item's ``"first"`` or ``"last"`` row that the report
        keeps, or, with ``"stage"``, in the first row of the visit itself.
    columns
        Columns of the log to add, read in the first row of each visit.
    unlisted, missing, basis, as_of, where
        As for :func:`funnel`.
    period
        As for :func:`funnel`; with ``basis="active"`` only visits that overlap it are listed. They are not
        clipped: ends and outcomes are those of the whole log, before `as_of`.
    calendar
        Working hours of the durations, as for :func:`time_in_stage`.

    Returns
    -------
    DataFrame
        One row per visit, items in the order of their first rows in the input: the columns of `by`,
        ``item`` (its key), ``visit`` (its number among the item's visits, from 1), ``stage``,
        ``visit_of_stage`` (among the item's visits of the stage), ``stage_outcome``, ``item_outcome`` (now),
        ``entered`` (missing where the start is not known), ``exited`` (missing while the visit goes on),
        ``duration``, ``open`` (whether the item is still in a stage in progress), ``next_stage``, the
        `columns`. Durations are timedeltas, or whole numbers where the log's times are plain integers.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a column that the log does not keep, and for a `calendar` with a log
        whose times are plain integers.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 1]}
    >>> table = sf.visits(sf.StageLog(rows), sf.Pipeline("New", won="Won"))
    >>> table[["item", "stage", "entered", "exited", "duration", "open"]]
       item stage  entered  exited  duration   open
    0     1   New        0       4         4  False
    1     1   Won        4    <NA>      <NA>  False
    2     2   New        1    <NA>      <NA>   True
    """
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    lengths = Lengths.of(selection.data, calendar)
    groups = groups_of(selection, by, at=at, reserved=VISITS)
    further = _further_columns(log, columns, groups.names)
    keeps_rows = bool(further) or groups.each == "row"
    found = _list(selection, period=period, basis=basis, as_of=as_of, keeps_rows=keeps_rows)
    n_visits, item = found.take_n_visits(), found.take_item()
    row = found.take_row()
    columns_by_name = _columns_of(selection, found, item, n_visits, lengths)
    # The columns are as long as the log, and nobody else has them, so they are not copied.
    table = pd.DataFrame({name: columns_by_name[name] for name in VISITS}, copy=False)
    for name, kept in further.items():
        table[name] = kept.values_at(name, row)
    if groups.names:
        group = groups.code[row] if groups.each == "row" else np.repeat(groups.code[item], n_visits)
        table = label_rows(table, groups.values, group)
    remember(table, "visits", pipeline, **groups.remembered, **lengths.remembered)
    return asked.remarked(selection.remarked(table))


def _further_columns(log: StageLog, columns: Any, by: Sequence[Any]) -> dict[str, RowColumns]:
    """Find the columns of the log that the table gets, after a check of their names."""
    names = column_names(columns)
    if not names:
        return {}
    kept = log._data.columns
    known = [] if kept is None else kept.names
    for name in names:
        if name not in known:
            has = f"; it keeps: {quoted(known)}{did_you_mean(name, known)}" if known else ", which keeps none"
            raise SchemaError(
                given("columns", name),
                f" is not a column that the log keeps{has}; ",
                named("columns"),
                " of StageLog says which columns it keeps",
            )
    twice = sorted(set(names) & set(by))
    if twice:
        raise SchemaError(named("columns"), f" names {quoted(twice)}, which ", named("by"), " has too")
    refuse_names_of_the_result(log, names, VISITS, "columns")
    assert kept is not None
    return dict.fromkeys(names, kept)


def _list(
    selection: Selection,
    *,
    period: PeriodLike | None,
    basis: BasisName,
    as_of: MomentLike | None,
    keeps_rows: bool,
) -> _core.stages.VisitTable:
    """Let the core list the visits of the items that a report has, as the whole log has them."""
    log, pipeline, data = selection.log, selection.pipeline, selection.data
    # An item may have moved out after the period in which it is in the report.
    staying = pipeline.replace(moved_out="include") if pipeline.elsewhere else pipeline
    journeys = select(log, data.journeys, staying, selection.lookup, period=None, basis="active", as_of=as_of)
    start, end = period_of(period, data.clock).ticks(data.clock) if basis == "active" else (None, None)
    whole = Selection(
        log,
        pipeline,
        selection.lookup,
        journeys,
        ended_before=end_of_ends(data, period=None, basis="active", as_of=as_of),
    )
    with core_errors():
        return _core.stages.list_visits(
            journeys=journeys,
            pipeline=selection.lookup,
            marks=whole.core_marks(data.marks or _NOTHING),
            items=None if journeys is selection.journeys else _has_rows(selection.journeys),
            start=start,
            end=end,
            rows=_core.stages.VisitRows["keep" if keeps_rows else "forget"],
            threads=data.threads,
        )


def _has_rows(journeys: _core.journeys.Journeys) -> npt.NDArray[np.uint8]:
    return (np.diff(journeys.offsets.view(np.int64)) > 0).astype(np.uint8)


def _columns_of(
    selection: Selection,
    found: _core.stages.VisitTable,
    item: npt.NDArray[np.uint32],
    n_visits: npt.NDArray[np.int64],
    lengths: Lengths,
) -> dict[str, Any]:
    """Put labels, keys and clocks on what the core has listed."""
    data, pipeline = selection.data, selection.pipeline
    keys = data.keys_at(selection.journeys.first_row[item])
    outcomes = [*OUTCOMES, MOVED_OUT] if elsewhere_flags(selection.log, pipeline).any() else OUTCOMES
    entered, exited = found.take_entered(), found.take_exited()
    duration = found.take_duration()
    if lengths.calendar is not None:
        worked = lengths.times(exited) - lengths.times(entered)
        duration = np.where(duration == NAT, NAT, worked)
    has_flags = data.marks is not None and data.marks.start_unknown is not None
    return {
        "item": pd.Series(keys.array.repeat(n_visits), copy=False),
        "visit": found.take_visit(),
        "stage": _categories(found.take_stage(), pipeline.labels, ordered=True),
        "visit_of_stage": found.take_visit_of_stage(),
        "stage_outcome": _categories(found.take_stage_outcome(), OUTCOMES),
        "item_outcome": _categories(found.take_item_outcome(), outcomes),
        "entered": data.times_or_missing(entered) if has_flags else data.to_times(entered),
        "exited": data.times_or_missing(exited),
        "duration": to_lengths(duration, lengths.unit),
        "open": found.take_open().view(bool),
        "next_stage": _categories(found.take_next_stage(), pipeline.labels, ordered=True),
    }


def _categories(codes: npt.NDArray[Any], labels: Sequence[Any], *, ordered: bool = False) -> pd.Categorical:
    """Make categories of codes that are known to be right; -1 is missing."""
    kind = pd.CategoricalDtype(pd.Index(labels), ordered=ordered)
    return pd.Categorical.from_codes(codes, dtype=kind, validate=False)
