"""Where work waits, where it is lost, and where an hour of work pays most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, quoted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import BOTTLENECKS
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, PlacesByCode, largest
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.lives import Watch
from ..stages.stays import Stays, stays_of
from ..stats.absorbing import Chain
from ..stats.spells import CENSORED, LEFT_OUT
from ..stats.survival import crossing
from .exits import LEAST_EXITS, Exits, Floats, VisitEnds

BenchmarkLike = str | Mapping[Hashable, float]


def bottlenecks(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    benchmark: BenchmarkLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say of each stage how long items wait there, how many are lost, and what it is worth to lose less.

    The stage with the most losses is not always the one where saving a deal is worth most: a deal saved early
    may be lost later. What is gained supposes that the deals that are saved do as well as the others.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table, or of the log at the item's first row; each group is as a log of its items
        alone.
    top
        Number of groups with the most items; the others become one group.
    benchmark
        What loss could be had: ``{"Offer": 0.2}``, the loss probability of stages, or the name of a column,
        such as ``"manager"``: that of its best group, of those with 30 visits that ended or more.
    unlisted, missing, as_of, where
        As for :func:`funnel`.
    period
        Items that were created in it.
    calendar
        Working hours, in which the times in stages are measured.

    Returns
    -------
    DataFrame
        One row per group of `by` and stage in progress: ``stage``; ``n_open``, the visits that go on;
        ``median_time`` of a visit, those that go on too (Kaplan and Meier; missing where fewer than half
        ended); ``share_of_time`` of all time spent in stages; ``n_lost``, visits that ended in a lost stage
        (or in another pipeline); ``share_of_losses``; ``loss_probability``, of visits that ended;
        ``forgone_wins``, what those lost there would have brought; ``sensitivity``, how much the win rate
        would rise per unit of loss probability less; ``elasticity``, the same in relation to both;
        ``removal_gain``, the rise of the win rate if nothing were lost there; ``benchmark_gain``, if as
        little were lost as in `benchmark` (missing without one). The win rate is that of the chain of moves,
        section 12 of the definitions; what is not estimable is NaN, as are wins and gains before the first
        win.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a pipeline without a won stage, and a benchmark that is not one.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [], "stage": [], "time": []}
    >>> for item in range(10):
    ...     path = ["New", "Offer"][: 2 if item < 5 else 1] + ["Won" if item < 3 else "Lost"]
    ...     for time, stage in enumerate(path):
    ...         rows["item"].append(item)
    ...         rows["stage"].append(stage)
    ...         rows["time"].append(time)
    >>> table = sf.bottlenecks(sf.StageLog(rows), sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"))
    >>> table[["stage", "n_lost", "loss_probability", "forgone_wins", "removal_gain"]].round(3)
       stage  n_lost  loss_probability  forgone_wins  removal_gain
    0    New       5               0.5           3.0           0.3
    1  Offer       2               0.4           2.0           0.2
    """
    check_won(pipeline)
    check_top(top, by)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis="created",
        as_of=as_of,
    )
    lengths = Lengths.of(selection.data, calendar)
    watch = Watch.of(selection, observed=None, period=None, basis="created", as_of=as_of)
    ends = VisitEnds.of(selection, lengths, watch)
    groups = _groups(selection, ends, by, top)
    group = groups.codes(selection.log.n_items)[ends.item].astype(np.int64)
    begun = begun_in(selection, stays_of(selection, lengths, as_of=as_of), groups)
    moves = None
    if isinstance(benchmark, str):
        column = groups_of(selection, benchmark, option="benchmark")
        moves = moves_of(ends, column.codes(selection.log.n_items)[ends.item], column.n_groups)
    chains = GroupChains(pipeline, ends, group, begun, selection.data.threads)
    table = bottlenecks_table(chains, groups, benchmark, moves, lengths.unit, lengths.remembered)
    return asked.remarked(selection.remarked(table))


def check_won(pipeline: Pipeline) -> None:
    """Refuse a pipeline in which nothing is won."""
    if not pipeline.won:
        raise SchemaError("the pipeline has no won stage, and nothing can be gained; name one in won")


