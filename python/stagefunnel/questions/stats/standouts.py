"""Which groups of a breakdown stand out: their rate differs from that of all others by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .significance import holm, likelihood_ratio_test, score_test

LEAST_TRIALS: Final = 30  # a group with fewer is not ranked
LEVEL: Final = 0.05

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Standout:
    """A group whose rate differs from that of all others.

    Attributes
    ----------
    group
        Labels of the group, one for each column of the breakdown.
    successes, trials
        Its own numbers; the rate is their ratio.
    rest_rate
        The rate of all other groups together.
    p_value
        Of the score test against all others, adjusted by Holm's method.
    pending_share, rest_pending_share
        Share of the group's items, and of all others, that may still succeed.
    """

    group: tuple[str, ...]
    successes: int
    trials: int
    rest_rate: float
    p_value: float
    pending_share: float
    rest_pending_share: float


@dataclass(frozen=True)
class Standouts:
    """The groups that stand out, and the test of all of them together.

    Attributes
    ----------
    named
        The groups that stand out, the highest rate first.
    n_groups
        Number of groups that were compared: those with enough trials.
    p_value
        Of the hypothesis that all these groups have one rate; NaN where there is nothing to test.
    total
        Number of items in all groups, by which a display sees that a table is still the whole one.
    """

    named: tuple[Standout, ...]
    n_groups: int
    p_value: float
    total: int

    def as_plain(self) -> dict[str, Any]:
        """Return the same as plain data that JSON holds; a p-value that is NaN is ``None``."""
        plain = asdict(self)
        plain["p_value"] = None if math.isnan(self.p_value) else self.p_value
        return plain


def find_standouts(
    groups: Sequence[Sequence[str]],
    successes: _Integers,
    trials: _Integers,
    pending: _Integers,
    items: _Integers,
) -> Standouts:
    """Find the groups whose rate stands out.

    Each group of at least ``LEAST_TRIALS`` trials is compared with all other trials by the score test, and
    Holm's method adjusts these p-values for their number; named are those below ``LEVEL``.

    Parameters
    ----------
    groups
        Labels of each group.
    successes, trials
        Numbers of each group.
    pending, items
        Items of each group that may still become a success, and all its items.
    """
    ranked = np.flatnonzero(trials >= LEAST_TRIALS).tolist()
    all_successes, all_trials = int(successes.sum()), int(trials.sum())
    all_pending, all_items = int(pending.sum()), int(items.sum())
    tests = [
        score_test(
            int(successes[at]),
            int(trials[at]),
            all_successes - int(successes[at]),
            all_trials - int(trials[at]),
        )
        for at in ranked
    ]
    named = [
        Standout(
            group=tuple(groups[at]),
            successes=int(successes[at]),
            trials=int(trials[at]),
            rest_rate=(all_successes - int(successes[at])) / (all_trials - int(trials[at])),
            p_value=p_value,
            pending_share=_share(int(pending[at]), int(items[at])),
            rest_pending_share=_share(all_pending - int(pending[at]), all_items - int(items[at])),
        )
        for at, p_value in zip(ranked, holm(tests), strict=True)
        if p_value < LEVEL
    ]
    named.sort(key=lambda one: -one.successes / one.trials)
    together = likelihood_ratio_test(successes[ranked].tolist(), trials[ranked].tolist())
    if len(ranked) == 1:
        together = tests[0]
    return Standouts(tuple(named), len(ranked), together, all_items)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
