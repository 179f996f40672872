"""What a CRM's own chances make of open items, item by item in plain fractions."""

from collections.abc import Sequence
from fractions import Fraction


def weighted(items: Sequence[tuple[Fraction | None, Fraction]]) -> tuple[Fraction, Fraction] | None:
    """Return wins and amount of items with a chance, if any, and an amount; None where none has a chance."""
    known = [(chance, amount) for chance, amount in items if chance is not None]
    if items and not known:
        return None
    wins, worth = Fraction(0), Fraction(0)
    for chance, amount in known:
        wins += chance
        worth += chance * amount
    return wins, worth


def tested(items: Sequence[tuple[Fraction | None, bool]]) -> tuple[Fraction, Fraction, Fraction] | None:
    """Return expected wins, mean squared error and bias of items with a chance, and whether each was won."""
    known = [(chance, won) for chance, won in items if chance is not None]
    if not known:
        return None
    expected, squared, actual = Fraction(0), Fraction(0), 0
    for chance, won in known:
        expected += chance
        squared += (chance - int(won)) ** 2
        actual += int(won)
    return expected, squared / len(known), expected - actual
