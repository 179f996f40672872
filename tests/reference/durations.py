"""Time in stage, in exact fractions until the last step."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from reference.journeys import Visit, visits_by_item
from reference.stages import (
    Pipeline,
    Row,
    Stage,
    Time,
    Unlisted,
    labels,
    outcome_column,
    outcome_of,
    stage_column,
)

Per: TypeAlias = Literal["visit", "item", "longest"]
Unit: TypeAlias = Literal["us", "ns"]


def time_in_stage(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    per: Per = "visit",
    quantiles: Sequence[float] = (0.25, 0.75, 0.9),
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Summarise the completed visits of every stage; open visits are counted apart."""
    unit = unit_of(rows)
    by_item = list(visits_by_item(rows, pipeline, unlisted, order).values())
    records = []
    for stage in labels(pipeline):
        visits = [visit for one in by_item for visit in one if visit.stage == stage]
        durations = [_completed(one, stage, unit) for one in by_item]
        values = sorted(_values(durations, per))
        completed = sum(len(one) for one in durations)
        record: dict[str, Any] = {
            "stage": stage,
            "outcome": outcome_of(stage, pipeline),
            "visits": len(visits),
            "completed": completed,
            "open": len(visits) - completed,
            "items": sum(any(visit.stage == stage for visit in one) for one in by_item),
            **_summary(values, quantiles),
        }
        records.append(record)

    table = pd.DataFrame(records, dtype=object)
    table["stage"] = stage_column(table["stage"], pipeline)
    table["outcome"] = outcome_column(table["outcome"])
    for name in ["visits", "completed", "open", "items"]:
        table[name] = table[name].astype("int64")
    for name in table.columns[table.columns.get_loc("mean") :]:
        table[name] = duration_column([record[name] for record in records], unit)
    return table


def summary_columns(
    spans: Sequence[Sequence[tuple[Time, Time]]], rows: Sequence[Row], quantiles: Sequence[float]
) -> dict[str, "pd.Series[Any]"]:
    """Summarise the spans of each row of a table, given as begin and end, a column for each statistic."""
    unit = unit_of(rows)
    summaries = [_summary(sorted(ticks_between(*span, unit) for span in one), quantiles) for one in spans]
    return {name: duration_column([one[name] for one in summaries], unit) for name in summaries[0]}


def _summary(values: Sequence[int], quantiles: Sequence[float]) -> dict[str, Fraction | None]:
    """Return the mean, the median and the quantiles of sorted values."""
    return {
        "mean": Fraction(sum(values), len(values)) if values else None,
        "median": _quantile(values, Fraction(1, 2)),
        # A quantile is meant as it is written: 0.9 is nine tenths, not the binary fraction near it.
        **{f"q{100 * q:g}": _quantile(values, Fraction(str(q))) for q in quantiles},
    }


def _completed(visits: Sequence[Visit], stage: Stage, unit: Unit | None) -> list[int]:
    """Return the durations of one item's visits of a stage that another visit follows."""
    return [
        ticks_between(visit.start, following.start, unit)
        for visit, following in pairwise(visits)
        if visit.stage == stage
    ]


def _values(durations: Sequence[Sequence[int]], per: Per) -> list[int]:
    """Return what is summarised, from the completed visits of each item."""
    if per == "item":
        return [sum(one) for one in durations if one]
    if per == "longest":
        return [max(one) for one in durations if one]
    return [duration for one in durations for duration in one]


def _quantile(values: Sequence[int], q: Fraction) -> Fraction | None:
    """Interpolate linearly between the two sorted values around the position q (n - 1)."""
    if not values:
        return None
    position = q * (len(values) - 1)
    below = floor(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


def unit_of(rows: Sequence[Row]) -> Unit | None:
    """Return the unit of real times: as fine as the finest; None for plain integers."""
    times = [time for _, _, time in rows]
    if not any(isinstance(time, datetime) for time in times):
        return None
    return "ns" if any(getattr(time, "unit", "us") == "ns" for time in times) else "us"


def ticks_between(start: Time, end: Time, unit: Unit | None) -> int:
    if unit is None:
        return int(end) - int(start)
    return int((end - start) // pd.Timedelta(1, unit))


def duration_column(values: Sequence[Fraction | None], unit: Unit | None) -> "pd.Series[Any]":
    if unit is None:
        numbers = [float("nan") if value is None else float(value) for value in values]
        return pd.Series(numbers, dtype="float64")
    # round() of a fraction goes to the nearest tick, and from halfway to the even one.
    ticks = ["NaT" if value is None else round(value) for value in values]
    steps = [np.timedelta64(tick, unit) for tick in ticks]
    return pd.Series(np.array(steps, dtype=f"timedelta64[{unit}]"))
