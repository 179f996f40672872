"""How large the first of several stages surely is, where it is more than chance away from the second."""

from __future__ import annotations

import itertools
from typing import Any, Final

import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.skipping import OnTheWay
from ..stats.proportions import wilson_bounds
from .durations import quantiles_of, time_in_stage
from .key_numbers import median_ranks

_LEAST: Final = 30
_HALF: Final = 0.5
_SURE: Final = 0.95


def surely(count: float, of: float, confidence: float) -> float:
    """Return the lower bound of a share; 0 where it is of nothing."""
    low, _ = wilson_bounds([count], [of], confidence)
    return float(low[0]) if of else 0.0


def clearly_most_lost(losses: pd.DataFrame, confidence: float) -> float:
    """Return the least share of the losses that the first stage surely has; 0 where it may not be the first.

    It is the first where its part of its own losses and those of the second is surely more than a half.
    Fewer than 30 losses are too few to say.
    """
    by_stage = losses.groupby("from_stage", observed=True, dropna=False)["items"].sum()
    counts = by_stage.sort_values(ascending=False).to_numpy(dtype=float)
    if counts.sum() < _LEAST:
        return 0.0
    both = counts[:2].sum()
    if surely(counts[0], both, confidence) <= _HALF:
        return 0.0
    return surely(counts[0], counts.sum(), confidence)


def clearly_most_skipped(skips: pd.DataFrame) -> float:
    """Return the least rate of the stage skipped most often; 0 where its bounds meet those of the second.

    Only the ranked stages of the table are compared, and by the rate that ranks them, which leaves out
    items that began beyond a stage.
    """
    skipped, base = OnTheWay.of_skips(skips)
    skipped, base = skipped[base >= _LEAST][:2], base[base >= _LEAST][:2]
    if not len(base):
        return 0.0
    low, high = wilson_bounds(skipped, base, _SURE)
    return float(low[0]) if len(base) == 1 or low[0] > high[1] else 0.0


def clearly_slowest(log: StageLog, pipeline: Pipeline, times: pd.DataFrame, **scope: Any) -> float:
    """Return the longest median's share of all medians; 0 where its bounds meet those of the second.

    The bounds of a median are two of the visits, at the ranks that the tiles of the page have too. Fewer than
    30 completed visits are too few to say.
    """
    known = times[(times["outcome"] == "open") & (times["completed"] > 0)]
    known = known.sort_values("median", ascending=False, kind="stable")
    two = known.iloc[:2]
    if len(two) < 2 or two["completed"].min() < _LEAST:
        return 0.0
    # A visit of a rank is a quantile, between whose visits nothing is to be interpolated.
    shares = [[(rank - 1) / (n - 1) for rank in median_ranks(n, _SURE)] for n in two["completed"].tolist()]
    wanted = list(dict.fromkeys(itertools.chain.from_iterable(shares)))
    table = time_in_stage(log, pipeline, quantiles=wanted, **scope)
    name_of = dict(zip(wanted, [*quantiles_of(wanted)][1:], strict=True))
    low, high = (
        table.loc[table["stage"].astype(str) == str(stage), name_of[share]].iloc[0]
        for stage, share in zip(two["stage"], (shares[0][0], shares[1][1]), strict=True)
    )
    return float(two["median"].iloc[0] / known["median"].sum()) if low > high else 0.0
