"""The losses of a log, counted by where and why: everything that the table of losses is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from ..counted import fields
from ..counted.about import About
from ..counted.cell_sums import sums_of_cells
from ..counted.code_cells import Cells
from ..counted.exact_sums import ExactSums
from ..counted.folding import added_up
from ..counted.group_keys import GroupLabels
from ..counted.group_labels import GroupColumns
from ..counted.lengths import length_sums
from ..counted.samples import Samples
from ..funnel.ages import AgeRows, items_of_groups
from ..funnel.halves import total_currencies
from ..scope.breakdown import check_top, groups_of, where_read
from ..scope.groups import ONE_GROUP, Groups, folded
from ..scope.money import Amounts, Rates, amounts_of
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths as Measured
from .loss_rows import column_at_loss, reason_column
from .lost import Lost, find_lost

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LossRows:
    """The items that are lost now, by group, last stage before the loss, lost stage and reason.

    Attributes
    ----------
    group, from_stage, lost_stage, reason
        Where an item was lost without a visit before, `from_stage` is the number of all stages.
    items
        The items.
    amount, amount_missing
        Their amounts, and those of them that have none; `amount` is ``None`` where none are added up.
    until_lost
        Known times from the first row until the loss.
    in_stage
        Known times in the stage before the loss, as :func:`length_sums` adds them up.
    """

    group: Integers = fields.key_of_group()
    from_stage: Integers = fields.key()
    lost_stage: Integers = fields.key()
    reason: GroupLabels = fields.key_of_label()
    items: Integers = fields.value()
    amount: ExactSums | None = fields.sums()
    amount_missing: Integers = fields.value()
    until_lost: Samples = fields.samples()
    in_stage: Integers = fields.value()


@dataclass(frozen=True, eq=False)
class LossCounts:
    """What the table of losses is made of.

    Attributes
    ----------
    groups
        The groups, without their items.
    rows
        The losses.
    reasons
        The columns of the reasons.
    too_recent
        Items of each group that are left out as too recent; ``None`` where there can be none.
    items, open
        Items of each group, and those that are open now; ``None`` where groups are read at the losses, and
        without a breakdown.
    too_recent_of_all
        Where groups are read at the losses: items that are left out as too recent.
    ages, age_columns
        Where groups are read at the losses: items by their last row, and the columns of their groups.
    currencies
        How many amounts are in each currency, where no rates are given.
    time_unit
        Unit of the times.
    remembered
        What the table remembers of how times are measured.
    about
        What it says of the rows that were read.
    """

    groups: Groups = fields.groups()
    rows: LossRows = fields.rows(LossRows)
    reasons: GroupColumns = fields.settled(GroupColumns.total)
    too_recent: Integers | None = fields.dense()
    items: Integers | None = fields.dense()
    open: Integers | None = fields.dense()
    too_recent_of_all: Integers | None = fields.dense(by_group=False)
    ages: AgeRows | None = fields.rows(AgeRows)
    age_columns: GroupColumns | None = fields.settled(GroupColumns.total)
    currencies: Mapping[Any, int] | None = fields.settled(total_currencies)
    time_unit: str | None = fields.same()
    remembered: Mapping[str, Any] = fields.same()
    about: About = fields.about()

    @property
    def sizes(self) -> Integers:
        """Lost items of each group."""
        sizes: Integers = added_up(self.rows.items, self.rows.group, self.groups.n_groups)
        return sizes


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
    too_recent = Scope(selection, groups if is_of_items else ONE_GROUP).too_recent()
    counted = None if groups.is_one or not is_of_items else items_of_groups(selection, groups)
    ages, age_columns = (None, None) if is_of_items else AgeRows.of(selection, by)
    return LossCounts(
        groups=groups.alone(),
        rows=_rows(lost, cells, reasons, amounts),
        reasons=GroupColumns.of(reasons),
        too_recent=too_recent if is_of_items else None,
        items=None if counted is None else counted.base,
        open=None if counted is None else counted.open,
        too_recent_of_all=None if is_of_items else too_recent,
        ages=ages,
        age_columns=age_columns,
        currencies=amounts.used,
        time_unit=measured.unit,
        remembered=measured.remembered_with_pauses(pipeline),
        about=About.of(asked, selection),
    )


def _cells_of(lost: Lost, groups: Groups, reasons: Groups, n_items: int, *, nowhere: int) -> Cells:
    """Put what is lost in cells; items without a visit before the loss come last."""
    before = np.where(lost.from_stage < 0, nowhere, lost.from_stage)
    of_groups, of_reasons = (one.codes(n_items)[lost.item] for one in (groups, reasons))
    return Cells.of([of_groups, before, lost.lost_stage, of_reasons])


def _rows(lost: Lost, cells: Cells, reasons: Groups, amounts: Amounts) -> LossRows:
    """Count the losses of each cell."""
    group, from_stage, lost_stage, reason = cells.keys
    amount, missing = None, np.zeros(cells.n, dtype=np.int64)
    if amounts.numbers is not None:
        amount, found = sums_of_cells(amounts, lost.member, cells.of_each[lost.lost_at], cells.n)
        missing = found.missing
    known = lost.creation_known
    in_order = (
        (lost.until_lost, cells.of_each) if known.all() else (lost.until_lost[known], cells.of_each[known])
    )
    entered = lost.start_known & (lost.from_stage >= 0)
    return LossRows(
        group=group,
        from_stage=from_stage,
        lost_stage=lost_stage,
        reason=GroupLabels(reasons.alone(), reason),
        items=cells.sizes(),
        amount=amount,
        amount_missing=missing,
        until_lost=Samples.of(*in_order, cells.n),
        in_stage=length_sums(lost.in_stage[entered], cells.of_each[entered], cells.n),
    )


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
