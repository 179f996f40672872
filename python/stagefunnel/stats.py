"""Statistics of plain arrays, for people with counts and times of their own: no log, no pipeline.

:func:`proportion_interval` says how sure a conversion is, :func:`cumulative_incidence` how many end in which
way though some are still open, :func:`kaplan_meier`, :func:`survival_quantiles` and :func:`restricted_mean`
how long something takes, and :func:`logrank` whether groups differ in that.
:func:`compare_proportions` compares two conversions, :func:`adjust_p_values` many at once,
:func:`weighted_conversion` estimates one of values. :func:`shapley` says which step made a difference,
:func:`mix_rate` whether the mix did, and :func:`absorbing_chain` where moves end.
:func:`poisson_binomial` is the number of wins among items that each have their own chance.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from .questions.stats import (
    absorbing,
    adjusting,
    comparisons,
    incidence,
    mixes,
    proportions,
    steps,
    survival,
    weighted,
)
from .questions.stats import logrank as tests
from .questions.stats import poisson_binomial as wins
from .signatures import show_values
from .tables.frames import at_the_edge

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _public(function: Callable[_P, _T]) -> Callable[_P, _T]:
    show_values(function)  # before it is wrapped, which takes over what a signature shows
    public = cast(Callable[_P, _T], at_the_edge(function))
    public.__module__ = __name__
    return public


absorbing_chain = _public(absorbing.absorbing_chain)
adjust_p_values = _public(adjusting.adjust_p_values)
compare_proportions = _public(comparisons.compare_proportions)
cumulative_incidence = _public(incidence.cumulative_incidence)
kaplan_meier = _public(survival.kaplan_meier)
logrank = _public(tests.logrank)
mix_rate = _public(mixes.mix_rate)
poisson_binomial = _public(wins.poisson_binomial)
proportion_interval = _public(proportions.proportion_interval)
restricted_mean = _public(survival.restricted_mean)
shapley = _public(steps.shapley)
survival_quantiles = _public(survival.survival_quantiles)
weighted_conversion = _public(weighted.weighted_conversion)

__all__ = [
    "absorbing_chain",
    "adjust_p_values",
    "compare_proportions",
    "cumulative_incidence",
    "kaplan_meier",
    "logrank",
    "mix_rate",
    "poisson_binomial",
    "proportion_interval",
    "restricted_mean",
    "shapley",
    "survival_quantiles",
    "weighted_conversion",
]


def __dir__() -> list[str]:
    """List the functions alone, which Tab offers."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
