"""Rows become journeys, journeys become visits, and visits show how an item ended."""

from collections.abc import Collection, Hashable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from reference.stages import (
    Item,
    Outcome,
    Pipeline,
    Row,
    Stage,
    Time,
    Unlisted,
    is_optional,
    is_there,
    labels,
    outcome_of,
)


class Visit(NamedTuple):
    """Consecutive rows of a journey with the same stage; it starts at the first of them."""

    stage: Stage
    start: Time


def journeys(
    rows: Sequence[Row], order: Sequence[Hashable] | None = None
) -> dict[Item, list[tuple[Stage, Time]]]:
    """Return the rows of each item in order of time, items by first appearance in the input.

    Rows with equal times are in the order of ``order`` where it is given, then of the input.
    """
    ranks = [0] * len(rows) if order is None else _order_ranks(order)
    in_time = sorted(range(len(rows)), key=lambda row: (rows[row][2], ranks[row]))
    result: dict[Item, list[tuple[Stage, Time]]] = {item: [] for item, _, _ in rows}
    for row in in_time:
        item, stage, time = rows[row]
        result[item].append((stage, time))
    return result


def _order_ranks(order: Sequence[Hashable]) -> list[Any]:
    texts = [value for value in order if isinstance(value, str) and value.isdecimal()]
    if len(texts) == len(order):
        return [int(text) for text in texts]
    return list(order)


def visits(
    journey: Sequence[tuple[Stage, Time]], pipeline: Pipeline, unlisted: Unlisted = "error"
) -> list[Visit]:
    """Form the visits of one journey, after unlisted rows are taken out."""
    known = labels(pipeline)
    not_listed = [stage for stage, _ in journey if stage not in known]
    if not_listed and unlisted == "error":
        raise ValueError(f"stages not in the pipeline: {not_listed}")
    listed = [(stage, time) for stage, time in journey if stage in known]
    runs = [list(run) for _, run in groupby(listed, key=lambda row: row[0])]
    return [Visit(*run[0]) for run in runs]


def visits_by_item(
    rows: Sequence[Row],
    pipeline: Pipeline,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> dict[Item, list[Visit]]:
    """Return the visits of every item that is left with a row."""
    by_item = {item: visits(journey, pipeline, unlisted) for item, journey in journeys(rows, order).items()}
    return {item: item_visits for item, item_visits in by_item.items() if item_visits}


def before_closing(item_visits: Sequence[Visit], closing: Collection[Stage]) -> list[Visit]:
    """Return the visits before the run of ``closing`` stages that ends the journey."""
    before = list(item_visits)
    while before and before[-1].stage in closing:
        before.pop()
    return before


def outcome(item_visits: Sequence[Visit], pipeline: Pipeline) -> Outcome:
    """Return the outcome now: the outcome of the last visit's stage."""
    return outcome_of(item_visits[-1].stage, pipeline)


def closed_at(item_visits: Sequence[Visit], pipeline: Pipeline) -> Time | None:
    """Return when the run of final visits that ends the journey began; None while open."""
    before = before_closing(item_visits, (*pipeline.won, *pipeline.lost))
    if len(before) == len(item_visits):
        return None
    return item_visits[len(before)].start


def lost_from(item_visits: Sequence[Visit], pipeline: Pipeline) -> Stage | None:
    """Return the stage of the last visit before the closing lost visits of an item now lost."""
    if outcome(item_visits, pipeline) != "lost":
        return None
    before = before_closing(item_visits, pipeline.lost)
    return before[-1].stage if before else None


def lies_beyond(visit: Visit, stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether a visit is of a stage in progress after this one, or of a won stage.

    Nothing lies beyond a final stage.
    """
    if stage not in pipeline.stages:
        return False
    if visit.stage in pipeline.won:
        return True
    return visit.stage in pipeline.stages[pipeline.stages.index(stage) + 1 :]


def goes_beyond(visit: Visit, stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether a visit goes beyond a stage: one that was there when it began, and is not optional."""
    return (
        lies_beyond(visit, stage, pipeline)
        and not is_optional(stage, pipeline)
        and is_there(stage, visit.start, pipeline)
    )


def went_beyond(item_visits: Sequence[Visit], stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether an item went beyond a stage."""
    return any(goes_beyond(visit, stage, pipeline) for visit in item_visits)


def passed_in_absence(visit: Visit, stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether a visit is beyond a stage that was not there when it began."""
    return lies_beyond(visit, stage, pipeline) and not is_there(stage, visit.start, pipeline)


def has_visit(item_visits: Sequence[Visit], stage: Stage) -> bool:
    """Return whether the item really passed through the stage."""
    return any(visit.stage == stage for visit in item_visits)


def skips(item_visits: Sequence[Visit], stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether the item went beyond a stage in progress without a visit."""
    return not has_visit(item_visits, stage) and went_beyond(item_visits, stage, pipeline)


def skipped_stages(item_visits: Sequence[Visit], pipeline: Pipeline) -> list[Stage]:
    """Return the in-progress stages that the item skips."""
    return [stage for stage in pipeline.stages if skips(item_visits, stage, pipeline)]


def began_beyond(item_visits: Sequence[Visit], stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether the item's first visit was beyond a stage that it skipped."""
    return lies_beyond(item_visits[0], stage, pipeline) and skips(item_visits, stage, pipeline)


def failure_then_success(item_visits: Sequence[Visit], pipeline: Pipeline) -> bool:
    """Return whether the journey ends in won visits that directly follow a lost visit."""
    before = before_closing(item_visits, pipeline.won)
    ends_won = len(before) < len(item_visits)
    return ends_won and bool(before) and before[-1].stage in pipeline.lost


def reopened_won(item_visits: Sequence[Visit], pipeline: Pipeline) -> bool:
    """Return whether the item is won now and was lost at any time before."""
    was_lost = any(visit.stage in pipeline.lost for visit in item_visits)
    return outcome(item_visits, pipeline) == "won" and was_lost
