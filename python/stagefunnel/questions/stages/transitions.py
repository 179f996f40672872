"""The moves between stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import core_errors
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, share, stage_values
from ...tables.options import AtName, BasisName, MissingStages, Unlisted
from ...tables.schema import TRANSITIONS
from ...times.periods import MomentLike, PeriodLike
from ..counted import fields
from ..counted.about import About
from ..counted.folding import largest
from ..scope.groups import ONE_GROUP, Groups
from ..scope.item_groups import ItemGroups, item_groups_of
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..stats.share_bounds import Base, read_confidence, sums_of, with_bounds

Integers: TypeAlias = npt.NDArray[np.int64]


def transitions(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Count the moves from stage to stage.

    A move is two consecutive visits of one item. Repeating a stage is not a move; coming back to a stage
    left earlier is a move.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log, or what the log itself knows, as for :func:`funnel`; the
        table has the moves of each group, as for a log of its items alone.
    at
        Where a column of the log is read: in the ``"first"`` or ``"last"`` of the item's rows that the report
        keeps.
    top, unlisted, missing, period, basis, as_of, where
        As for :func:`funnel`.
    confidence
        As for :func:`funnel`. The bounds of ``share`` are those of moves: an item that makes a move again and
        again counts each time, so that they are too narrow where many do.

    Returns
    -------
    DataFrame
        One row per group of `by` and pair of stages with at least one move, in the pipeline's order:
        ``from_stage``, ``to_stage``, ``moves``, ``items`` (distinct items that made the move), ``share`` (of
        all moves of the group that leave ``from_stage``).

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a pipeline of more than 4,096 stages.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2], "stage": ["New", "Offer", "New", "New"], "time": [0, 1, 2, 0]}
    >>> sf.transitions(sf.StageLog(rows), sf.Pipeline(["New", "Offer"]))
      from_stage to_stage  moves  items  share
    0        New    Offer      1      1    1.0
    1      Offer      New      1      1    1.0
    """
    sure = read_confidence(confidence)
    counts = count_transitions(
        log,
        pipeline,
        by=by,
        at=at,
        top=top,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        where=where,
    )
    return transitions_table(counts, pipeline, confidence=sure)


@dataclass(frozen=True, eq=False)
class MoveRows:
    """The moves that were made, sorted by group, the stage left and the stage entered.

    Attributes
    ----------
    group, from_stage, to_stage
        Group and stages of each kind of move.
    moves, items
        How often it was made, and by how many items.
    """

    group: Integers = fields.key_of_group()
    from_stage: Integers = fields.key()
    to_stage: Integers = fields.key()
    moves: Integers = fields.value()
    items: Integers = fields.value()


@dataclass(frozen=True, eq=False)
class TransitionCounts:
    """What the table of transitions is made of.

    Attributes
    ----------
    groups
        The groups, without their items.
    sizes
        Items of each group with a row that the report keeps; not counted without a breakdown.
    rows
        The moves.
    about
        What the table says of the rows that were read.
    """

    groups: Groups = fields.groups()
    sizes: Integers = fields.dense()
    rows: MoveRows = fields.rows(MoveRows)
    about: About = fields.about()


def count_transitions(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> TransitionCounts:
    """Count what :func:`transitions` shows; `top` puts the small groups together before they are counted."""
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
    about = About.of(asked, selection)
    of_items = item_groups_of(selection, by, at=at, top=top, reserved=TRANSITIONS)
    if of_items is None:
        found = count_moves(selection)
        made = np.nonzero(found.moves)
        return TransitionCounts(
            groups=ONE_GROUP.alone(),
            sizes=np.zeros(1, dtype=np.int64),
            rows=MoveRows(
                np.zeros(len(made[0]), dtype=np.int64), made[0], made[1], found.moves[made], found.items[made]
            ),
            about=about,
        )
    moved = count_moves_of_groups(selection, of_items)
    return TransitionCounts(
        groups=of_items.groups.alone(),
        sizes=of_items.sizes,
        rows=MoveRows(moved.group, moved.from_stage, moved.to_stage, moved.moves, moved.items),
        about=about,
    )


def transitions_table(
    counts: TransitionCounts, pipeline: Pipeline, *, top: int | None = None, confidence: float | None = None
) -> pd.DataFrame:
    """Build the table of :func:`transitions` from counts, in which no small groups are put together yet."""
    confidence = read_confidence(confidence)
    counts = largest(counts, counts.groups, counts.sizes, top)
    table = moves_table(pipeline, counts.groups, **vars(counts.rows))
    if confidence is not None:
        by_columns = [*table.columns[: table.columns.get_loc("from_stage")], "from_stage"]
        bases = {"share": Base("moves", sums_of(table, "moves", by_columns))}
        table = with_bounds(table, confidence, bases)
    return counts.about.remarked(table)


def count_moves(selection: Selection) -> _core.stages.Transitions:
    """Count the moves, and the items that made them."""
    with core_errors():
        return _core.stages.count_transitions(
            journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
        )


def transition_table(
    pipeline: Pipeline, moves: npt.NDArray[np.int64], items: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Build the table of :func:`transitions` from counts by the stage left and the stage entered."""
    from_row, to_row = np.nonzero(moves)
    leaving = moves.sum(axis=1)
    table = frame(
        {
            "from_stage": stage_values(pipeline, from_row),
            "to_stage": stage_values(pipeline, to_row),
            "moves": moves[from_row, to_row],
            "items": items[from_row, to_row],
            "share": share(moves[from_row, to_row], leaving[from_row]),
        },
        TRANSITIONS,
    )
    remember(table, "transitions", pipeline)
    return table


def transitions_of_groups(selection: Selection, of_items: ItemGroups) -> pd.DataFrame:
    """Count the moves of each group, and build their table."""
    found = count_moves_of_groups(selection, of_items)
    return moves_table(
        selection.pipeline,
        of_items.groups,
        group=found.group,
        from_stage=found.from_stage,
        to_stage=found.to_stage,
        moves=found.moves,
        items=found.items,
    )


def count_moves_of_groups(selection: Selection, of_items: ItemGroups) -> _core.stages.GroupTransitions:
    """Count the moves of each group, and the items that made them."""
    with core_errors():
        return _core.stages.count_transitions_of_groups(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            group=of_items.code,
            n_groups=of_items.groups.n_groups,
            threads=selection.data.threads,
        )


def moves_table(
    pipeline: Pipeline,
    groups: Groups,
    *,
    group: npt.NDArray[np.int64],
    from_stage: npt.NDArray[np.int64],
    to_stage: npt.NDArray[np.int64],
    moves: npt.NDArray[np.int64],
    items: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """Build the table of :func:`transitions` from moves that are sorted by group and by both stages."""
    of_groups = {} if groups.is_one else groups.remembered
    if groups.is_one:
        left = np.bincount(from_stage, weights=moves)[from_stage]
    else:
        left_from = group * len(pipeline.labels) + from_stage
        leaving = np.cumsum(np.diff(left_from, prepend=left_from[:1]) != 0)  # moves are sorted by it
        left = np.bincount(leaving, weights=moves)[leaving]
    table = frame(
        {
            "from_stage": stage_values(pipeline, from_stage),
            "to_stage": stage_values(pipeline, to_stage),
            "moves": moves,
            "items": items,
            "share": share(moves, left),
        },
        TRANSITIONS,
    )
    if not groups.is_one:
        table = label_rows(table, groups.values, group)
    remember(table, "transitions", pipeline, **of_groups)
    return table
