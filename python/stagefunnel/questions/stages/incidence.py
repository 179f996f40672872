"""How many items are won, lost and still open by each age, though some are watched for less."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, advised, check_option, given, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember
from ...tables.options import (
    BasisName,
    ErrorName,
    LifeClockName,
    MissingStages,
    ReopenName,
    Unlisted,
)
from ...tables.schema import INCIDENCE
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.remarks import joined_remarks, outside_of, period_text, remark
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..scope.working import Lengths
from ..stats.bounds import check_confidence
from ..stats.incidence import least_at_risk
from ..stats.spells import Codes
from .counted_lives import CountedLives, counted_lives, passed_of
from .curves import CellCounts, GroupCurves, WantedAges, ages_of, sizes_of
from .lives import LogSpells, Watch, item_spells, visit_spells
from .stage_rows import row_of_stage

OUTCOME: Final = "outcome"


def cumulative_incidence(
    log: StageLog,
    pipeline: Pipeline,
    *,
    to: Hashable = OUTCOME,
    clock: LifeClockName = "created",
    stage: Hashable | None = None,
    times: Sequence[LengthLike] | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    observed: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    calendar: WorkingHours | None = None,
    confidence: float = 0.95,
    se: ErrorName = "greenwood",
    min_at_risk: int | None = None,
    reopen: ReopenName = "last",
    where: Where | None = None,
) -> pd.DataFrame:
    """Estimate how many items are won and lost by each age, though some are still open.

    An open item has not failed; it is not finished. It counts for as long as it was seen (Aalen and
    Johansen), so that young items make no rate look bad, and items that nobody closes make none look good.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    to
        ``"outcome"``: what happens is that an item is won or lost. The label of a stage: that it gets there,
        to a stage in progress after it or to a won one, or is lost before.
    clock
        ``"created"``: ages run from an item's first row. ``"stage"``: from each entry into `stage`, and what
        happens is the stage that follows.
    stage
        The label of that stage.
    times
        The ages of the rows: lengths of time, or numbers where the log's times are plain integers. By default
        fifty steps up to the horizon.
    by
        Columns of the items table, or of the log at the item's first row; each group has its own curves.
    top
        Number of groups with the most items; the others become one group.
    observed
        What happened between two moments alone, as `period` takes them. Items that were created before are at
        risk from the age that they have then, and what happens later is not seen.
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
    se
        Errors: ``"greenwood"``, or ``"robust"`` to visits of one item that depend on each other.
    min_at_risk
        Events at an age at which fewer items are at risk are passed over.
    reopen
        What ends an item that was closed and worked on again: the ``"last"`` closing, which stands, or the
        ``"first"``.

    Returns
    -------
    DataFrame
        One row per group of `by`, cause and age:

        - ``cause``: ``won`` and ``lost``; with `to` a stage ``reached`` and ``lost``; with ``clock="stage"``
          the next stages; ``moved_out`` where the pipeline keeps items that moved to another one;
        - ``time``, the age; ``at_risk``, items open and seen just before it; ``events`` since the row before;
        - ``incidence``, ``se``, ``incidence_low``, ``incidence_high``; ``open``, the share still open;
        - ``naive``: what is counted so far over all items of the group, for contrast, also what `min_at_risk`
          passes over;
        - ``beyond_horizon``: whether too few items are old enough for this age.

        ``attrs["stagefunnel"]`` has for each group the horizon, the largest age that at least 10 and 5% of
        the items could have, and the win rate of closed items adjusted for the open ones with its error.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a stage that is not one of the pipeline.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 4, 4], "stage": ["New", "Won", "New", "Lost", "New", "New", "Won"],
    ...         "time": [0, 2, 0, 4, 3, 0, 8]}
    >>> pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    >>> table = sf.cumulative_incidence(sf.StageLog(rows), pipeline, times=[2, 4, 8])
    >>> table[["cause", "time", "at_risk", "incidence", "open", "naive"]]
      cause  time  at_risk  incidence  open  naive
    0   won   2.0        4       0.25  0.75   0.25
    1   won   4.0        3       0.25  0.50   0.25
    2   won   8.0        1       0.75  0.00   0.50
    3  lost   2.0        4       0.00  0.75   0.00
    4  lost   4.0        3       0.25  0.50   0.25
    5  lost   8.0        1       0.25  0.00   0.25
    """
    check_option("clock", clock, get_args(LifeClockName))
    check_option("se", se, get_args(ErrorName))
    check_option("reopen", reopen, get_args(ReopenName))
    sure, least = check_confidence(confidence), least_at_risk(min_at_risk)
    check_top(top, by)
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
    watch = Watch.of(selection, observed=observed, period=period, basis=kept, as_of=as_of)
    is_of_stage = clock == "stage"
    row = target_of(pipeline, to, stage, is_of_stage=is_of_stage)
    groups = groups_of(selection, by, reserved=INCIDENCE)
    threads = selection.data.threads
    lives = None
    if not is_of_stage and (se == "greenwood" or watch.start is None):
        lives = counted_lives(selection, lengths, watch, target=row, reopen=reopen, has_target=row >= 0)
    counted = None if lives is None else _counted(selection, lives, groups, top)
    spells: LogSpells | CountedLives
    if lives is not None and counted is not None:
        spells, (groups, cells, passed) = lives, counted
        question = GroupCurves.of_cells(lives.causes, cells, groups, least, threads)
    else:
        if is_of_stage:
            spells, _ = visit_spells(selection, lengths, watch, range(row, row + 1), by_next=True)
        else:
            spells = item_spells(
                selection, lengths, watch, target=row, reopen=reopen, as_of=as_of, has_target=row >= 0
            )
        passed = spells.passed
        groups, code = _grouped(selection, spells, groups, top)
        question = GroupCurves.of(spells, groups, code, least, threads)
    table = incidence_table(
        question,
        question.wanted(ages_of(times, lengths)),
        pipeline,
        groups,
        lengths.unit,
        sure,
        asked_for={
            "clock": clock,
            "to": str(to),
            "stage": None if stage is None else str(stage),
            "reopen": reopen,
            "basis": None if period is None else kept,
            "observed": None if observed is None else period_text(observed),
        },
        se=se,
        passed={**passed, **lengths.remembered_with_pauses(pipeline)},
    )
    table = asked.remarked(selection.remarked(table))
    if outside := outside_of(selection.data, "observed", observed):
        table = remark(table, joined_remarks([table.attrs["stagefunnel"], outside]))
    return with_unknown(table, spells.n_unknown)


def incidence_table(
    question: GroupCurves,
    wanted: WantedAges,
    pipeline: Pipeline,
    groups: Groups,
    unit: str | None,
    confidence: float,
    *,
    asked_for: Mapping[str, Any],
    se: ErrorName,
    passed: Mapping[str, Any],
) -> pd.DataFrame:
    """Make the table of :func:`cumulative_incidence`, which remembers what was asked for and what passed."""
    table = question.table(wanted, unit, confidence, se)
    table = label_rows(table, groups.values, question.shown[question.rows(wanted)])
    is_of_stage = asked_for["clock"] == "stage"
    remember(
        table,
        "cumulative_incidence",
        pipeline,
        **groups.remembered,
        **asked_for,
        confidence=confidence,
        rows=len(table),
        **question.remembered(unit),
        **(question.open_bounds(wanted, confidence) if is_of_stage else {}),
        won=[str(label) for label in pipeline.won],
        lost=[str(label) for label in pipeline.lost],
        **passed,
    )
    return table


def with_unknown(table: pd.DataFrame, n_unknown: int) -> pd.DataFrame:
    """Let a table count the lives without a beginning beside those that no created cohort has."""
    if n_unknown:
        remembered = table.attrs["stagefunnel"]
        remembered["start_unknown"] = remembered.get("start_unknown", 0) + n_unknown
    return table


def target_of(pipeline: Pipeline, to: Hashable, stage: Hashable | None, *, is_of_stage: bool) -> int:
    """Read the stage that a question is about: the target, or that whose visits are followed."""
    is_outcome = isinstance(to, str) and to == OUTCOME
    if is_of_stage:
        if stage is None:
            raise SchemaError(
                advised("clock", "stage"), " needs ", named("stage"), ", the stage from which ages run"
            )
        if not is_outcome:
            says = (" is where an item gets to, and with ", advised("clock", "stage"))
            raise SchemaError(given("to", to), *says, " what happens is the next stage; leave it out")
        return row_of_stage(pipeline, "stage", stage)
    if stage is not None:
        raise SchemaError(
            given("stage", stage), " is where ages run from with ", advised("clock", "stage"), "; pass that"
        )
    if is_outcome:
        return -1
    row = row_of_stage(pipeline, "to", to)
    if row >= len(pipeline.stages) + len(pipeline.won):
        raise SchemaError(given("to", to), " is a lost stage; name one in progress or a won one")
    return row


def _counted(
    selection: Selection, lives: CountedLives, groups: Groups, top: int | None
) -> tuple[Groups, CellCounts, dict[str, int]] | None:
    """Count the lives by group, and again where small groups become one; ``None`` where they are listed.

    It also returns what the items passed.
    """

    def counts(groups: Groups) -> tuple[CellCounts, dict[str, int]] | None:
        found = lives.count(np.ascontiguousarray(groups.codes(selection.log.n_items)), groups.n_groups)
        if found is None:
            return None
        return CellCounts.of(found.cells, groups.n_groups, len(lives.causes)), passed_of(found)

    found = counts(groups)
    if found is not None and top is not None:
        groups = folded(groups, found[0].sizes, found[0].sizes > 0, top)
        found = counts(groups)
    return None if found is None else (groups, *found)


def _grouped(
    selection: Selection, spells: LogSpells, groups: Groups, top: int | None
) -> tuple[Groups, Codes]:
    """Put each spell in the group of its item."""

    def codes(groups: Groups) -> Codes:
        of_item = groups.codes(selection.log.n_items)
        return np.ascontiguousarray(of_item if spells.item is None else of_item[spells.item])

    code = codes(groups)
    if top is not None:
        sizes = sizes_of(code, spells, groups.n_groups)
        groups = folded(groups, sizes, sizes > 0, top)
        code = codes(groups)
    return groups, code
