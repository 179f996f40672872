"""The counts of a funnel as plain arrays, which can be kept and added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from . import _core

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of items as the core made them.

    Attributes
    ----------
    passed, assumed, visited, skipped, beyond, lost_from, open_at
        One row per group and one column per stage.
    won, lost, open, left_out, reopened_won
        One entry per group.
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

    @classmethod
    def of(cls, counts: _core.FunnelCounts) -> Tally:
        """Take the counts out of the core's."""
        return cls(**{field.name: getattr(counts, field.name) for field in fields(cls)})

    @classmethod
    def total(cls, tallies: Sequence[Tally]) -> Tally:
        """Add up counts of different items in the same groups and stages."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.sum([getattr(one, name) for one in tallies], axis=0) for name in names})
