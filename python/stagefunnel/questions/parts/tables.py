"""The tables of a partial whose groups are counted: the largest of them, and all others as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ...pipeline import Pipeline
from ..funnel.counts import FunnelCounts
from ..scope.groups import Groups, folded
from ..stages.transitions import moves_table, transition_table
from .moves import PartMoves


def largest_of_funnels(
    groups: Groups, counts_of: Mapping[str, FunnelCounts], top: int | None
) -> tuple[Groups, dict[str, FunnelCounts]]:
    """Return the groups of the funnels and their counts, the smaller groups folded into one."""
    if top is None or groups.is_one:
        return groups, dict(counts_of)
    classic = counts_of["classic"]
    every = replace(groups, code=np.arange(len(groups.values), dtype=np.int32))
    chosen = folded(every, classic.base, classic.counts_something("item"), top)
    code, n_groups = chosen.code.astype(np.int64), len(chosen.values)
    return chosen, {kind: counts.to(code, n_groups) for kind, counts in counts_of.items()}


def table_of_moves(pipeline: Pipeline, groups: Groups, moves: PartMoves) -> pd.DataFrame:
    """Build the table of moves, of groups or of all items."""
    if not groups.is_one:
        return moves_table(pipeline, groups, **vars(moves))
    matrices = np.zeros((2, len(pipeline.labels), len(pipeline.labels)), dtype=np.int64)
    matrices[:, moves.from_stage, moves.to_stage] = moves.moves, moves.items
    return transition_table(pipeline, *matrices)
