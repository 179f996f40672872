"""The table of items: how each item went, one item per row."""

from collections.abc import Collection, Hashable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pandas as pd

from reference.journeys import (
    Visit,
    closed_at,
    lost_from,
    outcome,
    skipped_stages,
    visits_by_item,
)
from reference.stages import (
    Item,
    Pipeline,
    Row,
    Stage,
    Time,
    Unlisted,
    outcome_column,
    stage_column,
)


def item_table(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
    moved: Collection[Item] | None = None,
) -> pd.DataFrame:
    """Make one row per item that is left with a row, by first appearance in the input.

    ``moved`` are the items that a pipeline keeps although they moved to another one; None: it keeps none.
    """
    by_item = visits_by_item(rows, pipeline, unlisted, order)
    journeys = list(by_item.values())
    first_time = [visits[0].start for visits in journeys]
    here = [item not in (moved or ()) for item in by_item]
    now = [
        outcome(own, pipeline) if is_here else "moved_out"
        for own, is_here in zip(journeys, here, strict=True)
    ]
    closing = [
        closed_at(own, pipeline) if is_here else None for own, is_here in zip(journeys, here, strict=True)
    ]
    origins = [
        lost_from(own, pipeline) if is_here else None for own, is_here in zip(journeys, here, strict=True)
    ]
    # Types come from the whole log, so that a table without items has them too.
    item_type = pd.Series([item for item, _, _ in rows]).dtype
    time_type = _time_type([time for _, _, time in rows])
    return pd.DataFrame(
        {
            "item": pd.Series(list(by_item), dtype=item_type),
            "outcome": outcome_column(now, () if moved is None else ("moved_out",)),
            "first_time": pd.Series(first_time, dtype=time_type),
            "closed_at": pd.Series(closing, dtype=_nullable(time_type)),
            "last_stage": stage_column([visits[-1].stage for visits in journeys], pipeline),
            "furthest_stage": stage_column([_furthest(visits, pipeline) for visits in journeys], pipeline),
            "lost_from": stage_column(origins, pipeline),
            "visits": _counts([len(visits) for visits in journeys]),
            "back_moves": _counts([_back_moves(visits, pipeline) for visits in journeys]),
            "skipped": _counts([len(skipped_stages(visits, pipeline)) for visits in journeys]),
        }
    )


def _furthest(item_visits: Sequence[Visit], pipeline: Pipeline) -> Stage | None:
    visited = {visit.stage for visit in item_visits}
    in_progress = [stage for stage in pipeline.stages if stage in visited]
    return in_progress[-1] if in_progress else None


def _back_moves(item_visits: Sequence[Visit], pipeline: Pipeline) -> int:
    position = {stage: place for place, stage in enumerate(pipeline.stages)}
    return sum(
        left.stage in position
        and entered.stage in position
        and position[entered.stage] < position[left.stage]
        for left, entered in pairwise(item_visits)
    )


def _counts(values: Sequence[int]) -> "pd.Series[Any]":
    return pd.Series(values, dtype="int64")


def _time_type(times: Sequence[Time]) -> Any:
    if any(isinstance(time, datetime) for time in times):
        return pd.Series(pd.to_datetime(list(times))).dtype
    return "int64"


def _nullable(time_type: Any) -> Any:
    # Floats would round large integers, so plain times of which some are missing are nullable integers.
    return "Int64" if time_type == "int64" else time_type
