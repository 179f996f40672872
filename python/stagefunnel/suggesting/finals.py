"""Which stages end an item with success or failure: by their names, then by the ends of journeys."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import quoted
from ..log.stage_places import StagePlaces
from ..readers.build.meanings import meaning_of
from .doubts import Doubt

# A stage that so few of its items leave ends them, and one that so many leave does not.
_ENDING: Final = 0.95
_LEFT: Final = 0.5
# A stage of fewer items ends nothing that its name does not say.
_FEWEST: Final = 4
# Of so many items a share says something.
_ENOUGH: Final = 10


@dataclass(frozen=True)
class Finals:
    """The stages that end items, as numbers of stages.

    Attributes
    ----------
    won, lost
        The stages of each kind, in the order of their first rows.
    why
        Why each stage is final, by its number.
    doubts
        What may be otherwise.
    """

    won: tuple[int, ...]
    lost: tuple[int, ...]
    why: dict[int, str]
    doubts: tuple[Doubt, ...]


def find_finals(places: StagePlaces, name_of: Callable[[Hashable], str]) -> Finals:
    """Find the stages that are won or lost.

    A name says it where it is a usual one and the items do stay there. Of the other stages those end journeys
    that nearly all items end in which come there from another stage: won where they come from the ends of the
    other journeys, lost where they come from anywhere.
    """
    labels = places.labels
    meanings = {stage: meaning_of(name_of(label)) for stage, label in enumerate(labels)}
    doubts: list[Doubt] = []
    final: dict[int, str] = {}
    why: dict[int, str] = {}
    for stage, meaning in meanings.items():
        if meaning is None:
            continue
        left = 1 - places.share_ending[stage]
        if places.items[stage] >= _ENOUGH and left > _LEFT:
            doubts.append(
                Doubt(
                    f"{name_of(labels[stage])} has the name of a stage that is {meaning}, but {left:.0%} of "
                    "its items leave it: it is taken as a stage in progress."
                )
            )
            continue
        final[stage], why[stage] = meaning, "by its name"
    ends = _ends_by_journeys(places, final)
    if len(ends) + len(final) >= len(labels):
        ends = []  # some stage is in progress
    by_place = _meanings_by_place(places, ends, final)
    for stage, end in by_place.items():
        final[stage], why[stage] = end, f"{places.share_ending[stage]:.0%} of its items end there"
    if by_place:
        listed = ", ".join(f"{name_of(labels[stage])} as {meaning}" for stage, meaning in by_place.items())
        doubts.append(
            Doubt(
                f"Nearly all items that reach these stages end there, and the names do not say how: {listed}."
            )
        )
    won, lost = (tuple(stage for stage in sorted(final) if final[stage] == one) for one in ("won", "lost"))
    if not won:
        doubts.append(
            Doubt("No stage is known to be won: nothing is ever won, and conversions assume nothing.")
        )
    in_doubt = [
        name_of(labels[stage])
        for stage in sorted(final)
        if stage not in by_place and places.items[stage] >= _ENOUGH and places.share_ending[stage] < 0.8
    ]
    if in_doubt:
        doubts.append(Doubt(f"More than a fifth of the items leave {quoted(in_doubt)} again.", decides=False))
    return Finals(won, lost, why, tuple(doubts))


def _ends_by_journeys(places: StagePlaces, known: dict[int, str]) -> list[int]:
    """List the other stages that nearly all their items end in, and that they come to from another stage."""
    came = places.moves.sum(axis=0)
    is_end = (
        (places.items >= _FEWEST)
        & (places.share_ending >= _ENDING)
        & (2 * places.started < places.items)
        & (came > 0)
    )
    return [int(stage) for stage in np.flatnonzero(is_end) if stage not in known]


def _meanings_by_place(places: StagePlaces, ends: list[int], known: dict[int, str]) -> dict[int, str]:
    """Say what the ends of journeys mean: won is what comes after the latest stages."""
    if not ends:
        return {}
    if len(ends) == 1 and not known:
        return {ends[0]: "won"}
    latest = _lateness(places, {*ends, *known})
    if "won" in known.values() or "lost" in known.values():
        # The names say one side: a further end is as the side whose items come from as far.
        side = {
            meaning: float(np.mean([latest[one] for one, end in known.items() if end == meaning] or [np.nan]))
            for meaning in ("won", "lost")
        }
        if np.isnan(side["won"]):
            middle = (side["lost"] + max(latest[stage] for stage in ends)) / 2
            is_won = [latest[stage] >= middle and latest[stage] > side["lost"] for stage in ends]
            return {stage: "won" if won else "lost" for stage, won in zip(ends, is_won, strict=True)}
        middle = side["won"] if np.isnan(side["lost"]) else (side["won"] + side["lost"]) / 2
        slack = 0.05 if np.isnan(side["lost"]) else 0.0
        return {stage: "won" if latest[stage] >= middle - slack else "lost" for stage in ends}
    middle = (max(latest[stage] for stage in ends) + min(latest[stage] for stage in ends)) / 2
    return {stage: "won" if latest[stage] >= middle else "lost" for stage in ends}


def _lateness(places: StagePlaces, finals: set[int]) -> dict[int, float]:
    """Rate each final stage by how far in the journeys the stages stand that items come to it from."""
    depth = _depths(places, finals)
    rated = {}
    for stage in finals:
        weights = places.moves[:, stage].astype(float)
        weights[[*finals]] = 0
        rated[stage] = float((weights * depth).sum() / weights.sum()) if weights.sum() else 0.0
    return rated


def _depths(places: StagePlaces, finals: set[int]) -> np.ndarray:
    """Return how far each stage stands: its rank among the stages in progress by the order of moves."""
    from .stage_order import order_by_moves

    inner = [stage for stage in by_position(places) if stage not in finals]
    order = order_by_moves(places.moves, inner)
    depth = np.zeros(len(places.labels))
    for rank, stage in enumerate(order):
        depth[stage] = rank / max(len(order) - 1, 1)
    return depth


def by_position(places: StagePlaces) -> list[int]:
    """List the stages by their median places in the journeys; those of no place as they first appear."""
    position = np.where(np.isnan(places.position), 0.0, places.position)
    return [int(stage) for stage in np.argsort(position, kind="stable")]
