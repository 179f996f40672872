"""How many items that are not there yet are won, where that was never seen, or was always so."""

from collections.abc import Sequence
from fractions import Fraction

from reference.incidence import Spell, curve

_PIECES = 4000  # of the even number V


def items_behind(spells: Sequence[Spell], horizon: Fraction) -> Fraction:
    """Count the items that would have had to begin, had none gone but those that ended."""
    times = sorted({spell.exit for spell in spells if spell.cause is not None})
    end = next((time for time in times if time >= horizon), times[-1])
    left = Fraction(1)
    for point in curve(spells, sorted({spell.cause for spell in spells if spell.cause is not None})):
        if point.time < end:
            left = point.survival
    return Fraction(sum(spell.exit >= end for spell in spells)) / left


def at_most(wins: int, created: int, share: Fraction, behind: Fraction | None) -> float:
    """Return the share of the draws in which at most so many are won.

    ``created`` items came in as long a time, of which ``share`` is won, or in every second draw another
    share, as far as ``behind`` items allow.
    """
    pieces = [(piece + 0.5) / _PIECES for piece in range(_PIECES)]
    plain = 1.0 if created == 0 else _of_gamma(wins, created, float(share))
    if behind is None and created:
        return plain
    far = [0.0] if behind is None else [1 - v ** (1 / float(behind)) for v in pieces]
    shares = [float(share) - off if share == 1 else float(share) + off for off in far]
    others = [_of_gamma(wins, max(created, 1), one) for one in shares]
    return (plain + sum(others) / len(others)) / 2


def _of_gamma(wins: int, shape: int, share: float) -> float:
    """Add up the Poisson numbers up to ``wins`` whose mean is ``share`` times a gamma number.

    These are negative binomial; −ln V is the gamma number of the shape 1.
    """
    none, total = 1 / (1 + share), 0.0
    term = none**shape
    for k in range(wins + 1):
        total += term
        term *= (shape + k) / (k + 1) * (1 - none)
    return total
