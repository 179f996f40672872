"""Wins of items that are not there yet: as many come as came lately, and are won as those were by age."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.columns.number import NumberColumn
from ...times.periods import MomentLike
from ...times.stamps import to_lengths
from ..stages.lives import LogSpells, item_spells
from ..stats.spells import LEFT_OUT, Codes, Ticks
from .asking import OpenState
from .exits import Floats
from .unseen import is_sure

_N_AGES = 64


@dataclass(frozen=True, eq=False)
class NewItems:
    """What items bring that will be created within a horizon.

    Attributes
    ----------
    n
        Number of items of each group that were created in as long a time before now; in a shorter log after
        its first row.
    times
        How many times as many come within the horizon: 1, or more where the log is shorter.
    log_length
        How long the log is in its unit, where that is less than the horizon.
    rate, error
        Share of such items that is won by the horizon, and its error.
    behind
        How many items say so where that share is 0 or 1.
    mean_amount, spread
        Mean and standard deviation of the amounts of won items; NaN without any.
    """

    n: npt.NDArray[np.int64]
    times: float
    log_length: int | None
    rate: float
    error: float
    behind: float
    mean_amount: float
    spread: float

    @classmethod
    def of(
        cls,
        state: OpenState,
        group: Codes,
        n_groups: int,
        as_of: MomentLike | None,
        amounts: NumberColumn | None,
    ) -> NewItems:
        """Count the items that came lately, and estimate how they are won by age."""
        horizon = state.horizon
        assert horizon is not None  # without one there is no end of what may come
        spells = item_spells(
            state.training,
            state.lengths,
            state.watch,
            target=-1,
            reopen="last",
            as_of=as_of,
            has_target=False,
        )
        lately = item_spells(
            state.selection,
            state.lengths,
            state.watch,
            target=-1,
            reopen="last",
            as_of=as_of,
            has_target=False,
        )
        assert lately.began is not None  # items have a beginning
        end = state.watch.end
        since, times, log_length = end - (horizon.end - end), 1.0, None
        begin = state.selection.data.time_range
        if begin is not None and since < begin[0] < end:
            # What the first rows bring may have waited for the log to begin; what came since has a rate.
            log_length = end - begin[0]
            since, times = begin[0] + 1, (horizon.end - end) / log_length
        came = (lately.cause != LEFT_OUT) & (lately.began >= since) & (lately.began < end)
        n = np.bincount(group[came], minlength=n_groups).astype(np.int64)
        rate, error = _won_within(spells, horizon.length, state.selection.data.threads)
        values = np.zeros(0)
        if amounts is not None:
            values = amounts.values[spells.cause == 0] / 10**amounts.scale
            values = values[~np.isnan(values)]
        has_some = len(values) > 0
        return cls(
            *(n, times, log_length, rate, error),
            items_behind(spells, horizon.length, state.selection.data.threads) if is_sure(rate) else np.nan,
            float(values.mean()) if has_some else np.nan,
            float(values.std()) if has_some else np.nan,
        )

    def of_all(self) -> NewItems:
        """Take the items of all groups together, which know more than each of these by itself."""
        return replace(self, n=self.n.sum(keepdims=True))

    def remembered(self, unit: str | None) -> dict[str, Any]:
        """Return what a table remembers of a log that is shorter than the horizon, in whose unit it is."""
        if self.log_length is None:
            return {}
        if unit is None:
            return {"log_length": self.log_length}
        return {"log_length": str(pd.Timedelta(to_lengths(np.array([self.log_length]), unit).iloc[0]))}

    def expected(self, group: int) -> float:
        """Return the expected number of wins of a group."""
        return float(self.n[group] * self.times * self.rate)

    def draw(self, group: int, n_draws: int, seed: int, *, draws_chances: bool) -> Floats:
        """Draw how many are won: how many come, and how many of them are won, by one Poisson number.

        What was never seen is off in every second draw: that none came, and that none of them, or each, was
        won.
        """
        random = np.random.Generator(np.random.Philox(key=[seed, group]))
        n, rate = float(self.n[group]), self.rate
        if np.isnan(rate):
            return np.full(n_draws, np.nan)
        if not draws_chances:
            return np.asarray(random.poisson(np.full(n_draws, n * self.times * rate)), dtype=np.float64)
        is_certain = bool(is_sure(rate))
        is_off = random.random(n_draws) < 0.5 if is_certain or not n else np.zeros(n_draws, dtype=bool)
        came = random.gamma(n, size=n_draws) if n else np.where(is_off, random.exponential(size=n_draws), 0)
        if is_certain:
            far = np.where(is_off, -np.expm1(-random.exponential(size=n_draws) / self.behind), 0)
            shares = np.abs(np.round(rate) - far)
        else:
            shares = np.clip(rate + self.error * random.standard_normal(n_draws), 0, 1)
        return np.asarray(random.poisson(came * self.times * shares), dtype=np.float64)

    def draw_amounts(self, wins: Floats, group: int, seed: int) -> Floats:
        """Draw what so many wins are worth."""
        random = np.random.Generator(np.random.Philox(key=[seed + 1, group]))
        noise = random.standard_normal(len(wins)) * self.spread * np.sqrt(wins)
        return np.maximum(wins * self.mean_amount + noise, 0)


def _won_within(spells: LogSpells, horizon: Fraction, threads: int) -> tuple[float, float]:
    """Return the mean incidence of winning over the ages up to a horizon, and its error."""
    if not (spells.cause == 0).any():
        return np.nan, np.nan  # nothing was won yet, which is no reason to expect nothing
    # Items come evenly, so that their ages at the horizon are the middles of equal pieces of it.
    exact = [horizon * (2 * k + 1) / (2 * _N_AGES) for k in range(_N_AGES)]
    ages = np.unique(np.array([age // 1 for age in exact], dtype=np.int64))
    curves = _curves_at(ages, spells, threads)
    place = np.searchsorted(ages, np.array([age // 1 for age in exact], dtype=np.int64))
    won = curves.incidence.reshape(-1, len(spells.causes))[place, 0]
    variance = curves.variance.reshape(-1, len(spells.causes))[place, 0]
    # The incidences at different ages go up and down together.
    return float(won.mean()), float(np.sqrt(np.maximum(variance, 0)).mean())


def items_behind(spells: LogSpells, horizon: Fraction, threads: int) -> float:
    """Count the items that say what never happens to one by the age of a horizon: formula 22 at age 0.

    Some spells have ended.
    """
    ended = spells.exit[spells.cause >= 0]
    until = min(math.ceil(horizon), int(ended.max()))
    end = int(ended[ended >= until].min())
    at_risk = int(np.count_nonzero(spells.is_counted & (spells.exit >= end)))
    if not end:
        return float(at_risk)
    before = _curves_at(np.array([end - 1], dtype=np.int64), spells, threads)
    return at_risk / float(before.survival[0])


def _curves_at(ages: Ticks, spells: LogSpells, threads: int) -> _core.stats.IncidenceCurves:
    return _core.stats.estimate_incidence(
        exit=np.ascontiguousarray(spells.exit),
        cause=np.ascontiguousarray(spells.cause),
        entry=None,
        group=None,
        n_causes=len(spells.causes),
        n_groups=1,
        below=ages,
        above=ages,
        min_at_risk=0,
        threads=threads,
    )
