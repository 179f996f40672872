"""The rows that a question reads: those that a period keeps of a log, as stages of a pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...cached import cached_property
from ...errors import check_option
from ...log.columns.marks import RowMarks
from ...log.data import LogData
from ...log.stage_log import StageLog, as_read
from ...log.wrong_kinds import not_a_log, not_a_pipeline
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.lengths import LengthLike, length_of
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from ...times.stamps import NAT
from .reading import Reading, elsewhere_flags, facts_of, moved_items, select
from .remarks import Ends, Noted, Remarks, remark, remarks_of_reader, remarks_of_stages, with_basis
from .units import Flags, Flips, UnitFacts, Units, units_of
from .unknown_starts import born_unknown
from .within import ALWAYS, NEVER, Ages, ages_of, basis_of, followed_for


@dataclass(frozen=True)
class Selection:
    """A log as one question reads it.

    Attributes
    ----------
    log
        The whole log, without the visits that the pipeline reads as if they had not been.
    pipeline, lookup
        The stages, and the table by which the core reads the log's codes as stages.
    rows
        The rows that a period keeps, in which items keep their places; ``None`` where all are read.
    moved
        Flag of each item: whether it moved to another pipeline and is kept nevertheless. ``None`` where the
        pipeline keeps no such items.
    too_recent
        Flag of each item: whether it is left out because it had its first row too late; of a unit that is
        left out, the flag of its first item alone. ``None`` where items are not read for a length of time.
    units
        The units that are counted; ``None`` where items are.
    in_report
        Flag of each unit: whether the period keeps it under a flip rule. There are none where all are kept.
    cohort
        The rows of the items that are read and of those that are too recent; ``None`` where there are no
        such items.
    ages
        Until when each item is read; ``None`` where items are not read for a length of time.
    ended_before
        First moment at which an end of a visit is not known yet; ``None`` where all ends are known.
    remarks
        What a table of the answer has to say beside its numbers.
    noted
        The options that these are made of.
    """

    log: StageLog
    pipeline: Pipeline
    lookup: _core.scan.Pipeline
    rows: _core.journeys.Journeys | None = None
    moved: npt.NDArray[np.bool_] | None = None
    too_recent: npt.NDArray[np.bool_] | None = None
    cohort: _core.journeys.Journeys | None = None
    ages: Ages | None = None
    units: Units | None = None
    in_report: Mapping[Flips, Flags] = field(default_factory=dict)
    ended_before: int | None = None
    remarks: Remarks = field(default_factory=dict)
    noted: Noted = field(default_factory=Noted)

    @property
    def journeys(self) -> _core.journeys.Journeys:
        """The rows that are read: the log's own, or those that a period keeps."""
        return self.data.journeys if self.rows is None else self.rows

    @property
    def grouped(self) -> _core.journeys.Journeys:
        """The rows by which items are put in groups, those that are too recent among them."""
        return self.journeys if self.cohort is None else self.cohort

    def facts(self, flips: Flips = Flips.include) -> UnitFacts:
        """Ask the core how the units that are read stand, and those that are too recent."""
        assert self.units is not None  # the caller counts units
        return facts_of(self.log, self.pipeline, self.lookup, self.units, self.grouped, flips)

    def of_units_under(self, flips: Flips) -> Selection:
        """Choose the items of the units that the period keeps under a flip rule."""
        is_in = self.in_report.get(flips)
        if self.units is None or is_in is None or is_in.all():
            return self
        until = np.where(is_in[self.units.of_item], ALWAYS, NEVER)
        journeys = select(
            self.log,
            self.journeys,
            self.pipeline,
            self.lookup,
            period=None,
            basis="created",
            as_of=None,
            until=until,
        )
        return replace(self, rows=journeys)

    @property
    def data(self) -> LogData:
        """The inside of the log."""
        return self.log._data

    @property
    def is_whole(self) -> bool:
        """True where all rows of the log are read."""
        return self.rows is None or self.rows is self.data.journeys

    @cached_property
    def marks(self) -> _core.scan.Marks | None:
        """What is known of the rows beside stage and time; ``None`` where the log has no such columns."""
        marks = self.data.marks
        return None if marks is None else self.core_marks(marks)

    def core_marks(self, marks: RowMarks, *, bounded: bool = True) -> _core.scan.Marks:
        """Make what the core reads of the marks of the log's rows.

        It reads ends up to the bounds of the selection, unless these are not `bounded` by it any more.
        """
        return _core.scan.Marks(
            whole=self.data.journeys,
            ended=marks.ended,
            start_unknown=marks.start_unknown,
            ended_before=self.ended_before if bounded else None,
            until=self.ages.until if bounded and self.ages is not None else None,
            elsewhere=elsewhere_flags(self.log, self.pipeline),
        )

    def known_ends(self, ended: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the ends of the log's rows that the selection knows; the others are missing."""
        known = ended.copy()
        if self.ended_before is not None:
            known[ended >= self.ended_before] = NAT
        if self.ages is not None:
            offsets = self.data.journeys.offsets.view(np.int64)
            known[ended > np.repeat(self.ages.until, offsets[1:] - offsets[:-1])] = NAT
        return known

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
    return {
        **remarks_of_stages(data.fit(pipeline), unlisted),
        **ends.remarks(data.clock),
        **remarks_of_reader(data.reader_lines),
    }


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
    unit: str | None = None,
    flips: Collection[Flips] = (Flips.include,),
    observed_until: int | None = None,
) -> Selection:
    """Read a log through a pipeline, and choose its rows; the options are those of :func:`funnel`.

    `observed_until` takes the place of the log's own end of observation. Units are chosen under each of the
    flip rules `flips`, because what a rule leaves out of a unit says nothing about when it closed.
    """
    check_option("basis", "active" if basis is None else basis, get_args(BasisName))
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    log = as_read(log, pipeline, lookup)
    remarks = remarks_about(log, pipeline, unlisted, period=period, as_of=as_of)
    units = units_of(log, unit)
    in_report: Mapping[Flips, Flags] = {}
    basis = basis_of(basis, within)
    remarks = with_basis(remarks, basis)
    length = length_of(within, log._data.clock, "within")
    if observed_until is None and length is not None:
        observed_until = log._data.end_of_observation(moment_of(as_of, log._data.clock, "as_of"))
    unborn = born_unknown(log._data, lookup) if basis == "created" else None
    reading = Reading(log, pipeline, lookup, period_of(period, log._data.clock), basis, as_of, unborn)
    ended_before = end_of_ends(log._data, period=period, basis=basis, as_of=as_of)
    if n_unborn := reading.n_unborn(units):
        remarks = {**remarks, "start_unknown": n_unborn}
    if length is None:
        cohort = ages = too_recent = None
        if units is None:
            rows = reading.items()
        else:
            rows, in_report = reading.units(units, flips)
    else:
        ages = ages_of(log._data, lookup, length, observed_until, unborn if units is None else None)
        if units is None:
            cohort = reading.items_until(ages.until_of_cohort)
            # Items that are in no cohort have no rows left.
            too_recent = is_left = ages.too_recent & (np.diff(cohort.offsets.view(np.int64)) > 0)
        else:
            ages, too_recent = reading.ages_of_units(units, ages, length, observed_until)
            cohort = reading.alone(log._data.journeys, ages.until_of_cohort)
            is_left = ages.too_recent
        rows = reading.alone(cohort, ages.until_without(is_left)) if is_left.any() else cohort
        remarks = {**remarks, **followed_for(log._data, within, observed_until)}
    moved = None if rows is None else moved_items(log, pipeline, lookup, rows)
    selection = Selection(
        log,
        pipeline,
        lookup,
        rows,
        moved,
        too_recent,
        cohort,
        ages,
        units,
        in_report,
        ended_before,
        remarks,
        Noted(unlisted, basis, period, as_of),
    )
    if units is None:
        return selection
    return replace(selection, remarks={**remarks, **remarks_of_units(selection)})


def remarks_of_units(selection: Selection) -> Remarks:
    """Note what is counted, and how many items of the report are counted alone."""
    units = selection.units
    assert units is not None  # the caller counts units
    n_without = 0
    if units.n > units.n_named:
        rows = _core.funnel.rows_of_items(
            journeys=selection.grouped,
            pipeline=selection.lookup,
            whole=selection.data.journeys,
            at=_core.funnel.RowAt.first,
            threads=selection.data.threads,
        )
        n_without = units.n_without(rows >= 0)
    return {"unit": units.name, "without_unit": n_without}


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
