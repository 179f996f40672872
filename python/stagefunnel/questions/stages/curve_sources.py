"""What curves of groups are estimated from: a list of spells, or their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import Codes, Ticks
from .lives import LogSpells


class Source(Protocol):
    """What the curves of groups are estimated from: a list of spells, or their counts."""

    @property
    def least(self) -> int:
        """Number of spells that have to be at risk for an event to count."""

    def estimate(
        self, below: Ticks, above: Ticks, *, least: int | None = None
    ) -> _core.stats.IncidenceCurves:
        """Estimate the curves of all groups at some ages; another least number at risk may be given."""

    def robust_variances(self, below: Ticks, above: Ticks) -> npt.NDArray[np.float64]:
        """Estimate their variances at the same rows, with the spells of one item together."""


@dataclass(frozen=True, eq=False)
class ListedSpells:
    """Spells that are listed, with the group of each."""

    spells: LogSpells
    code: Codes
    n_groups: int
    least: int
    threads: int

    @property
    def n_causes(self) -> int:
        """Number of causes, at least one."""
        return max(len(self.spells.causes), 1)

    def estimate(
        self, below: Ticks, above: Ticks, *, least: int | None = None
    ) -> _core.stats.IncidenceCurves:
        """Estimate the curves of all groups at some ages."""
        at_least = self.least if least is None else least
        return _core.stats.estimate_incidence(
            **self._arguments, below=below, above=above, min_at_risk=at_least, threads=self.threads
        )

    def robust_variances(self, below: Ticks, above: Ticks) -> npt.NDArray[np.float64]:
        """Estimate their variances at the same rows, with the spells of one item together."""
        item = None if self.spells.item is None else self.spells.item.astype(np.int32)
        return _core.stats.robust_variances(
            **self._arguments, item=item, below=below, above=above, min_at_risk=self.least
        )

    def events(self) -> npt.NDArray[np.int64]:
        """Count the events of each group and cause."""
        happened = self.spells.cause >= 0
        cell = self.code[happened].astype(np.int64) * self.n_causes + self.spells.cause[happened]
        return np.bincount(cell, minlength=self.n_groups * self.n_causes).reshape(self.n_groups, -1)

    @property
    def _arguments(self) -> dict[str, Any]:
        spells = self.spells
        return {
            "exit": np.ascontiguousarray(spells.exit),
            "cause": np.ascontiguousarray(spells.cause),
            "entry": None if spells.entry is None else np.ascontiguousarray(spells.entry),
            "group": self.code,
            "n_causes": self.n_causes,
            "n_groups": self.n_groups,
        }


@dataclass(frozen=True, eq=False)
class CountedSpells:
    """Spells that are counted, of which no item is known any more."""

    cells: _core.stats.RiskCells
    least: int
    threads: int

    def estimate(
        self, below: Ticks, above: Ticks, *, least: int | None = None
    ) -> _core.stats.IncidenceCurves:
        """Estimate the curves of all groups at some ages."""
        at_least = self.least if least is None else least
        return _core.stats.estimate_of_cells(
            cells=self.cells, below=below, above=above, min_at_risk=at_least, threads=self.threads
        )

    def robust_variances(self, below: Ticks, above: Ticks) -> npt.NDArray[np.float64]:
        """Estimate their variances at the same rows; each spell is of an item of its own."""
        return _core.stats.robust_of_cells(
            cells=self.cells, below=below, above=above, min_at_risk=self.least, threads=self.threads
        )
