"""The tables of a partial whose groups are counted: the largest of them, and all others as one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...pipeline import Pipeline
from ..funnel.counts import FunnelCounts
from ..scope.groups import Groups
from ..stages.transitions import moves_table, transition_table
from .groups import PartGroups
from .moves import PartMoves


def largest_of_funnels(
    of_part: PartGroups, counts_of: Mapping[str, FunnelCounts], top: int | None
) -> tuple[Groups, dict[str, FunnelCounts]]:
    """Return the groups of the funnels and their counts, the smaller groups folded into one."""
    classic = counts_of["classic"]
    groups, code = of_part.largest(top, classic.base, classic.counts_something("item"))
    totals = {
        kind: FunnelCounts.total([counts], [code], len(groups.values)) for kind, counts in counts_of.items()
    }
    return groups, totals


def table_of_moves(pipeline: Pipeline, groups: Groups, moves: PartMoves) -> pd.DataFrame:
    """Build the table of moves, of groups or of all items."""
    if not groups.is_one:
        return moves_table(pipeline, groups, **vars(moves))
    matrices = np.zeros((2, len(pipeline.labels), len(pipeline.labels)), dtype=np.int64)
    matrices[:, moves.from_stage, moves.to_stage] = moves.moves, moves.items
    return transition_table(pipeline, *matrices)
