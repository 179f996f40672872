"""How long items take to a stage, on a clock that stands still in some stages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from reference.journeys import Visit, outcome
from reference.stages import Item, Pipeline, Stage, Time
from reference.stays import Stay

Measure: TypeAlias = Callable[[Time, Time], Any]


class TimeTo(NamedTuple):
    """The items that set out, and the times of those that arrived; beside them the items without a time."""

    n: int
    completed: int
    open: int
    closed: int
    start_unknown: int
    times: list[Any]


def time_to(
    stays: Mapping[Item, Sequence[Stay]],
    pipeline: Pipeline,
    to_stage: Stage,
    start: Stage | None = None,
    *,
    paused: Collection[Stage] = (),
    moved: Collection[Item] = (),
    measure: Measure,
) -> TimeTo:
    """Follow each item from its first visit, or from the first of ``start``, to the first of ``to_stage``."""
    times, left = [], []
    n_unknown = 0
    for item, own in stays.items():
        begins = [place for place, stay in enumerate(own) if start is None or stay.stage == start]
        if not begins:
            continue
        ends = [place for place in range(begins[0], len(own)) if own[place].stage == to_stage]
        if own[begins[0]].start_unknown or (ends and own[ends[0]].start_unknown):
            n_unknown += 1
        elif ends:
            times.append(passed(own, begins[0], ends[0], paused, measure))
        else:
            visits = [Visit(stay.stage, stay.start) for stay in own]
            left.append("closed" if item in moved else outcome(visits, pipeline))
    n_open = left.count("open")
    n_closed = len(left) - n_open
    return TimeTo(len(times) + len(left), len(times), n_open, n_closed, n_unknown, sorted(times))


def passed(own: Sequence[Stay], begin: int, end: int, paused: Collection[Stage], measure: Measure) -> Any:
    """Return the time from the start of one visit to that of another, less the paused visits between."""
    time = measure(own[begin].start, own[end].start)
    for stay in own[begin:end]:
        if stay.stage in paused:
            time -= measure(stay.start, stay.exited)
    return time
