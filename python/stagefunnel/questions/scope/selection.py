"""The rows that a question reads: those that a period keeps of a log, as stages of a pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option
from ...log.columns.marks import RowMarks
from ...log.data import LogData
from ...log.stage_log import StageLog, as_read, not_a_log, not_a_pipeline
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.lengths import Length, LengthLike, ends_of, length_of
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from ...times.stamps import NAT
from .remarks import Ends, Remarks, remark, remarks_of_reader, remarks_of_stages
from .units import Flags, Flips, UnitFacts, Units, units_of
from .unknown_starts import begun_before, born_unknown
from .within import ALWAYS, NEVER, Ages, ages_of, basis_of, followed_for

#: The last time that is read of each item, where there is such a bound.
Until: TypeAlias = npt.NDArray[np.int64] | None


@dataclass(frozen=True)
class Selection:
    """A log as one question reads it.

    Attributes
    ----------
    log
        The whole log, without the visits that the pipeline reads as if they had not been.
    pipeline, lookup
        The stages, and the table by which the core reads the log's codes as stages.
    journeys
        The rows that are read: the log's own, or those that a period keeps. Items keep their places.
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
    """

    log: StageLog
    pipeline: Pipeline
    lookup: _core.scan.Pipeline
    journeys: _core.journeys.Journeys
    moved: npt.NDArray[np.bool_] | None = None
    too_recent: npt.NDArray[np.bool_] | None = None
    cohort: _core.journeys.Journeys | None = None
    ages: Ages | None = None
    units: Units | None = None
    in_report: Mapping[Flips, Flags] = field(default_factory=dict)
    ended_before: int | None = None
    remarks: Remarks = field(default_factory=dict)

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
        return replace(self, journeys=journeys)

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
            n_rows = np.diff(self.data.journeys.offsets.view(np.int64))
            known[ended > np.repeat(self.ages.until, n_rows)] = NAT
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
            journeys = reading.items()
        else:
            journeys, in_report = reading.units(units, flips)
    else:
        ages = ages_of(log._data, lookup, length, observed_until, unborn if units is None else None)
        if units is None:
            cohort = reading.items(until=ages.until_of_cohort)
            # Items that are in no cohort have no rows left.
            too_recent = is_left = ages.too_recent & (np.diff(cohort.offsets.view(np.int64)) > 0)
        else:
            ages, too_recent = reading.ages_of_units(units, ages, length, observed_until)
            cohort = reading.alone(log._data.journeys, ages.until_of_cohort)
            is_left = ages.too_recent
        journeys = reading.alone(cohort, ages.until_without(is_left)) if is_left.any() else cohort
        remarks = {**remarks, **followed_for(log._data, within, observed_until)}
    moved = moved_items(log, pipeline, lookup, journeys)
    selection = Selection(
        log,
        pipeline,
        lookup,
        journeys,
        moved,
        too_recent,
        cohort,
        ages,
        units,
        in_report,
        ended_before,
        remarks,
    )
    if units is None:
        return selection
    return replace(selection, remarks={**remarks, **remarks_of_units(selection)})


@dataclass(frozen=True)
class Reading:
    """How the rows of a question are chosen: the period, what it keeps, and the moment of the report.

    `unborn` flags the items of unknown start, which are in no created cohort; ``None`` where there are none.
    """

    log: StageLog
    pipeline: Pipeline
    lookup: _core.scan.Pipeline
    period: Period
    basis: BasisName
    as_of: MomentLike | None
    unborn: Flags | None = None

    def n_unborn(self, units: Units | None) -> int:
        """Count the items, or the units, that have rows and are in no created cohort."""
        if self.unborn is None:
            return 0
        seen = self._seen()
        if units is None:
            return begun_before(self.unborn, seen)
        return int(self._are_unborn(facts_of(self.log, self.pipeline, self.lookup, units, seen)).sum())

    def items(self, until: Until = None) -> _core.journeys.Journeys:
        """Choose the items that the period keeps."""
        if until is None and self.unborn is not None:
            until = np.where(self.unborn, NEVER, ALWAYS)
        return self._select(self.log._data.journeys, self.period, self.basis, self.as_of, until)

    def alone(self, journeys: _core.journeys.Journeys, until: Until) -> _core.journeys.Journeys:
        """Choose items by the last time that is read of each, whatever the period."""
        as_of = self.as_of if journeys is self.log._data.journeys else None
        return self._select(journeys, Period(None, None), "created", as_of, until)

    def units(
        self, units: Units, flips: Collection[Flips]
    ) -> tuple[_core.journeys.Journeys, Mapping[Flips, Flags]]:
        """Choose the items of the units that the period keeps under any of some flip rules.

        Where the rules keep other units each, there are the flags of the units that each keeps.
        """
        end = self.period.end if self.basis == "active" else None
        whole = self._select(self.log._data.journeys, Period(None, end), "active", self.as_of, None)
        start, end_at = self.period.ticks(self.log._data.clock)
        if self.basis == "active" and start is None:
            return whole, {}
        if self.basis == "created" and start is None and end_at is None and self.unborn is None:
            return whole, {}
        in_report = {}
        for rule in flips:
            found = facts_of(self.log, self.pipeline, self.lookup, units, whole, rule)
            in_report[rule] = found.in_period(self.basis, start, end_at) & ~self._are_unborn(found)
        in_any = np.logical_or.reduce(list(in_report.values()))
        # An item of no unit that a rule keeps has no rows left.
        kept = self.alone(whole, np.where(in_any[units.of_item], ALWAYS, NEVER))
        return kept, in_report

    def ages_of_units(
        self, units: Units, ages: Ages, length: Length, observed_until: int | None
    ) -> tuple[Ages, npt.NDArray[np.bool_]]:
        """Find until when each item is read whose unit is followed for a length of time.

        Items of units that the period does not keep have no rows. Units that are too recent are also flagged
        at their first items alone.
        """
        # An item that moves out so early that it would not count by itself is no part of its unit.
        alone = self.alone(self.log._data.journeys, ages.until_of_cohort)
        found = facts_of(self.log, self.pipeline, self.lookup, units, alone)
        first_item = found.facts.first_item
        is_in = (first_item >= 0) & found.in_period("created", *self.period.ticks(self.log._data.clock))
        is_in &= ~self._are_unborn(found)
        until = np.full(units.n, NEVER)
        until[is_in] = ends_of(length, found.facts.first_time[is_in], self.log._data.clock)
        too_recent = is_in & (until >= (ALWAYS if observed_until is None else observed_until))
        flags = np.zeros(self.log.n_items, dtype=bool)
        flags[first_item[too_recent]] = True
        return Ages(until[units.of_item], too_recent[units.of_item]), flags

    def _are_unborn(self, found: UnitFacts) -> Flags:
        """Flag the units whose first item has an unknown start."""
        first_item = found.facts.first_item
        if self.unborn is None:
            return np.zeros(len(first_item), dtype=bool)
        return (first_item >= 0) & self.unborn[first_item]

    def _seen(self) -> _core.journeys.Journeys:
        """Choose all items, with their rows before the moment of the report."""
        return self._select(self.log._data.journeys, Period(None, None), "active", self.as_of, None)

    def _select(
        self,
        journeys: _core.journeys.Journeys,
        period: Period,
        basis: BasisName,
        as_of: MomentLike | None,
        until: Until,
    ) -> _core.journeys.Journeys:
        return select(
            self.log,
            journeys,
            self.pipeline,
            self.lookup,
            period=period,
            basis=basis,
            as_of=as_of,
            until=until,
        )


def facts_of(
    log: StageLog,
    pipeline: Pipeline,
    lookup: _core.scan.Pipeline,
    units: Units,
    journeys: _core.journeys.Journeys,
    flips: Flips = Flips.include,
) -> UnitFacts:
    """Ask the core how the units of some journeys stand under a flip rule."""
    return UnitFacts(
        units,
        _core.funnel.facts_of_units(
            journeys=journeys,
            pipeline=lookup,
            elsewhere=elsewhere_flags(log, pipeline),
            lost_then_won=flips,
            items=units.items,
            threads=log._data.threads,
        ),
    )


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
