"""The chain of one group of a log, with errors that take its moves, or its items, as drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.absorbing import Chain
from ..stats.bounds import Floats, without_rounding
from .chain_counts import ChainCounts, chunks_of_items
from .chain_visits import ENDS, ChainVisits


@dataclass(frozen=True, eq=False)
class ChainAnswer:
    """What is known of one group: tables by stage, and one chance for all that begin.

    Attributes
    ----------
    win, win_se, lost, undetermined, visits, time, time_se
        One entry per stage of the pipeline.
    overall, overall_se
        The chance that an item is won, and its error.
    items_in
        Items that were ever in each stage.
    n
        Items.
    """

    win: Floats
    win_se: Floats
    lost: Floats
    undetermined: Floats
    visits: Floats
    time: Floats
    time_se: Floats
    overall: float
    overall_se: float
    items_in: npt.NDArray[np.int64]
    n: int


def solve(
    counts: ChainCounts,
    counts_time: npt.NDArray[np.bool_],
    method: str,
    se: str,
    visits: ChainVisits | None = None,
) -> ChainAnswer:
    """Estimate where the moves of some visits end; `counts_time` flags the stages in which the clock runs.

    The `visits` themselves are needed by robust errors alone.
    """
    n_stages = len(counts.begun)
    rows = _Curves(counts) if method == "aalen_johansen" else _Counted(counts)
    chain = Chain.of_chances(rows.n, rows.chances, None)
    begun = counts.begun.astype(np.float64)
    n, start = float(begun.sum()), begun / max(begun.sum(), 1.0)
    won = np.zeros(n_stages + len(ENDS))
    won[:n_stages], won[n_stages] = chain.absorbed[:, 0], 1.0
    means = np.where(chain.has_way_out & counts_time, rows.means, 0.0)
    time = np.zeros(n_stages + len(ENDS))
    time[:n_stages] = chain.between @ means
    nothing = np.zeros(n_stages, dtype=bool)
    if se == "robust":
        assert visits is not None  # the caller has them
        begins = (won[visits.stage] - start @ won[:n_stages]) / max(n, 1.0)
        of_win = _of_items(visits, rows.influence(visits, won, nothing), n_stages, begins)
        of_time = _of_items(visits, rows.influence(visits, time, counts_time), n_stages, begins)
    else:
        chance = float(start @ won[:n_stages])
        between = max(float(start @ won[:n_stages] ** 2) - chance**2, 0.0) / max(n, 1.0)
        of_win = np.diag([*rows.variances(won, nothing), between])
        of_time = np.diag([*rows.variances(time, counts_time), between])
    covariance = chain.between @ of_win[:-1, :-1] @ chain.between.T
    spread = chain.between @ of_time[:-1, :-1] @ chain.between.T
    is_out, is_certain = chain.has_way_out, chain.absorbed[:, -1] == 0
    is_certain = is_certain & ~(chain.between[:, rows.has_no_length & counts_time] > 0).any(axis=1)
    overall, error = _overall(chain, start, of_win)
    return ChainAnswer(
        chain.absorbed[:, 0],
        np.where(is_out, _root(np.diag(covariance)), np.nan),
        chain.absorbed[:, 1],
        chain.absorbed[:, 2] + chain.absorbed[:, -1],
        np.where(is_out, start @ chain.between, np.nan),
        np.where(is_certain, time[:n_stages], np.nan),
        np.where(is_certain, _root(np.diag(spread)), np.nan),
        overall if n else float("nan"),
        error if n else float("nan"),
        counts.items_in,
        int(n),
    )


def _overall(chain: Chain, start: Floats, of_win: Floats) -> tuple[float, float]:
    """Return the chance of all that begin, and its error; what begins where is drawn by chance, too."""
    chance = float(without_rounding(start @ chain.absorbed[:, 0]))
    if not chain.has_way_out[start > 0].all():
        return chance, float("nan")
    slopes = np.append(start @ chain.between, 1.0)
    return chance, float(np.sqrt(max(float(slopes @ of_win @ slopes), 0.0)))


def _root(variances: Floats) -> Floats:
    return np.sqrt(np.maximum(variances, 0))


def _of_items(visits: ChainVisits, influence: Floats, n_stages: int, begins: Floats) -> Floats:
    """Add up what each visit does to the row of its stage by item; return the sums of their products.

    The last row and column are of where items begin, which `begins` has at the first visit of each.
    """
    width = n_stages + 1
    found = np.zeros((width, width))
    for part, row, size in chunks_of_items(visits):
        cell = row * width + visits.stage[part]
        sums = np.bincount(cell, weights=influence[part], minlength=size * width).reshape(size, width)
        sums[:, -1] = begins[part][visits.is_first[part]]
        found += sums.T @ sums
    return found


class _Counted:
    """Rows of a chain by counts of moves: each completed visit is one draw of the next stage."""

    def __init__(self, counts: ChainCounts) -> None:
        self.n = counts.moves.sum(axis=1).astype(np.float64)
        self.chances = _shares(counts.moves.astype(np.float64), self.n)
        self._n_timed = counts.n_timed.astype(np.float64)
        self.means = _shares(counts.time, self._n_timed)
        self.has_no_length = (self.n > 0) & (self._n_timed == 0)

    def variances(self, value: Floats, counts_time: npt.NDArray[np.bool_]) -> Floats:
        """Return the variance of the mean value of the next state by row, and of the time where it counts."""
        mean = self.chances @ value
        spread = (self.chances * (value - mean[:, np.newaxis]) ** 2).sum(axis=1)
        lasting = np.where(counts_time, self.means, 0.0) ** 2
        return _shares(spread, self.n) + _shares(lasting, self._n_timed)

    def influence(self, visits: ChainVisits, value: Floats, counts_time: npt.NDArray[np.bool_]) -> Floats:
        """Return what each visit does to the mean value of its row."""
        on = visits.to >= 0
        mean = self.chances @ value
        found = np.zeros(len(visits.to))
        found[on] = (value[visits.to[on]] - mean[visits.stage[on]]) / self.n[visits.stage[on]]
        stage, timed = visits.stage, visits.is_timed & counts_time[visits.stage]
        left = visits.length.astype(np.float64) - np.where(on, self.means[stage], 0.0)
        return found + np.where(timed, _shares(left, self._n_timed[stage]), 0.0)


class _Curves:
    """Rows of a chain by curves: who is left as long as visits were seen (Aalen, Johansen)."""

    def __init__(self, counts: ChainCounts) -> None:
        n_stages, width = counts.moves.shape
        seen = counts.seen
        assert seen is not None  # they are counted for this method
        curves = _core.stats.estimate_incidence(
            exit=np.ascontiguousarray(seen.length),
            cause=np.ascontiguousarray(seen.cause, dtype=np.int32),
            entry=None,
            group=np.ascontiguousarray(seen.stage),
            n_causes=width,
            n_groups=n_stages,
            below=None,
            above=None,
            min_at_risk=0,
            threads=1,
        )
        self._bounds = curves.bounds
        self._time = curves.time
        self._at_risk = curves.at_risk.astype(np.float64)
        self._events = curves.events.reshape(-1, width).astype(np.float64)
        self._before = np.ones(len(curves.time))
        self._before[1:] = curves.survival[:-1]
        starts = curves.bounds[:-1][np.diff(curves.bounds) > 0]
        self._before[starts] = 1.0
        self.n = counts.moves.sum(axis=1).astype(np.float64)
        self.chances = np.zeros((n_stages, width))
        self.means = np.zeros(n_stages)
        self.has_no_length = np.zeros(n_stages, dtype=bool)
        incidence = curves.incidence.reshape(-1, width)
        for stage, own in self._stages():
            last = own.stop - 1
            row = incidence[last]
            self.chances[stage] = row / row.sum() if curves.survival[last] <= 0 else row
            steps = self._before[own] / self._at_risk[own]
            self.means[stage] = float((steps * self._events[own].sum(axis=1) * self._time[own]).sum())

    def _stages(self) -> list[tuple[int, slice]]:
        pairs = zip(self._bounds[:-1].tolist(), self._bounds[1:].tolist(), strict=True)
        return [(stage, slice(begin, end)) for stage, (begin, end) in enumerate(pairs) if end > begin]

    def _parts(self, own: slice, value: Floats, is_timed: bool) -> tuple[Floats, Floats, Floats]:
        """Return the value of each kind of event at each time, what is to come after it, and who is left."""
        values = np.broadcast_to(value, self._events[own].shape)
        if is_timed:
            values = values + self._time[own][:, np.newaxis].astype(np.float64)
        steps = self._before[own] / self._at_risk[own] * (self._events[own] * values).sum(axis=1)
        left = self._before[own] * (1 - self._events[own].sum(axis=1) / self._at_risk[own])
        after = steps.sum() - np.cumsum(steps)
        to_come = np.divide(after, left, out=np.zeros(len(steps)), where=left > 1e-12)
        return values, to_come, left

    def variances(self, value: Floats, counts_time: npt.NDArray[np.bool_]) -> Floats:
        """Return the variance of the mean value of the next state by row, of Greenwood's type."""
        found = np.zeros(len(self.n))
        for stage, own in self._stages():
            values, to_come, _ = self._parts(own, value, bool(counts_time[stage]))
            events, at_risk = self._events[own], self._at_risk[own]
            stays = 1 - events.sum(axis=1) / at_risk
            mean = (events * values).sum(axis=1) / at_risk + stays * to_come
            spread = (events * (values - mean[:, np.newaxis]) ** 2).sum(axis=1) / at_risk
            spread += stays * (to_come - mean) ** 2
            found[stage] = float((self._before[own] ** 2 / at_risk * spread).sum())
        return found

    def influence(self, visits: ChainVisits, value: Floats, counts_time: npt.NDArray[np.bool_]) -> Floats:
        """Return what each visit does to the mean value of its row: the infinitesimal jackknife."""
        found = np.zeros(len(visits.to))
        for stage, own in self._stages():
            mine = np.flatnonzero((visits.stage == stage) & visits.is_timed)
            values, to_come, _ = self._parts(own, value, bool(counts_time[stage]))
            events, at_risk, time = self._events[own], self._at_risk[own], self._time[own]
            step = self._before[own] / at_risk
            gains = values - to_come[:, np.newaxis]
            passed = np.concatenate([[0.0], np.cumsum(step * (events * gains).sum(axis=1) / at_risk)])
            found[mine] = -passed[np.searchsorted(time, visits.length[mine], side="right")]
            ended = mine[visits.to[mine] >= 0]
            at = np.searchsorted(time, visits.length[ended])
            found[ended] += step[at] * gains[at, visits.to[ended]]
        return found


def _shares(parts: Floats, of: Floats) -> Floats:
    """Divide rows; what is of nothing is nothing."""
    below = of.reshape(of.shape + (1,) * (parts.ndim - of.ndim))
    return np.divide(parts, below, out=np.zeros(parts.shape), where=below > 0)
