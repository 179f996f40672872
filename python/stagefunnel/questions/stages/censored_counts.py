"""Visits as far as they were seen, which add up over parts of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ..counted import fields
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stats.spells import CENSORED, CurveSpells, Scale, Spells, Ticks
from .curves import horizons
from .lives import Watch, visit_spells

_ENDED = 0


@dataclass(frozen=True, eq=False)
class CensoredVisits:
    """The visits of the stages in progress, by group and stage.

    Attributes
    ----------
    ended, going
        How long those lasted that have ended, and how long those were seen that go on.
    followed
        How long after its beginning each would have been seen, had it not ended.
    """

    ended: Samples | Binned = fields.samples()
    going: Samples | Binned = fields.samples()
    followed: Samples | Binned = fields.samples()

    @classmethod
    def of(
        cls,
        selection: Selection,
        lengths: Lengths,
        watch: Watch,
        group_of_item: npt.NDArray[np.int64] | None,
        n_groups: int,
    ) -> CensoredVisits:
        """Follow the visits of a log; items of group -1 are left out."""
        n_open = len(selection.pipeline.stages)
        spells, stage = visit_spells(selection, lengths, watch, range(n_open), by_next=False)
        assert spells.item is not None  # they are of visits
        group = np.zeros(len(stage), dtype=np.int64) if group_of_item is None else group_of_item[spells.item]
        cell, n = group * n_open + stage, n_groups * n_open
        counted = spells.is_counted & (group >= 0)
        ended, going = counted & (spells.cause == _ENDED), counted & (spells.cause == CENSORED)
        return cls(
            Samples.of(spells.exit[ended].view(np.uint64), cell[ended], n),
            Samples.of(spells.exit[going].view(np.uint64), cell[going], n),
            Samples.of(spells.followed[counted].view(np.uint64), cell[counted], n),
        )

    def curves(self, n_cells: int) -> Found:
        """Estimate the curve of each cell."""
        ended, going, followed = (listed(one) for one in (self.ended, self.going, self.followed))
        arrays = Spells(
            Scale("integer"),
            np.concatenate([ended.values, going.values]),
            np.repeat(np.array([_ENDED, CENSORED], dtype=np.int32), [len(ended.values), len(going.values)]),
            None,
            pd.Index([True]),
            np.concatenate([ended.row, going.row]).astype(np.int32),
            pd.RangeIndex(n_cells),
        )
        every = np.ones(len(followed.values), dtype=bool)
        horizon = horizons(followed.values, every, followed.row.astype(np.int32), n_cells)
        return CurveSpells(arrays.scale, n_cells, arrays.last_exit), arrays.curves(), horizon


#: Spells by cell, their curves and their horizons.
Found: TypeAlias = tuple[CurveSpells, _core.stats.IncidenceCurves, Ticks]
