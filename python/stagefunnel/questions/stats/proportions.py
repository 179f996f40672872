"""Confidence bounds of proportions, on plain counts."""

from __future__ import annotations

from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...tables.options import IntervalName
from .bounds import Floats, check_confidence, normal_quantile

_SCIPY: Final = "scipy"


def proportion_interval(
    count: Any, nobs: Any, *, confidence: float = 0.95, method: IntervalName = "wilson"
) -> pd.DataFrame:
    """Estimate proportions with confidence bounds: 38 of 100 were won, so is it 30% or 45%.

    Parameters
    ----------
    count, nobs
        How many succeeded, and of how many: whole numbers, or arrays of them of one length.
    confidence
        How sure the bounds are: a share between 0 and 1.
    method
        ``"wilson"`` (Wilson's score interval), ``"clopper-pearson"`` (certain to cover, and wider for it),
        ``"jeffreys"`` or ``"agresti-coull"``. The second and third need SciPy, which the extra ``stats``
        installs.

    Returns
    -------
    DataFrame
        One row per proportion: ``estimate``, ``low``, ``high``; all are NaN where `nobs` is 0 or a number is
        missing. Bounds lie between 0 and 1.

    Raises
    ------
    SchemaError
        If a number is not whole, is negative, or `count` is larger than `nobs`.
    ImportError
        If the method needs SciPy and it is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.proportion_interval([8, 0], [10, 10]).round(3)
       estimate   low   high
    0       0.8  0.49  0.943
    1       0.0  0.00  0.278
    """
    check_option("method", method, get_args(IntervalName))
    share = check_confidence(confidence)
    counts, sizes, index = read_counts(count, nobs)
    estimate = np.divide(counts, sizes, out=np.full(len(counts), np.nan), where=sizes > 0)
    low, high = _METHODS[method](counts, sizes, estimate, share)
    return pd.DataFrame({"estimate": estimate, "low": low, "high": high}, index=index)


def wilson_bounds(count: npt.ArrayLike, nobs: npt.ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """Return Wilson's bounds of proportions; they are NaN where there is nothing to divide by."""
    counts, sizes = np.broadcast_arrays(
        np.asarray(count, dtype=np.float64), np.asarray(nobs, dtype=np.float64)
    )
    estimate = np.divide(counts, sizes, out=np.full(counts.shape, np.nan), where=sizes > 0)
    return _wilson(counts, sizes, estimate, confidence)


def wilson_bounds_of(p: Floats, n: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return Wilson's bounds of shares of which only an effective number of items is known."""
    return _wilson(p * n, n, p, confidence)


def _wilson(counts: Floats, sizes: Floats, p: Floats, confidence: float) -> tuple[Floats, Floats]:
    z = normal_quantile(confidence)
    n = np.where(sizes > 0, sizes, np.nan)
    middle = p + z * z / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    # Of a share near 0 or 1 rounding leaves them outside.
    return _with_ends(counts, sizes, np.maximum(low, 0), np.minimum(high, 1))


def _agresti_coull(counts: Floats, sizes: Floats, p: Floats, confidence: float) -> tuple[Floats, Floats]:
    z = normal_quantile(confidence)
    n = np.where(sizes > 0, sizes, np.nan) + z * z
    middle = (counts + z * z / 2) / n
    half = z * np.sqrt(middle * (1 - middle) / n)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _clopper_pearson(counts: Floats, sizes: Floats, p: Floats, confidence: float) -> tuple[Floats, Floats]:
    quantile, tail = _beta_quantile("clopper-pearson"), (1 - confidence) / 2
    low = quantile(tail, counts, sizes - counts + 1)
    high = quantile(1 - tail, counts + 1, sizes - counts)
    return _with_ends(counts, sizes, low, high)


def _jeffreys(counts: Floats, sizes: Floats, p: Floats, confidence: float) -> tuple[Floats, Floats]:
    quantile, tail = _beta_quantile("jeffreys"), (1 - confidence) / 2
    low = quantile(tail, counts + 0.5, sizes - counts + 0.5)
    high = quantile(1 - tail, counts + 0.5, sizes - counts + 0.5)
    return _with_ends(counts, sizes, low, high)


def _with_ends(counts: Floats, sizes: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Set the bounds of nothing to exactly 0 and of all to exactly 1."""
    some = sizes > 0
    low = np.where(some, np.where(counts == 0, 0.0, low), np.nan)
    return low, np.where(some, np.where(counts == sizes, 1.0, high), np.nan)


_METHODS: Final = {
    "wilson": _wilson,
    "clopper-pearson": _clopper_pearson,
    "jeffreys": _jeffreys,
    "agresti-coull": _agresti_coull,
}


def _beta_quantile(method: str) -> Any:
    """Return SciPy's quantiles of the beta distribution; none exists for a parameter of 0."""
    try:
        from scipy.special import betaincinv
    except ImportError:
        raise ImportError(
            f'method="{method}" needs SciPy, which is not installed; pip install "stagefunnel[stats]", '
            'or pass method="wilson"',
            name=_SCIPY,
        ) from None

    def quantile(share: float, a: Floats, b: Floats) -> Any:
        is_there = (a > 0) & (b > 0)
        found = betaincinv(np.where(is_there, a, 1.0), np.where(is_there, b, 1.0), share)
        return np.where(is_there, found, np.nan)

    return quantile


def read_counts(
    count: Any, nobs: Any, names: tuple[str, str] = ("count", "nobs")
) -> tuple[Floats, Floats, pd.Index | None]:
    """Read counts and sizes as arrays of one length, with the index that a column brings along.

    Both are 0 where either is missing.
    """
    counts, sizes = whole_numbers(names[0], count), whole_numbers(names[1], nobs)
    if len(counts) != len(sizes) and 1 not in (len(counts), len(sizes)):
        raise SchemaError(
            named(names[0]),
            f" has {len(counts):,} values and ",
            named(names[1]),
            f" has {len(sizes):,}; give as many",
        )
    index = next((one.index for one in (count, nobs) if isinstance(one, pd.Series)), None)
    counts, sizes = np.broadcast_arrays(counts, sizes)
    missing = np.isnan(counts) | np.isnan(sizes)
    counts, sizes = np.where(missing, 0.0, counts), np.where(missing, 0.0, sizes)
    above = np.flatnonzero(counts > sizes)
    if len(above):
        at = int(above[0])
        raise SchemaError(
            named(names[0]),
            f" is {counts[at]:g} and ",
            named(names[1]),
            f" is {sizes[at]:g} at place {at}; a count cannot be larger than what it is counted of",
        )
    return counts, sizes, index if index is None or len(index) == len(counts) else None


def whole_numbers(option: str, given_values: Any) -> Floats:
    """Read whole numbers that are not negative; NaN where they are missing."""
    try:
        values = np.atleast_1d(np.asarray(given_values, dtype=np.float64))
    except (TypeError, ValueError):
        raise SchemaError(given(option, given_values), " is not a whole number or an array of them") from None
    if values.ndim != 1:
        raise SchemaError(named(option), f" has {values.ndim} dimensions; give an array of one")
    wrong = np.flatnonzero(
        (values < 0) | ((values != np.floor(values)) & ~np.isnan(values)) | np.isinf(values)
    )
    if len(wrong):
        at = int(wrong[0])
        what = "negative" if values[at] < 0 else "not a whole number"
        raise SchemaError(named(option), f" is {values[at]:g} at place {at}, which is {what}")
    return values
