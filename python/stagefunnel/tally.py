"""The counts of a funnel as plain arrays, which can be kept and added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import _core
from .schema import AMOUNTS, MOVED_OUT

Counts = npt.NDArray[np.int64]


_STAGES_PASSED = ("passed", "assumed", "visited", "skipped", "beyond")
_ITEMS = (*_STAGES_PASSED, "lost_from", "open_at", "won", "lost", "open", "left_out", "reopened_won")


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of items as the core made them.

    Attributes
    ----------
    passed, assumed, visited, skipped, beyond, lost_from, open_at
        One row per group and one column per stage.
    won, lost, open, left_out, reopened_won
        One entry per group.
    amount, amount_missing
        As the counts of stages, where amounts are added up; else empty.
    moved_out
        One entry per group, where items that moved to another pipeline are kept; they are in no outcome.
    """

    passed: Counts
    assumed: Counts
    visited: Counts
    skipped: Counts
    beyond: Counts
    lost_from: Counts
    open_at: Counts
    won: Counts
    lost: Counts
    open: Counts
    left_out: Counts
    reopened_won: Counts
    amount: npt.NDArray[np.float64] | None = None
    amount_missing: Counts | None = None
    moved_out: Counts | None = None

    @classmethod
    def of(cls, counts: _core.FunnelCounts | Tally) -> Tally:
        """Take the counts of items out of the core's."""
        return (
            counts if isinstance(counts, Tally) else cls(**{name: getattr(counts, name) for name in _ITEMS})
        )

    @classmethod
    def with_moved(
        cls, counts: _core.FunnelCounts, here: npt.NDArray[np.intp], moved: npt.NDArray[np.intp]
    ) -> Tally:
        """Put together what was counted apart: the groups `moved` have the items that moved out of `here`."""
        names = [*_ITEMS, *(name for name in AMOUNTS if getattr(counts, name).size)]
        tally = {name: getattr(counts, name)[here] for name in names}
        for name in (*_STAGES_PASSED, *names[len(_ITEMS) :], "left_out"):
            tally[name] = tally[name] + getattr(counts, name)[moved]
        return cls(**tally, moved_out=(counts.won + counts.lost + counts.open)[moved])

    @classmethod
    def total(cls, tallies: Sequence[Tally]) -> Tally:
        """Add up counts of different items in the same groups and stages."""
        names = [*_ITEMS, *([] if tallies[0].moved_out is None else [MOVED_OUT])]
        return cls(**{name: np.sum([getattr(one, name) for one in tallies], axis=0) for name in names})
