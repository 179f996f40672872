"""Whether a rate changed because other items came or because the same items were handled otherwise."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ...errors import SchemaError, given, named, quoted, written
from .bounds import Floats
from .comparisons import shares_of
from .proportions import read_counts
from .spell_labels import is_label


def mix_rate(group: Any, nobs_a: Any, count_a: Any, nobs_b: Any, count_b: Any) -> pd.DataFrame:
    """Split the difference of two rates into that of the mix of groups and that of the groups' own rates.

    a is what is looked at, b what it is compared with. The parts are those of E. M. Kitagawa, "Components of
    a difference between two rates", 1955.

    Parameters
    ----------
    group
        A label for each group.
    nobs_a, count_a, nobs_b, count_b
        The items of each group on each side, and how many of them succeeded.

    Returns
    -------
    DataFrame
        One row per group: ``group``, ``share_a``, ``share_b`` (of the items of its side), ``rate_a``,
        ``rate_b``, ``mix`` (more or fewer items of a group that does better or worse than all) and ``rate``
        (the group itself does better or worse). Both columns together add up to the difference of the two
        rates. A group that is on one side only is all mix. All is NaN where one side has no items.

    Raises
    ------
    SchemaError
        As for :func:`proportion_interval`; also if a group stands there twice.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> table = sf.stats.mix_rate(["web", "fair"], [80, 20], [16, 12], [20, 80], [4, 48])
    >>> table.round(3)
      group  share_a  share_b  rate_a  rate_b   mix  rate
    0   web      0.8      0.2     0.2     0.2 -0.12   0.0
    1  fair      0.2      0.8     0.6     0.6 -0.12   0.0
    """
    if getattr(group, "ndim", 1) > 1:
        raise SchemaError(given("group", group), " is not an array of labels")
    labels = pd.Series(group).reset_index(drop=True)
    successes_a, sizes_a, _ = read_counts(count_a, nobs_a, ("count_a", "nobs_a"))
    successes_b, sizes_b, _ = read_counts(count_b, nobs_b, ("count_b", "nobs_b"))
    for option, values in (("nobs_a", sizes_a), ("nobs_b", sizes_b)):
        if len(values) != len(labels):
            raise SchemaError(
                named("group"),
                f" has {len(labels):,} values and ",
                named(option),
                f" has {len(values):,}; give as many",
            )
    nested = [at for at, label in enumerate(labels) if not is_label(label)]
    if nested:
        raise SchemaError(
            named("group"), f" is {written(labels[nested[0]])} at place {nested[0]}, which is not a label"
        )
    if labels.duplicated().any():
        twice = str(labels[labels.duplicated()].iloc[0])
        raise SchemaError(named("group"), f" has {quoted([twice])} twice; give each group once")
    parts = mix_and_rate(successes_a, sizes_a, successes_b, sizes_b)
    return pd.DataFrame({"group": labels, **parts._asdict()})


class MixAndRate(NamedTuple):
    """The parts of a difference of two rates, by group."""

    share_a: Floats
    share_b: Floats
    rate_a: Floats
    rate_b: Floats
    mix: Floats
    rate: Floats


def mix_and_rate(successes_a: Floats, sizes_a: Floats, successes_b: Floats, sizes_b: Floats) -> MixAndRate:
    """Split the difference of two rates."""
    all_a, all_b = sizes_a.sum(), sizes_b.sum()
    rate_a, rate_b = shares_of(successes_a, sizes_a), shares_of(successes_b, sizes_b)
    if not all_a or not all_b:
        share_a, share_b = (shares_of(one, np.full(len(one), one.sum())) for one in (sizes_a, sizes_b))
        nothing = np.full(len(rate_a), np.nan)
        return MixAndRate(share_a, share_b, rate_a, rate_b, nothing, nothing)
    share_a, share_b = sizes_a / all_a, sizes_b / all_b
    # A group of one side has the rate of that side on the other, where nobody is of it.
    own_a = np.where(np.isnan(rate_a), rate_b, rate_a)
    own_b = np.where(np.isnan(rate_b), rate_a, rate_b)
    middle = (successes_a.sum() / all_a + successes_b.sum() / all_b) / 2
    mix = (share_a - share_b) * ((own_a + own_b) / 2 - middle)
    rate = (own_a - own_b) * (share_a + share_b) / 2
    empty = (sizes_a == 0) & (sizes_b == 0)
    return MixAndRate(share_a, share_b, rate_a, rate_b, np.where(empty, 0.0, mix), np.where(empty, 0.0, rate))


def is_reversed(parts: MixAndRate, total: float) -> bool:
    """Check for Simpson's reversal: every group moves one way, and all together the other."""
    moves = (parts.rate_a - parts.rate_b)[~np.isnan(parts.rate_a - parts.rate_b)]
    if not len(moves) or not np.any(moves):
        return False
    return bool((np.all(moves >= 0) and total < 0) or (np.all(moves <= 0) and total > 0))
