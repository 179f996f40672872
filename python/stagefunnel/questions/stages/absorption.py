"""Where the moves of items end: how likely they are won from each stage, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import check_option
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import BasisName, ChainErrorName, ChainMethodName, MissingStages, Unlisted
from ...tables.schema import ABSORPTION
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..scope.working import Lengths
from ..stats.absorbing import logit_bounds
from ..stats.bounds import check_confidence
from .censored import lengths_of
from .chain_counts import ChainCounts
from .chain_visits import ChainVisits
from .lives import Watch
from .log_chain import ChainAnswer, solve


def absorption(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    method: ChainMethodName = "visits",
    se: ChainErrorName = "delta",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    calendar: WorkingHours | None = None,
    confidence: float = 0.95,
    where: Where | None = None,
) -> pd.DataFrame:
    """Estimate where the moves from each stage end: won, lost, or nobody knows.

    The next stage is taken to depend on the present one alone, and not on the way there (an absorbing chain).

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table, or of the log at the item's first row; each group has a chain of its own.
    top
        Number of groups with the most items; the others become one group.
    method
        ``"visits"``: the chances of the next stage are shares of the visits that have ended.
        ``"aalen_johansen"``: they are those of the curves of each stage, in which an open visit counts for as
        long as it was seen; what was never seen to leave is undetermined.
    se
        Errors: ``"delta"`` takes every visit as a draw of its own, ``"robust"`` those of one item as
        depending on each other.
    unlisted, missing, period, as_of, where
        As for :func:`funnel`.
    basis
        As for :func:`funnel`; ``"created"`` by default.
    within
        As for :func:`funnel`: each item is watched for this long.
    calendar
        Working hours, as for :func:`time_in_stage`.
    confidence
        How sure the bounds are.

    Returns
    -------
    DataFrame
        One row per group of `by` and stage in progress:

        - ``stage``; ``items_in``, items that were ever in it;
        - ``win``, how likely an item that is in it now is won in the end, ``win_se``, ``win_low`` and
          ``win_high``; ``lost``; ``undetermined``, what was never seen to end: the three add up to 1, and
          of a stage that no item was ever in all is undetermined;
        - ``win_if_closed``, ``win`` / (``win`` + ``lost``), and ``win_if_won``, ``win`` + ``undetermined``;
        - ``expected_visits``, how often an item visits the stage; ``expected_time`` from the stage to the
          end, and ``expected_time_se``: missing where the end is not certain.

        ``attrs["stagefunnel"]["overall"]`` has for each group the chance that an item is won, its error and
        its bounds.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2, 2, 3, 3, 3], "time": [0, 2, 4, 0, 1, 0, 1, 4],
    ...         "stage": ["New", "Offer", "Won", "New", "Lost", "New", "Offer", "Lost"]}
    >>> table = sf.absorption(sf.StageLog(rows), sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"))
    >>> table[["stage", "items_in", "win", "lost", "expected_visits", "expected_time"]].round(3)
       stage  items_in    win   lost  expected_visits  expected_time
    0    New         3  0.333  0.667            1.000            3.0
    1  Offer         2  0.500  0.500            0.667            2.5
    """
    check_option("method", method, get_args(ChainMethodName))
    check_option("se", se, get_args(ChainErrorName))
    sure = check_confidence(confidence)
    check_top(top, by)
    found = chain_visits_of(
        log,
        pipeline,
        by=by,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        calendar=calendar,
        where=where,
    )
    groups, sizes = found.groups, found.sizes_of(found.groups)
    if top is not None:
        groups = folded(groups, sizes, sizes > 0, top)
        sizes = found.sizes_of(groups)
    shown = groups.shown(sizes > 0)
    runs = np.array([label not in pipeline.rules.paused for label in pipeline.labels], dtype=bool)
    counted = counts_by_group(found, groups, shown.tolist(), method)
    return absorption_table(
        pipeline,
        [solve(counts, runs, method, se, visits) for counts, visits in counted],
        groups,
        shown,
        sure,
        method=method,
        se=se,
        unit=found.unit,
        noted=found.noted,
        remembered=found.about,
        n_unknown=found.n_unknown,
    )


@dataclass(frozen=True, eq=False)
class FoundVisits:
    """The visits of a log, with the groups of their items.

    Attributes
    ----------
    n_items
        Number of items of the log.
    n_stages
        Number of stages of the pipeline.
    visits, groups
        The visits, and the group of each item.
    about
        What the table remembers.
    unit, noted
        Unit of the lengths, and what the table remembers of them.
    """

    n_items: int
    n_stages: int
    visits: ChainVisits
    groups: Groups
    about: About
    unit: str | None
    noted: Mapping[str, Any]

    @property
    def n_unknown(self) -> int:
        """Number of items with a visit of an unknown start."""
        return int(np.count_nonzero(np.bincount(self.visits.item[~self.visits.is_timed])))

    def sizes_of(self, groups: Groups) -> npt.NDArray[np.int64]:
        """Count the items of each group."""
        first = self.visits.item[self.visits.is_first]
        code = groups.codes(self.n_items)[first]
        return np.bincount(code, minlength=groups.n_groups).astype(np.int64)


def chain_visits_of(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None,
    unlisted: Unlisted,
    missing: MissingStages,
    period: PeriodLike | None,
    basis: BasisName | None,
    as_of: MomentLike | None,
    within: LengthLike | None,
    calendar: WorkingHours | None,
    where: Where | None,
) -> FoundVisits:
    """Find the visits that :func:`absorption` is about; the options are its own."""
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    kept = "created" if basis is None else basis_of(basis, within)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=kept,
        as_of=as_of,
        within=within,
    )
    lengths = Lengths.of(selection.data, calendar)
    watch = Watch.of(selection, observed=None, period=period, basis=kept, as_of=as_of)
    return FoundVisits(
        n_items=selection.log.n_items,
        n_stages=len(pipeline.labels),
        visits=ChainVisits.of(selection, lengths, watch),
        groups=groups_of(selection, by, reserved=ABSORPTION),
        about=About.of(asked, selection),
        unit=lengths.unit,
        noted=lengths.remembered_with_pauses(pipeline),
    )


def counts_by_group(
    found: FoundVisits, groups: Groups, places: Sequence[int], method: str
) -> Iterator[tuple[ChainCounts, ChainVisits]]:
    """Count the visits of some groups, one after another."""
    if groups.is_one:
        for _ in places:
            yield ChainCounts.of(found.visits, found.n_stages, method), found.visits
        return
    code = groups.codes(found.n_items)[found.visits.item]
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(groups.n_groups + 1))
    for place in places:
        own = found.visits.at(order[bounds[place] : bounds[place + 1]])
        yield ChainCounts.of(own, found.n_stages, method), own


def absorption_table(
    pipeline: Pipeline,
    answers: Sequence[ChainAnswer],
    groups: Groups,
    shown: npt.NDArray[np.intp],
    confidence: float,
    *,
    method: ChainMethodName,
    se: ChainErrorName,
    unit: str | None,
    noted: Mapping[str, Any],
    remembered: About,
    n_unknown: int,
) -> pd.DataFrame:
    """Make the table of :func:`absorption` of the answers of the groups that are shown."""
    table = _table(pipeline, answers, confidence, unit)
    table = label_rows(table, groups.values, np.repeat(shown, len(pipeline.stages)))
    remember(
        table,
        "absorption",
        pipeline,
        **groups.remembered,
        method=method,
        se=se,
        confidence=confidence,
        n=[answer.n for answer in answers],
        overall=[_overall(answer, confidence) for answer in answers],
        rows=len(table),
        **noted,
    )
    table = remembered.remarked(table)
    if n_unknown:
        table.attrs["stagefunnel"]["without_length"] = n_unknown
    return table


def _table(
    pipeline: Pipeline, answers: Sequence[ChainAnswer], confidence: float, unit: str | None
) -> pd.DataFrame:
    """Make the rows of the stages in progress of all groups."""
    n_open = len(pipeline.stages)

    def joined(name: str) -> Any:
        empty = np.zeros(0)
        return np.concatenate([empty, *(getattr(answer, name)[:n_open] for answer in answers)])

    win, error, lost, unknown = (joined(name) for name in ("win", "win_se", "lost", "undetermined"))
    low, high = logit_bounds(win, error, confidence)
    columns = {
        "stage": stage_values(pipeline, np.tile(np.arange(n_open), len(answers))),
        "items_in": joined("items_in").astype(np.int64),
        "win": win,
        "win_se": error,
        "win_low": low,
        "win_high": high,
        "lost": lost,
        "undetermined": unknown,
        "win_if_closed": share(win, win + lost),
        "win_if_won": win + unknown,
        "expected_visits": joined("visits"),
        "expected_time": lengths_of(joined("time"), unit),
        "expected_time_se": lengths_of(joined("time_se"), unit),
    }
    return pd.DataFrame({name: columns[name] for name in ABSORPTION})


def _overall(answer: ChainAnswer, confidence: float) -> list[float | None]:
    """Return the chance that an item is won, its error and its bounds, as plain data."""
    low, high = logit_bounds(np.array([answer.overall]), np.array([answer.overall_se]), confidence)
    values = (answer.overall, answer.overall_se, float(low[0]), float(high[0]))
    return [None if np.isnan(value) else float(value) for value in values]
