"""Confidence bounds of curves: normal quantiles and the scales on which they are symmetric."""

from __future__ import annotations

from numbers import Real
from statistics import NormalDist
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, given

Floats: TypeAlias = npt.NDArray[np.float64]
_ROUNDING: Final = 1e-12


def check_confidence(confidence: Any) -> float:
    """Read the confidence of bounds.

    Raises
    ------
    SchemaError
        If it is not a number between 0 and 1.
    """
    is_number = isinstance(confidence, Real) and not isinstance(confidence, bool)
    if not is_number or not 0 < float(confidence) < 1:
        raise SchemaError(
            given("confidence", confidence), " is not a share between 0 and 1; 0.95 is the usual one"
        )
    return float(confidence)


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors two-sided bounds of a normal estimate are away from it."""
    above = (1 + confidence) / 2
    # So near to 1 that the sum is rounded to it, the share below is exact.
    return NormalDist().inv_cdf(above) if above < 1 else -NormalDist().inv_cdf((1 - confidence) / 2)


def without_rounding(chance: Floats | np.floating[Any]) -> Floats:
    """Return chances of which one that is 1 but for the rounding of its sum is 1."""
    return np.where(np.abs(1 - chance) < _ROUNDING, 1.0, chance)


def incidence_bounds(incidence: Floats, error: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the bounds of cumulative incidences, symmetric on the scale of complementary log-log.

    An incidence of 0 has the low bound 0 and no high one, an incidence of 1 the high bound 1 and no low one.
    """
    is_none, is_all = incidence == 0, 1 - incidence < _ROUNDING
    rest = np.where(is_none | is_all, np.nan, 1 - incidence)
    with np.errstate(over="ignore"):
        factor = np.exp(normal_quantile(confidence) * error / (rest * np.abs(np.log(rest))))
    low, high = 1 - rest ** (1 / factor), 1 - rest**factor
    return np.where(is_none, 0.0, low), np.where(is_all, 1.0, high)


def survival_bounds(survival: Floats, error: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the log-log bounds of survival curves; a curve at 1 or at 0 has none."""
    inside = np.where((survival >= 1) | (survival <= 0), np.nan, survival)
    with np.errstate(over="ignore"):
        factor = np.exp(normal_quantile(confidence) * error / (inside * np.abs(np.log(inside))))
    return inside**factor, inside ** (1 / factor)
