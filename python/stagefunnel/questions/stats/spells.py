"""Spells: how long each was watched, how it ended, and in which group it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from .spell_labels import CENSORED, Codes

__all__ = ["CENSORED", "FROM_START", "LEFT_OUT", "Codes", "CurveSpells", "Scale", "Spells", "Ticks", "Wanted"]

Ticks = npt.NDArray[np.int64]

FROM_START: Final = np.iinfo(np.int64).min  # as the core reads an entry
LEFT_OUT: Final = -2
_NS: Final = "timedelta64[ns]"
_HIGH: Final = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_THREADS: Final = 1  # arrays are of a size that pays for one


@dataclass(frozen=True)
class Scale:
    """How times are written as whole numbers of the same order: numbers as they are, the bits of others.

    Real ones that are all whole numbers are written as these.
    """

    kind: Literal["integer", "whole", "real", "timedelta"]

    def ticks(self, values: npt.NDArray[Any]) -> Ticks:
        """Write times as whole numbers."""
        if self.kind == "real":
            # The bits of a float stand in the order of its value, once those of negative ones are flipped.
            bits = (values.astype(np.float64) + 0.0).view(np.int64)
            return bits ^ ((bits >> 63) & _HIGH)
        ticks = values.astype(_NS if self.kind == "timedelta" else np.int64, copy=False)
        return np.ascontiguousarray(ticks).view(np.int64)

    def times(self, ticks: Ticks) -> npt.NDArray[Any]:
        """Read them back."""
        if self.kind == "real":
            return (ticks ^ ((ticks >> 63) & _HIGH)).view(np.float64)
        if self.kind == "whole":
            return ticks.astype(np.float64)
        return ticks.view(_NS) if self.kind == "timedelta" else ticks


@dataclass(frozen=True, eq=False)
class CurveSpells:
    """What is to be known of spells beside the curves of their groups.

    Attributes
    ----------
    scale, n_groups
        How their times are written, and the number of groups.
    last_exit
        The last moment at which a spell of each group is watched.
    """

    scale: Scale
    n_groups: int
    last_exit: Ticks


@dataclass(frozen=True, eq=False)
class Spells:
    """Spells as the core takes them.

    Attributes
    ----------
    scale
        How their times are written.
    exit, cause, entry
        When each ended, of which cause, and from when on it was watched; ``None``: all from the beginning.
    causes
        Label of each cause.
    group, groups
        Group of each spell, and the labels; ``None``: there are no groups.
    """

    scale: Scale
    exit: Ticks
    cause: Codes
    entry: Ticks | None
    causes: pd.Index
    group: Codes | None
    groups: pd.Index | None
    threads: int = field(default=_THREADS, kw_only=True)

    @property
    def n_groups(self) -> int:
        """Number of groups; at least one."""
        return 1 if self.groups is None else max(len(self.groups), 1)

    @property
    def last_exit(self) -> Ticks:
        """Return the last moment at which a spell of each group is watched."""
        exits = np.where(self.cause == LEFT_OUT, FROM_START, self.exit)
        if self.group is None:
            return np.full(1, exits.max(initial=FROM_START))
        last = np.full(self.n_groups, FROM_START)
        np.maximum.at(last, self.group, exits)
        return last

    @property
    def event_ticks(self) -> Ticks:
        """Return the times at which the first cause ends a spell of any group."""
        return np.unique(self.exit[self.cause == 0])

    def curves(self, wanted: Wanted | None = None, min_at_risk: int = 0) -> _core.stats.IncidenceCurves:
        """Estimate the incidence of each cause, at some times or at those of events."""
        return _core.stats.estimate_incidence(**self._arguments(wanted, min_at_risk), threads=self.threads)

    def robust_variances(
        self, wanted: Wanted | None, min_at_risk: int, item: Codes | None = None
    ) -> npt.NDArray[np.float64]:
        """Estimate the variances of the curves at the same rows, with the spells of one item together."""
        return _core.stats.robust_variances(**self._arguments(wanted, min_at_risk), item=item)

    def _arguments(self, wanted: Wanted | None, min_at_risk: int) -> dict[str, Any]:
        return {
            "exit": self.exit,
            "cause": self.cause,
            "entry": self.entry,
            "group": self.group,
            "n_causes": max(len(self.causes), 1),
            "n_groups": self.n_groups,
            "below": None if wanted is None else wanted.below,
            "above": None if wanted is None else wanted.above,
            "min_at_risk": min_at_risk,
        }


@dataclass(frozen=True, eq=False)
class Wanted:
    """The times that a table is asked for: as people read them, and the whole numbers around each."""

    times: npt.NDArray[Any]
    below: Ticks
    above: Ticks
