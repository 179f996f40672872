"""The rows that a question reads: those that a period keeps of a log, as stages of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option
from ...log.columns.marks import RowMarks
from ...log.data import LogData
from ...log.stage_log import StageLog, not_a_log, not_a_pipeline
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.lengths import LengthLike, length_of
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from .remarks import Ends, Remarks, remark, remarks_of_stages
from .unknown_starts import begun_before, born_unknown
from .within import ALWAYS, NEVER, Ages, ages_of, basis_of, followed_for


@dataclass(frozen=True)
class Selection:
    """A log as one question reads it.

    Attributes
    ----------
    log
        The whole log.
    pipeline, lookup
        The stages, and the table by which the core reads the log's codes as stages.
    journeys
        The rows that are read: the log's own, or those that a period keeps. Items keep their places.
    moved
        Flag of each item: whether it moved to another pipeline and is kept nevertheless. ``None`` where the
        pipeline keeps no such items.
    too_recent
        Flag of each item: whether it is left out because it had its first row too late. ``None`` where items
        are not read for a length of time.
    cohort
        The rows of the items that are read and of those that are too recent; ``None`` where there are no
        such items.
    ages
        Until when each item is read; ``None`` where items are not read for a length of time.
    ended_before
        First moment at which an end of a visit is not known yet; ``None`` where all ends are known.
    remarks
        What a table of the answer has to say beside its numbers.
    """

    log: StageLog
    pipeline: Pipeline
    lookup: _core.scan.Pipeline
    journeys: _core.journeys.Journeys
    moved: npt.NDArray[np.bool_] | None = None
    too_recent: npt.NDArray[np.bool_] | None = None
    cohort: _core.journeys.Journeys | None = None
    ages: Ages | None = None
    ended_before: int | None = None
    remarks: Remarks = field(default_factory=dict)

    @property
    def grouped(self) -> _core.journeys.Journeys:
        """The rows by which items are put in groups, those that are too recent among them."""
        return self.journeys if self.cohort is None else self.cohort

    @property
    def data(self) -> LogData:
        """The inside of the log."""
        return self.log._data

    @property
    def is_whole(self) -> bool:
        """True where all rows of the log are read."""
        return self.journeys is self.log._data.journeys

    @cached_property
    def marks(self) -> _core.scan.Marks | None:
        """What is known of the rows beside stage and time; ``None`` where the log has no such columns."""
        marks = self.data.marks
        return None if marks is None else self.core_marks(marks)

    def core_marks(self, marks: RowMarks) -> _core.scan.Marks:
        """Make what the core reads of the marks of the log's rows."""
        return _core.scan.Marks(
            whole=self.data.journeys,
            ended=marks.ended,
            start_unknown=marks.start_unknown,
            ended_before=self.ended_before,
            until=None if self.ages is None else self.ages.until,
            elsewhere=elsewhere_flags(self.log, self.pipeline),
        )

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table of the answer remember the remarks, and return it."""
        return remark(table, self.remarks)


def data_of(log: StageLog) -> LogData:
    """Return the inside of a log, and refuse what is not a log; every question starts here."""
    if not isinstance(log, StageLog):
        raise not_a_log(log)
    return log._data


def core_pipeline(log: StageLog, pipeline: Pipeline, unlisted: str, missing: str) -> _core.scan.Pipeline:
    """Make the table by which the core reads a log's stage codes as stages of a pipeline."""
    data = data_of(log)
    if not isinstance(pipeline, Pipeline):
        raise not_a_pipeline(pipeline)
    return data.lookup(pipeline, unlisted, missing)


def remarks_about(
    log: StageLog,
    pipeline: Pipeline,
    unlisted: str,
    *,
    period: PeriodLike | None = None,
    as_of: MomentLike | None = None,
    called: str = "",
) -> Remarks:
    """Note what a table about a log has to say beside its numbers.

    The options are those of :func:`funnel`; `called` is what people read for a period that is not as given.
    """
    data = log._data
    ends = Ends.of(data, period, as_of, called)
    return {**remarks_of_stages(data.fit(pipeline), unlisted), **ends.remarks(data.clock)}


