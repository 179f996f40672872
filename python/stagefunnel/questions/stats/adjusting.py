"""P-values of several tests, adjusted for their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, check_option, given, named
from ...tables.options import AdjustmentName
from .bounds import Floats
from .significance import exact_test, holm


def adjust_p_values(p_value: Any, method: AdjustmentName = "holm") -> Floats:
    """Adjust p-values for their number: who looks at 20 managers finds one at 5% by chance alone.

    Parameters
    ----------
    p_value
        The p-values of one family of tests; missing ones are not of the family and stay missing.
    method
        ``"holm"`` and ``"bonferroni"`` keep the chance of any false alarm below the level; Holm's is never
        the weaker of the two. ``"bh"`` (Benjamini and Hochberg) keeps the share of false alarms among all
        alarms below it, and finds more.

    Returns
    -------
    numpy.ndarray
        The adjusted p-values, at most 1, in the order of the given ones.

    Raises
    ------
    SchemaError
        If a p-value is not a number between 0 and 1.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.adjust_p_values([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    >>> sf.stats.adjust_p_values([0.01, 0.04, 0.03], "bh").round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    check_option("method", method, get_args(AdjustmentName))
    try:
        values = np.atleast_1d(np.asarray(p_value, dtype=np.float64))
    except (TypeError, ValueError):
        raise SchemaError(given("p_value", p_value), " is not an array of numbers") from None
    if values.ndim != 1:
        raise SchemaError(named("p_value"), f" has {values.ndim} dimensions; give an array of one")
    wrong = np.flatnonzero((values < 0) | (values > 1))
    if len(wrong):
        at = int(wrong[0])
        raise SchemaError(named("p_value"), f" is {values[at]:g} at place {at}, which is not between 0 and 1")
    return adjusted(values, method)


def adjusted(values: Floats, method: AdjustmentName) -> Floats:
    """Adjust p-values that are known to be some."""
    if method == "holm":
        return np.array(holm(values.tolist()), dtype=np.float64)
    n = np.count_nonzero(~np.isnan(values))
    if method == "bonferroni":
        return np.minimum(values * n, 1.0)
    return _false_discoveries(values, int(n))


def surely_below(
    p_values: Floats, counts: Sequence[npt.NDArray[np.integer[Any]]], level: float, method: AdjustmentName
) -> npt.NDArray[np.bool_]:
    """Flag the tests of a family that stay below a level by Fisher's exact test, too.

    The tail of a test that is right only for many items is too light far out, where a test of a large family
    has to be: among 30 groups that are alike more than 5% of families could have an alarm. Only those are
    tested again whose adjusted p-value is below the level. Going down from the surest of them, each is held
    against the level over the number of tests that are left, so that the chance of any false alarm stays
    below it whichever these are.

    Parameters
    ----------
    p_values
        The p-values of the family, not adjusted.
    counts
        Successes and trials of each test, then those of the other side.
    """
    found = np.zeros(len(p_values), dtype=bool)
    chosen = np.flatnonzero(adjusted(p_values, method) < level)
    if not len(chosen):
        return found
    exact = np.array([exact_test(*(int(column[at]) for column in counts)) for at in chosen.tolist()])
    order = np.argsort(exact, kind="stable")
    n = int(np.count_nonzero(~np.isnan(p_values)))
    ranks = np.arange(len(order))
    if method == "bh":
        below = np.flatnonzero(exact[order] * n <= level * (ranks + 1))
        n_found = int(below[-1]) + 1 if len(below) else 0
    else:
        left = n if method == "bonferroni" else n - ranks
        fails = np.flatnonzero(exact[order] * left >= level)
        n_found = int(fails[0]) if len(fails) else len(order)
    found[chosen[order[:n_found]]] = True
    return found


def _false_discoveries(values: Floats, n: int) -> Floats:
    """Adjust after Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", 1995."""
    falling = np.argsort(-values, kind="stable")[:n]  # NaN sorts last
    ranks = np.arange(n, 0, -1)
    found = np.full(len(values), np.nan)
    found[falling] = np.minimum.accumulate(np.minimum(values[falling] * n / ranks, 1.0))
    return found
