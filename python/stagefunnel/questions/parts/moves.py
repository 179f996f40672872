"""Moves of the items of a part, by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..stages.transitions import count_moves, count_moves_of_groups
from .groups import Integers


@dataclass(frozen=True, eq=False)
class PartMoves:
    """The moves that were made, sorted by group, the stage left and the stage entered.

    Attributes
    ----------
    group, from_stage, to_stage
        Group and stages of each kind of move.
    moves, items
        How often it was made, and by how many items.
    """

    group: Integers
    from_stage: Integers
    to_stage: Integers
    moves: Integers
    items: Integers

    @classmethod
    def of(cls, selection: Selection, of_items: ItemGroups | None) -> Self:
        """Count the moves of a log."""
        if of_items is None:
            found = count_moves(selection)
            return cls.of_matrix(found.moves, found.items)
        moved = count_moves_of_groups(selection, of_items)
        return cls(moved.group, moved.from_stage, moved.to_stage, moved.moves, moved.items)

    @classmethod
    def of_matrix(cls, moves: Integers, items: Integers) -> Self:
        """Take the moves of one group out of a table by the stage left and the stage entered."""
        from_stage, to_stage = np.nonzero(moves)
        made = (from_stage, to_stage)
        return cls(np.zeros(len(from_stage), dtype=np.int64), *made, moves[made], items[made])

    @classmethod
    def total(cls, parts: Sequence[Self], codes: Sequence[Integers]) -> Self:
        """Add up the moves of parts; `codes` say where each group went."""
        group = np.concatenate([code[part.group] for part, code in zip(parts, codes, strict=True)])
        from_stage, to_stage, moves, items = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("from_stage", "to_stage", "moves", "items")
        )
        order = np.lexsort((to_stage, from_stage, group))
        keys = np.stack([group, from_stage, to_stage])[:, order]
        starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
        if not len(order):
            starts = starts[:0]
        sums = [
            np.add.reduceat(of_all[order], starts) if len(starts) else of_all for of_all in (moves, items)
        ]
        return cls(*keys[:, starts], *sums)

    def at(self, places: Integers, n_groups: int) -> Self:
        """Keep the groups at some places, numbered anew; the others have no moves."""
        number = np.full(n_groups, -1, dtype=np.int64)
        number[places] = np.arange(len(places))
        return type(self)(number[self.group], self.from_stage, self.to_stage, self.moves, self.items)
