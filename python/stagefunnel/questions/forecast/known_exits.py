"""How visits end as known at a moment, by steps of age: a log is read once for all moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, named
from ..stats.spells import Codes, Ticks
from .exits import Floats, VisitEnds
from .within import Grid, SteppedExits

_MOST_CHANCES: Final = 2**28  # by stage, step of age and what follows: two gigabytes


class Steps(NamedTuple):
    """The exits by step, and how sure they are.

    `spread` is what each step adds to the variance of the log of what is left, and `at_risk` counts the
    visits that lasted to its first exit.
    """

    exits: SteppedExits
    spread: Floats
    at_risk: npt.NDArray[np.int64]


class GoneByAge(NamedTuple):
    """The shares of visits that have ended by some ages.

    `place` is the row of each item that is asked about, `stage` that of each row; `gone` has a column for
    each end, and `left` is the share that has not ended.
    """

    place: npt.NDArray[np.intp]
    stage: npt.NDArray[np.intp]
    gone: Floats
    left: Floats


class CutExits(NamedTuple):
    """The exits of a stage in runs of ages: the last age of each, and what :class:`Steps` has."""

    age: Ticks
    gone: Floats
    left: Floats
    spread: Floats
    at_risk: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class History:
    """The visits of the stages in progress, and what was known of them at some moments.

    Attributes
    ----------
    core
        The visits; the cell of one is that of its group and stage.
    n_stages, n_groups, threads
        Number of stages in progress and of groups, and how many threads read.
    """

    core: _core.stats.ExitHistory
    n_stages: int
    n_groups: int
    threads: int

    @classmethod
    def of(
        cls,
        began: Ticks,
        ended: Ticks,
        cause: Codes,
        cell: Codes,
        n_stages: int,
        n_groups: int,
        moments: Sequence[int],
        threads: int,
        *,
        until: Sequence[int] | None = None,
    ) -> History:
        """Put visits in order; what ends one is as :class:`VisitEnds` has it.

        The moments rise; visits that had not ended before one are watched until then, or until another time.
        """
        core = _core.stats.ExitHistory(
            began=np.ascontiguousarray(began),
            ended=np.ascontiguousarray(ended),
            cause=np.ascontiguousarray(cause),
            cell=np.ascontiguousarray(cell, dtype=np.int32),
            n_causes=n_stages + 2,
            n_cells=n_stages * n_groups,
            moments=moments,
            until=moments if until is None else until,
            threads=threads,
        )
        return cls(core, n_stages, n_groups, threads)

    @classmethod
    def of_ends(cls, ends: VisitEnds, threads: int, group: Codes | None = None, n_groups: int = 1) -> History:
        """Put the visits of a fit in order, as if all had been watched until the moment 0.

        Some may begin at the moment 0 itself.
        """
        ended = np.where(ends.cause >= 0, -1, 0)
        cell = ends.stage if group is None else group * np.int32(ends.n_stages) + ends.stage
        visits = (ended - ends.exit, ended, ends.cause, cell, ends.n_stages, n_groups)
        return cls.of(*visits, moments=[1], threads=threads, until=[0])

    def known(self) -> list[list[KnownExits]]:
        """Count what was known of the visits of each group, at each of the moments."""
        return [self._groups(one) for one in self.core.known]

    def _groups(self, found: _core.stats.KnownExits) -> list[KnownExits]:
        n, n_next = self.n_stages, self.n_stages + 2
        source = _Source(self, found)
        # Each of these is copied out of the core when it is asked for, so not once for each group.
        events, oldest, spent = found.events.reshape(-1, n_next), found.oldest, found.spent
        groups = []
        for group in range(self.n_groups):
            cells = slice(group * n, (group + 1) * n)
            groups.append(
                KnownExits(
                    moves=events[cells].astype(np.float64),
                    oldest=oldest[cells],
                    exposure=np.maximum(spent[cells].astype(np.float64), 0.5),
                    common=int(found.common),
                    sources=[(source, cell) for cell in range(cells.start, cells.stop)],
                )
            )
        return groups


class _Source(NamedTuple):
    history: History
    known: _core.stats.KnownExits


@dataclass(frozen=True, eq=False)
class KnownExits:
    """The exits of each stage as known at a moment.

    Attributes
    ----------
    moves
        Number of moves from each stage, by what follows: as the columns of :class:`Exits`.
    oldest
        Age of the last exit of each stage; -1 where nothing ever left it.
    exposure
        Time that was spent in each stage, at least half a tick.
    common
        The largest length that all visits are multiples of; 0 without one.
    sources
        Where the visits of each stage stand.
    """

    moves: Floats
    oldest: Ticks
    exposure: Floats
    common: int
    sources: list[tuple[_Source, int]]

    @property
    def n_stages(self) -> int:
        """Number of stages in progress."""
        return len(self.sources)

    @property
    def threads(self) -> int:
        """How many threads read."""
        return self.sources[0][0].history.threads if self.sources else 1

    @property
    def n_exits(self) -> npt.NDArray[np.int64]:
        """Number of visits of each stage that ended."""
        return np.asarray(self.moves.sum(axis=1).astype(np.int64))

    def with_stages_of(self, other: KnownExits, taken: npt.NDArray[np.bool_]) -> KnownExits:
        """Take the exits of some stages from another fit."""
        pairs = zip(self.sources, other.sources, taken, strict=True)
        return replace(
            self,
            moves=np.where(taken[:, np.newaxis], other.moves, self.moves),
            oldest=np.where(taken, other.oldest, self.oldest),
            exposure=np.where(taken, other.exposure, self.exposure),
            sources=[theirs if flag else own for own, theirs, flag in pairs],
        )

    def by_step(self, *grids: Grid) -> list[Steps]:
        """Put the exits into the steps of some grids, all in one pass.

        Raises
        ------
        SchemaError
            If a horizon is so short beside the visits that its steps would fill the memory.
        """
        n, n_next = self.n_stages, self.n_stages + 2
        lasts = [int(grid.up(np.maximum(self.oldest, 0)).max(initial=0)) for grid in grids]
        for grid, last in zip(grids, lasts, strict=True):
            _refuse_many(grid, last, n * n_next)
        ends = [grid.ends(last) for grid, last in zip(grids, lasts, strict=True)]
        steps = [
            Steps(
                SteppedExits(np.zeros((n, len(one), n_next)), np.ones((n, len(one)))),
                np.zeros((n, len(one))),
                np.zeros((n, len(one)), dtype=np.int64),
            )
            for one in ends
        ]
        for source in {id(source): source for source, _ in self.sources}.values():
            own = np.array([one for one, (other, _) in enumerate(self.sources) if other is source])
            cells = np.array([self.sources[one][1] for one in own], dtype=np.int64)
            lengths = np.repeat([len(one) for one in ends], len(own))
            found = source.history.core.by_step(
                source.known,
                cell=np.tile(cells, len(grids)),
                bounds=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
                end=np.concatenate([np.tile(one, len(own)) for one in ends]),
                threads=source.history.threads,
            )
            first = 0
            for one, to in zip(ends, steps, strict=True):
                last = first + len(one) * len(own)
                to.exits.chance[own] = found.chance.reshape(-1, n_next)[first:last].reshape(
                    len(own), -1, n_next
                )
                for values, target in (
                    (found.left, to.exits.left),
                    (found.spread, to.spread),
                    (found.at_risk, to.at_risk),
                ):
                    target[own] = values[first:last].reshape(len(own), -1)
                first = last
        return steps

    def by_age(self, stage: Codes, age: Ticks) -> GoneByAge:
        """Return the shares that have ended by the exact ages of some items."""
        place = np.zeros(len(stage), dtype=np.intp)
        ends, n_rows = [], 0
        for one in range(self.n_stages):
            own = np.flatnonzero(stage == one)
            distinct, at = np.unique(age[own], return_inverse=True)
            place[own] = n_rows + at
            ends.append(distinct)
            n_rows += len(distinct)
        stages = np.repeat(np.arange(self.n_stages), [len(one) for one in ends])
        found = [self._steps_of(one, own) for one, own in enumerate(ends)]
        n_next = self.n_stages + 2
        gone = np.concatenate([np.zeros((0, n_next)), *(one.gone.reshape(-1, n_next) for one in found)])
        return GoneByAge(place, stages, gone, np.concatenate([np.zeros(0), *(one.left for one in found)]))

    @property
    def total(self) -> Floats:
        """Share of the visits of each stage that was ever seen to end, by what follows."""
        n = self.n_stages
        return self.by_age(np.arange(n, dtype=np.int32), self.oldest).gone

    def visits_at_end(self, stage: int) -> float:
        """Return how many visits of a stage leave those at risk at its last exit, if only exits had gone.

        Of R. Peto and others, "Design and analysis of randomized clinical trials requiring prolonged
        observation of each patient", 1977: those at risk by the share that is still there.
        """
        age = int(self.oldest[stage])
        if age < 0:
            return 0.0
        found = self._steps_of(stage, np.array([age - 1, age], dtype=np.int64))
        return float(found.at_risk[1] / found.left[0])

    def cut(self, stage: int, most: int) -> CutExits:
        """Cut the exits of a stage into at most so many runs of ages with about as many exits each."""
        source, cell = self.sources[stage]
        ages = source.history.core.cuts(source.known, cell=cell, most=most)
        found = self._steps_of(stage, ages)
        gone = found.gone.reshape(-1, self.n_stages + 2)
        return CutExits(ages, gone, found.left, found.spread, found.at_risk)

    def _steps_of(self, stage: int, ends: Ticks) -> _core.stats.SteppedExits:
        source, cell = self.sources[stage]
        return source.history.core.by_step(
            source.known,
            cell=np.array([cell], dtype=np.int64),
            bounds=np.array([0, len(ends)], dtype=np.int64),
            end=np.ascontiguousarray(ends, dtype=np.int64),
            threads=source.history.threads,
        )


def common_length(exits: KnownExits, ages: Ticks) -> Ticks:
    """Return lengths whose largest divisor is that of all visits and of some ages."""
    common = np.array([exits.common], dtype=np.int64)
    return common if exits.common == 1 else np.concatenate([common, ages])


def _refuse_many(grid: Grid, last: int, n_chances: int) -> None:
    if (last + 1) * n_chances > _MOST_CHANCES:
        horizons = last / grid.n
        raise SchemaError(
            named("horizon"),
            f" is too short: the longest visit that ended is {horizons:,.0f} times as long, and with so many "
            f"stages it may be {_MOST_CHANCES / n_chances / grid.n:,.0f} times; give a longer one",
        )
