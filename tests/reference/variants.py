"""Whole journeys as the stages that they passed."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Any, NamedTuple

from reference.journeys import Visit, closed_at, outcome
from reference.stages import Item, Pipeline, Stage


class Variant(NamedTuple):
    """The items that passed the same stages in the same order."""

    stages: tuple[Stage, ...]
    items: int
    won: int
    lost: int
    open: int
    median_cycle_time: Any

    @property
    def rework(self) -> int:
        """Count the visits of stages that were visited before."""
        return len(self.stages) - len({*self.stages})


def variants(
    visits: Mapping[Item, Sequence[Visit]], pipeline: Pipeline, *, moved: Collection[Item] = ()
) -> list[Variant]:
    """List the variants, the most frequent first, and equally frequent ones in the order of their stages."""
    groups: dict[tuple[Stage, ...], list[Item]] = {}
    for item, own in visits.items():
        if own:
            groups.setdefault(tuple(visit.stage for visit in own), []).append(item)
    found = []
    for stages, items in groups.items():
        outcomes = [outcome(visits[item], pipeline) for item in items if item not in moved]
        cycles = [
            Fraction(closed_at(visits[item], pipeline) - visits[item][0].start)
            for item in items
            if item not in moved and outcome(visits[item], pipeline) != "open"
        ]
        won, lost, still_open = (outcomes.count(name) for name in ("won", "lost", "open"))
        cycle = median(cycles) if cycles else None
        found.append(Variant(stages, len(items), won, lost, still_open, cycle))
    order = [*pipeline.stages, *pipeline.won, *pipeline.lost]
    return sorted(found, key=lambda one: (-one.items, [order.index(stage) for stage in one.stages]))
