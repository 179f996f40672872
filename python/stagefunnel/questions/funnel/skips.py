"""Who skips what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, remember, share, stage_values
from ...tables.options import BasisName, Unlisted
from ...tables.schema import SKIPS
from ..scope.breakdown import groups_of
from ..scope.selection import selection_of
from .counts import count
from .kinds import rules_of


def skips(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = "manager",
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Rank groups and stages by how often the one skips the other.

    An item skips an in-progress stage if it goes beyond, to a later one or to success, without a visit.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log: who skips; ``None`` for all items together.
    unlisted, period, basis, as_of
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per group of `by` and in-progress stage: ``stage``; ``passed``: items with a visit of it;
        ``beyond``: items that went beyond it, with a visit or without; ``skipped``: those without;
        ``skip_rate`` = ``skipped`` / ``beyond``. The highest rate is first, of equal rates the one with more
        skipped items, then in order of the groups and the stages; where nothing went beyond, last.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> sf.skips(shop.log, shop.pipeline, by=None).round(2)
            stage  passed  beyond  skipped  skip_rate
    0  Prepayment       3       9        8       0.89
    1  Discussion       2      11        9       0.82
    2    Delivery       3       8        6       0.75
    3         New       9      11        3       0.27
    """
    (rule,) = rules_of("classic", "won", None)
    selection = selection_of(log, pipeline, unlisted=unlisted, period=period, basis=basis, as_of=as_of)
    groups = groups_of(selection, by, reserved=SKIPS)
    counts = count(selection, rule, groups)
    in_base = counts.passed.any(axis=1)
    kept = np.zeros(1, dtype=np.intp) if groups is None else np.flatnonzero(in_base)
    n_open = len(pipeline.stages)
    passed, skipped, beyond = (
        matrix[kept, :n_open].reshape(-1) for matrix in (counts.visited, counts.skipped, counts.beyond)
    )
    rate = share(skipped, skipped + beyond)
    columns = {
        "stage": stage_values(pipeline, np.tile(np.arange(n_open), len(kept))),
        "passed": passed,
        "beyond": skipped + beyond,
        "skipped": skipped,
        "skip_rate": rate,
    }
    table = frame(columns, SKIPS)
    if groups is not None:
        values = groups.values.iloc[np.repeat(kept, n_open)].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    # Stable: what is equal stays in the order of groups and stages.
    table = table.iloc[np.lexsort((-skipped, np.nan_to_num(-rate, nan=1.0)))].reset_index(drop=True)
    remember(table, "skips", pipeline, by=[] if groups is None else list(groups.values.columns))
    return table
