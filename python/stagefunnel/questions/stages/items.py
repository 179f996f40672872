"""The table of the items: the journey of each, and its outcome now."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, outcome_values, remember, stage_values
from ...tables.options import AtName, BasisName, Fill, KindName, LostThenWonName, MissingStages, Unlisted
from ...tables.schema import ITEMS, MADE_OF_ITEMS, MOVED_OUT
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import NAT
from ...working_hours import WorkingHours
from ..scope.further import further_names
from ..scope.item_groups import item_groups_of
from ..scope.selection import Selection, selection_of
from ..scope.unknown_starts import born_unknown
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from .cells_of_items import items_in_cells, remembered_cells
from .item_columns import places_of, with_columns_on_request


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
    open_at: Hashable | None = None,
    skipped: Hashable | None = None,
    lost_from: Hashable | None = None,
    reached: Hashable | None = None,
    passed: Hashable | None = None,
    assumed: Hashable | None = None,
    began_beyond: Hashable | None = None,
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    columns: str | Sequence[str] | None = (),
    calendar: WorkingHours | None = None,
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
    open_at, skipped, lost_from, reached, passed, assumed, began_beyond
        Stages: only the items behind these cells of a funnel are listed, named as its columns are. Where
        several are given, an item is behind all of them.
    kind, fill, lost_then_won
        Kind and rules of that funnel, as for :func:`funnel`, but not ``"both"``: an item that they leave out
        is not listed, and with conversions ``reached`` has the assumed ones too.
    columns
        Columns to add: ``"last_time"`` (the item's last row), ``"cycle_time"`` (``closed_at`` −
        ``first_time``; missing while open), ``"in_stage"`` and ``"age"`` (as for :func:`open_items`; missing
        unless open), and columns of the items table, or of the log in the item's last row.
    calendar
        Working hours in which these lengths of time are measured, as for :func:`time_in_stage`.

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
        ``closed_at`` nor ``lost_from``. Then the `columns`.

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
    cells = {
        "open_at": open_at,
        "skipped": skipped,
        "lost_from": lost_from,
        "reached": reached,
        "passed": passed,
        "assumed": assumed,
        "began_beyond": began_beyond,
    }
    chosen = items_in_cells(selection, cells, kind, fill, lost_then_won)
    names = further_names(log, columns, ITEMS, MADE_OF_ITEMS)
    lengths = Lengths.of(selection.data, calendar)
    of_items = item_groups_of(selection, by, at=at, reserved=[*ITEMS, *names])
    facts = _core.stages.item_facts(
        journeys=selection.journeys, pipeline=selection.lookup, threads=log._data.threads
    )
    outcome_names = outcome_values(facts.outcome)
    lost_at, not_closed = facts.lost_from, facts.outcome == 0
    if selection.moved is not None:
        moved = np.isin(facts.first_row, selection.journeys.first_row[selection.moved])
        outcome_names = outcome_names.add_categories([MOVED_OUT])
        outcome_names[moved] = MOVED_OUT
        lost_at, not_closed = np.where(moved, -1, lost_at), not_closed | moved
    table = frame(
        {
            "item": log._data.keys_at(facts.first_row).reset_index(drop=True),
            "outcome": outcome_names,
            "first_time": _first_times(selection, facts),
            "closed_at": log._data.times_or_missing(np.where(not_closed, NAT, facts.closed_at)),
            "last_stage": stage_values(pipeline, facts.last_stage),
            "furthest_stage": stage_values(pipeline, facts.furthest_stage),
            "lost_from": stage_values(pipeline, lost_at),
            "visits": facts.visits,
            "back_moves": facts.back_moves,
            "skipped": facts.skipped,
        },
        ITEMS,
    )
    table = with_columns_on_request(
        table, selection, facts, names, lengths, period=period, basis=basis, as_of=as_of
    )
    place = places_of(selection, facts.first_row)
    remembered = {**lengths.remembered, **remembered_cells(cells, kind, fill, lost_then_won)}
    if of_items is not None:
        table = label_rows(table, of_items.groups.values, of_items.code[place])
        remembered |= of_items.groups.remembered
    if chosen is not None:
        table = table[chosen[place]].reset_index(drop=True)
    remember(table, "item_table", pipeline, **remembered)
    return asked.remarked(selection.remarked(table))


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
