"""Why one item counts in a stage, or does not count."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from ... import _core
from ...errors import check_option, core_errors
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import frame, row_outcomes, stage_columns
from ...tables.options import BasisName, Fill, KindName, LostThenWonName, MissingStages, Unlisted
from ...tables.schema import EXPLANATION, OUTCOMES
from ...times.periods import MomentLike, PeriodLike
from ..scope.reading import select
from ..scope.remarks import remark
from ..scope.selection import core_pipeline, remarks_about
from ..scope.unknown_starts import born_unknown
from ..scope.within import NEVER
from .kinds import Rule, rules_of


@dataclass(frozen=True)
class _Visit:
    row: int
    name: str
    outcome: str
    time: Any
    tick: int
    start_unknown: bool


@dataclass(frozen=True)
class _Stages:
    """The stages as one question reads them.

    Attributes
    ----------
    pipeline, lookup
        The stages, and the table by which the core reads them.
    """

    pipeline: Pipeline
    lookup: _core.scan.Pipeline

    def is_implied(self, row: int, tick: int) -> bool:
        """Return whether a move made then can imply a stage: one that was there and is not optional."""
        return not self.is_optional(row) and self.is_there(row, tick)

    def is_optional(self, row: int) -> bool:
        """Return whether nothing implies a stage in progress."""
        return bool(self.lookup.optional) and bool(self.lookup.optional[row])

    def is_there(self, row: int, tick: int) -> bool:
        """Return whether a stage in progress was there then."""
        since, until = self.lookup.since, self.lookup.until
        return not since or since[row] <= tick < until[row]

    def first_implied(self, tick: int) -> int:
        """Return the first stage that the creation of an item in a lost stage implies; -1 for none."""
        rows = range(len(self.pipeline.stages))
        return next((row for row in rows if self.is_implied(row, tick)), -1)


def explain(
    log: StageLog,
    pipeline: Pipeline,
    *,
    item: Hashable,
    kind: KindName = "both",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
) -> pd.DataFrame:
    """Explain for every stage whether one item counts in it, and by which rule.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    item
        Key of the item.
    kind, fill, lost_then_won, unlisted, missing, period, basis, as_of
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per kind and stage: ``kind``, ``stage``, ``outcome``, ``passed``, ``assumed`` (as the
        funnel counts them), ``reason``.

    Raises
    ------
    UnknownItemError
        If the log has no such item.
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> table = sf.explain(shop.log, shop.pipeline, item=2, kind="conversions")
    >>> print(table.loc[2, "reason"])
    assumed: Won at 2026-03-03 00:00:00 follows New, and a success implies every stage
    """
    rules = rules_of(kind, fill, lost_then_won)
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    check_option("basis", basis, get_args(BasisName))
    read = as_read(log, pipeline, lookup)
    whole = read._data.journey_of(item)
    options: dict[str, Any] = {"period": period, "basis": basis, "as_of": as_of}
    journey = select(log, whole, pipeline, lookup, **options)
    unborn = born_unknown(read._data, lookup) if basis == "created" else None
    is_unborn = unborn is not None and bool(unborn[log._data.journeys.first_row == whole.first_row].any())
    if is_unborn:
        options["until"] = np.full(1, NEVER)
    journey = select(log, whole, pipeline, lookup, **options)
    unknown = _unknown_starts(log, whole)
    visits, all_visits = (_visits(log, pipeline, lookup, rows, unknown) for rows in (journey, whole))
    entries = _visits(log, pipeline, lookup, log._data.journey_of(item), unknown)
    nowhere = None
    if all_visits and not visits:
        staying = pipeline.replace(moved_out="include")
        stayed = select(log, whole, staying, lookup, **options)
        has_moved = bool(_visits(log, pipeline, lookup, stayed, unknown))
        why = "its start is unknown" if is_unborn else "outside the period"
        nowhere = f"left out: {'moved out' if has_moved else why}"
    parts = []
    stages = _Stages(pipeline, lookup)
    for rule in rules:
        with core_errors():
            counts = _core.funnel.count_funnel(
                journeys=journey,
                pipeline=lookup,
                kind=rule.core_kind,
                lost_then_won=rule.lost_then_won,
                group=None,
                n_groups=1,
                amount=None,
                threads=1,
            )
        left_out = f"left out: {_why_left_out(visits, rule)}" if counts.left_out[0] else nowhere
        passed = counts.passed[0].astype(bool)
        assumed = counts.assumed[0].astype(bool)
        reasons = [
            left_out
            or _reason(rule.core_kind, row, visits, stages, passed[row], assumed[row])
            or _why_no_visit(row, all_visits, entries, _spared(rule.core_kind, row, visits, stages))
            for row in range(len(pipeline.labels))
        ]
        parts.append((rule.kind, passed, assumed, reasons))
    n_stages = len(pipeline.labels)
    table = frame(
        {
            "kind": np.repeat([one for one, *_ in parts], n_stages),
            **stage_columns(pipeline, len(parts)),
            "passed": np.concatenate([passed for _, passed, _, _ in parts]),
            "assumed": np.concatenate([assumed for _, _, assumed, _ in parts]),
            "reason": [reason for *_, reasons in parts for reason in reasons],
        },
        EXPLANATION,
    )
    return remark(table, remarks_about(log, pipeline, unlisted, period=period, as_of=as_of))


def _unknown_starts(log: StageLog, journey: _core.journeys.Journeys) -> list[bool]:
    """Return for each row of an item's whole journey whether its start is unknown."""
    marks, whole = log._data.marks, log._data.journeys
    if marks is None or marks.start_unknown is None:
        return [False] * int(journey.n_rows)
    (item,) = np.flatnonzero(whole.first_row == journey.first_row[0]).tolist()
    begin, end = whole.offsets[item : item + 2].tolist()
    flags: list[bool] = marks.start_unknown[begin:end].astype(bool).tolist()
    return flags


