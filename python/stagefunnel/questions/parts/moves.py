"""Moves of the items of a part, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ..counted.fields import key, key_of_group, value
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..stages.transitions import count_moves, count_moves_of_groups

Integers: TypeAlias = npt.NDArray[np.int64]


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

    group: Integers = key_of_group()
    from_stage: Integers = key()
    to_stage: Integers = key()
    moves: Integers = value()
    items: Integers = value()

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

    def to(self, code: Integers) -> Self:
        """Add up the moves, each group where it went."""
        keys = np.stack([code[self.group], self.from_stage, self.to_stage])
        order = np.lexsort(keys[::-1])
        keys = keys[:, order]
        if not len(order):
            return self
        starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
        sums = [np.add.reduceat(of_all[order], starts) for of_all in (self.moves, self.items)]
        return type(self)(*keys[:, starts], *sums)

    def at(self, places: Integers, n_groups: int) -> Self:
        """Keep the groups at some places, numbered anew."""
        number = np.full(n_groups, -1, dtype=np.int64)
        number[places] = np.arange(len(places))
        group = number[self.group]
        kept = group >= 0
        columns = (self.from_stage, self.to_stage, self.moves, self.items)
        return type(self)(group[kept], *(column[kept] for column in columns))
