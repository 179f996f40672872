"""Which groups skip which stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, share, stage_values
from ...tables.options import BasisName, MissingStages, SkipAtName, Unlisted
from ...tables.schema import SKIPS, TOO_RECENT
from ...tables.skipping import OnTheWay
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import check_top, groups_of, where_read
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..stats.share_bounds import NO_BASE, Base, read_confidence, with_bounds
from .ages import ages_by_last_row, recorded_ages
from .count import count, largest_groups
from .kinds import rules_of


def skips(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = "manager",
    at: SkipAtName | None = None,
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Rank groups and stages by how often the items of a group skip the stage.

    An item skips an in-progress stage if it goes beyond it, to a later stage or to success, without a visit.
    Items that began beyond the stage, such as renewals and imports, are counted and not ranked.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log whose values form the groups; ``None`` puts all items in one
        group.
    at
        Where a column of the log is read. By default each skip counts for whoever made it: at the move that
        went beyond the stage, and ``passed`` at the item's last entry into the stage. ``"first"`` and
        ``"last"`` read it in the first or last of the item's rows that the report keeps. A column of the
        items table takes no `at`. With `unit` it is read in the first of these rows by default.
    top, unlisted, missing, period, basis, as_of, within, unit, confidence, where
        As for :func:`funnel`. Where groups are read at the moves, an item may count in several of them, and
        the rates have no bounds.

    Returns
    -------
    DataFrame
        One row per group of `by` and in-progress stage: ``stage``; ``passed``: items with a visit of it;
        ``beyond``: items that went beyond it, with a visit or without; ``skipped``: items that went beyond
        it without a visit; ``began_beyond``: of these, items whose first visit was beyond it; ``skip_rate`` =
        ``skipped`` / ``beyond``. The rows are ranked by the rate without items that began beyond,
        (``skipped`` - ``began_beyond``) / (``beyond`` - ``began_beyond``): first those with at least 30 items
        in this base, then smaller bases, last those without one. The highest rate is first; among equal rates
        more skipped items come first, then the order of the groups and the stages decides.
        With `within`, ``too_recent`` counts the items of the group that are left out.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> sf.skips(shop.log, shop.pipeline, by=None).round(2)
            stage  passed  beyond  skipped  began_beyond  skip_rate
    0  Prepayment       3       9        8             2       0.89
    1  Discussion       2      11        9             3       0.82
    2    Delivery       3       8        6             1       0.75
    3         New       9      11        3             3       0.27
    """
    check_top(top, by)
    sure = read_confidence(confidence)
    (rule,) = rules_of("classic", "won", None)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    selection = selection_of(
        log,
        pipeline,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
    )
    # The items of a unit go beyond a stage at several rows, so that none is where the unit did.
    of_log = "stage" if unit is None else "first"
    read_at = where_read(log, by, at, choices=get_args(SkipAtName), of_log=of_log)
    groups = groups_of(selection, by, at=read_at, reserved=SKIPS)
    groups = largest_groups(Scope(selection, groups), [rule], top)
    counts = count(Scope(selection, groups), rule)
    n_open = len(pipeline.stages)
    in_progress = counts.visited[:, :n_open] + counts.skipped[:, :n_open] + counts.beyond[:, :n_open]
    shown = groups.shown((counts.visited if groups.each == "item" else in_progress).sum(axis=1) > 0)
    passed, skipped, began, visited_beyond = (
        matrix[shown, :n_open].reshape(-1)
        for matrix in (counts.visited, counts.skipped, counts.began_beyond, counts.beyond)
    )
    columns = {
        "stage": stage_values(pipeline, np.tile(np.arange(n_open), len(shown))),
        "passed": passed,
        "beyond": skipped + visited_beyond,
        "skipped": skipped,
        "began_beyond": began,
        "skip_rate": share(skipped, skipped + visited_beyond),
    }
    order = list(SKIPS)
    if counts.too_recent is not None:
        columns[TOO_RECENT] = np.repeat(counts.too_recent[shown], n_open)
        order.append(TOO_RECENT)
    table = label_rows(frame(columns, order), groups.values, np.repeat(shown, n_open))
    table = table.iloc[OnTheWay.of_skips(table).worst_first()].reset_index(drop=True)
    # Read at the moves, groups have no items of their own, only entries of items.
    ages = ages_by_last_row(selection, by) if groups.each == "row" else recorded_ages(counts, groups)
    remember(table, "skips", pipeline, **groups.remembered, **ages)
    # Read at the moves, an item may count in several groups.
    beyond = NO_BASE if groups.each == "row" else table["beyond"]
    table = with_bounds(table, sure, {"skip_rate": Base("skipped", beyond)})
    return asked.remarked(selection.remarked(table))
