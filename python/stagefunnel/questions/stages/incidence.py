"""How many items are won, lost and still open by each age, though some are watched for less."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, advised, check_option, given, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share
from ...tables.options import (
    BasisName,
    ErrorName,
    LifeClockName,
    MissingStages,
    ReopenName,
    Unlisted,
)
from ...tables.schema import INCIDENCE
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..scope.working import Lengths
from ..stats.bounds import check_confidence, incidence_bounds
from ..stats.incidence import least_at_risk, rows_by_cause
from ..stats.spells import FROM_START, Codes, Ticks
from .limits import exact_ticks
from .lives import LogSpells, Watch, item_spells, visit_spells
from .stage_rows import row_of_stage

OUTCOME: Final = "outcome"
_N_STEPS: Final = 50
_LEAST_FOLLOWED: Final = 10  # a horizon stands on as many items, or on a share of all
_SHARE_FOLLOWED: Final = Fraction(1, 20)


def cumulative_incidence(
    log: StageLog,
    pipeline: Pipeline,
    *,
    to: Hashable = OUTCOME,
    clock: LifeClockName = "created",
    stage: Hashable | None = None,
    times: Sequence[LengthLike] | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    observed: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    calendar: WorkingHours | None = None,
    confidence: float = 0.95,
    se: ErrorName = "greenwood",
    min_at_risk: int | None = None,
    reopen: ReopenName = "last",
    where: Where | None = None,
) -> pd.DataFrame:
    """Estimate how many items are won and lost by each age, though some are still open.

    An open item has not failed; it is not finished. It counts for as long as it was seen (Aalen and
    Johansen), so that young items make no rate look bad, and items that nobody closes make none look good.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    to
        ``"outcome"``: what happens is that an item is won or lost. The label of a stage: that it gets there,
        to a stage in progress after it or to a won one, or is lost before.
    clock
        ``"created"``: ages run from an item's first row. ``"stage"``: from each entry into `stage`, and what
        happens is the stage that follows.
    stage
        The label of that stage.
    times
        The ages of the rows: lengths of time, or numbers where the log's times are plain integers. By default
        fifty steps up to the horizon.
    by
        Columns of the items table, or of the log at the item's first row; each group has its own curves.
    top
        Number of groups with the most items; the others become one group.
    observed
        What happened between two moments alone, as `period` takes them. Items that were created before are at
        risk from the age that they have then, and what happens later is not seen.
    unlisted, missing, period, as_of, where
        As for :func:`funnel`.
    basis
        As for :func:`funnel`; ``"created"`` by default.
    within
        As for :func:`funnel`: each item is watched for this long.
    calendar
        Working hours, as for :func:`time_in_stage`.
    confidence
        How sure the bounds are.
    se
        Errors: ``"greenwood"``, or ``"robust"`` to visits of one item that depend on each other.
    min_at_risk
        Events at an age at which fewer items are at risk are passed over.
    reopen
        What ends an item that was closed and worked on again: the ``"last"`` closing, which stands, or the
        ``"first"``.

    Returns
    -------
    DataFrame
        One row per group of `by`, cause and age:

        - ``cause``: ``won`` and ``lost``; with `to` a stage ``reached`` and ``lost``; with ``clock="stage"``
          the next stages; ``moved_out`` where the pipeline keeps items that moved to another one;
        - ``time``, the age; ``at_risk``, items open and seen just before it; ``events`` since the row before;
        - ``incidence``, ``se``, ``incidence_low``, ``incidence_high``; ``open``, the share still open;
        - ``naive``: what is counted so far over all items of the group, for contrast;
        - ``beyond_horizon``: whether too few items are old enough for this age.

        ``attrs["stagefunnel"]`` has for each group the horizon, the largest age that at least 10 and 5 % of
        the items could have, and the win rate of closed items adjusted for the open ones with its error.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a stage that is not one of the pipeline.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 4, 4], "stage": ["New", "Won", "New", "Lost", "New", "New", "Won"],
    ...         "time": [0, 2, 0, 4, 3, 0, 8]}
    >>> pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    >>> table = sf.cumulative_incidence(sf.StageLog(rows), pipeline, times=[2, 4, 8])
    >>> table[["cause", "time", "at_risk", "incidence", "open", "naive"]]
      cause  time  at_risk  incidence  open  naive
    0   won   2.0        4       0.25  0.75   0.25
    1   won   4.0        3       0.25  0.50   0.25
    2   won   8.0        1       0.75  0.00   0.50
    3  lost   2.0        4       0.00  0.75   0.00
    4  lost   4.0        3       0.25  0.50   0.25
    5  lost   8.0        1       0.25  0.00   0.25
    """
    check_option("clock", clock, get_args(LifeClockName))
    check_option("se", se, get_args(ErrorName))
    check_option("reopen", reopen, get_args(ReopenName))
    sure, least = check_confidence(confidence), least_at_risk(min_at_risk)
    check_top(top, by)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    kept = "created" if basis is None else basis_of(basis, within)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=kept,
        as_of=as_of,
        within=within,
    )
    lengths = Lengths.of(selection.data, calendar)
    watch = Watch.of(selection, observed=observed, period=period, basis=kept, as_of=as_of)
    is_of_stage = clock == "stage"
    row = _target(pipeline, to, stage, is_of_stage=is_of_stage)
    if is_of_stage:
        spells, _ = visit_spells(selection, lengths, watch, [row], by_next=True)
    else:
        spells = item_spells(
            selection, lengths, watch, target=row, reopen=reopen, as_of=as_of, has_target=row >= 0
        )
    groups, code = _grouped(selection, spells, by, top)
    question = _Curves.of(spells, groups, code, least, selection.data.threads)
    wanted = question.wanted(times, lengths)
    table = question.table(wanted, lengths, sure, se)
    table = label_rows(table, groups.values, question.shown[question.rows(wanted)])
    remember(
        table,
        "cumulative_incidence",
        pipeline,
        **groups.remembered,
        clock=clock,
        to=str(to),
        stage=None if stage is None else str(stage),
        reopen=reopen,
        confidence=sure,
        rows=len(table),
        **question.remembered(lengths),
        **spells.passed,
        **lengths.remembered_with_pauses(pipeline),
    )
    table = asked.remarked(selection.remarked(table))
    if spells.n_unknown:
        remembered = table.attrs["stagefunnel"]
        remembered["start_unknown"] = remembered.get("start_unknown", 0) + spells.n_unknown
    return table


def _target(pipeline: Pipeline, to: Hashable, stage: Hashable | None, *, is_of_stage: bool) -> int:
    """Read the stage that a question is about: the target, or that whose visits are followed."""
    is_outcome = isinstance(to, str) and to == OUTCOME
    if is_of_stage:
        if stage is None:
            raise SchemaError(
                advised("clock", "stage"), " needs ", named("stage"), ", the stage from which ages run"
            )
        if not is_outcome:
            says = (" is where an item gets to, and with ", advised("clock", "stage"))
            raise SchemaError(given("to", to), *says, " what happens is the next stage; leave it out")
        return row_of_stage(pipeline, "stage", stage)
    if stage is not None:
        raise SchemaError(
            given("stage", stage), " is where ages run from with ", advised("clock", "stage"), "; pass that"
        )
    if is_outcome:
        return -1
    row = row_of_stage(pipeline, "to", to)
    if row >= len(pipeline.stages) + len(pipeline.won):
        raise SchemaError(given("to", to), " is a lost stage; name one in progress or a won one")
    return row


def _grouped(
    selection: Selection, spells: LogSpells, by: str | Sequence[str] | None, top: int | None
) -> tuple[Groups, Codes]:
    """Put each spell in the group of its item."""
    groups = groups_of(selection, by, reserved=INCIDENCE)

    def codes(groups: Groups) -> Codes:
        of_item = groups.codes(selection.log.n_items)
        return np.ascontiguousarray(of_item if spells.item is None else of_item[spells.item])

    code = codes(groups)
    if top is not None:
        sizes = _sizes(code, spells, groups.n_groups)
        groups = folded(groups, sizes, sizes > 0, top)
        code = codes(groups)
    return groups, code


def _sizes(code: Codes, spells: LogSpells, n_groups: int) -> npt.NDArray[np.int64]:
    return np.bincount(code[spells.is_counted], minlength=n_groups).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """The ages of a table: exactly, and the whole ticks around each."""

    exact: list[Fraction]
    below: Ticks
    above: Ticks

    @classmethod
    def of(cls, exact: Sequence[Fraction]) -> _Wanted:
        rising = sorted(set(exact))
        below = np.array([age // 1 for age in rising], dtype=np.int64)
        return cls(rising, below, np.array([-(-age // 1) for age in rising], dtype=np.int64))


@dataclass(frozen=True, eq=False)
class _Curves:
    """The spells of a question by group, and what their curves are made of.

    Attributes
    ----------
    spells, code, n_groups, least, threads
        The spells, the group of each, and how many have to be at risk.
    sizes, shown
        Number of spells in each group, and the groups that the table shows.
    horizon
        Of each group the largest age that enough of its spells could have; -1 where there is none.
    """

    spells: LogSpells
    code: Codes
    n_groups: int
    least: int
    threads: int
    sizes: npt.NDArray[np.int64]
    shown: npt.NDArray[np.intp]
    horizon: Ticks

    @classmethod
    def of(cls, spells: LogSpells, groups: Groups, code: Codes, least: int, threads: int) -> _Curves:
        sizes = _sizes(code, spells, groups.n_groups)
        shown = groups.shown(sizes > 0)
        horizon = horizons(spells.followed, spells.is_counted, code, groups.n_groups)
        return cls(spells, code, groups.n_groups, least, threads, sizes, shown, horizon)

    def wanted(self, times: Any, lengths: Lengths) -> _Wanted:
        """Read the ages that are asked for, by default steps up to the largest horizon."""
        if times is None:
            counted = self.spells.followed[self.spells.is_counted]
            last = int(self.horizon.max(initial=-1))
            last = int(counted.max(initial=0)) if last < 0 else last
            return _Wanted.of([Fraction(k * last, _N_STEPS) for k in range(1, _N_STEPS + 1)])
        if isinstance(times, str) or not hasattr(times, "__iter__"):
            raise SchemaError(given("times", times), " is not a list of ages, such as ['30d', '60d']")
        ages = [exact_ticks(age, lengths, "times") for age in times]
        if any(age < 0 for age in ages):
            raise SchemaError(given("times", times), " has an age below zero")
        return _Wanted.of(ages)

    def estimate(self, below: Ticks, above: Ticks) -> _core.stats.IncidenceCurves:
        """Estimate the curves of all groups at some ages."""
        return _core.stats.estimate_incidence(
            **self._arguments, below=below, above=above, threads=self.threads
        )

    @property
    def _arguments(self) -> dict[str, Any]:
        spells = self.spells
        return {
            "exit": np.ascontiguousarray(spells.exit),
            "cause": np.ascontiguousarray(spells.cause),
            "entry": None if spells.entry is None else np.ascontiguousarray(spells.entry),
            "group": self.code,
            "n_causes": self.n_causes,
            "n_groups": self.n_groups,
            "min_at_risk": self.least,
        }

    @property
    def n_causes(self) -> int:
        """Number of causes, at least one: the core needs it also where nothing can happen."""
        return max(len(self.spells.causes), 1)

    def rows(self, wanted: _Wanted) -> npt.NDArray[np.int64]:
        """Return the place among the shown groups of each row of the table."""
        return np.repeat(np.arange(len(self.shown)), len(self.spells.causes) * len(wanted.exact))

    def table(self, wanted: _Wanted, lengths: Lengths, confidence: float, se: str) -> pd.DataFrame:
        """Make the table, without the columns of the groups."""
        n_times, n_causes = len(wanted.exact), len(self.spells.causes)
        curves = self.estimate(wanted.below, wanted.above)
        variance = curves.variance
        if se == "robust":
            item = None if self.spells.item is None else self.spells.item.astype(np.int32)
            variance = _core.stats.robust_variances(
                **self._arguments, item=item, below=wanted.below, above=wanted.above
            )
        bounds = np.arange(len(self.shown) + 1) * n_times
        place, cause = rows_by_cause(bounds, n_causes)
        row = (self.shown[:, np.newaxis] * n_times + np.arange(n_times)).reshape(-1)[place]
        group = row // max(n_times, 1)
        cell = row * self.n_causes + cause
        events = curves.events[cell]
        survival = curves.survival[row]
        above = wanted.above[row - group * n_times]
        known = (above <= self._last_exit[group]) | (survival <= 0)
        incidence = np.where(known, curves.incidence[cell], np.nan)
        error = np.sqrt(np.where(known, np.maximum(variance[cell], 0), np.nan))
        low, high = incidence_bounds(incidence, error, confidence)
        so_far = events.reshape(-1, n_times).cumsum(axis=1).reshape(-1) if n_times else events
        exact = [wanted.exact[at] for at in (row - group * n_times).tolist()]
        columns = {
            "cause": pd.Categorical.from_codes(cause, categories=pd.Index(list(self.spells.causes))),
            "time": to_durations(exact, lengths.unit),
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

    @property
    def _last_exit(self) -> Ticks:
        last = np.full(self.n_groups, FROM_START)
        counted = self.spells.is_counted
        np.maximum.at(last, self.code[counted], self.spells.exit[counted])
        return last

    def remembered(self, lengths: Lengths) -> dict[str, Any]:
        """Say for each group that is shown its size, its horizon and its adjusted win rate, as plain data."""
        horizons = self.horizon[self.shown]
        at = np.unique(np.maximum(horizons, 0))
        curves = self.estimate(at, at)
        rates, errors = adjusted_rates(curves, self.n_causes)
        place = self.shown * max(len(at), 1) + np.searchsorted(at, np.maximum(horizons, 0))
        is_win_rate = list(self.spells.causes[:2]) == ["won", "lost"]
        counts = self._counts()[self.shown]
        exact = [None if age < 0 else Fraction(age) for age in horizons.tolist()]
        return {
            "n": self.sizes[self.shown].tolist(),
            "n_open": (self.sizes[self.shown] - counts.sum(axis=1)).tolist(),
            "horizon": [
                None if pd.isna(age) else age if lengths.unit is None else str(age)
                for age in to_durations(exact, lengths.unit).tolist()
            ],
            "adjusted_win_rate": _plain(rates[place]) if is_win_rate and len(place) else None,
            "adjusted_win_rate_se": _plain(errors[place]) if is_win_rate and len(place) else None,
            "naive_win_rate": _plain(share(counts[:, 0], counts[:, :2].sum(axis=1))) if is_win_rate else None,
        }

    def _counts(self) -> npt.NDArray[np.int64]:
        """Count the events of each group and cause."""
        happened = self.spells.cause >= 0
        cell = self.code[happened].astype(np.int64) * self.n_causes + self.spells.cause[happened]
        return np.bincount(cell, minlength=self.n_groups * self.n_causes).reshape(self.n_groups, -1)


def horizons(followed: Ticks, counted: npt.NDArray[np.bool_], code: Codes, n_groups: int) -> Ticks:
    """Return of each group the largest age that at least 10 and 5 % of its spells could have; -1: none."""
    age, group = followed[counted], code[counted]
    order = np.lexsort((-age, group))
    age = age[order]
    sizes = np.bincount(group, minlength=n_groups).astype(np.int64)
    begins = np.cumsum(sizes) - sizes
    needed = np.maximum(_LEAST_FOLLOWED, -(-sizes * _SHARE_FOLLOWED.numerator // _SHARE_FOLLOWED.denominator))
    found = np.full(n_groups, -1, dtype=np.int64)
    enough = np.flatnonzero(sizes >= needed)
    found[enough] = age[begins[enough] + needed[enough] - 1]
    return found


def curve_values(
    spells: LogSpells, code: Codes, n_groups: int, age: Ticks, threads: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return of each spell the incidence of the first cause, and the share left, of its group at an age."""
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
    row = code.astype(np.int64) * len(ages) + np.searchsorted(ages, age)
    left = curves.survival[row]
    known = (age <= last[code]) | (left <= 0)
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
