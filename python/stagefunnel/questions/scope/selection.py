"""The rows that a question reads: those that a period keeps of a log, as stages of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option
from ...log.data import LogData
from ...log.stage_log import StageLog, not_a_log, not_a_pipeline
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from .remarks import Ends, Remarks, remark, remarks_of_stages


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
    remarks
        What a table of the answer has to say beside its numbers.
    """

    log: StageLog
    pipeline: Pipeline
    lookup: _core.scan.Pipeline
    journeys: _core.journeys.Journeys
    moved: npt.NDArray[np.bool_] | None = None
    remarks: Remarks = field(default_factory=dict)

    @property
    def data(self) -> LogData:
        """The inside of the log."""
        return self.log._data

    @property
    def is_whole(self) -> bool:
        """True where all rows of the log are read."""
        return self.journeys is self.log._data.journeys

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
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
) -> Selection:
    """Read a log through a pipeline, and choose its rows; the options are those of :func:`funnel`."""
    check_option("basis", basis, get_args(BasisName))
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    journeys = select(log, log._data.journeys, pipeline, lookup, period=period, basis=basis, as_of=as_of)
    moved = None
    if pipeline.elsewhere and pipeline.moved_out == "include":
        flags = elsewhere_flags(log, pipeline)
        moved = _core.scan.moved_items(
            journeys=journeys, pipeline=lookup, elsewhere=flags, threads=log._data.threads
        ).astype(bool)
    remarks = remarks_about(log, pipeline, unlisted, period=period, as_of=as_of)
    return Selection(log, pipeline, lookup, journeys, moved, remarks)


def select(
    log: StageLog,
    journeys: _core.journeys.Journeys,
    pipeline: Pipeline,
    lookup: _core.scan.Pipeline,
    *,
    period: PeriodLike | None,
    basis: BasisName,
    as_of: MomentLike | None,
) -> _core.journeys.Journeys:
    """Choose the rows that a period keeps, of a log's journeys or of one item's."""
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    everything = start is None and end is None and basis != "closed"
    if everything and seen_at is None and not pipeline.elsewhere:
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
        threads=log._data.threads,
    )


def elsewhere_flags(log: StageLog, pipeline: Pipeline) -> npt.NDArray[np.uint8]:
    """Flag the stages of a log that belong to another pipeline."""
    elsewhere = set(pipeline.elsewhere)
    return np.array([label in elsewhere for label in log._data.labels], dtype=np.uint8)
