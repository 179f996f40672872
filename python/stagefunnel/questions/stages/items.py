"""The table of the items: the journey of each, and its outcome now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, outcome_values, remember, stage_values
from ...tables.options import AtName, BasisName, MissingStages, Unlisted
from ...tables.schema import ITEMS, MOVED_OUT
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import NAT
from ..scope.item_groups import item_groups_of
from ..scope.selection import Selection, selection_of
from ..scope.unknown_starts import born_unknown
from ..scope.where import Where, asked_of


def item_table(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """List the items of a log with their outcomes and facts about their journeys.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log, or what the log itself knows, as for :func:`funnel`; they
        stand first.
    at
        Where a column of the log is read: in the ``"first"`` or ``"last"`` of the item's rows that the report
        keeps.
    unlisted, missing, period, basis, as_of, where
        As for :func:`funnel`. Items without a row of a listed stage are not listed.

    Returns
    -------
    DataFrame
        One row per item, in the order of the items' first rows in the input: the columns of `by`,
        ``item`` (its key), ``outcome``, ``first_time`` (missing where the start of the first visit is not
        known), ``closed_at`` (the start of the final visits that end the journey; missing while open),
        ``last_stage``, ``furthest_stage`` (in progress; missing where none was visited), ``lost_from``
        (the last stage before a loss that stands), ``visits``, ``back_moves`` (to an earlier in-progress
        stage), ``skipped`` (in-progress stages gone beyond without a visit).
        An item that moved to another pipeline and is kept has the outcome ``moved_out``, and neither
        ``closed_at`` nor ``lost_from``.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> table = sf.item_table(shop.log, shop.pipeline)
    >>> table.loc[table["item"] == 7, ["outcome", "last_stage", "lost_from", "visits", "skipped"]]
      outcome last_stage   lost_from  visits  skipped
    6    lost       Lost  Prepayment       3        1
    """
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
    )
    log = selection.log
    of_items = item_groups_of(selection, by, at=at, reserved=ITEMS)
    facts = _core.stages.item_facts(
        journeys=selection.journeys, pipeline=selection.lookup, threads=log._data.threads
    )
    outcome_names = outcome_values(facts.outcome)
    lost_from, not_closed = facts.lost_from, facts.outcome == 0
    if selection.moved is not None:
        moved = np.isin(facts.first_row, selection.journeys.first_row[selection.moved])
        outcome_names = outcome_names.add_categories([MOVED_OUT])
        outcome_names[moved] = MOVED_OUT
        lost_from, not_closed = np.where(moved, -1, lost_from), not_closed | moved
    table = frame(
        {
            "item": log._data.keys_at(facts.first_row).reset_index(drop=True),
            "outcome": outcome_names,
            "first_time": _first_times(selection, facts),
            "closed_at": log._data.times_or_missing(np.where(not_closed, NAT, facts.closed_at)),
            "last_stage": stage_values(pipeline, facts.last_stage),
            "furthest_stage": stage_values(pipeline, facts.furthest_stage),
            "lost_from": stage_values(pipeline, lost_from),
            "visits": facts.visits,
            "back_moves": facts.back_moves,
            "skipped": facts.skipped,
        },
        ITEMS,
    )
    if of_items is None:
        remember(table, "item_table", pipeline)
    else:
        code = of_items.code[_items_of(selection, facts.first_row)]
        table = label_rows(table, of_items.groups.values, code)
        remember(table, "item_table", pipeline, **of_items.groups.remembered)
    return asked.remarked(selection.remarked(table))


def _items_of(selection: Selection, first_row: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """Find the places of items in the journeys by their first rows in the input."""
    known = selection.journeys.first_row
    order = np.argsort(known, kind="stable")
    return order[np.searchsorted(known, first_row, sorter=order)]


def _first_times(selection: Selection, facts: _core.stages.ItemFacts) -> pd.Series:
    """Return when each item was created, which is missing where nobody knows it."""
    log, marks = selection.log, selection.data.marks
    if marks is None or marks.start_unknown is None:
        return log._data.to_times(facts.first_time)
    unborn = born_unknown(log._data, selection.lookup, selection.journeys)
    is_unknown = np.zeros(len(facts.first_row), dtype=bool)
    if unborn is not None:
        is_unknown = np.isin(facts.first_row, selection.journeys.first_row[unborn])
    return log._data.times_or_missing(np.where(is_unknown, NAT, facts.first_time))
