"""The stages that look as if they came, went or stand aside."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from reference.journeys import Visit, began_beyond, has_visit, visits_by_item, went_beyond
from reference.stages import Pipeline, Row, Stage, Time


class Signs(NamedTuple):
    """Stages with since when, until when, and with the shares that pass them and go back from them."""

    came: dict[Stage, Time]
    went: dict[Stage, Time]
    aside: dict[Stage, tuple[float, float]]


def stage_signs(rows: Sequence[Row], pipeline: Pipeline) -> Signs:
    """Find the signs that definitions.md, section 9, defines."""
    items = list(visits_by_item(rows, pipeline, "ignore").values())
    times = [time for _, _, time in rows]
    signs = Signs({}, {}, {})
    for stage in pipeline.stages:
        entered = [visit.start for visits in items for visit in visits if visit.stage == stage]
        arrivals = sorted(one for visits in items for one in _arrivals(visits, stage, pipeline))
        if entered and len(arrivals) >= 30:
            earliest, latest, span = arrivals[:30], arrivals[-30:], max(times) - min(times)
            since, until = min(entered), max(entered)
            if (
                all(time < since for time, _ in earliest)
                and sum(enters for _, enters in latest) >= 10
                and since - min(times) >= span / 10
            ):
                signs.came[stage] = since
            if (
                all(time > until for time, _ in latest)
                and sum(enters for _, enters in earliest) >= 10
                and max(times) - until >= span / 10
            ):
                signs.went[stage] = until
        beyond = [
            visits
            for visits in items
            if went_beyond(visits, stage, pipeline) and not began_beyond(visits, stage, pipeline)
        ]
        passed = [visits for visits in beyond if has_visit(visits, stage)]
        after = [right for visits in items for left, right in pairwise(visits) if left.stage == stage]
        earlier = pipeline.stages[: pipeline.stages.index(stage)]
        back = [visit for visit in after if visit.stage in earlier]
        few = len(beyond) >= 30 and len(passed) <= len(beyond) / 4
        if few and len(after) >= 10 and len(back) >= len(after) / 2:
            signs.aside[stage] = (len(passed) / len(beyond), len(back) / len(after))
    return signs


def _arrivals(visits: Sequence[Visit], stage: Stage, pipeline: Pipeline) -> list[tuple[Any, bool]]:
    """Return the time of an item's first move to the stage or beyond it, and whether it enters the stage."""

    def is_there(visit: Visit) -> bool:
        return visit.stage == stage or went_beyond([visit], stage, pipeline)

    first = next((visit for visit in visits if is_there(visit)), None)
    if first is None or is_there(visits[0]):
        return []
    return [(first.start, first.stage == stage)]
