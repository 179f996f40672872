"""The stages that one item counts in, by the rule of each kind of funnel."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from reference.journeys import Visit
from reference.stages import Pipeline, Stage, outcome_of

Kind: TypeAlias = Literal["classic", "conversions", "furthest", "strict"]
Fill: TypeAlias = Literal["won", "moves"]


class Counted(NamedTuple):
    """The stages that one item counts in: by its own rows, or only because the kind fills them in."""

    passed: set[Stage]
    assumed: set[Stage]


def counted(item_visits: Sequence[Visit], pipeline: Pipeline, kind: Kind, fill: Fill = "won") -> Counted:
    """Return the stages in which an item counts."""
    path = [visit.stage for visit in item_visits]
    if kind == "strict":
        return Counted(_passed_in_order(path, pipeline), set())
    if kind == "furthest":
        implied = _up_to_the_furthest(path, pipeline)
    elif kind == "conversions" and fill == "won":
        implied = _implied_by_success(path, pipeline)
    elif kind == "conversions":
        implied = _implied_by_transitions(path, pipeline)
    else:
        implied = set()
    return Counted(set(path), implied - set(path))


def _implied_by_success(path: Sequence[Stage], pipeline: Pipeline) -> set[Stage]:
    for position, stage in enumerate(path):
        opens_the_journey = position == 0
        follows_progress = not opens_the_journey and path[position - 1] in pipeline.stages
        if stage in pipeline.won and (opens_the_journey or follows_progress):
            return set(pipeline.stages)
    return set()


def _implied_by_transitions(path: Sequence[Stage], pipeline: Pipeline) -> set[Stage]:
    implied = implied_by_creation(path[0], pipeline)
    for left, entered in pairwise(path):
        implied |= implied_by_transition(left, entered, pipeline)
    return implied


def implied_by_creation(first: Stage, pipeline: Pipeline) -> set[Stage]:
    """Return the stages that an item passed over which was created in ``first``."""
    if first in pipeline.won:
        return set(pipeline.stages)
    if first in pipeline.lost:
        return set(pipeline.stages[:1])
    return set(pipeline.stages[: pipeline.stages.index(first)])


def implied_by_transition(left: Stage, entered: Stage, pipeline: Pipeline) -> set[Stage]:
    """Return the stages that a transition passes over."""
    if outcome_of(left, pipeline) != "open" or outcome_of(entered, pipeline) == "lost":
        return set()
    start = pipeline.stages.index(left)
    if entered in pipeline.won:
        return set(pipeline.stages[start + 1 :])
    low, high = sorted([start, pipeline.stages.index(entered)])
    return set(pipeline.stages[low + 1 : high])


def _up_to_the_furthest(path: Sequence[Stage], pipeline: Pipeline) -> set[Stage]:
    if any(stage in pipeline.won for stage in path):
        return set(pipeline.stages)
    reached = [pipeline.stages.index(stage) for stage in path if stage in pipeline.stages]
    return set(pipeline.stages[: max(reached) + 1]) if reached else set()


def _passed_in_order(path: Sequence[Stage], pipeline: Pipeline) -> set[Stage]:
    passed = {stage for stage in path if stage in pipeline.lost}
    to_pass = list(pipeline.stages)
    for stage in path:
        # Taking each next stage at its earliest visit leaves the most room for the rest.
        if to_pass and stage == to_pass[0]:
            passed.add(to_pass.pop(0))
        elif not to_pass and stage in pipeline.won:
            passed.add(stage)
    return passed
