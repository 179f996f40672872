"""Which step made the difference between two products of conversions, on plain arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ...errors import SchemaError, given, named
from .bounds import Floats
from .comparisons import shares_of


def shapley(a: Any, b: Any) -> pd.DataFrame:
    """Split the difference of two funnels into what each step made of it: a − b.

    The conversion of all is the product of those of the steps. The effect of a step is how much the product
    changes when its conversion goes from b to a, averaged over all orders in which the steps could change
    (L. S. Shapley's value; P. Das Gupta's standard of 1993 is the same).

    Parameters
    ----------
    a, b
        The conversions of the steps, each between 0 and 1; or the numbers of items, which are one more: all
        items, and those that got past each step. Numbers of which none is above 1 on both sides are read as
        conversions.

    Returns
    -------
    DataFrame
        One row per step: ``step`` (from 1), ``effect``, ``se`` (NaN for conversions, of which nobody knows of
        how many they are), ``share`` (of the whole difference; NaN where that is 0). The effects add up to
        the difference of the products. A step that nobody on one side got to has no effect of its own: NaN.

    Raises
    ------
    SchemaError
        If the sides differ in length, a conversion is not between 0 and 1, or a number of items is not whole
        or larger than that before it.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.shapley([0.5, 0.4], [0.25, 0.6]).round(3)
       step  effect  se  share
    0     1   0.125 NaN    2.5
    1     2  -0.075 NaN   -1.5
    """
    side_a, side_b = _numbers("a", a), _numbers("b", b)
    if len(side_a) != len(side_b):
        raise SchemaError(
            named("a"), f" has {len(side_a):,} values and ", named("b"), f" has {len(side_b):,}; give as many"
        )
    if all((side <= 1).all() for side in (side_a, side_b)):
        steps = step_effects(side_a, side_b)
    else:
        for option, side in (("a", side_a), ("b", side_b)):
            _check_counts(option, side)
        if len(side_a) == 1:
            raise SchemaError(
                named("a"), f" is one number of items, {side_a[0]:g}; give those that got past each step too"
            )
        steps = effects_of_counts(side_a, side_b)
    return pd.DataFrame(
        {"step": np.arange(1, len(steps.effect) + 1), "effect": steps.effect, "se": steps.se}
        | {"share": steps.share}
    )


class StepEffects(NamedTuple):
    """What each step made of a difference."""

    effect: Floats
    se: Floats
    share: Floats
    total: float


def effects_of_counts(a: Floats, b: Floats) -> StepEffects:
    """Split the difference of two nested counts: all items, then those that got past each step."""
    return step_effects(shares_of(a[1:], a[:-1]), shares_of(b[1:], b[:-1]), a[:-1], b[:-1])


def step_effects(
    a: Floats, b: Floats, sizes_a: Floats | None = None, sizes_b: Floats | None = None
) -> StepEffects:
    """Split the difference of the products of conversions; a NaN is one that nobody got to.

    Such a step takes the conversion of the other side, which changes no product, because the product is 0
    before it. Nobody at all on one side leaves nothing to be split.
    """
    unknown = np.isnan(a) | np.isnan(b)
    if len(a) and unknown[0]:
        nothing = np.full(len(a), np.nan)
        return StepEffects(nothing, nothing, nothing, float("nan"))
    both = np.isnan(a) & np.isnan(b)
    a = np.where(np.isnan(a), np.where(both, 1.0, b), a)
    b = np.where(np.isnan(b), np.where(both, 1.0, a), b)
    effect, by_a, by_b = _effects(a, b)
    total = float(np.prod(a) - np.prod(b))
    error = np.full(len(a), np.nan)
    if sizes_a is not None and sizes_b is not None:
        spread_a, spread_b = (
            np.divide(p * (1 - p), n, out=np.zeros(len(p)), where=n > 0)
            for p, n in ((a, sizes_a), (b, sizes_b))
        )
        error = np.sqrt(by_a**2 @ spread_a + by_b**2 @ spread_b)
    share = effect / total if abs(total) > 1e-15 else np.full(len(a), np.nan)
    effect, error, share = (np.where(unknown, np.nan, one) for one in (effect, error, share))
    return StepEffects(effect, error, share, total)


def _effects(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the effects, and how they change with each conversion of a and of b: rows are effects.

    The effect of step k is (a_k − b_k) ∫ Π_{j≠k} (b_j + s (a_j − b_j)) ds over s from 0 to 1. It is a
    polynomial, for which Gauss and Legendre's sum is exact with half as many nodes as there are steps.
    """
    n = len(a)
    nodes, weights = np.polynomial.legendre.leggauss(max((n + 1) // 2, 1))
    s, weights = (nodes + 1) / 2, weights / 2
    mixed = b + s[:, np.newaxis] * (a - b)  # a row for each node
    others = _products_of_others(mixed)
    integrals = weights @ others
    effect = (a - b) * integrals
    by_a, by_b = np.diag(integrals), np.diag(-integrals)
    for i in range(n):
        without = mixed.copy()
        without[:, i] = 1
        slopes = _products_of_others(without)  # of Π_{j≠k} with the conversion of i
        rest = np.arange(n) != i
        by_a[rest, i] = ((a - b) * ((weights * s) @ slopes))[rest]
        by_b[rest, i] = ((a - b) * ((weights * (1 - s)) @ slopes))[rest]
    return effect, by_a, by_b


def _products_of_others(values: Floats) -> Floats:
    """Return, for each value, the product of the others in its row; zeros are allowed."""
    ones = np.ones((len(values), 1))
    before = np.cumprod(np.hstack([ones, values[:, :-1]]), axis=1)
    behind = np.cumprod(np.hstack([ones, values[:, :0:-1]]), axis=1)[:, ::-1]
    return np.asarray(before * behind)


def _numbers(option: str, given_values: Any) -> Floats:
    try:
        values = np.atleast_1d(np.asarray(given_values, dtype=np.float64))
    except (TypeError, ValueError):
        raise SchemaError(given(option, given_values), " is not an array of numbers") from None
    if values.ndim != 1:
        raise SchemaError(named(option), f" has {values.ndim} dimensions; give an array of one")
    wrong = np.flatnonzero(~(values >= 0) | np.isinf(values))
    if len(wrong):
        at = int(wrong[0])
        raise SchemaError(
            named(option),
            f" is {values[at]:g} at place {at}, which is neither a conversion nor a number of items",
        )
    return values


def _check_counts(option: str, values: Floats) -> None:
    wrong = np.flatnonzero(values != np.floor(values))
    if len(wrong):
        at = int(wrong[0])
        raise SchemaError(
            named(option),
            f" is {values[at]:g} at place {at}; give conversions between 0 and 1, or whole numbers of items",
        )
    rising = np.flatnonzero(np.diff(values) > 0)
    if len(rising):
        at = int(rising[0]) + 1
        raise SchemaError(
            named(option),
            f" is {values[at]:g} at place {at}, which is more than the {values[at - 1]:g} before it; "
            "the items of each step must have got past that before it",
        )