def bottlenecks_table(
    chains: GroupChains,
    groups: Groups,
    benchmark: BenchmarkLike | None,
    moves: Floats | None,
    unit: str | None,
    noted: Mapping[str, Any],
) -> pd.DataFrame:
    """Make the table of :func:`bottlenecks`; `moves` are those by the values of a column as benchmark."""
    pipeline = chains.pipeline
    targets = chains.targets(benchmark, moves)
    shown = groups.shown(chains.sizes > 0)
    blocks = [chains.block(int(group), targets, unit) for group in shown]
    table = pd.concat(blocks, ignore_index=True) if blocks else chains.block(0, targets, unit)[:0]
    table = label_rows(table[list(BOTTLENECKS)], groups.values, np.repeat(shown, len(pipeline.stages)))
    remember(
        table,
        "bottlenecks",
        pipeline,
        rows=len(table),
        **groups.remembered,
        win_rate=[chains.win_rate(int(group)) for group in shown],
        benchmark=benchmark if isinstance(benchmark, str) else None if benchmark is None else "given",
        **noted,
    )
    return table


def _groups(selection: Selection, ends: VisitEnds, by: str | Sequence[str] | None, top: int | None) -> Groups:
    groups = groups_of(selection, by, reserved=BOTTLENECKS)
    items = np.unique(ends.item[ends.cause != LEFT_OUT])
    return largest(groups, groups.codes(selection.log.n_items)[items], top)


def begun_in(selection: Selection, stays: Stays, groups: Groups) -> npt.NDArray[np.int64]:
    """Count the items of each group by the stage in which they begin; final ones are won or any other."""
    n, n_won = len(selection.pipeline.stages), len(selection.pipeline.won)
    first = stays.stage[stays.bounds[:-1]]
    # Items that begin in a final stage end where they begin.
    begun = np.where(first < n, first, np.where(first < n + n_won, n, n + 1))
    code = groups.codes(selection.log.n_items)
    cell = code[stays.item].astype(np.int64) * (n + 2) + begun
    counts = np.bincount(cell, minlength=groups.n_groups * (n + 2)).astype(np.int64)
    return counts.reshape(groups.n_groups, n + 2)


def moves_of(ends: VisitEnds, code: npt.NDArray[np.integer[Any]], n_codes: int) -> Floats:
    """Count the moves of each group from each stage, by what follows."""
    n = ends.n_stages
    moved = ends.cause >= 0
    cell = (code[moved].astype(np.int64) * n + ends.stage[moved]) * (n + 2) + ends.cause[moved]
    return np.bincount(cell, minlength=n_codes * n * (n + 2)).astype(np.float64).reshape(n_codes, n, n + 2)


