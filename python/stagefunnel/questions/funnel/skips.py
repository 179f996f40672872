"""Which groups skip which stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, share, stage_values
from ...tables.options import BasisName, MissingStages, Unlisted
from ...tables.schema import SKIPS
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import groups_of
from ..scope.scope import Scope
from ..scope.selection import selection_of
from .count import count
from .kinds import rules_of


def skips(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = "manager",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
) -> pd.DataFrame:
    """Rank groups and stages by how often the items of a group skip the stage.

    An item skips an in-progress stage if it goes beyond it, to a later stage or to success, without a visit.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log whose values form the groups; ``None`` puts all items in one
        group.
    unlisted, missing, period, basis, as_of
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per group of `by` and in-progress stage: ``stage``; ``passed``: items with a visit of it;
        ``beyond``: items that went beyond it, with a visit or without; ``skipped``: items that went beyond
        it without a visit; ``skip_rate`` = ``skipped`` / ``beyond``. The highest rate is first; among equal
        rates more skipped items come first, then the order of the groups and the stages decides. Stages that
        no item went beyond are last.

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
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    groups = groups_of(selection, by, reserved=SKIPS)
    counts = count(Scope(selection, groups), rule)
    shown = groups.shown(counts.passed.sum(axis=1) > 0)
    n_open = len(pipeline.stages)
    passed, skipped, beyond = (
        matrix[shown, :n_open].reshape(-1) for matrix in (counts.visited, counts.skipped, counts.beyond)
    )
    rate = share(skipped, skipped + beyond)
    columns = {
        "stage": stage_values(pipeline, np.tile(np.arange(n_open), len(shown))),
        "passed": passed,
        "beyond": skipped + beyond,
        "skipped": skipped,
        "skip_rate": rate,
    }
    table = label_rows(frame(columns, SKIPS), groups.values, np.repeat(shown, n_open))
    # The sort is stable: equal rows stay in the order of groups and stages.
    table = table.iloc[np.lexsort((-skipped, np.nan_to_num(-rate, nan=1.0)))].reset_index(drop=True)
    remember(table, "skips", pipeline, by=groups.names)
    return selection.remarked(table)
