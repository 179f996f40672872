"""Where the items of a log stand as a selection reads them: won, lost, open, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ... import _core
from ...cached import cached_property
from ..scope.selection import Selection
from ..stats.spells import Ticks

OPEN, WON, LOST, MOVED, NOWHERE = range(5)
NAMES: Final = ("open", "won", "lost", "moved_out")


@dataclass(frozen=True, eq=False)
class Standing:
    """The facts of the items of a selection, by the place of an item in the journeys."""

    selection: Selection

    @cached_property
    def facts(self) -> _core.stages.ItemFacts:
        """The facts of the items that have a row, in the order of their first rows."""
        selection = self.selection
        return _core.stages.item_facts(
            journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
        )

    def place(self, item: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
        """Return the place of items among the facts; all of them have a row."""
        return np.asarray(np.searchsorted(self.facts.first_row, self.selection.journeys.first_row[item]))

    def outcome(self, item: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
        """Return how items stand; one without a row is nowhere."""
        found = np.full(len(item), NOWHERE, dtype=np.int8)
        facts = self.facts
        place = np.minimum(self.place(item), max(len(facts.first_row) - 1, 0))
        if len(facts.first_row):
            has_row = facts.first_row[place] == self.selection.journeys.first_row[item]
            found[has_row] = facts.outcome[place[has_row]]
        if self.selection.moved is not None:
            found[self.selection.moved[item]] = MOVED
        return found

    def closed_at(self, item: npt.NDArray[np.integer]) -> Ticks:
        """Return when items were closed that are."""
        return np.asarray(self.facts.closed_at[self.place(item)])
