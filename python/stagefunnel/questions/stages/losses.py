"""Where and why items are lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import BasisName, LossAtName, MissingStages, Unlisted
from ...tables.schema import AMOUNTS, TOO_RECENT
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..counted.folding import joined_rows, largest
from ..counted.group_keys import labels_of_rows
from ..counted.lengths import means_and_medians, means_of_sums
from ..funnel.ages import remembered_ages
from ..scope.money import Rates
from ..scope.where import Where
from ..stats.share_bounds import Base, read_confidence, with_bounds
from .loss_counts import LossCounts, count_losses


def losses(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: LossAtName | None = None,
    top: int | None = None,
    reason: str | None = None,
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    calendar: WorkingHours | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Count the items that are lost now, by the stage they were lost from and the reason.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log; the table has the losses of each combination of their
        values.
    at
        Where `by` reads a column of the log. ``"loss"`` (the default): in the first row of the closing lost
        visits, who closed the item. ``"stage"``: where the item entered the stage it was lost from.
        ``"first"``, ``"last"``: in the first or last of the item's rows that the report keeps. A column of
        the items table takes no `at`.
    top
        Number of groups with the most items that are lost now; the others become one group.
    reason
        Column with the reason of the loss, of the items table or of the log; the table has a row for each of
        its values. In a column of the log the reason is the last value within the visit of ``lost_stage``,
        or, where that has none, in an earlier one of the closing lost visits.
    amount, currency, rates
        As for :func:`funnel`.
    unlisted, missing, period, basis, as_of
        As for :func:`funnel`. With ``basis="closed"`` a period has the items that were lost in it.
    unit
        As for :func:`funnel`; ``items`` counts the accounts that are lost now. The stages, the reason and
        the row where ``at="loss"`` and ``at="stage"`` read are those of the item that was closed last; times
        run from the account's first row.
    calendar
        Working hours, as for :func:`time_in_stage`; a length `within` is plain time.
    confidence, where
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per group of `by`, last stage before the loss, lost stage and value of `reason` with an item,
        in this order: ``from_stage`` (missing, and last, where an item was lost without any visit before),
        ``lost_stage`` (the stage of the last visit), the reason's column; ``items``; ``share`` of all items
        of the group that are lost now; with `amount` also ``amount`` and ``amount_missing``;
        ``mean_until_lost`` and ``median_until_lost``, from the creation of an item until its loss, and
        ``mean_in_stage``, of the last visit before the loss; items whose start is not known are in none of
        these. The two times until the loss leave out the ``paused`` stages of the pipeline. Lengths of time
        are timedeltas, or floats where the log's times are plain integers. With `within`, ``too_recent``
        counts the items of the group that are left out.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> sf.losses(shop.log, shop.pipeline)[["from_stage", "lost_stage", "items", "share"]]
       from_stage lost_stage  items  share
    0         New       Lost      1    0.2
    1  Prepayment       Lost      1    0.2
    2         Won       Lost      2    0.4
    3         NaN       Lost      1    0.2
    """
    sure = read_confidence(confidence)
    counts = count_losses(
        log,
        pipeline,
        by=by,
        at=at,
        top=top,
        reason=reason,
        amount=amount,
        currency=currency,
        rates=rates,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        calendar=calendar,
        where=where,
    )
    return losses_table(counts, pipeline, confidence=sure)


def losses_table(
    counts: LossCounts, pipeline: Pipeline, *, top: int | None = None, confidence: float | None = None
) -> pd.DataFrame:
    """Build the table of :func:`losses` from counts, in which `top` has put no groups together yet."""
    confidence = read_confidence(confidence)
    reasons = labels_of_rows(counts.rows.reason, counts.reasons)
    if reasons is not counts.rows.reason:  # their labels are not in the order of their values
        counts = replace(counts, rows=joined_rows(replace(counts.rows, reason=reasons)))
    counts = largest(counts, counts.groups, counts.sizes, top)
    rows, groups, group = counts.rows, counts.groups, counts.rows.group
    nowhere = len(pipeline.labels)
    per_group = counts.sizes[group]
    columns: dict[str, Any] = {"items": rows.items, "share": share(rows.items, per_group)}
    if rows.amount is not None:
        columns |= dict(zip(AMOUNTS, (rows.amount.rounded(), rows.amount_missing), strict=True))
    means, medians = means_and_medians(rows.until_lost)
    columns["mean_until_lost"] = to_durations(means, counts.time_unit)
    columns["median_until_lost"] = to_durations(medians, counts.time_unit)
    columns["mean_in_stage"] = to_durations(means_of_sums(rows.in_stage), counts.time_unit)
    from_stage = np.where(rows.from_stage == nowhere, -1, rows.from_stage)
    stages = {
        "from_stage": stage_values(pipeline, from_stage),
        "lost_stage": stage_values(pipeline, rows.lost_stage),
    }
    if counts.too_recent is not None:
        columns[TOO_RECENT] = counts.too_recent[group]
    if counts.too_recent_of_all is not None:
        columns[TOO_RECENT] = np.repeat(counts.too_recent_of_all, len(group))
    reasons = rows.reason
    table = pd.concat(
        [
            label_rows(pd.DataFrame(stages), groups.values, group),
            label_rows(pd.DataFrame(columns), reasons.groups.values, reasons.code),
        ],
        axis="columns",
    )
    ages = {}
    if counts.items is not None and counts.open is not None:
        ages = remembered_ages(groups, counts.items, counts.open)
    elif counts.ages is not None and counts.age_columns is not None:
        ages = counts.ages.remembered(counts.age_columns)
    about = {**ages, **counts.remembered}
    remember(table, "losses", pipeline, **groups.remembered, reason=reasons.groups.names, **about)
    table = with_bounds(table, confidence, {"share": Base("items", per_group)})
    return counts.about.remarked(table)
