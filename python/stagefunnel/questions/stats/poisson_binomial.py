"""The number of wins among items that each have their own chance."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, given
from .bounds import Floats


def poisson_binomial(p: Any) -> pd.DataFrame:
    """Return the exact distribution of the number of successes of independent trials.

    Parameters
    ----------
    p
        The probability of success of each trial: numbers between 0 and 1.

    Returns
    -------
    DataFrame
        One row per number of successes, from 0 to the number of trials: ``wins``, ``probability``, and
        ``cumulative``, the probability of so many or fewer.

    Raises
    ------
    SchemaError
        If a probability is missing, or not between 0 and 1.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.poisson_binomial([0.5, 0.5, 1.0])
       wins  probability  cumulative
    0     0         0.00        0.00
    1     1         0.25        0.25
    2     2         0.50        0.75
    3     3         0.25        1.00
    """
    try:
        chances = np.asarray(p, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SchemaError(given("p", p), " are not numbers") from error
    if chances.ndim != 1:
        raise SchemaError(given("p", p), " is not a list of numbers")
    wrong = ~((chances >= 0) & (chances <= 1))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise SchemaError(f"p has {chances[place]} at place {place}, which is not between 0 and 1")
    probability = distribution_of(chances)
    return pd.DataFrame(
        {
            "wins": np.arange(len(probability)),
            "probability": probability,
            "cumulative": np.minimum(np.cumsum(probability), 1),
        }
    )


def distribution_of(chances: Floats) -> Floats:
    """Return the probability of each number of successes, by convolution of halves."""
    if len(chances) <= 1:
        return np.array([1.0]) if not len(chances) else np.array([1 - chances[0], chances[0]])
    half = len(chances) // 2
    # Products of probabilities alone: nothing cancels, so that small tails are exact too.
    return np.convolve(distribution_of(chances[:half]), distribution_of(chances[half:]))


def quantiles_of_wins(chances: Floats, shares: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Return the least numbers of successes that shares of the distribution do not exceed.

    Of more than `most` trials the distribution is normal with the exact variance.
    """
    if len(chances) <= most:
        cumulative = np.cumsum(distribution_of(chances))
        places = [int(np.searchsorted(cumulative, share * (1 - 1e-12))) for share in shares]
        return tuple(float(min(place, len(chances))) for place in places)
    normal = NormalDist(float(chances.sum()), max(math.sqrt(float((chances * (1 - chances)).sum())), 1e-12))
    return tuple(float(np.clip(round(normal.inv_cdf(share)), 0, len(chances))) for share in shares)
