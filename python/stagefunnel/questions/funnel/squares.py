"""Squares of amounts, whose sums are exact whatever the order, and whatever other amounts there are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ..counted.exact_sums import ExactSums

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

# The core adds up whole numbers of 62 bits with a fraction of 64 bits. A square is cut into windows of 34
# bits each, so that 2^28 of them stay below that; squares below 2^-11 have a window of their own, for their
# fraction would lose bits.
_BITS: Final = 34
_WINDOW: Final = 2.0**_BITS
_TINY, _TINY_SCALE = 2.0**-11, 40
_BORDERS: Final = (-_TINY_SCALE, 0, _BITS, 2 * _BITS)  # by which power of two each window is to be multiplied
_EXACT_ROOT, _EXACT = 2.0**26, 2.0**53
_DIGIT: Final = 17
_HALF, _HALF_BITS = np.uint64(2**32 - 1), np.uint64(32)
#: Number of words of one sum of squares: a whole number and two halves of a fraction for each window.
WORDS: Final = 3 * len(_BORDERS)


def windows_of(values: Floats) -> list[Floats | None]:
    """Square amounts; return what each square has in each window, missing where the amount is.

    A window in which nothing is has ``None``, but for that of common amounts.

    A whole number has its exact square, and so it has the same one in the cents and in the tenths of a cent
    of other amounts. The square of any other number is rounded once.
    """
    square, size = values * values, np.abs(values)
    present = size[size > 0]
    least, most = present.min(initial=np.inf), present.max(initial=0.0)
    if most * most < _WINDOW and least * least >= _TINY:
        return [None, square, None, None]  # whole numbers below 2^17 have exact squares
    high = np.floor(square / _WINDOW**2)
    rest = square - high * _WINDOW**2
    middle = np.floor(rest / _WINDOW)
    low = rest - middle * _WINDOW
    is_tiny = square < _TINY
    tiny = np.where(is_tiny, square * 2.0**_TINY_SCALE, np.where(np.isnan(values), np.nan, 0.0))
    low = np.where(is_tiny, 0.0, low)
    long = np.flatnonzero((size >= _EXACT_ROOT) & (size < _EXACT) & (values % 1 == 0))
    if len(long):
        low[long], middle[long], high[long] = _windows_of_long(size[long].astype(np.int64))
    found: list[Floats | None] = [tiny, low, middle, high]
    return [one if one is low or (one is not None and (one > 0).any()) else None for one in found]


def _windows_of_long(values: Integers) -> list[Floats]:
    """Square whole numbers below 2^53 exactly, by digits of 17 bits."""
    digits = [values >> shift & (2**_DIGIT - 1) for shift in range(0, 4 * _DIGIT, _DIGIT)]
    of_place = [np.zeros(len(values), dtype=np.int64) for _ in range(8)]
    for i, one in enumerate(digits):
        for j, other in enumerate(digits):
            of_place[i + j] += one * other
    mask = 2**_BITS - 1
    low = of_place[0] + (of_place[1] << _DIGIT)
    middle = (low >> _BITS) + of_place[2] + (of_place[3] << _DIGIT)
    high = (middle >> _BITS) + of_place[4] + (of_place[5] << _DIGIT) + (of_place[6] << _BITS)
    return [part.astype(np.float64) for part in (low & mask, middle & mask, high)]


def words_of(sums: Sequence[ExactSums | None]) -> Integers:
    """Put the sums of all windows side by side, as whole numbers that add up; ``None`` is nothing."""
    shape = next(one.shape for one in sums if one is not None)
    words = np.zeros((*shape, WORDS), dtype=np.int64)
    for window, one in enumerate(sums):
        if one is not None:
            words[..., 3 * window] = one.whole
            words[..., 3 * window + 1] = (one.fraction >> _HALF_BITS).view(np.int64)
            words[..., 3 * window + 2] = (one.fraction & _HALF).view(np.int64)
    return words


def exact_of_words(words: Sequence[int]) -> Fraction:
    """Return the sum of squares that some words say."""
    total = 0
    for window, border in enumerate(_BORDERS):
        whole, upper, lower = words[3 * window : 3 * window + 3]
        total += ((whole << 64) + (upper << 32) + lower) << (border + _TINY_SCALE)
    return Fraction(total, 1 << (64 + _TINY_SCALE))
