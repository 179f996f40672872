"""The chance that an item is won within some time: the kernel run forward on a grid of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import Codes, Ticks
from .chances import Chances
from .exits import Floats

MOST_STEPS: Final = 512
_MOST_TICKS: Final = 2**63 - 1


@dataclass(frozen=True)
class Grid:
    """Steps of equal length up to a horizon.

    Attributes
    ----------
    step
        Length of a step, in the unit of the lengths.
    n
        Number of steps.
    """

    step: Fraction
    n: int

    @classmethod
    def of(cls, horizon: Fraction, ages: Ticks) -> Grid:
        """Cut a horizon into at most 512 steps; ages that are all multiples of a longer step take that."""
        common = int(np.gcd.reduce(ages)) if len(ages) else 0
        if common and horizon <= common * MOST_STEPS:
            return cls(Fraction(common), math.floor(horizon / common))
        return cls(horizon / MOST_STEPS, MOST_STEPS)

    def ends(self, last: int) -> Ticks:
        """Return the largest age of each step from 0 to a last one."""
        return self.end_of(np.arange(last + 1, dtype=np.int64))

    def end_of(self, step: Ticks) -> Ticks:
        """Return the largest age of some steps."""
        numerator, denominator = self.step.numerator, self.step.denominator
        if int(step.max(initial=0)) * numerator < 2**63:
            return np.asarray(step * numerator // denominator)
        exact = [at * numerator // denominator for at in step.tolist()]
        return np.array([min(one, _MOST_TICKS) for one in exact], dtype=np.int64)

    def up(self, age: Ticks) -> Ticks:
        """Return the step at the end of which an exit is."""
        return -self._floor(-age)

    def down(self, age: Ticks) -> Ticks:
        """Return the step at whose beginning an age is."""
        return self._floor(age)

    def _floor(self, age: Ticks) -> Ticks:
        numerator, denominator = self.step.numerator, self.step.denominator
        if denominator == 1:
            return np.asarray(age // numerator)
        if int(np.abs(age).max(initial=0)) * denominator < 2**63:
            return np.asarray(age * denominator // numerator)
        return np.array([one * denominator // numerator for one in age.tolist()], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SteppedExits:
    """The exits of each stage by step of age.

    Attributes
    ----------
    chance
        By stage, step of age from 0, and what follows: the share of all visits that ends in that step.
    left
        By stage and step: the share of visits that has not ended by the end of the step.
    """

    chance: Floats
    left: Floats

    def of_leaving(self) -> SteppedExits:
        """Return the exits of visits that end at all."""
        total = self.chance.sum(axis=(1, 2))
        scale = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
        chance = self.chance * scale[:, np.newaxis, np.newaxis]
        # Added up from the end, so that nothing is left after the last exit, exactly.
        ahead = chance.sum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1]
        return SteppedExits(chance, np.concatenate([ahead[:, 1:], np.zeros((len(ahead), 1))], axis=1))


def chances_within(
    stepped: SteppedExits,
    oldest: Ticks,
    stage: Codes,
    age: Ticks,
    grid: Grid,
    threads: int,
    *,
    if_closed: bool,
) -> Chances:
    """Return the chances of items to be won within the horizon of a grid.

    `oldest` is the age of the last exit of each stage. The chances `if_closed` are missing where they are not
    wanted.
    """
    win, is_beyond = _read(stepped, oldest, stage, age, grid, threads)
    beyond = is_beyond.view(np.bool_)
    if not if_closed:
        return Chances(win, np.full(len(win), np.nan), beyond)
    closing, _ = _read(stepped.of_leaving(), oldest, stage, age, grid, threads)
    return Chances(win, np.where(beyond, np.nan, closing), beyond)


def _read(
    stepped: SteppedExits, oldest: Ticks, stage: Codes, age: Ticks, grid: Grid, threads: int
) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Follow new visits up to the horizon, and read the chances of items off the table by stage and age."""
    n, n_ages, _ = stepped.chance.shape
    table = _core.stats.wins_within(
        chance=np.ascontiguousarray(stepped.chance.reshape(-1)),
        left=np.ascontiguousarray(stepped.left.reshape(-1)),
        n_stages=n,
        n_ages=n_ages,
        n_steps=grid.n,
        threads=threads,
    )
    return _core.stats.read_chances(
        table=table,
        oldest=np.ascontiguousarray(oldest),
        stage=np.ascontiguousarray(stage),
        age=np.ascontiguousarray(age),
        numerator=grid.step.numerator,
        denominator=grid.step.denominator,
        threads=threads,
    )


def exponential(rates: Floats, length: float) -> Floats:
    """Return exp(`rates` × `length`) for the rates of moves between states, whose rows add up to 0.

    Squares the sum of few terms of a matrix without a negative entry (uniformisation), so that nothing is
    lost by cancelling.
    """
    fastest = float(-rates.diagonal().min(initial=0)) * length
    if fastest <= 0:
        return np.eye(len(rates))
    n_squares = max(0, math.ceil(math.log2(fastest)) + 1)
    each = fastest / 2**n_squares  # at most a half
    moves = np.eye(len(rates)) + rates * (length / fastest)
    term = np.eye(len(rates)) * math.exp(-each)
    total = term.copy()
    for k in range(1, 20):
        term = term @ moves * (each / k)
        total += term
    for _ in range(n_squares):
        total = total @ total
    return np.asarray(total)


def chances_of_rates(rates: Floats, oldest: Ticks, stage: Codes, age: Ticks, horizon: float) -> Chances:
    """Return the chances of items to be won within a horizon by the rates of moves, whatever their age.

    `oldest` is the age of the last exit of each stage.
    """
    n = len(oldest)
    won = exponential(rates, horizon)[:n, n]
    beyond = age > oldest[stage]
    value = np.where(beyond, np.nan, won[stage])
    return Chances(value, value.copy(), beyond)


def rates_of(counts: Floats, exposure: Floats) -> Floats:
    """Return the rates of moves from each stage, by time spent there; won and other ends are not left."""
    n = len(counts)
    rates = np.zeros((n + 2, n + 2))
    rates[:n] = np.divide(
        counts, exposure[:, np.newaxis], out=np.zeros(counts.shape), where=exposure[:, np.newaxis] > 0
    )
    # A move to the same stage is none.
    np.fill_diagonal(rates, 0)
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return rates
