"""Classical tests on counts: two proportions, several proportions, and many tests at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

_TIES: Final = 1e-7  # chances that differ by less are alike, as in R


def score_test(successes: int, trials: int, other_successes: int, other_trials: int) -> float:
    """Compare two proportions by the pooled score test, two-sided and without a continuity correction.

    It is Pearson's chi-square of the two-by-two table, R's ``prop.test(correct=FALSE)``.

    Returns
    -------
    float
        The p-value; NaN where one side has no trials, or all trials or none succeeded.
    """
    n = trials + other_trials
    pooled = (successes + other_successes) / n if n else 0.0
    if not trials or not other_trials or pooled in (0.0, 1.0):
        return math.nan
    error = math.sqrt(pooled * (1 - pooled) * (1 / trials + 1 / other_trials))
    z = (successes / trials - other_successes / other_trials) / error
    return math.erfc(abs(z) / math.sqrt(2))


def exact_test(successes: int, trials: int, other_successes: int, other_trials: int) -> float:
    """Compare two proportions by Fisher's exact test, two-sided: what is no more likely than what was seen.

    The chance of a false alarm is never above the level, however few items there are or however rare
    successes are. The hypergeometric chances follow from each other by their ratios, without a factorial.
    """
    all_successes = successes + other_successes
    least, most = max(0, all_successes - other_trials), min(trials, all_successes)
    k = np.arange(least, most, dtype=np.float64)
    steps = np.log((all_successes - k) * (trials - k))
    steps -= np.log((k + 1) * (other_trials - all_successes + k + 1))
    chances = np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(chances - chances.max())
    seen = chances[successes - least] * (1 + _TIES)
    return float(min(1.0, chances[chances <= seen].sum() / chances.sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, so that the chance of any false alarm stays below the level.

    The method of S. Holm, "A simple sequentially rejective multiple test procedure", 1979. A p-value that is
    NaN is not one of the family and stays NaN.
    """
    family = sorted((p, at) for at, p in enumerate(p_values) if not math.isnan(p))
    adjusted = [math.nan] * len(p_values)
    largest = 0.0
    for rank, (p, at) in enumerate(family):
        largest = max(largest, min(1.0, p * (len(family) - rank)))
        adjusted[at] = largest
    return adjusted


def likelihood_ratio_test(successes: Sequence[int], trials: Sequence[int]) -> float:
    """Test whether several proportions are one: G², the likelihood ratio of the table of groups and results.

    Returns
    -------
    float
        The p-value; NaN for fewer than two groups, or where all trials or none succeeded.
    """
    n, all_successes = sum(trials), sum(successes)
    if len(trials) < 2 or not 0 < all_successes < n:
        return math.nan
    results = (
        (all_successes, successes),
        (n - all_successes, [t - s for s, t in zip(successes, trials, strict=True)]),
    )
    statistic = 2 * sum(
        count * math.log(count * n / (size * total))
        for total, counts in results
        for count, size in zip(counts, trials, strict=True)
        if count
    )
    return chi_square_tail(statistic, len(trials) - 1)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Return the chance that a chi-square of some degrees of freedom is larger than a number.

    For whole degrees the upper incomplete gamma function is a finite sum (M. Abramowitz and I. Stegun,
    "Handbook of Mathematical Functions", 26.4.4 and 26.4.5). The terms are added as logarithms: with many
    degrees they are beyond the range of a float.
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    start = degrees % 2 / 2
    terms = [(i + start) * math.log(half) - half - math.lgamma(i + start + 1) for i in range(degrees // 2)]
    tail = math.fsum(map(math.exp, terms))
    return min(1.0, tail + (math.erfc(math.sqrt(half)) if degrees % 2 else 0.0))
