"""Which differences of two shares are more than chance makes: score tests, adjusted by Holm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

_LEVEL: Final = 0.05


class TwoShares(NamedTuple):
    """Two shares of items, each as how many did it and of how many; the two have no item in common."""

    n: float
    of: float
    other_n: float
    other_of: float


def clear_differences(pairs: Sequence[TwoShares]) -> list[bool]:
    """Flag the pairs that differ by more than chance makes in 5% of such tables."""
    p_values = [_p_value(pair) for pair in pairs]
    named = [False] * len(pairs)
    for rank, at in enumerate(sorted(range(len(pairs)), key=p_values.__getitem__)):
        if p_values[at] * (len(pairs) - rank) >= _LEVEL:
            break
        named[at] = True
    return named


def _p_value(pair: TwoShares) -> float:
    if not pair.of or not pair.other_of:
        return 1.0
    share = (pair.n + pair.other_n) / (pair.of + pair.other_of)
    spread = math.sqrt(max(share * (1 - share), 0.0) * (1 / pair.of + 1 / pair.other_of))
    deviations = abs(pair.n / pair.of - pair.other_n / pair.other_of) / spread if spread else 0.0
    return math.erfc(deviations / math.sqrt(2))
