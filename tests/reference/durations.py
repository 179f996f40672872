"""Time in stage, calculated in exact fractions until the table is made."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from reference.stages import (
    Item,
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
from reference.stays import Stay, stays_by_item

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
    stays: Mapping[Item, Sequence[Stay]] | None = None,
) -> pd.DataFrame:
    """Summarise the completed visits of every stage; open ones and unknown starts are counted apart.

    ``stays`` are the visits with their ends; None reads them off the rows.
    """
    unit = unit_of(rows)
    if stays is None:
        stays = stays_by_item(rows, pipeline, unlisted=unlisted, order=order)
    by_item = list(stays.values())
    records = []
    for stage in labels(pipeline):
        visits = [visit for item_visits in by_item for visit in item_visits if visit.stage == stage]
        durations = [_completed(item_visits, stage, unit) for item_visits in by_item]
        values = sorted(_values(durations, per))
        completed = sum(map(len, durations))
        start_unknown = sum(visit.start_unknown for visit in visits)
        record: dict[str, Any] = {
            "stage": stage,
            "outcome": outcome_of(stage, pipeline),
            "visits": len(visits),
            "completed": completed,
            "open": len(visits) - completed - start_unknown,
            "start_unknown": start_unknown,
            "items": sum(any(visit.stage == stage for visit in item_visits) for item_visits in by_item),
            **_summary(values, quantiles),
        }
        records.append(record)

    columns: dict[str, Any] = {name: [record[name] for record in records] for name in records[0]}
    columns["stage"] = stage_column(columns["stage"], pipeline)
    columns["outcome"] = outcome_column(columns["outcome"])
    for name in ["visits", "completed", "open", "start_unknown", "items"]:
        columns[name] = pd.Series(columns[name], dtype="int64")
    for name in _summary([], quantiles):
        columns[name] = duration_column(columns[name], unit)
    return pd.DataFrame(columns)


def summary_columns(
    stays: Sequence[Sequence[tuple[Time, Time]]], rows: Sequence[Row], quantiles: Sequence[float]
) -> dict[str, "pd.Series[Any]"]:
    """Summarise the stays of each row of a table, given as begin and end, in a column per statistic."""
    unit = unit_of(rows)
    ticks = [sorted(ticks_between(*stay, unit) for stay in of_row) for of_row in stays]
    summaries = [_summary(values, quantiles) for values in ticks]
    return {name: duration_column([summary[name] for summary in summaries], unit) for name in summaries[0]}


def _summary(values: Sequence[int], quantiles: Sequence[float]) -> dict[str, Fraction | None]:
    """Return the mean, the median and the quantiles of sorted values."""
    return {
        "mean": Fraction(sum(values), len(values)) if values else None,
        "median": _quantile(values, Fraction(1, 2)),
        # 0.9 stands for nine tenths, as it is written, not for the binary fraction near it.
        **{f"q{100 * q:g}": _quantile(values, Fraction(str(q))) for q in quantiles},
    }


def _completed(visits: Sequence[Stay], stage: Stage, unit: Unit | None) -> list[int]:
    """Return the durations of one item's visits of a stage that are over."""
    return [
        ticks_between(visit.start, visit.exited, unit)
        for visit in visits
        if visit.stage == stage and visit.exited is not None and not visit.start_unknown
    ]


def _values(durations: Sequence[Sequence[int]], per: Per) -> list[int]:
    """Return the durations to summarise, from the completed visits of each item."""
    if per == "item":
        return [sum(of_item) for of_item in durations if of_item]
    if per == "longest":
        return [max(of_item) for of_item in durations if of_item]
    return [duration for of_item in durations for duration in of_item]


def _quantile(values: Sequence[int], q: Fraction) -> Fraction | None:
    """Interpolate linearly between the two sorted values around the position q (n - 1)."""
    if not values:
        return None
    position = q * (len(values) - 1)
    below = floor(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


def unit_of(rows: Sequence[Row]) -> Unit | None:
    """Return the unit of the finest timestamp; None for plain integers."""
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
    # round() of a fraction goes to the nearest tick, from halfway between two ticks to the even tick.
    ticks = ["NaT" if value is None else round(value) for value in values]
    steps = [np.timedelta64(tick, unit) for tick in ticks]
    return pd.Series(np.array(steps, dtype=f"timedelta64[{unit}]"))
