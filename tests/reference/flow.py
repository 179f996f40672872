"""The visits that enter and leave each stage in a period."""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from itertools import groupby, pairwise

import pandas as pd

from reference.journeys import journeys
from reference.stages import Pipeline, Row, Stage, Time, labels, outcome_column, outcome_of, stage_column

ENTRIES = ["created", "from_earlier", "from_later", "from_closed", "moved_in"]
EXITS = ["advanced", "went_back", "won", "lost", "moved_out"]


def flow(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    elsewhere: Collection[Stage] = (),
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Balance every stage (definitions.md, equation (11)).

    Rows of stages that are neither listed nor elsewhere are taken out before.
    """
    counts: Counter[tuple[Stage, str]] = Counter()
    for journey in journeys(rows, order).values():
        named = [(stage, time) for stage, time in journey if stage in (*labels(pipeline), *elsewhere)]
        seen = [row for row in named if all(row[1] < limit for limit in (end, as_of) if limit is not None)]
        # None stands for all stages of other pipelines.
        own = [(stage if stage in labels(pipeline) else None, time) for stage, time in seen]
        stays = [next(run) for _, run in groupby(own, key=lambda row: row[0])]
        early = [stage for stage, time in stays if start is not None and time < start]
        counts[early[-1] if early else None, "at_start"] += 1
        counts[stays[-1][0] if stays else None, "at_end"] += 1
        if stays and (start is None or stays[0][1] >= start):
            counts[stays[0][0], "created"] += 1
        for (left, _), (entered, time) in pairwise(stays):
            if start is None or time >= start:
                counts[left, how_left(left, entered, pipeline)] += 1
                counts[entered, how_entered(left, entered, pipeline)] += 1
    names = ["at_start", "entered", *ENTRIES, *EXITS, "at_end"]
    table = pd.DataFrame(
        [{name: counts[stage, name] for name in names} for stage in labels(pipeline)], columns=names
    ).astype("int64")
    table["entered"] = table[ENTRIES].sum(axis="columns")
    stages = {
        "stage": stage_column(labels(pipeline), pipeline),
        "outcome": outcome_column(outcome_of(stage, pipeline) for stage in labels(pipeline)),
    }
    return pd.concat([pd.DataFrame(stages), table], axis="columns")


def how_left(left: Stage | None, entered: Stage | None, pipeline: Pipeline) -> str:
    """Name the way in which a visit ended; None stands for another pipeline."""
    if entered is None:
        return "moved_out"
    if entered not in pipeline.stages:
        return outcome_of(entered, pipeline)
    earlier = pipeline.stages[: pipeline.stages.index(entered)]
    return "advanced" if left in earlier else "went_back"


def how_entered(left: Stage | None, entered: Stage | None, pipeline: Pipeline) -> str:
    """Name the way in which a visit of an item that was there before began."""
    if left is None:
        return "moved_in"
    if left not in pipeline.stages:
        return "from_closed"
    order = labels(pipeline)
    is_later = entered is not None and order.index(entered) > order.index(left)
    return "from_earlier" if is_later else "from_later"
