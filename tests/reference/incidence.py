"""Cumulative incidence of competing causes, and the survival that is left, after Aalen and Johansen."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

Time: TypeAlias = Any
Cause: TypeAlias = str
Matrix: TypeAlias = list[list[Fraction]]


class Spell(NamedTuple):
    """How long one item was watched: after ``entry`` (from the beginning without one) up to ``exit``."""

    exit: Time
    cause: Cause | None = None  # what ended it; None: it was still open
    entry: Time | None = None

    def at_risk(self, time: Time) -> bool:
        return bool((self.entry is None or self.entry < time) and time <= self.exit)


class Point(NamedTuple):
    """A curve at one time: incidence and variance of each cause, and the same of what is left."""

    time: Time
    at_risk: int
    events: dict[Cause, int]
    incidence: dict[Cause, Fraction]
    variance: dict[Cause, Fraction]
    survival: Fraction
    survival_variance: Fraction
    covariance: dict[tuple[Cause, Cause], Fraction]


def curve(spells: Sequence[Spell], causes: Sequence[Cause], least: int = 0) -> list[Point]:
    """Estimate at each time of an event, as a Markov chain from one state to as many as there are causes.

    The row of state probabilities is multiplied by one matrix after the other; its covariance follows from
    that of the products and of the multinomial counts.
    """
    size = len(causes) + 1
    chance = [Fraction(1), *[Fraction(0)] * len(causes)]
    spread: Matrix = [[Fraction(0)] * size for _ in range(size)]
    points = []
    for time in sorted({spell.exit for spell in spells if spell.cause is not None}):
        n = sum(spell.at_risk(time) for spell in spells)
        events = {k: sum(spell.exit == time and spell.cause == k for spell in spells) for k in causes}
        if n < least:
            continue
        share = [Fraction(events[k], n) for k in causes]
        step = [-sum(share, Fraction(0)), *share]
        moved = [
            [Fraction(int(i == j)) + (step[j] if i == 0 else 0) for j in range(size)] for i in range(size)
        ]
        passed = _product(_product(_turned(moved), spread), moved)
        counts = [Fraction(n - sum(events.values()), n), *share]
        own = [
            [
                chance[0] ** 2 * ((counts[i] if i == j else Fraction(0)) - counts[i] * counts[j]) / n
                for j in range(size)
            ]
            for i in range(size)
        ]
        spread = [[passed[i][j] + own[i][j] for j in range(size)] for i in range(size)]
        chance = [sum((chance[i] * moved[i][j] for i in range(size)), Fraction(0)) for j in range(size)]
        points.append(
            Point(
                time,
                n,
                events,
                dict(zip(causes, chance[1:], strict=True)),
                {k: spread[place][place] for place, k in enumerate(causes, start=1)},
                chance[0],
                spread[0][0],
                {
                    (one, other): spread[i][j]
                    for i, one in enumerate(causes, start=1)
                    for j, other in enumerate(causes, start=1)
                },
            )
        )
    return points


def robust_variance(
    spells: Sequence[Spell], cause: Cause, until: Time, items: Sequence[int] | None = None
) -> float:
    """Add up the squared influence of each item on an incidence: how it changes with the item's weight.

    The derivative is taken by a step in the imaginary direction, which is exact.
    """
    own = list(range(len(spells))) if items is None else list(items)
    tiny = 1e-40

    def influence(item: int) -> float:
        weights = [complex(1, tiny if one == item else 0) for one in own]
        return _weighted(spells, weights, cause, until).imag / tiny

    return sum(influence(item) ** 2 for item in set(own))


def _weighted(spells: Sequence[Spell], weights: Sequence[complex], cause: Cause, until: Time) -> complex:
    left, incidence = complex(1), complex(0)

    def total(chosen: Iterable[bool]) -> complex:
        return sum((w for w, one in zip(weights, chosen, strict=True) if one), complex(0))

    for time in sorted({spell.exit for spell in spells if spell.cause is not None and spell.exit <= until}):
        n = total(spell.at_risk(time) for spell in spells)
        of_cause = total(spell.exit == time and spell.cause == cause for spell in spells)
        of_all = total(spell.exit == time and spell.cause is not None for spell in spells)
        incidence += left * of_cause / n
        left *= 1 - of_all / n
    return incidence


def _product(left: Matrix, right: Matrix) -> Matrix:
    return [
        [
            sum((left[i][k] * right[k][j] for k in range(len(right))), Fraction(0))
            for j in range(len(right[0]))
        ]
        for i in range(len(left))
    ]


def _turned(matrix: Matrix) -> Matrix:
    return [list(row) for row in zip(*matrix, strict=True)]
