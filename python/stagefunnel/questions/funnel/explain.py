"""Why one item counts in a stage, or does not count."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from ... import _core
from ...errors import check_option, core_errors
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, row_outcomes, stage_columns
from ...tables.options import BasisName, Fill, KindName, LostThenWonName, MissingStages, Unlisted
from ...tables.schema import EXPLANATION, OUTCOMES
from ...times.periods import MomentLike, PeriodLike
from ..scope.remarks import remark
from ..scope.selection import core_pipeline, remarks_about, select
from ..scope.unknown_starts import born_unknown
from ..scope.within import NEVER
from .kinds import Rule, rules_of


@dataclass(frozen=True)
class _Visit:
    row: int
    name: str
    outcome: str
    time: Any
    start_unknown: bool


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
    whole = log._data.journey_of(item)
    options: dict[str, Any] = {"period": period, "basis": basis, "as_of": as_of}
    journey = select(log, whole, pipeline, lookup, **options)
    unborn = born_unknown(log._data, lookup) if basis == "created" else None
    is_unborn = unborn is not None and bool(unborn[log._data.journeys.first_row == whole.first_row].any())
    if is_unborn:
        options["until"] = np.full(1, NEVER)
        journey = select(log, whole, pipeline, lookup, **options)
    unknown = _unknown_starts(log, whole)
    visits, all_visits = (_visits(log, pipeline, rows, unknown) for rows in (journey, whole))
    nowhere = None
    if all_visits and not visits:
        staying = pipeline.replace(moved_out="include")
        has_moved = bool(_visits(log, pipeline, select(log, whole, staying, lookup, **options), unknown))
        why = "its start is unknown" if is_unborn else "outside the period"
        nowhere = f"left out: {'moved out' if has_moved else why}"
    parts = []
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
                item_states=None,
            )
        left_out = f"left out: {_why_left_out(visits, rule)}" if counts.left_out[0] else nowhere
        passed = counts.passed[0].astype(bool)
        assumed = counts.assumed[0].astype(bool)
        reasons = [
            left_out
            or _reason(rule.core_kind, row, visits, pipeline, passed[row], assumed[row])
            or _why_no_visit(row, all_visits)
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
    log: StageLog, pipeline: Pipeline, journey: _core.journeys.Journeys, unknown: list[bool]
) -> list[_Visit]:
    """List the visits of a journey, which has the first rows of the item or all of them."""
    row_of = {label: row for row, label in enumerate(pipeline.labels)}
    # The last code stands for a missing stage, which no pipeline lists.
    row_of_code = [*(row_of.get(label, -1) for label in log._data.labels), -1]
    rows = [row_of_code[code] for code in journey.stage.tolist()]
    times = log._data.to_times(journey.time)
    outcomes = [OUTCOMES[code] for code in row_outcomes(pipeline)]
    names = list(pipeline.names.values())
    visits: list[_Visit] = []
    for row, time, is_unknown in zip(rows, times, unknown[: len(rows)], strict=True):
        if row >= 0 and (not visits or visits[-1].row != row):
            visits.append(_Visit(row, names[row], outcomes[row], time, is_unknown))
    return visits


def _why_left_out(visits: list[_Visit], rule: Rule) -> str:
    option = f"lost_then_won='{rule.lost_then_won.name}'"
    if rule.lost_then_won is _core.funnel.LostThenWon.exclude:
        return f"{visits[-1].name} directly follows a loss ({option})"
    return f"won now, lost before ({option})"


def _reason(
    kind: _core.funnel.Kind, row: int, visits: list[_Visit], pipeline: Pipeline, passed: bool, assumed: bool
) -> str | None:
    """Say why a stage counts, or does not although it was visited; ``None`` without a visit that is read."""
    own = [visit for visit in visits if visit.row == row]
    if passed:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        or_before = ", or at an unknown time before" if own[0].start_unknown else ""
        return f"passed: entered at {own[0].time}{or_before}{more}"
    if assumed:
        return f"assumed: {_implied_by(kind, row, visits, pipeline)}"
    if not own:
        return None
    # The strict funnel is the only one with visits that do not count.
    return "not counted: visited, but not all stages before it were passed in order"


def _why_no_visit(row: int, all_visits: list[_Visit]) -> str:
    times = [visit.time for visit in all_visits if visit.row == row]
    return f"not counted: entered at {times[0]}, outside the period" if times else "not counted: no visit"


def _implied_by(kind: _core.funnel.Kind, row: int, visits: list[_Visit], pipeline: Pipeline) -> str:
    if kind is _core.funnel.Kind.furthest:
        won = [visit for visit in visits if visit.outcome == "won"]
        if won:
            return f"the item was won at {won[0].time}"
        furthest = max((v for v in visits if v.outcome == "open"), key=lambda visit: visit.row)
        return f"the item went as far as {furthest.name}"
    for before, visit in zip([None, *visits], visits, strict=False):
        if kind is _core.funnel.Kind.conversions_won:
            if visit.outcome == "won" and (before is None or before.outcome == "open"):
                how = "opens the journey" if before is None else f"follows {before.name}"
                return f"{visit.name} at {visit.time} {how}, and a success implies every stage"
        elif before is None:
            if _creation_implies(row, visit, pipeline):
                return f"the item was created in {visit.name}"
        elif before.outcome == "open" and _move_implies(row, before, visit):
            return f"the move {before.name} → {visit.name} at {visit.time} passes over it"
    raise AssertionError("an assumed stage is implied by some visit")


def _creation_implies(row: int, visit: _Visit, pipeline: Pipeline) -> bool:
    reach = {"open": visit.row, "won": len(pipeline.stages), "lost": 1}[visit.outcome]
    return row < reach


def _move_implies(row: int, before: _Visit, visit: _Visit) -> bool:
    if visit.outcome == "won":
        return row > before.row
    low, high = sorted((before.row, visit.row))
    return visit.outcome == "open" and low < row < high
