"""The stages that one item counts in, by the rule of each kind of funnel."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from reference.journeys import Visit, passed_in_absence, went_beyond
from reference.stages import Pipeline, Stage, is_optional, is_there

Kind: TypeAlias = Literal["classic", "conversions", "furthest", "strict"]
Fill: TypeAlias = Literal["won", "moves"]


class Counted(NamedTuple):
    """The stages that one item counts in: by its own rows, or only because the kind fills them in."""

    passed: set[Stage]
    assumed: set[Stage]


def counted(item_visits: Sequence[Visit], pipeline: Pipeline, kind: Kind, fill: Fill = "won") -> Counted:
    """Return the stages in which an item counts."""
    path = {visit.stage for visit in item_visits}
    if kind == "strict":
        return Counted(_passed_in_order(item_visits, pipeline), set())
    implied: set[Stage] = set()
    if kind == "furthest":
        implied = {stage for stage in pipeline.stages if went_beyond(item_visits, stage, pipeline)}
    elif kind == "conversions":
        for before, visit in moves(item_visits):
            implied |= implied_by_move(before, visit, pipeline, fill)
    return Counted(path, implied - path)


def moves(item_visits: Sequence[Visit]) -> list[tuple[Visit | None, Visit]]:
    """Return each visit with the one before it; the first has none."""
    return list(zip([None, *item_visits], item_visits, strict=False))


def implied_by_move(before: Visit | None, visit: Visit, pipeline: Pipeline, fill: Fill) -> set[Stage]:
    """Return the stages that a move fills in: of those that it could, the ones that were there."""
    there = [
        stage
        for stage in pipeline.stages
        if is_there(stage, visit.start, pipeline) and not is_optional(stage, pipeline)
    ]
    if fill == "won":
        follows_progress = before is not None and before.stage in pipeline.stages
        is_success = visit.stage in pipeline.won and (before is None or follows_progress)
        return set(there) if is_success else set()
    if before is None and visit.stage in pipeline.lost:
        return set(there[:1])
    return set(there) & _passed_over(before, visit, pipeline)


def _passed_over(before: Visit | None, visit: Visit, pipeline: Pipeline) -> set[Stage]:
    """Return the stages between those of a move; a creation comes from before the first."""
    if visit.stage in pipeline.lost or (before is not None and before.stage not in pipeline.stages):
        return set()
    start = -1 if before is None else pipeline.stages.index(before.stage)
    end = len(pipeline.stages) if visit.stage in pipeline.won else pipeline.stages.index(visit.stage)
    low, high = sorted([start, end])
    return set(pipeline.stages[low + 1 : high])


def _passed_in_order(item_visits: Sequence[Visit], pipeline: Pipeline) -> set[Stage]:
    passed = {visit.stage for visit in item_visits if visit.stage in pipeline.lost}
    to_pass = [stage for stage in pipeline.stages if _is_required(stage, item_visits, pipeline)]
    not_required = set(pipeline.stages) - set(to_pass)
    for stage, _ in item_visits:
        # Taking each next stage at its earliest visit leaves the most room for the rest.
        if to_pass and stage == to_pass[0]:
            passed.add(to_pass.pop(0))
        elif stage in not_required or (not to_pass and stage in pipeline.won):
            passed.add(stage)
    return passed


def _is_required(stage: Stage, item_visits: Sequence[Visit], pipeline: Pipeline) -> bool:
    """Return whether strict requires a stage: not where it was never there for the item to pass."""
    in_absence = any(passed_in_absence(visit, stage, pipeline) for visit in item_visits)
    return not is_optional(stage, pipeline) and (went_beyond(item_visits, stage, pipeline) or not in_absence)
