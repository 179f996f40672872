"""Where the stages of a log stand in the journeys, before any pipeline says what they are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from reference.stages import Row, Stage


class Place(NamedTuple):
    """What is seen of one stage; ``position`` is missing where no item has several visits."""

    rows: int
    items: int
    ended: int
    came_back: int
    position: float | None


def stage_places(rows: Sequence[Row]) -> dict[Stage, Place]:
    """Look at the visits of every item: rows of one stage that follow each other are one."""
    journeys: dict[object, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row[2]):  # stable: rows of one time keep their order
        journeys[row[0]].append(row)
    visits = [
        [own[0][1], *(later[1] for earlier, later in pairwise(own) if later[1] != earlier[1])]
        for own in journeys.values()
    ]
    rows_of = Counter(row[1] for row in rows)
    return {
        stage: Place(
            rows=rows_of[stage],
            items=sum(stage in stages for stages in visits),
            ended=sum(stages[-1] == stage for stages in visits),
            came_back=sum(stages.count(stage) > 1 for stages in visits),
            position=_position([stages for stages in visits if stage in stages], stage),
        )
        for stage in rows_of
    }


def _position(visits: Sequence[Sequence[Stage]], stage: Stage) -> float | None:
    places = [stages.index(stage) / (len(stages) - 1) for stages in visits if len(stages) > 1]
    return median(places) if places else None
