"""How large the first of several stages surely is, where it is more than chance away from the second."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ..stats.proportions import wilson_bounds
from .durations import time_in_stage

_LEAST: Final = 30
_HALF: Final = 0.5
_NORMAL: Final = 1.96  # standard errors on either side of a median of 95%


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

    The table has bounds, and only its ranked stages are compared.
    """
    known = skips[skips["skip_rate_low"].notna() & (skips["beyond"] - skips["began_beyond"] >= _LEAST)]
    known = known.sort_values("skip_rate", ascending=False, kind="stable")
    if known.empty or (len(known) > 1 and known["skip_rate_low"].iloc[0] <= known["skip_rate_high"].iloc[1]):
        return 0.0
    return float(known["skip_rate_low"].iloc[0])


def clearly_slowest(log: StageLog, pipeline: Pipeline, times: pd.DataFrame, **scope: Any) -> float:
    """Return the longest median's share of all medians; 0 where its bounds meet those of the second.

    The bounds of a median are two quantiles of the visits beside it, as far away as the smaller number of
    completed visits of the two asks for. Fewer than 30 completed visits are too few to say.
    """
    known = times[(times["outcome"] == "open") & (times["completed"] > 0)]
    known = known.sort_values("median", ascending=False, kind="stable")
    if len(known) < 2 or known["completed"].iloc[:2].min() < _LEAST:
        return 0.0
    away = round(_NORMAL * _HALF / math.sqrt(known["completed"].iloc[:2].min()), 4)
    table = time_in_stage(log, pipeline, quantiles=[_HALF - away, _HALF + away], **scope)
    low, high = (str(name) for name in table.columns if str(name).startswith("q"))
    first, second = (table[table["stage"].astype(str) == str(stage)] for stage in known["stage"].iloc[:2])
    if not (first[low].to_numpy() > second[high].to_numpy()).all():
        return 0.0
    return float(known["median"].iloc[0] / known["median"].sum())
