"""Where work waits, where it is lost, and where an hour of work pays most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
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
    if not pipeline.won:
        raise SchemaError("the pipeline has no won stage, and nothing can be gained; name one in won")
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
    question = _Question(selection, stays_of(selection, lengths, as_of=as_of), ends, groups)
    targets = question.targets(benchmark)
    shown = groups.shown(question.sizes > 0)
    blocks = [question.block(int(group), targets, lengths) for group in shown]
    table = pd.concat(blocks, ignore_index=True) if blocks else question.block(0, targets, lengths)[:0]
    table = label_rows(table[list(BOTTLENECKS)], groups.values, np.repeat(shown, len(pipeline.stages)))
    remember(
        table,
        "bottlenecks",
        pipeline,
        rows=len(table),
        **groups.remembered,
        win_rate=[question.win_rate(int(group)) for group in shown],
        benchmark=benchmark if isinstance(benchmark, str) else None if benchmark is None else "given",
        **lengths.remembered,
    )
    return asked.remarked(selection.remarked(table))


def _groups(selection: Selection, ends: VisitEnds, by: str | Sequence[str] | None, top: int | None) -> Groups:
    groups = groups_of(selection, by, reserved=BOTTLENECKS)
    items = np.unique(ends.item[ends.cause != LEFT_OUT])
    return largest(groups, groups.codes(selection.log.n_items)[items], top)


class _Question:
    """The visits of each group, and the chain that their moves make."""

    def __init__(self, selection: Selection, stays: Stays, ends: VisitEnds, groups: Groups) -> None:
        self.selection, self.ends, self.groups = selection, ends, groups
        self.n = ends.n_stages
        code = groups.codes(selection.log.n_items)
        group_of_visit = code[ends.item].astype(np.int32)
        self.visits_of_group = PlacesByCode(group_of_visit, groups.n_groups)
        self.curves = ends.curves(selection.data.threads, group_of_visit, groups.n_groups)
        first = stays.stage[stays.bounds[:-1]]
        n_won = len(selection.pipeline.won)
        # Items that begin in a final stage end where they begin.
        begun = np.where(first < self.n, first, np.where(first < self.n + n_won, self.n, self.n + 1))
        cell = code[stays.item].astype(np.int64) * (self.n + 2) + begun
        self.begun = np.bincount(cell, minlength=groups.n_groups * (self.n + 2)).reshape(groups.n_groups, -1)
        self.sizes = self.begun.sum(axis=1)
        self.chains = [self._chain(exits) for exits in self.curves]

    def _chain(self, exits: Exits) -> Chain:
        return Chain.of_moves(exits.moves)

    def starts(self, group: int) -> Floats:
        """Return how many items of a group begin in each stage in progress, as a share of all."""
        return np.asarray(share(self.begun[group, : self.n], self.sizes[group]))

    def win_rate(self, group: int) -> float:
        """Return the share of the items of a group that are won, as its chain has it."""
        won = share(self.begun[group, self.n], self.sizes[group])
        return float(self.starts(group) @ self.chains[group].absorbed[:, 0] + won)

    def targets(self, benchmark: BenchmarkLike | None) -> Floats:
        """Return the loss probability that could be had in each stage; NaN: none is known."""
        targets = np.full(self.n, np.nan)
        if benchmark is None:
            return targets
        pipeline = self.selection.pipeline
        if isinstance(benchmark, str):
            column = groups_of(self.selection, benchmark, option="benchmark")
            code = column.codes(self.selection.log.n_items)[self.ends.item].astype(np.int32)
            for exits in self.ends.curves(self.selection.data.threads, code, column.n_groups):
                moves = exits.moves
                n = moves.sum(axis=1)
                loss = np.where(n >= LEAST_EXITS, share(moves[:, -1], n), np.nan)
                targets = np.fmin(targets, loss)
            return targets
        if not isinstance(benchmark, Mapping):
            raise SchemaError(
                given("benchmark", benchmark),
                ' is neither a column nor losses of stages, such as {"Offer": 0.2}',
            )
        for label, value in benchmark.items():
            if label not in pipeline.stages:
                raise SchemaError(
                    given("benchmark", label),
                    f" is not a stage in progress; the pipeline has: {quoted(list(pipeline.stages))}",
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
                raise SchemaError(
                    given("benchmark", value), f" of {label!r} is not a share from 0 to below 1"
                )
            targets[pipeline.stages.index(label)] = value
        return targets

    def block(self, group: int, targets: Floats, lengths: Lengths) -> pd.DataFrame:
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
                "stage": stage_values(self.selection.pipeline, np.arange(self.n, dtype=np.int32)),
                "n_open": n_open,
                "median_time": to_durations(medians(exits, longest), lengths.unit),
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
