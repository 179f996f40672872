"""The chance that an item is won within some time: the kernel run forward on a grid of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from ..stats.spells import Codes, Ticks
from .chances import Chances
from .exits import Floats

MOST_STEPS: Final = 512


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
        numerator, denominator = self.step.numerator, self.step.denominator
        if (last + 1) * numerator < 2**63:
            return np.asarray(np.arange(last + 1, dtype=np.int64) * numerator // denominator)
        return np.array([at * numerator // denominator for at in range(last + 1)], dtype=np.int64)

    def up(self, age: Ticks) -> Ticks:
        """Return the step at the end of which an exit is."""
        numerator, denominator = self.step.numerator, self.step.denominator
        if denominator == 1:
            return np.asarray(-(-age // numerator))
        exact = [-(-int(one) * denominator // numerator) for one in age.tolist()]
        return np.array(exact, dtype=np.int64)

    def down(self, age: Ticks) -> Ticks:
        """Return the step at whose beginning an age is."""
        numerator, denominator = self.step.numerator, self.step.denominator
        if denominator == 1:
            return np.asarray(age // numerator)
        return np.array([int(one) * denominator // numerator for one in age.tolist()], dtype=np.int64)


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


def wins_of_new_visits(exits: SteppedExits, n_steps: int) -> Floats:
    """Return by step and stage the chance that one that has just come to the stage is won by then.

    This solves the Markov renewal equation step by step. What ends at age 0 goes on in the same step, which
    takes one linear system.
    """
    n, n_ages, _ = exits.chance.shape
    won = np.zeros((n_steps + 1, n))
    # Step after step in a row, so that the exits up to any step are the beginning of the rows.
    moves = np.ascontiguousarray(exits.chance[:, 1:, :n]).reshape(n, -1)
    at_once = exits.chance[:, 0, :n]
    solved = np.linalg.inv(np.eye(n) - at_once) if at_once.any() else np.eye(n)
    for t in range(n_steps + 1):
        longest = min(t, n_ages - 1)
        by_then = exits.chance[:, : longest + 1, n].sum(axis=1)
        # An exit after x steps leaves t - x for what follows.
        later = moves[:, : longest * n] @ won[t - longest : t][::-1].reshape(-1)
        won[t] = solved @ (by_then + later)
    return won


def wins_by_step(exits: SteppedExits, won: Floats, n_steps: int) -> Floats:
    """Return by stage and step of age the chance of being won within the horizon, of one still there then."""
    n, n_ages, _ = exits.chance.shape
    found = np.zeros((n, n_ages))
    rest = won[::-1]  # after x steps n_steps - x are left
    for x in range(1, min(n_steps, n_ages - 1) + 1):
        ahead = exits.chance[:, x:, :n] @ rest[x] + exits.chance[:, x:, n]
        found[:, : n_ages - x] += ahead
    return np.asarray(np.divide(found, exits.left, out=np.full(found.shape, np.nan), where=exits.left > 0))


def chances_within(
    stepped: SteppedExits, oldest: Ticks, stage: Codes, age: Ticks, grid: Grid, *, if_closed: bool
) -> Chances:
    """Return the chances of items to be won within the horizon of a grid.

    `oldest` is the age of the last exit of each stage. The chances `if_closed` are missing where they are not
    wanted.
    """
    beyond = age > oldest[stage]
    place = np.minimum(grid.down(np.maximum(age, 0)), stepped.chance.shape[1] - 1)
    values = []
    for one in (stepped, stepped.of_leaving()) if if_closed else (stepped,):
        won = wins_of_new_visits(one, grid.n)
        values.append(np.minimum(wins_by_step(one, won, grid.n)[stage, place], 1))
    beyond |= np.isnan(values[0])
    win, closing = (np.where(beyond, np.nan, value) for value in (values[0], values[-1]))
    return Chances(win, closing if if_closed else np.full(len(win), np.nan), beyond)


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
