"""The moves between stages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import core_errors
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, remember, share, stage_values
from ...tables.options import BasisName, MissingStages, Unlisted
from ...tables.schema import TRANSITIONS
from ...times.periods import MomentLike, PeriodLike
from ..scope.selection import Selection, selection_of


def transitions(
    log: StageLog,
    pipeline: Pipeline,
    *,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
) -> pd.DataFrame:
    """Count the moves from stage to stage.

    A move is two consecutive visits of one item. Repeating a stage is not a move; coming back to a stage
    left earlier is a move.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    unlisted, missing, period, basis, as_of
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per pair of stages with at least one move, in the pipeline's order: ``from_stage``,
        ``to_stage``, ``moves``, ``items`` (distinct items that made the move), ``share`` (of all moves
        that leave ``from_stage``).

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
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    counts = count_moves(selection)
    return selection.remarked(transition_table(pipeline, counts.moves, counts.items))


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
