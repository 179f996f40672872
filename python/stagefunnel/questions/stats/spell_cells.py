"""Spells that are counted where they lie, because few of their times differ: no list of them is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from .spell_labels import Labelled
from .spells import Scale, Spells, Ticks, Wanted

_NS: Final = "timedelta64[ns]"
_UNITS: Final = {"W", "D", "h", "m", "s", "ms", "us", "ns"}  # those that are some nanoseconds
_THREADS: Final = 1  # arrays are of a size that pays for one


@dataclass(frozen=True, eq=False)
class SpellCells:
    """Spells that are counted by group and time, where :class:`~.spells.Spells` lists them.

    Attributes
    ----------
    scale
        How their times are written.
    counts
        How many there are of each group and time, by how they ended.
    causes, groups
        Label of each cause and group; ``None``: there are no groups.
    listed
        Makes a list of them, whose times are written as a scale says.
    """

    scale: Scale
    counts: _core.stats.SpellCounts
    causes: pd.Index
    groups: pd.Index | None
    listed: Callable[[Scale], Spells]

    @property
    def n_groups(self) -> int:
        """Number of groups; at least one."""
        return 1 if self.groups is None else len(self.groups)

    @property
    def last_exit(self) -> Ticks:
        """Return the last moment at which a spell of each group is watched."""
        return self.counts.last_exit

    @property
    def event_ticks(self) -> Ticks:
        """Return the times at which the first cause ends a spell of any group."""
        cells = self.counts.cells
        ended = cells.ended.reshape(self.n_groups, cells.n_ages, -1)
        return np.flatnonzero(ended[:, :, 2].any(axis=0)) * np.int64(cells.step)

    def curves(self, wanted: Wanted | None = None, min_at_risk: int = 0) -> _core.stats.IncidenceCurves:
        """Estimate the incidence of each cause, at some times or at those of events."""
        return _core.stats.estimate_of_cells(self.counts.cells, *_around(wanted), min_at_risk, _THREADS)

    def robust_variances(self, wanted: Wanted | None, min_at_risk: int) -> npt.NDArray[np.float64]:
        """Estimate the variances of the curves at the same rows."""
        cells = self.counts.cells
        if cells.ended.reshape(-1, 2 + max(len(self.causes), 1))[:, 0].any():
            # The influence of those that enter later is not that of all that end alike.
            return self.listed(self.scale).robust_variances(wanted, min_at_risk)
        return _core.stats.robust_of_cells(cells, *_around(wanted), min_at_risk, _THREADS)


def counted_spells(
    scale: Scale,
    times: npt.NDArray[Any],
    starts: npt.NDArray[Any] | None,
    causes: Labelled,
    groups: Labelled | None,
    listed: Callable[[Scale], Spells],
) -> SpellCells | None:
    """Count spells in one pass; ``None`` where they have to be listed, or a list says what is wrong."""
    if not len(times):
        return None
    unit = _unit_of(times, starts) if scale.kind == "timedelta" else 1
    if unit is None:
        return None
    counts = _core.stats.count_spells(
        exit=_as_read(times),
        entry=None if starts is None else _as_read(starts),
        cause=_as_codes(causes),
        group=None if groups is None else _as_codes(groups),
        n_causes=len(causes.labels),
        n_groups=0 if groups is None else len(groups.labels),
        unit=unit,
    )
    if counts is None:
        return None
    own = None if groups is None else _taken(groups, counts.groups)
    is_full = len(counts.causes) == len(causes.labels)
    ended = causes.labels if is_full else causes.labels.take(counts.causes)
    whole = Scale("whole") if scale.kind == "real" else scale
    return SpellCells(whole, counts, ended, own, listed)


def _around(wanted: Wanted | None) -> tuple[Ticks | None, Ticks | None]:
    return (None, None) if wanted is None else (wanted.below, wanted.above)


def _unit_of(times: npt.NDArray[Any], starts: npt.NDArray[Any] | None) -> int | None:
    """Return how many nanoseconds the common unit of lengths has; ``None`` where they have no such unit."""
    unit, _ = np.datetime_data(times.dtype)
    if unit not in _UNITS or (starts is not None and starts.dtype != times.dtype):
        return None
    return int(np.ones(1, dtype=times.dtype).astype(_NS).view(np.int64)[0])


def _as_read(times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return times as numbers of a type that the core reads, without a copy where they are."""
    kind, size = times.dtype.kind, times.dtype.itemsize
    if kind == "f":
        return np.ascontiguousarray(times, dtype=np.float64)
    is_short = size <= 4 and not (kind == "u" and size == 4)
    whole = np.ascontiguousarray(times, dtype=times.dtype.newbyteorder("=") if kind == "m" else None)
    return (
        whole.view(np.int64) if kind == "m" else whole.astype(np.int32 if is_short else np.int64, copy=False)
    )


def _as_codes(labels: Labelled) -> npt.NDArray[Any]:
    return np.ascontiguousarray(labels.codes)


def _taken(groups: Labelled, places: npt.NDArray[np.int32]) -> pd.Index:
    """Return the labels of some groups; behind all others is that of a missing one."""
    has_missing = len(places) and places[-1] == len(groups.labels)
    return (groups.with_missing if has_missing else groups.labels).take(places)