def _visits(
    log: StageLog,
    pipeline: Pipeline,
    lookup: _core.scan.Pipeline,
    journey: _core.journeys.Journeys,
    unknown: list[bool],
) -> list[_Visit]:
    """List the visits of a journey, which has the first rows of the item or all of them."""
    row_of_code = list(lookup.rows)
    rows = [row_of_code[code] for code in journey.stage.tolist()]
    times = log._data.to_times(journey.time)
    outcomes = [OUTCOMES[code] for code in row_outcomes(pipeline)]
    names = list(pipeline.names.values())
    visits: list[_Visit] = []
    ticks = journey.time.tolist()
    for row, time, tick, is_unknown in zip(rows, times, ticks, unknown[: len(rows)], strict=True):
        if row >= 0 and (not visits or visits[-1].row != row):
            visits.append(_Visit(row, names[row], outcomes[row], time, tick, is_unknown))
    return visits


def _why_left_out(visits: list[_Visit], rule: Rule) -> str:
    option = f"lost_then_won='{rule.lost_then_won.name}'"
    if rule.lost_then_won is _core.funnel.LostThenWon.exclude:
        return f"{visits[-1].name} directly follows a loss ({option})"
    return f"won now, lost before ({option})"


def _reason(
    kind: _core.funnel.Kind, row: int, visits: list[_Visit], stages: _Stages, passed: bool, assumed: bool
) -> str | None:
    """Say why a stage counts, or does not although it was visited; ``None`` without a visit that is read."""
    own = [visit for visit in visits if visit.row == row]
    if passed:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        or_before = ", or at an unknown time before" if own[0].start_unknown else ""
        return f"passed: entered at {own[0].time}{or_before}{more}"
    if assumed:
        return f"assumed: {_implied_by(kind, row, visits, stages)}"
    if not own:
        return None
    # The strict funnel is the only one with visits that do not count.
    return "not counted: visited, but not all stages before it were passed in order"


def _why_no_visit(row: int, all_visits: list[_Visit], entries: list[_Visit], spared: str) -> str:
    times = [visit.time for visit in all_visits if visit.row == row]
    if times:
        return f"not counted: entered at {times[0]}, outside the period"
    short = [visit.time for visit in entries if visit.row == row]
    if short:
        return f"not counted: entered at {short[0]}, and left sooner than ignore_shorter says"
    return f"not counted: no visit{f', and {spared}' if spared else ''}"


def _spared(kind: _core.funnel.Kind, row: int, visits: list[_Visit], stages: _Stages) -> str:
    """Say why nothing implies a stage that an item got past; empty where that is not what counts."""
    pipeline = stages.pipeline
    if row >= len(pipeline.stages) or kind in (_core.funnel.Kind.classic, _core.funnel.Kind.strict):
        return ""
    passing = [visit for before, visit in _moves(visits) if _implies(kind, row, before, visit, stages)]
    if not passing:
        return ""
    if stages.is_optional(row):
        return "the stage is optional"
    rules, label = pipeline.rules, pipeline.stages[row]
    early = label in rules.since and all(visit.tick < stages.lookup.since[row] for visit in passing)
    if early:
        return f"it was not there before {rules.since[label]}"
    if label in rules.until and all(visit.tick >= stages.lookup.until[row] for visit in passing):
        return f"it was not there after {rules.until[label]}"
    return f"it was there only {rules.dates_of(label)}"


def _implied_by(kind: _core.funnel.Kind, row: int, visits: list[_Visit], stages: _Stages) -> str:
    moves = [
        (before, visit)
        for before, visit in _moves(visits)
        if _implies(kind, row, before, visit, stages) and stages.is_implied(row, visit.tick)
    ]
    assert moves, "an assumed stage is implied by some visit"
    if kind is _core.funnel.Kind.furthest:
        won = [visit for _, visit in moves if visit.outcome == "won"]
        if won:
            return f"the item was won at {won[0].time}"
        return f"the item went as far as {max((visit for _, visit in moves), key=lambda one: one.row).name}"
    before, visit = moves[0]
    if kind is _core.funnel.Kind.conversions_won:
        how = "opens the journey" if before is None else f"follows {before.name}"
        return f"{visit.name} at {visit.time} {how}, and a success implies every stage"
    if before is None:
        return f"the item was created in {visit.name}"
    return f"the move {before.name} → {visit.name} at {visit.time} passes over it"


def _moves(visits: list[_Visit]) -> list[tuple[_Visit | None, _Visit]]:
    """Pair each visit with the one before it."""
    return list(zip([None, *visits], visits, strict=False))


def _implies(
    kind: _core.funnel.Kind, row: int, before: _Visit | None, visit: _Visit, stages: _Stages
) -> bool:
    """Return whether a move implies a stage, if that is one which a move made then can imply."""
    if kind is _core.funnel.Kind.furthest:
        return visit.outcome == "won" or (visit.outcome == "open" and visit.row > row)
    if kind is _core.funnel.Kind.conversions_won:
        return visit.outcome == "won" and (before is None or before.outcome == "open")
    if before is None:
        return _creation_implies(row, visit, stages)
    return before.outcome == "open" and _move_implies(row, before, visit)


def _creation_implies(row: int, visit: _Visit, stages: _Stages) -> bool:
    if visit.outcome == "lost":
        return row == stages.first_implied(visit.tick)
    return visit.outcome == "won" or row < visit.row


def _move_implies(row: int, before: _Visit, visit: _Visit) -> bool:
    if visit.outcome == "won":
        return row > before.row
    low, high = sorted((before.row, visit.row))
    return visit.outcome == "open" and low < row < high
