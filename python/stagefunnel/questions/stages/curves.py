"""Curves of incidence by group over the spells of a log: their ages, horizons and adjusted rates."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given
from ...tables.build import share
from ...tables.schema import INCIDENCE
from ...times.stamps import to_durations
from ..scope.groups import Groups
from ..scope.working import Lengths
from ..stats.bounds import incidence_bounds, survival_bounds, without_rounding
from ..stats.incidence import rows_by_cause
from ..stats.spells import FROM_START, Codes, Ticks
from .curve_sources import CountedSpells, ListedSpells, Source
from .limits import exact_ticks
from .lives import LogSpells

_N_STEPS: Final = 50
_LEAST_FOLLOWED: Final = 10  # a horizon stands on as many items, or on a share of all
_SHARE_FOLLOWED: Final = Fraction(1, 20)
_FEW_CELLS: Final = 1 << 16


def sizes_of(code: Codes, spells: LogSpells, n_groups: int) -> npt.NDArray[np.int64]:
    """Count the spells of each group."""
    return np.bincount(code[spells.is_counted], minlength=n_groups).astype(np.int64)


@dataclass(frozen=True, eq=False)
class WantedAges:
    """The ages of a table: exactly, and the whole ticks around each."""

    exact: list[Fraction]
    below: Ticks
    above: Ticks

    @classmethod
    def of(cls, exact: Sequence[Fraction]) -> WantedAges:
        """Put ages in order, each of them once."""
        rising = sorted(set(exact))
        below = np.array([age // 1 for age in rising], dtype=np.int64)
        return cls(rising, below, np.array([-(-age // 1) for age in rising], dtype=np.int64))


def ages_of(times: Any, lengths: Lengths) -> list[Fraction] | None:
    """Read the ages that an option gives; ``None``: it gives none."""
    if times is None:
        return None
    if isinstance(times, str) or not hasattr(times, "__iter__"):
        raise SchemaError(given("times", times), " is not a list of ages, such as ['30d', '60d']")
    ages = [exact_ticks(age, lengths, "times") for age in times]
    if not ages:
        raise SchemaError(
            given("times", times), " has no age; leave it out for fifty steps up to the horizon"
        )
    if any(age < 0 for age in ages):
        raise SchemaError(given("times", times), " has an age below zero")
    return ages


@dataclass(frozen=True, eq=False)
class GroupCurves:
    """The spells of a question by group, and what their curves are made of.

    Attributes
    ----------
    causes, source
        What may end a spell, and what the curves are estimated from.
    n_groups, shown
        Number of groups, and those that the table shows.
    sizes, events
        Number of spells in each group, and how many of them each cause has ended.
    last_exit, longest
        The last age at which a spell of each group was watched, and at which any could have been.
    horizon
        Of each group the largest age that enough of its spells could have; -1 where there is none.
    """

    causes: Sequence[Hashable]
    source: Source
    n_groups: int
    shown: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    last_exit: Ticks
    longest: int
    horizon: Ticks

    @classmethod
    def of(cls, spells: LogSpells, groups: Groups, code: Codes, least: int, threads: int) -> GroupCurves:
        """Count the spells of each group, and find its horizon."""
        n_groups, counted = groups.n_groups, spells.is_counted
        sizes = sizes_of(code, spells, n_groups)
        last = np.full(n_groups, FROM_START)
        np.maximum.at(last, code[counted], spells.exit[counted])
        source = ListedSpells(spells, code, n_groups, least, threads)
        return cls(
            spells.causes,
            source,
            n_groups,
            groups.shown(sizes > 0),
            sizes,
            source.events(),
            last,
            int(spells.followed[counted].max(initial=0)),
            horizons(spells.followed, counted, code, n_groups),
        )

    @classmethod
    def of_cells(
        cls, causes: Sequence[Hashable], cells: CellCounts, groups: Groups, least: int, threads: int
    ) -> GroupCurves:
        """Read the same off spells that are counted."""
        return cls(
            causes,
            CountedSpells(cells.cells, least, threads),
            groups.n_groups,
            groups.shown(cells.sizes > 0),
            cells.sizes,
            cells.events,
            cells.last_exit,
            cells.longest,
            cells.horizon,
        )

    def wanted(self, ages: Sequence[Fraction] | None) -> WantedAges:
        """Return the ages that are asked for, by default steps up to the largest horizon."""
        if ages is not None:
            return WantedAges.of(ages)
        last = int(self.horizon.max(initial=-1))
        last = self.longest if last < 0 else last
        return WantedAges.of([Fraction(k * last, _N_STEPS) for k in range(1, _N_STEPS + 1)])

    @property
    def n_causes(self) -> int:
        """Number of causes, at least one: the core needs it also where nothing can happen."""
        return max(len(self.causes), 1)

    def rows(self, wanted: WantedAges) -> npt.NDArray[np.int64]:
        """Return the place among the shown groups of each row of the table."""
        return np.repeat(np.arange(len(self.shown)), len(self.causes) * len(wanted.exact))

    def table(self, wanted: WantedAges, unit: str | None, confidence: float, se: str) -> pd.DataFrame:
        """Make the table, without the columns of the groups."""
        n_times, n_causes = len(wanted.exact), len(self.causes)
        curves = self.source.estimate(wanted.below, wanted.above)
        variance = curves.variance
        if se == "robust":
            variance = self.source.robust_variances(wanted.below, wanted.above)
        bounds = np.arange(len(self.shown) + 1) * n_times
        place, cause = rows_by_cause(bounds, n_causes)
        row = (self.shown[:, np.newaxis] * n_times + np.arange(n_times)).reshape(-1)[place]
        group = row // max(n_times, 1)
        cell = row * self.n_causes + cause
        events = curves.events[cell]
        survival = curves.survival[row]
        above = wanted.above[row - group * n_times]
        known = (above <= self.last_exit[group]) | (survival <= 0)
        incidence = without_rounding(np.where(known, curves.incidence[cell], np.nan))
        error = np.sqrt(np.where(known, np.maximum(variance[cell], 0), np.nan))
        low, high = incidence_bounds(incidence, error, confidence)
        happened = events
        if self.source.least:  # events that a curve passes over have happened
            happened = self.source.estimate(wanted.below, wanted.above, least=0).events[cell]
        so_far = happened.reshape(-1, n_times).cumsum(axis=1).reshape(-1)
        ages = to_durations(wanted.exact, unit)
        columns = {
            "cause": pd.Categorical.from_codes(cause, categories=pd.Index(list(self.causes))),
            "time": ages.take(row - group * n_times).reset_index(drop=True),
            "at_risk": curves.at_risk[row],
            "events": events,
            "incidence": incidence,
            "se": error,
            "incidence_low": low,
            "incidence_high": high,
            "open": np.where(known, survival, np.nan),
            "naive": share(so_far, self.sizes[group]),
            "beyond_horizon": above > self.horizon[group],
        }
        return pd.DataFrame({name: columns[name] for name in INCIDENCE})

    def open_bounds(self, wanted: WantedAges, confidence: float) -> dict[str, list[float | None]]:
        """Return the bounds of the share still open, of each shown group at each age, as plain data."""
        curves = self.source.estimate(wanted.below, wanted.above)
        n_times = len(wanted.exact)
        row = (self.shown[:, np.newaxis] * n_times + np.arange(n_times)).reshape(-1)
        last = self.last_exit[row // max(n_times, 1)]
        known = (wanted.above[row % max(n_times, 1)] <= last) | (curves.survival[row] <= 0)
        survival = np.where(known, curves.survival[row], np.nan)
        error = np.sqrt(np.maximum(curves.survival_variance[row], 0))
        low, high = survival_bounds(survival, error, confidence)
        return {"open_low": _plain(low), "open_high": _plain(high)}

    def remembered(self, unit: str | None) -> dict[str, Any]:
        """Say for each group that is shown its size, its horizon and its adjusted win rate, as plain data."""
        horizons = self.horizon[self.shown]
        at = np.unique(np.maximum(horizons, 0))
        curves = self.source.estimate(at, at)
        rates, errors = adjusted_rates(curves, self.n_causes)
        place = self.shown * max(len(at), 1) + np.searchsorted(at, np.maximum(horizons, 0))
        is_win_rate = list(self.causes[:2]) == ["won", "lost"]
        counts = self.events[self.shown]
        exact = [None if age < 0 else Fraction(age) for age in horizons.tolist()]
        return {
            **self._passed_over(),
            "n": self.sizes[self.shown].tolist(),
            "n_open": (self.sizes[self.shown] - counts.sum(axis=1)).tolist(),
            "horizon": [
                None if pd.isna(age) else age if unit is None else str(age)
                for age in to_durations(exact, unit).tolist()
            ],
            "adjusted_win_rate": _plain(rates[place]) if is_win_rate and len(place) else None,
            "adjusted_win_rate_se": _plain(errors[place]) if is_win_rate and len(place) else None,
            "naive_win_rate": _plain(share(counts[:, 0], counts[:, :2].sum(axis=1))) if is_win_rate else None,
        }

    def _passed_over(self) -> dict[str, int]:
        """Count the events of the groups that are shown at which too few were at risk."""
        if not self.source.least:
            return {}
        end = np.maximum(self.last_exit.max(initial=0), 0).reshape(1)
        counted = self.source.estimate(end, end).events.reshape(self.n_groups, -1)[self.shown].sum()
        return {
            "min_at_risk": self.source.least,
            "passed_over": int(self.events[self.shown].sum() - counted),
        }


@dataclass(frozen=True, eq=False)
class CellCounts:
    """What is read off spells that are counted by group and age, as :class:`GroupCurves` has it."""

    cells: _core.stats.RiskCells
    sizes: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    last_exit: Ticks
    longest: int
    horizon: Ticks

    @classmethod
    def of(cls, cells: _core.stats.RiskCells, n_groups: int, n_causes: int) -> CellCounts:
        """Add up the cells of each group."""
        step, n_ages = cells.step, cells.n_ages
        followed = cells.followed.reshape(n_groups, n_ages)
        ended = cells.ended.reshape(n_groups, n_ages, -1)
        per_age = ended[:, :, 1:].sum(axis=2)
        sizes = followed.sum(axis=1).astype(np.int64)
        last = step * (n_ages - 1 - (per_age[:, ::-1] > 0).argmax(axis=1)).astype(np.int64)
        any_followed = np.flatnonzero(followed.any(axis=0))
        needed = least_followed(sizes)
        return cls(
            cells,
            sizes,
            ended[:, :, 2 : 2 + n_causes].sum(axis=1).astype(np.int64),
            np.where(sizes > 0, last, FROM_START),
            step * int(any_followed[-1]) if len(any_followed) else 0,
            np.where(sizes >= needed, step * _oldest_with(followed, needed), -1),
        )


def least_followed(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many spells of each group a horizon stands on."""
    shares = -(-sizes * _SHARE_FOLLOWED.numerator // _SHARE_FOLLOWED.denominator)
    return np.maximum(_LEAST_FOLLOWED, shares)


def _oldest_with(counts: npt.NDArray[Any], needed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each group the last place behind which, itself included, there are as many as needed."""
    older = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.asarray((older >= needed[:, np.newaxis]).sum(axis=1) - 1, dtype=np.int64)


def horizons(followed: Ticks, counted: npt.NDArray[np.bool_], code: Codes, n_groups: int) -> Ticks:
    """Return of each group the largest age that at least 10 and 5% of its spells could have; -1: none."""
    age, group = followed[counted], code[counted]
    sizes = np.bincount(group, minlength=n_groups).astype(np.int64)
    needed = least_followed(sizes)
    found = np.full(n_groups, -1, dtype=np.int64)
    step = max(int(np.gcd.reduce(age)) if len(age) else 1, 1)  # days in a log of seconds
    n_ages = int(age.max(initial=0)) // step + 1
    if n_ages * n_groups <= _FEW_CELLS + 4 * len(age):
        # Few ages are counted, which takes no sort.
        cells = np.bincount(group.astype(np.int64) * n_ages + age // step, minlength=n_ages * n_groups)
        oldest = _oldest_with(cells.reshape(n_groups, n_ages), needed)
        return np.where(sizes >= needed, step * oldest, -1)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(sizes)
    for one in np.flatnonzero(sizes >= needed).tolist():
        own = age[order[ends[one] - sizes[one] : ends[one]]]
        place = len(own) - int(needed[one])
        found[one] = np.partition(own, place)[place]
    return found


def curve_values(
    spells: LogSpells,
    code: Codes,
    n_groups: int,
    age: Ticks,
    threads: int,
    *,
    of: Codes | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the incidence of the first cause at some ages, and the share left.

    `code` has the group of each spell, and `of` that of each age; without it there is one age for each spell.
    """
    of = code if of is None else of
    n_causes = max(len(spells.causes), 1)
    ages = np.unique(age)
    curves = _core.stats.estimate_incidence(
        exit=np.ascontiguousarray(spells.exit),
        cause=np.ascontiguousarray(spells.cause),
        entry=spells.entry,
        group=code,
        n_causes=n_causes,
        n_groups=n_groups,
        below=ages,
        above=ages,
        min_at_risk=0,
        threads=threads,
    )
    last = np.full(n_groups, FROM_START)
    np.maximum.at(last, code[spells.is_counted], spells.exit[spells.is_counted])
    row = of.astype(np.int64) * len(ages) + np.searchsorted(ages, age)
    left = curves.survival[row]
    known = (age <= last[of]) | (left <= 0)
    won = curves.incidence.reshape(-1, n_causes)[row, 0]
    return np.where(known, won, np.nan), np.where(known, left, np.nan)


def adjusted_rates(
    curves: _core.stats.IncidenceCurves, n_causes: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return won / (won + lost) of the incidences at each row, and its error by the delta method."""
    if n_causes < 2:
        nothing = np.full(len(curves.time), np.nan)
        return nothing, nothing
    incidence, variance = (one.reshape(-1, n_causes) for one in (curves.incidence, curves.variance))
    won, lost = incidence[:, 0], incidence[:, 1]
    both = won + lost
    rate = share(won, both)
    spread = lost**2 * variance[:, 0] + won**2 * variance[:, 1] - 2 * won * lost * curves.covariance
    return rate, np.sqrt(np.maximum(share(spread, both**4), 0))


def _plain(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values.tolist()]
