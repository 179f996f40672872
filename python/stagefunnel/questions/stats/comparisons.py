"""Whether two proportions differ by more than chance, and by how much, on plain counts."""

from __future__ import annotations

import math
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, check_option, named
from ...tables.options import ProportionTestName
from .bounds import Floats, check_confidence, normal_quantile
from .proportions import read_counts, wilson_bounds
from .significance import score_test

_SCIPY: Final = "scipy"


def compare_proportions(
    count_a: Any,
    nobs_a: Any,
    count_b: Any,
    nobs_b: Any,
    *,
    confidence: float = 0.95,
    test: ProportionTestName = "score",
) -> pd.DataFrame:
    """Compare two proportions: by how much they differ, and whether that is more than chance.

    a is what is looked at, b what it is compared with: the difference is a − b. The two must have no item in
    common; a part is compared with the rest, not with a total that contains it.

    Parameters
    ----------
    count_a, nobs_a, count_b, nobs_b
        How many succeeded on each side, and of how many: whole numbers, or arrays of them of one length.
    confidence
        How sure the bounds are: a share between 0 and 1.
    test
        ``"score"``: the pooled score test, which is Pearson's chi-square without a correction.
        ``"fisher"``: Fisher's exact test, for few items; it needs SciPy, which the extra ``stats`` installs.

    Returns
    -------
    DataFrame
        One row per pair: ``difference`` with its bounds ``low`` and ``high`` (Newcombe's), ``p_value`` (two
        sides), ``ratio`` with ``ratio_low`` and ``ratio_high`` (Katz). What is not estimable is NaN: all
        where one side has no items, the score test where both have no success or nothing else, the ratio
        where b has no success, and its bounds where a has none either.

    Raises
    ------
    SchemaError
        As for :func:`proportion_interval`.
    ImportError
        If the test needs SciPy and it is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.compare_proportions(58, 100, 41, 100).round(3)
       difference    low  high  p_value  ratio  ratio_low  ratio_high
    0        0.17  0.031   0.3    0.016  1.415       1.06       1.887
    """
    check_option("test", test, get_args(ProportionTestName))
    share = check_confidence(confidence)
    counts_a, sizes_a, index_a = read_counts(count_a, nobs_a, ("count_a", "nobs_a"))
    counts_b, sizes_b, index_b = read_counts(count_b, nobs_b, ("count_b", "nobs_b"))
    if len(counts_a) != len(counts_b) and 1 not in (len(counts_a), len(counts_b)):
        raise SchemaError(
            named("count_a"),
            f" has {len(counts_a):,} values and ",
            named("count_b"),
            f" has {len(counts_b):,}; give as many",
        )
    counts_a, sizes_a, counts_b, sizes_b = np.broadcast_arrays(counts_a, sizes_a, counts_b, sizes_b)
    p_values = score_tests(counts_a, sizes_a, counts_b, sizes_b)
    if test == "fisher":
        p_values = _fisher_tests(counts_a, sizes_a, counts_b, sizes_b)
    difference, low, high = differences(counts_a, sizes_a, counts_b, sizes_b, share)
    ratio, ratio_low, ratio_high = ratios(counts_a, sizes_a, counts_b, sizes_b, share)
    index = index_a if index_a is not None else index_b
    return pd.DataFrame(
        {
            "difference": difference,
            "low": low,
            "high": high,
            "p_value": p_values,
            "ratio": ratio,
            "ratio_low": ratio_low,
            "ratio_high": ratio_high,
        },
        index=index if index is not None and len(index) == len(difference) else None,
    )


def differences(
    counts_a: Floats, sizes_a: Floats, counts_b: Floats, sizes_b: Floats, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return the differences of proportions and their bounds.

    The bounds are those of R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", 1998, method 10: Wilson's bounds of the two, put together by squares.
    """
    a, b = shares_of(counts_a, sizes_a), shares_of(counts_b, sizes_b)
    low_a, high_a = wilson_bounds(counts_a, sizes_a, confidence)
    low_b, high_b = wilson_bounds(counts_b, sizes_b, confidence)
    low = a - b - np.sqrt((a - low_a) ** 2 + (high_b - b) ** 2)
    high = a - b + np.sqrt((high_a - a) ** 2 + (b - low_b) ** 2)
    return a - b, low, high


def ratios(
    counts_a: Floats, sizes_a: Floats, counts_b: Floats, sizes_b: Floats, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return the ratios of proportions and their bounds, symmetric as logarithms.

    The bounds are those of D. Katz and others, "Obtaining confidence intervals for the risk ratio in cohort
    studies", 1978.
    """
    a, b = shares_of(counts_a, sizes_a), shares_of(counts_b, sizes_b)
    ratio = np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)
    known = (counts_a > 0) & (counts_b > 0)
    one = np.where(known, 1.0, np.nan)
    error = np.sqrt(
        np.maximum(
            one / np.where(known, counts_a, 1)
            - one / np.where(known, sizes_a, 1)
            + one / np.where(known, counts_b, 1)
            - one / np.where(known, sizes_b, 1),
            0,
        )
    )
    factor = np.exp(normal_quantile(confidence) * error)
    return ratio, ratio / factor, ratio * factor


def score_tests(counts_a: Floats, sizes_a: Floats, counts_b: Floats, sizes_b: Floats) -> Floats:
    """Return the p-value of the score test of each pair."""
    pairs = zip(*(_integers(one) for one in (counts_a, sizes_a, counts_b, sizes_b)), strict=True)
    return np.array([score_test(*pair) for pair in pairs], dtype=np.float64)


def shares_of(counts: Floats, sizes: Floats) -> Floats:
    """Divide counts by what they are of; NaN where that is nothing."""
    return np.asarray(np.divide(counts, sizes, out=np.full(np.shape(counts), np.nan), where=sizes > 0))


def _fisher_tests(counts_a: Floats, sizes_a: Floats, counts_b: Floats, sizes_b: Floats) -> Floats:
    try:
        from scipy.stats import fisher_exact
    except ImportError:
        raise ImportError(
            'test="fisher" needs SciPy, which is not installed; pip install "stagefunnel[stats]", '
            'or pass test="score"',
            name=_SCIPY,
        ) from None
    pairs = zip(*(_integers(one) for one in (counts_a, sizes_a, counts_b, sizes_b)), strict=True)
    return np.array(
        [
            float(fisher_exact([[k, n - k], [other, m - other]])[1]) if n and m else math.nan
            for k, n, other, m in pairs
        ],
        dtype=np.float64,
    )


def _integers(values: Floats) -> list[int]:
    return [int(value) for value in values.tolist()]