def selection_of(
    log: StageLog,
    pipeline: Pipeline,
    *,
    unlisted: str = "error",
    missing: str = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    observed_until: int | None = None,
) -> Selection:
    """Read a log through a pipeline, and choose its rows; the options are those of :func:`funnel`.

    `observed_until` takes the place of the log's own end of observation.
    """
    check_option("basis", "active" if basis is None else basis, get_args(BasisName))
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    remarks = remarks_about(log, pipeline, unlisted, period=period, as_of=as_of)
    options: dict[str, Any] = {"period": period, "basis": basis_of(basis, within), "as_of": as_of}
    ended_before = end_of_ends(log._data, **options)
    unborn = None
    if options["basis"] == "created":
        unborn = born_unknown(log._data, lookup)
    if unborn is not None:
        n_unborn = begun_before(unborn, select(log, log._data.journeys, pipeline, lookup, **_always(options)))
        remarks = {**remarks, **({"start_unknown": n_unborn} if n_unborn else {})}
    length = length_of(within, log._data.clock, "within")
    if length is None:
        until = None if unborn is None else np.where(unborn, NEVER, ALWAYS)
        journeys = select(log, log._data.journeys, pipeline, lookup, **options, until=until)
        moved = moved_items(log, pipeline, lookup, journeys)
        return Selection(log, pipeline, lookup, journeys, moved, ended_before=ended_before, remarks=remarks)
    if observed_until is None:
        observed_until = log._data.end_of_observation(moment_of(as_of, log._data.clock, "as_of"))
    ages = ages_of(log._data, lookup, length, observed_until, unborn)
    cohort = select(log, log._data.journeys, pipeline, lookup, **options, until=ages.until_of_cohort)
    # Items that are in no cohort have no rows left.
    too_recent = ages.too_recent & (np.diff(cohort.offsets.view(np.int64)) > 0)
    journeys = cohort
    if too_recent.any():
        journeys = select(
            log,
            cohort,
            pipeline,
            lookup,
            period=None,
            basis="created",
            as_of=None,
            until=ages.until_without(too_recent),
        )
    moved = moved_items(log, pipeline, lookup, journeys)
    remarks = {**remarks, **followed_for(log._data, within, observed_until)}
    return Selection(log, pipeline, lookup, journeys, moved, too_recent, cohort, ages, ended_before, remarks)


def _always(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a selection of all items, with their rows before the moment of the report."""
    return {"period": None, "basis": "active", "as_of": options["as_of"]}


def end_of_ends(
    data: LogData, *, period: PeriodLike | None, basis: BasisName, as_of: MomentLike | None
) -> int | None:
    """Find the first moment at which an end of a visit is not known yet; ``None`` where all ends are known.

    Ends at the end of observation are known, as rows are.
    """
    if data.marks is None:
        return None
    _, end = period_of(period, data.clock).ticks(data.clock)
    seen_at = moment_of(as_of, data.clock, "as_of")
    observed = None if data.observed_until is None else data.observed_until + 1
    bounds = [seen_at, end if basis == "active" else None, observed]
    return min((moment for moment in bounds if moment is not None), default=None)


def moved_items(
    log: StageLog, pipeline: Pipeline, lookup: _core.scan.Pipeline, journeys: _core.journeys.Journeys
) -> npt.NDArray[np.bool_] | None:
    """Find the items that moved to another pipeline and are kept; ``None`` where none are."""
    if not pipeline.elsewhere or pipeline.moved_out != "include":
        return None
    return _core.scan.moved_items(
        journeys=journeys,
        pipeline=lookup,
        elsewhere=elsewhere_flags(log, pipeline),
        threads=log._data.threads,
    ).astype(bool)


def select(
    log: StageLog,
    journeys: _core.journeys.Journeys,
    pipeline: Pipeline,
    lookup: _core.scan.Pipeline,
    *,
    period: PeriodLike | None,
    basis: BasisName,
    as_of: MomentLike | None,
    until: npt.NDArray[np.int64] | None = None,
) -> _core.journeys.Journeys:
    """Choose the rows that a period keeps, of a log's journeys or of one item's.

    `until` is the last time that is read of each item.
    """
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    everything = start is None and end is None and basis != "closed"
    if everything and seen_at is None and not pipeline.elsewhere and until is None:
        return journeys
    return _core.scan.select_journeys(
        journeys=journeys,
        pipeline=lookup,
        basis=_core.scan.Basis[basis],
        start=start,
        end=end,
        as_of=seen_at,
        elsewhere=elsewhere_flags(log, pipeline),
        moved_out=_core.scan.MovedOut[pipeline.moved_out],
        until=until,
        threads=log._data.threads,
    )


def elsewhere_flags(log: StageLog, pipeline: Pipeline) -> npt.NDArray[np.uint8]:
    """Flag the stages of a log that belong to another pipeline."""
    elsewhere = set(pipeline.elsewhere)
    return np.array([label in elsewhere for label in log._data.labels], dtype=np.uint8)
