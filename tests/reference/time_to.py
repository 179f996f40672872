"""How long items take to come to a stage."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from reference.journeys import Visit, outcome, visits_by_item
from reference.stages import Pipeline, Row, Stage, Time, Unlisted


class TimeTo(NamedTuple):
    """The items that set out, and the times of those that came."""

    n: int
    completed: int
    open: int
    closed: int
    times: list[Any]


def time_to(
    rows: Sequence[Row],
    pipeline: Pipeline,
    stage: Stage,
    start: Stage | None = None,
    *,
    paused: Collection[Stage] = (),
    unlisted: Unlisted = "error",
) -> TimeTo:
    """Measure the way from the first visit, or the first of ``start``, to the first of ``stage`` after it."""
    times, left = [], []
    for own in visits_by_item(rows, pipeline, unlisted).values():
        begins = [place for place, visit in enumerate(own) if start is None or visit.stage == start]
        if not begins:
            continue
        ends = [place for place in range(begins[0], len(own)) if own[place].stage == stage]
        if ends:
            times.append(_passed(own, begins[0], ends[0], paused))
        else:
            left.append(outcome(own, pipeline))
    n_open = left.count("open")
    return TimeTo(len(times) + len(left), len(times), n_open, len(left) - n_open, times)


def _passed(own: Sequence[Visit], begin: int, end: int, paused: Collection[Stage]) -> Time:
    """Add up the time from one visit to another, but for that of visits in which the clock stands still."""
    passed = own[end].start - own[begin].start
    for visit, following in zip(own[begin:end], own[begin + 1 : end + 1], strict=True):
        if visit.stage in paused:
            passed -= following.start - visit.start
    return passed
