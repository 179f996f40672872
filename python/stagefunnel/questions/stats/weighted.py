"""The share of a value that succeeded, with bounds, on plain arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ...errors import SchemaError, given, named
from .bounds import Floats, check_confidence
from .proportions import wilson_bounds_of


def weighted_conversion(amount: Any, success: Any, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate which share of a value succeeded, and how much of it hangs on one item.

    Parameters
    ----------
    amount
        The value of each item, not negative.
    success
        Whether it succeeded: booleans, or 1 and 0. An item whose amount or success is missing is left out.
    confidence
        How sure the bounds are: a share between 0 and 1.

    Returns
    -------
    DataFrame
        One row: ``estimate`` (the value that succeeded over all value), ``se``, ``n_eff`` (how many items of
        one size would be as sure), ``low`` and ``high`` (Wilson's bounds with that number), ``top_share``
        (the weight of the largest item). What is not estimable is NaN.

    Raises
    ------
    SchemaError
        If the arrays differ in length, an amount is negative or not finite, or a success is neither yes nor
        no.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.weighted_conversion([100, 200, 300, 400], [1, 0, 0, 1]).round(3)
       estimate     se  n_eff    low   high  top_share
    0       0.5  0.316    2.5  0.111  0.889        0.4
    """
    share = check_confidence(confidence)
    amounts, successes = _amounts(amount), _successes(success)
    if len(amounts) != len(successes):
        raise SchemaError(
            named("amount"),
            f" has {len(amounts):,} values and ",
            named("success"),
            f" has {len(successes):,}; give as many",
        )
    known = ~np.isnan(amounts) & ~np.isnan(successes)
    found = value_share(amounts[known], successes[known], share)
    return pd.DataFrame([found._asdict()])


class ValueShare(NamedTuple):
    """The share of a value that succeeded."""

    estimate: float
    se: float
    n_eff: float
    low: float
    high: float
    top_share: float


_UNKNOWN = ValueShare(*[float("nan")] * 6)


def value_share(amounts: Floats, successes: Floats, confidence: float) -> ValueShare:
    """Estimate the share of a value; it is a ratio of two sums, whose error is that of a survey.

    The items count as many as are of one size and as sure: Kish's number, or less where the value of those
    that succeeded scatters more.
    """
    n, total = len(amounts), float(amounts.sum())
    if not n or total <= 0:
        return _UNKNOWN
    share = float((amounts * successes).sum() / total)
    n_eff = total**2 / float((amounts**2).sum())
    error = float("nan")
    if n > 1:
        error = float(np.sqrt(n / (n - 1) * ((amounts * (successes - share)) ** 2).sum()) / total)
        if error > 0 and 0 < share < 1:
            n_eff = min(n_eff, share * (1 - share) / error**2)
    low, high = wilson_bounds_of(np.array([share]), np.array([n_eff]), confidence)
    return ValueShare(share, error, n_eff, float(low[0]), float(high[0]), float(amounts.max()) / total)


def _amounts(amount: Any) -> Floats:
    try:
        values = np.atleast_1d(np.asarray(pd.Series(amount), dtype=np.float64))
    except (TypeError, ValueError):
        raise SchemaError(given("amount", amount), " is not an array of numbers") from None
    wrong = np.flatnonzero((values < 0) | np.isinf(values))
    if len(wrong):
        at = int(wrong[0])
        what = "negative" if values[at] < 0 else "not finite"
        raise SchemaError(named("amount"), f" is {values[at]:g} at place {at}, which is {what}")
    return values


def _successes(success: Any) -> Floats:
    if getattr(success, "ndim", 1) > 1:
        raise SchemaError(given("success", success), " is not an array of flags")
    column = pd.Series(success).astype(object)
    values = column.where(column.notna(), False)
    wrong = np.flatnonzero(~values.isin([True, False, 0, 1]).to_numpy())
    if len(wrong):
        raise SchemaError(
            named("success"),
            f" is {values.iloc[int(wrong[0])]!r} at place {wrong[0]}, which is not True or False, 1 or 0",
        )
    found = values.astype(bool).to_numpy().astype(np.float64)
    return np.where(column.notna().to_numpy(), found, np.nan)