class GroupChains:
    """The visits of each group, and the chain that their moves make."""

    def __init__(
        self,
        pipeline: Pipeline,
        ends: VisitEnds,
        group_of_visit: npt.NDArray[np.int64],
        begun: npt.NDArray[np.int64],
        threads: int,
    ) -> None:
        self.pipeline, self.ends = pipeline, ends
        self.n = ends.n_stages
        self.visits_of_group = PlacesByCode(group_of_visit.astype(np.int32), len(begun))
        self.curves = ends.curves(threads, group_of_visit.astype(np.int32), len(begun))
        self.begun = begun
        self.sizes = begun.sum(axis=1)
        self.chains = [Chain.of_moves(exits.moves) for exits in self.curves]

    def starts(self, group: int) -> Floats:
        """Return how many items of a group begin in each stage in progress, as a share of all."""
        return np.asarray(share(self.begun[group, : self.n], self.sizes[group]))

    def win_rate(self, group: int) -> float:
        """Return the share of the items of a group that are won, as its chain has it."""
        won = share(self.begun[group, self.n], self.sizes[group])
        return float(self.starts(group) @ self.chains[group].absorbed[:, 0] + won)

    def targets(self, benchmark: BenchmarkLike | None, moves: Floats | None) -> Floats:
        """Return the loss probability that could be had in each stage; NaN: none is known.

        `moves` are those of the groups of a column that is the benchmark.
        """
        targets = np.full(self.n, np.nan)
        if benchmark is None:
            return targets
        if moves is not None:
            for of_group in moves:
                n = of_group.sum(axis=1)
                loss = np.where(n >= LEAST_EXITS, share(of_group[:, -1], n), np.nan)
                targets = np.fmin(targets, loss)
            return targets
        if not isinstance(benchmark, Mapping):
            raise SchemaError(
                given("benchmark", benchmark),
                ' is neither a column nor losses of stages, such as {"Offer": 0.2}',
            )
        for label, value in benchmark.items():
            if label not in self.pipeline.stages:
                raise SchemaError(
                    given("benchmark", label),
                    f" is not a stage in progress; the pipeline has: {quoted(list(self.pipeline.stages))}",
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
                raise SchemaError(
                    given("benchmark", value), f" of {label!r} is not a share from 0 to below 1"
                )
            targets[self.pipeline.stages.index(label)] = value
        return targets

    def block(self, group: int, targets: Floats, unit: str | None) -> pd.DataFrame:
        """Make the rows of one group."""
        exits, chain = self.curves[group], self.chains[group]
        own = self.visits_of_group.of(group)
        own = own[self.ends.cause[own] != LEFT_OUT]
        stage = self.ends.stage[own]
        n_open = np.bincount(stage[self.ends.cause[own] == CENSORED], minlength=self.n).astype(np.int64)
        spent = np.bincount(stage, weights=self.ends.exit[own], minlength=self.n)
        longest = np.full(self.n, np.nan)
        np.fmax.at(longest, stage, self.ends.exit[own].astype(np.float64))
        moves = exits.moves
        n_exits, n_lost = moves.sum(axis=1), moves[:, -1].astype(np.int64)
        loss = share(n_lost, n_exits)
        wins, visits = chain.absorbed[:, 0], chain.visits_of(self.starts(group))
        if not moves[:, self.n].any():
            wins = np.full(self.n, np.nan)  # nothing was won yet: what a saved item would bring is not known
        again = np.diagonal(chain.between) - 1
        all_won = self.win_rate(group)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Where all is lost, there is no other way on that the saved ones could take.
            kept = np.where(loss < 1, 1 - loss, np.nan)
            sensitivity = visits * wins / kept
            columns: dict[str, Any] = {
                "stage": stage_values(self.pipeline, np.arange(self.n, dtype=np.int32)),
                "n_open": n_open,
                "median_time": to_durations(medians(exits, longest), unit),
                "share_of_time": share(spent, spent.sum()),
                "n_lost": n_lost,
                "share_of_losses": share(n_lost, n_lost.sum()),
                "loss_probability": loss,
                "forgone_wins": n_lost * wins / kept,
                "sensitivity": sensitivity,
                "elasticity": sensitivity * loss / (all_won if all_won > 0 else np.nan),
                "removal_gain": _gain(visits, wins, again, loss / kept),
                "benchmark_gain": _gain(visits, wins, again, np.maximum(loss - targets, 0) / kept),
            }
        return pd.DataFrame(columns)


def _gain(visits: Floats, wins: Floats, again: Floats, freed: Floats) -> Floats:
    """Return the rise of the win rate if all other ways on grow by a share `freed` (Sherman and Morrison)."""
    return np.asarray(visits * wins * freed / (1 - freed * again))


def medians(exits: Exits, longest: Floats) -> list[Fraction | None]:
    """Return the age by which half of the visits of each stage have ended; ``None``: fewer ever did.

    `longest` is how long the longest visit of each stage was watched.
    """
    found: list[Fraction | None] = []
    for stage in range(exits.n_stages):
        rows = slice(exits.bounds[stage], exits.bounds[stage + 1])
        age = exits.age[rows].astype(np.float64)
        at = crossing(age, 1 - exits.left[rows], 0.5, float(longest[stage]))
        found.append(None if np.isnan(at) else Fraction(at))
    return found
