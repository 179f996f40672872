"""How the rows of a question are chosen: by a period, by the last time that is read, and by units."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.lengths import Length, ends_of
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from .units import Flags, Flips, UnitFacts, Units
from .unknown_starts import begun_before
from .within import ALWAYS, NEVER, Ages

#: The last time that is read of each item, where there is such a bound.
Until: TypeAlias = npt.NDArray[np.int64] | None


_FactsKey: TypeAlias = tuple[int, int, tuple[int, ...], bytes, Flips]
_FactsOf: TypeAlias = WeakKeyDictionary[_core.journeys.Journeys, dict[_FactsKey, _core.funnel.UnitFacts]]
# One question asks for the facts of the same rows several times, and the next one often does too.
_kept_facts: Final[WeakKeyDictionary[Units, _FactsOf]] = WeakKeyDictionary()
_MOST_FACTS: Final = 2  # rules; each has 33 bytes a unit


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

    def items(self) -> _core.journeys.Journeys | None:
        """Choose the items that the period keeps; ``None``: all rows of the log are read."""
        if self.unborn is not None:
            return self.items_until(np.where(self.unborn, NEVER, ALWAYS))
        start, end = self.period.ticks(self.log._data.clock)
        if keeps_all(self.pipeline, start, end, self.basis, self.as_of, None):
            return None
        return self.items_until(None)

    def items_until(self, until: Until) -> _core.journeys.Journeys:
        """Choose the items that the period keeps, each up to the last time that is read of it."""
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
        if all(flags.all() for flags in in_report.values()):
            return whole, {}  # the rows are those of all units
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
    """Ask the core how the units of some journeys stand under a flip rule, or take what it said before."""
    elsewhere = elsewhere_flags(log, pipeline)
    key = (lookup.n_open, lookup.n_won, tuple(lookup.rows), elsewhere.tobytes(), flips)
    kept = _kept_facts.setdefault(units, WeakKeyDictionary()).setdefault(journeys, {})
    if key not in kept:
        while len(kept) >= _MOST_FACTS:
            del kept[next(iter(kept))]
        kept[key] = _core.funnel.facts_of_units(
            journeys=journeys,
            pipeline=lookup,
            elsewhere=elsewhere,
            lost_then_won=flips,
            items=units.items,
            threads=log._data.threads,
        )
    return UnitFacts(units, kept[key])


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


def keeps_all(
    pipeline: Pipeline,
    start: int | None,
    end: int | None,
    basis: BasisName,
    as_of: MomentLike | None,
    until: Until,
) -> bool:
    """Return whether all rows are kept, so that none has to be looked at."""
    is_bounded = start is not None or end is not None or as_of is not None or until is not None
    return not is_bounded and basis != "closed" and not pipeline.elsewhere


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
    if keeps_all(pipeline, start, end, basis, as_of, until):
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
