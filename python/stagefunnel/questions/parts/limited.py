"""Visits of a part beside the limits of their stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ..stages.limits import Limits
from ..stages.stays import Stays
from .groups import Integers, added_up


@dataclass(frozen=True, eq=False)
class Limited:
    """How many visits of each stage are longer than its limit.

    How long a visit is that goes on depends on the last row of all parts, so its start is kept.

    Attributes
    ----------
    known, beyond
        Visits of a known start that are over, and those of them that are beyond the limit, by group and
        stage.
    group, stage, started
        Group, stage and start of each visit of a stage with a limit that goes on.
    """

    known: Integers
    beyond: Integers
    group: Integers
    stage: Integers
    started: Integers

    @classmethod
    def of(cls, stays: Stays, limits: Limits, group: Integers, n_groups: int) -> Self:
        """Take what is needed out of the visits of a log; `group` is the group of each visit."""
        limit = limits.of_stage[stays.stage]
        is_limited = stays.is_known & (limit >= 0)
        is_over = is_limited & ~stays.goes_on
        is_beyond = is_over & (stays.length > limit)
        n_stages = len(limits.of_stage)
        cell = group * n_stages + stays.stage
        known, beyond = (
            np.bincount(cell[flags], minlength=n_groups * n_stages).reshape(n_groups, n_stages)
            for flags in (is_over, is_beyond)
        )
        goes_on = is_limited & stays.goes_on
        starts = [group[goes_on], stays.stage[goes_on].astype(np.int64), stays.started[goes_on]]
        return cls(known, beyond, *_sorted(starts))

    @classmethod
    def total(cls, parts: Sequence[Self], codes: Sequence[Integers], n_groups: int) -> Self:
        """Add up parts; `codes` say where each group went."""
        group = np.concatenate([code[part.group] for part, code in zip(parts, codes, strict=True)])
        starts = [np.concatenate([getattr(part, name) for part in parts]) for name in ("stage", "started")]
        return cls(
            added_up([part.known for part in parts], codes, n_groups),
            added_up([part.beyond for part in parts], codes, n_groups),
            *_sorted([group, *starts]),
        )

    def shares(self, limits: Limits, until: int) -> npt.NDArray[np.float64]:
        """Return the share of the visits that are beyond, open ones too as long as they are by `until`."""
        known, beyond = self.known.copy(), self.beyond.copy()
        cells = (self.group, self.stage)
        np.add.at(known, cells, 1)
        np.add.at(beyond, cells, until - self.started > limits.of_stage[self.stage])
        shares = np.full(known.shape, np.nan)
        np.divide(beyond, known, out=shares, where=(known > 0) & (limits.of_stage >= 0))
        return shares


def _sorted(columns: Sequence[Integers]) -> list[Integers]:
    order = np.lexsort(columns[::-1])
    return [column[order] for column in columns]
