"""How visits of the stages in progress end, by age: the kernel that forecasts stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stages.lives import Watch, visit_spells
from ..stats.spells import Codes, Ticks

Floats: TypeAlias = npt.NDArray[np.float64]
LEAST_EXITS: Final = 30  # a stage with fewer in a group takes the common fit


@dataclass(frozen=True, eq=False)
class VisitEnds:
    """The visits of the stages in progress that a fit is made of.

    Attributes
    ----------
    exit
        How long each was watched.
    cause
        What ended it: the row of a stage in progress, `n_stages` for a won one, one more for any other end;
        ``CENSORED`` or ``LEFT_OUT``.
    stage, item
        Row of its stage, and the place of its item.
    n_stages
        Number of stages in progress.
    """

    exit: Ticks
    cause: Codes
    stage: Codes
    item: npt.NDArray[np.int64]
    n_stages: int

    @classmethod
    def of(cls, selection: Selection, lengths: Lengths, watch: Watch) -> VisitEnds:
        """List the visits of a selection."""
        pipeline = selection.pipeline
        n = len(pipeline.stages)
        spells, stage = visit_spells(selection, lengths, watch, range(n), by_next=True)
        row = {label: place for place, label in enumerate(pipeline.labels)}
        n_ends = n + len(pipeline.won)
        # What is not a stage of the pipeline is a move to another one.
        target = np.array([min(row.get(cause, n_ends), n_ends) for cause in spells.causes], dtype=np.int32)
        target = np.where(target < n, target, np.where(target < n_ends, n, n + 1)).astype(np.int32)
        cause = spells.cause.copy()
        cause[cause >= 0] = target[cause[cause >= 0]]
        assert spells.item is not None  # visits have one
        return cls(spells.exit, cause, stage, spells.item, n)

    def curves(self, threads: int, group: Codes | None = None, n_groups: int = 1) -> list[Exits]:
        """Estimate how the visits of each group end, by stage and age."""
        n = self.n_stages
        code = self.stage if group is None else group * np.int32(n) + self.stage
        found = _core.stats.estimate_incidence(
            exit=np.ascontiguousarray(self.exit),
            cause=np.ascontiguousarray(self.cause),
            entry=None,
            group=np.ascontiguousarray(code.astype(np.int32)),
            n_causes=n + 2,
            n_groups=n * n_groups,
            below=None,
            above=None,
            min_at_risk=0,
            threads=threads,
        )
        n_next = n + 2
        # Each of these is copied out of the core when it is asked for, so not once for each group.
        bounds, age, at_risk, left = found.bounds, found.time, found.at_risk, found.survival
        events, gone = found.events.reshape(-1, n_next), found.incidence.reshape(-1, n_next)
        curves = []
        for one in range(n_groups):
            first, last = bounds[one * n], bounds[(one + 1) * n]
            rows = slice(first, last)
            curves.append(
                Exits(
                    bounds=bounds[one * n : (one + 1) * n + 1] - first,
                    age=age[rows],
                    at_risk=at_risk[rows],
                    events=events[rows],
                    gone=gone[rows],
                    left=left[rows],
                )
            )
        return curves


@dataclass(frozen=True, eq=False)
class Exits:
    """The shares of visits that have ended by each age at which one did, stage by stage.

    Attributes
    ----------
    bounds
        Stage `s` has the rows ``[bounds[s], bounds[s + 1])``.
    age, at_risk
        The age of each row, and the visits that lasted so long.
    events, gone
        How many ended then, and the share that has ended by then, by what follows: a column for each stage in
        progress, one for won and one for any other end.
    left
        Share of the visits that has not ended by then.
    """

    bounds: npt.NDArray[np.int64]
    age: Ticks
    at_risk: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    gone: Floats
    left: Floats

    @property
    def n_stages(self) -> int:
        """Number of stages in progress."""
        return len(self.bounds) - 1

    @property
    def moves(self) -> Floats:
        """Number of moves from each stage, by what follows."""
        pairs = zip(self.bounds[:-1], self.bounds[1:], strict=True)
        sums = [self.events[first:last].sum(axis=0) for first, last in pairs]
        return np.array(sums, dtype=np.float64).reshape(-1, self.n_stages + 2)
