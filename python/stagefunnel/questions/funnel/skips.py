"""Which groups skip which stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, share, stage_values
from ...tables.options import BasisName, MissingStages, SkipAtName, Unlisted
from ...tables.schema import SKIPS, TOO_RECENT
from ...tables.skipping import OnTheWay
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..counted import fields
from ..counted.about import About
from ..counted.folding import largest
from ..counted.group_labels import GroupColumns
from ..scope.breakdown import check_top, groups_of, where_read
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..stats.share_bounds import NO_BASE, Base, read_confidence, with_bounds
from .ages import AgeRows, recorded_ages
from .count import count, largest_groups
from .counts import FunnelCounts
from .kinds import rules_of

Integers: TypeAlias = npt.NDArray[np.int64]


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
    counts = count_skips(
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
        within=within,
        unit=unit,
        where=where,
    )
    return skips_table(counts, pipeline, confidence=sure)


@dataclass(frozen=True, eq=False)
class SkipCounts:
    """What the table of skips is made of.

    Attributes
    ----------
    groups
        The groups, without their items.
    of_groups
        What the items of each group passed and skipped.
    too_recent_of_all
        Items of the whole report that are too recent, where groups are read at the moves.
    ages, age_columns
        Where groups are read at the moves: items by their last row, and the columns of their groups.
    about
        What the table says of the rows that were read.
    """

    groups: Groups = fields.groups()
    of_groups: FunnelCounts = fields.nested(FunnelCounts)
    too_recent_of_all: Integers | None = fields.dense(by_group=False)
    ages: AgeRows | None = fields.rows(AgeRows)
    age_columns: GroupColumns | None = fields.settled(GroupColumns.total)
    about: About = fields.about()

    def largest(self, top: int | None) -> SkipCounts:
        """Put all but the largest groups into one."""
        if top is None or self.groups.is_one:
            return self
        counts, by_entry = self.of_groups, self.groups.each == "row"
        # Read at the moves, a group has no items of its own: its size is how often an item counts in a stage.
        sizes = counts.reached.sum(axis=1) if by_entry else counts.base
        return largest(self, self.groups, sizes, top, shown=counts.counts_something(self.groups.each))


def count_skips(
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
    where: Where | None = None,
) -> SkipCounts:
    """Count what :func:`skips` shows; `top` puts the small groups together before they are counted."""
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
    try:
        read_at = where_read(log, by, at, choices=get_args(SkipAtName), of_log=of_log)
        groups = groups_of(selection, by, at=read_at, reserved=SKIPS)
    except SchemaError as error:
        if by == "manager":
            error.add_note('by="manager" is the default of skips; by=None ranks the stages of all items')
        raise
    groups = largest_groups(Scope(selection, groups), [rule], top)
    counts = count(Scope(selection, groups), rule)
    is_by_move, too_recent_of_all = groups.each == "row", None
    if is_by_move and selection.too_recent is not None:
        # Each group would have those of the whole report, which are not to be added up group by group.
        too_recent_of_all = np.array([selection.too_recent.sum()], dtype=np.int64)
        counts = replace(counts, too_recent=None)
    # Read at the moves, groups have no items of their own, only entries of items.
    ages, age_columns = AgeRows.of(selection, by) if is_by_move else (None, None)
    return SkipCounts(
        groups=groups.alone(),
        of_groups=counts,
        too_recent_of_all=too_recent_of_all,
        ages=ages,
        age_columns=age_columns,
        about=About.of(asked, selection),
    )


def skips_table(
    counts: SkipCounts, pipeline: Pipeline, *, top: int | None = None, confidence: float | None = None
) -> pd.DataFrame:
    """Build the table of :func:`skips` from counts, in which `top` has put no groups together yet."""
    confidence = read_confidence(confidence)
    counted = counts.largest(top)
    groups, found = counted.groups, counted.of_groups
    n_open = len(pipeline.stages)
    in_progress = found.visited[:, :n_open] + found.skipped[:, :n_open] + found.beyond[:, :n_open]
    shown = groups.shown((found.visited if groups.each == "item" else in_progress).sum(axis=1) > 0)
    passed, skipped, began, visited_beyond = (
        matrix[shown, :n_open].reshape(-1)
        for matrix in (found.visited, found.skipped, found.began_beyond, found.beyond)
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
    if found.too_recent is not None:
        columns[TOO_RECENT] = np.repeat(found.too_recent[shown], n_open)
        order.append(TOO_RECENT)
    elif counted.too_recent_of_all is not None:
        columns[TOO_RECENT] = np.repeat(counted.too_recent_of_all, n_open * len(shown))
        order.append(TOO_RECENT)
    table = label_rows(frame(columns, order), groups.values, np.repeat(shown, n_open))
    table = table.iloc[OnTheWay.of_skips(table).worst_first()].reset_index(drop=True)
    if groups.each == "item":
        ages = recorded_ages(found, groups)
    else:
        ages = {}
        if counted.ages is not None and counted.age_columns is not None:
            ages = counted.ages.remembered(counted.age_columns)
    remember(table, "skips", pipeline, **groups.remembered, **ages)
    # Read at the moves, an item may count in several groups.
    beyond = NO_BASE if groups.each == "row" else table["beyond"]
    table = with_bounds(table, confidence, {"skip_rate": Base("skipped", beyond)})
    return counted.about.remarked(table)
