"""The losses of a log, counted by where and why: everything that the table of losses is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, given, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, LossAtName, MissingStages, Unlisted
from ...tables.schema import LOSSES, LOST_LENGTHS
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..funnel.ages import GroupAges, count_ages, groups_by_last_row
from ..scope.about import About
from ..scope.breakdown import check_top, groups_of, where_read
from ..scope.cells import Cells
from ..scope.exact_sums import ExactSums
from ..scope.groups import ONE_GROUP, Groups, folded
from ..scope.money import Rates, amounts_of
from ..scope.samples import Samples
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths as Measured
from .loss_rows import column_at_loss, reason_column
from .lost import Lost, find_lost

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LossCounts:
    """The items that are lost now, by group, last stage before the loss, lost stage and reason.

    Attributes
    ----------
    groups, reasons
        The groups and the reasons, without their items.
    group, from_stage, lost_stage, reason
        Their codes in each cell that has an item, in rising order. Where an item was lost without a visit
        before, `from_stage` is the number of all stages.
    items
        Items of each cell.
    amount
        Their amounts; ``None`` where none are added up.
    until_lost, in_stage
        Known times of each cell from the first row until the loss, and in the stage before it.
    too_recent
        Items left out as too recent: of each group, or of all where groups are read at the losses. ``None``
        where there can be none.
    is_of_items
        Whether a group has all items, not only lost ones: it is not read at the losses.
    ages
        Items of the groups of items, which a table remembers; ``None`` without a breakdown.
    time_unit
        Unit of the times.
    remembered
        What the table remembers of how times are measured.
    about
        What it says of the rows that were read.
    """

    groups: Groups
    reasons: Groups
    group: Integers
    from_stage: Integers
    lost_stage: Integers
    reason: Integers
    items: Integers
    amount: ExactSums | None
    until_lost: Samples
    in_stage: Samples
    too_recent: Integers | None
    is_of_items: bool
    ages: GroupAges | None
    time_unit: str | None
    remembered: Mapping[str, Any]
    about: About

    def largest(self, top: int | None) -> LossCounts:
        """Put all but the `top` groups with the most lost items into one."""
        if top is None or self.groups.is_one:
            return self
        sizes = np.zeros(self.groups.n_groups, dtype=np.int64)
        np.add.at(sizes, self.group, self.items)
        groups = folded(self.groups, sizes, sizes > 0, top)
        if groups is self.groups:
            return self
        cells = Cells.of([groups.code[self.group], self.from_stage, self.lost_stage, self.reason])
        too_recent, ages = self.too_recent, self.ages
        if self.is_of_items:
            if too_recent is not None:
                too_recent = np.zeros(len(groups.values), dtype=np.int64)
                np.add.at(too_recent, groups.code, self.too_recent)
            ages = None if ages is None else ages.joined(groups.alone(), groups.code)
        group, from_stage, lost_stage, reason = cells.keys
        return replace(
            self,
            groups=groups.alone(),
            group=group,
            from_stage=from_stage,
            lost_stage=lost_stage,
            reason=reason,
            items=cells.sums(self.items),
            amount=None if self.amount is None else self.amount.joined(cells.of_each, cells.n),
            until_lost=self.until_lost.joined(cells.of_each, cells.n),
            in_stage=self.in_stage.joined(cells.of_each, cells.n),
            too_recent=too_recent,
            ages=ages,
        )


def count_losses(
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
    where: Where | None = None,
) -> LossCounts:
    """Count what :func:`losses` shows; `top` puts the small groups together before they are counted."""
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
    check_top(top, by)
    measured = Measured.of(selection.data, calendar)
    own = [*LOSSES, *LOST_LENGTHS]
    read_at = where_read(log, by, at, choices=get_args(LossAtName), of_log="loss")
    facts = None if selection.units is None else selection.facts()
    groups = _groups_of(selection, by, read_at, own, None if facts is None else facts.first_items)
    reasons = groups_of(
        selection, reason, reserved=own, option="reason", read=lambda column: reason_column(selection, column)
    )
    if set(groups.names) & set(reasons.names):
        raise SchemaError(given("reason", reason), " is in ", named("by"), " too; name it once")
    amounts = amounts_of(selection, amount, currency=currency, rates=rates)
    lost = find_lost(selection, facts, measured)
    if top is not None:
        sizes = np.bincount(groups.code[lost.item], minlength=groups.n_groups)
        groups = folded(groups, sizes, sizes > 0, top)
    cells = _cells_of(lost, groups, reasons, log.n_items, nowhere=len(pipeline.labels))
    is_of_items = read_at in ("first", "last")  # else an item that is not lost has no group
    group, from_stage, lost_stage, reason_of = cells.keys
    return LossCounts(
        groups=groups.alone(),
        reasons=reasons.alone(),
        group=group,
        from_stage=from_stage,
        lost_stage=lost_stage,
        reason=reason_of,
        items=cells.sizes(),
        amount=None
        if amounts.numbers is None
        else ExactSums.of(amounts.numbers.at(lost.member), cells.of_each[lost.lost_at], cells.n),
        until_lost=_samples(cells, lost.until_lost, lost.creation_known),
        in_stage=_samples(cells, lost.in_stage, lost.start_known),
        too_recent=Scope(selection, groups if is_of_items else ONE_GROUP).too_recent(),
        is_of_items=is_of_items,
        ages=count_ages(selection, groups if is_of_items else groups_by_last_row(selection, by)),
        time_unit=measured.unit,
        remembered=measured.remembered_with_pauses(pipeline),
        about=About.of(asked, selection),
    )


def _cells_of(lost: Lost, groups: Groups, reasons: Groups, n_items: int, *, nowhere: int) -> Cells:
    """Put what is lost in cells; items without a visit before the loss come last."""
    before = np.where(lost.from_stage < 0, nowhere, lost.from_stage)
    of_groups, of_reasons = (one.codes(n_items)[lost.item] for one in (groups, reasons))
    return Cells.of([of_groups, before, lost.lost_stage, of_reasons])


def _samples(cells: Cells, values: npt.NDArray[np.uint64], is_known: npt.NDArray[np.bool_]) -> Samples:
    """Order the lengths of time of each cell, as far as they are known."""
    if is_known.all():
        return Samples.of(values, cells.of_each, cells.n)
    return Samples.of(values[is_known], cells.of_each[is_known], cells.n)


def _groups_of(
    selection: Selection,
    by: str | Sequence[str] | None,
    read_at: Any,
    reserved: Sequence[str],
    of_item: npt.NDArray[np.int64] | None,
) -> Groups:
    """Put every item in its group, for which a column of the log may be read where the item was lost."""
    if read_at in ("first", "last"):
        return groups_of(selection, by, at=read_at, reserved=reserved, of_item=of_item)
    return groups_of(
        selection,
        by,
        reserved=reserved,
        read=lambda column: column_at_loss(selection, column, read_at),
        of_item=of_item,
    )
