"""Where and why items are lost."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import BasisName, LossAtName, MissingStages, Unlisted
from ...tables.schema import AMOUNTS, LOSSES, LOST_LENGTHS, TOO_RECENT
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..funnel.ages import ages_by_last_row, ages_of
from ..scope.breakdown import check_top, groups_of, where_read
from ..scope.groups import ONE_GROUP, Groups, folded
from ..scope.money import Rates, amounts_of
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths as Measured
from ..stats.share_bounds import Base, read_confidence, with_bounds
from .loss_rows import column_at_loss, reason_column
from .lost import Lengths, Lost, find_lost

_HALF = np.uint64(32)


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
    # Items without a visit before the loss come last.
    nowhere = len(pipeline.labels)
    before = np.where(lost.from_stage < 0, nowhere, lost.from_stage)
    of_groups, of_reasons = (one.codes(log.n_items)[lost.item] for one in (groups, reasons))
    cells = _Cells([of_groups, before, lost.lost_stage, of_reasons])
    group, before, lost_stage, reason_of = cells.keys
    per_group = np.bincount(group, weights=cells.sizes, minlength=1).astype(np.int64)
    counts: dict[str, Any] = {"items": cells.sizes, "share": share(cells.sizes, per_group[group])}
    if amounts.numbers is not None:
        counts |= dict(zip(AMOUNTS, cells.amounts(amounts.numbers, lost), strict=True))
    until = cells.lengths(lost.until_lost, lost.creation_known)
    counts["mean_until_lost"] = to_durations(until.means(), measured.unit)
    counts["median_until_lost"] = to_durations(until.medians(), measured.unit)
    in_stage = [
        None if stage == nowhere else mean
        for mean, stage in zip(cells.lengths(lost.in_stage, lost.start_known).means(), before, strict=True)
    ]
    counts["mean_in_stage"] = to_durations(in_stage, measured.unit)
    stages = {
        "from_stage": stage_values(pipeline, np.where(before == nowhere, -1, before)),
        "lost_stage": stage_values(pipeline, lost_stage),
    }
    of_items = read_at in ("first", "last")  # else an item that is not lost has no group
    too_recent = Scope(selection, groups if of_items else ONE_GROUP).too_recent()
    if too_recent is not None:
        counts[TOO_RECENT] = too_recent[group if of_items else np.zeros_like(group)]
    table = pd.concat(
        [
            label_rows(pd.DataFrame(stages), groups.values, group),
            label_rows(pd.DataFrame(counts), reasons.values, reason_of),
        ],
        axis="columns",
    )
    ages = ages_of(selection, groups) if of_items else ages_by_last_row(selection, by)
    about = {**ages, **measured.remembered_with_pauses(pipeline)}
    remember(table, "losses", pipeline, **groups.remembered, reason=reasons.names, **about)
    table = with_bounds(table, sure, {"share": Base("items", per_group[group])})
    return asked.remarked(selection.remarked(table))


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


class _Cells:
    """The cells of a table that have an item, in rising order of their codes.

    Attributes
    ----------
    keys
        The codes of each cell, one array per code.
    sizes
        Number of items in each cell.
    """

    def __init__(self, codes: Sequence[npt.NDArray[np.integer[Any]]]) -> None:
        order = np.lexsort(tuple(reversed(codes)))
        in_order = [code[order] for code in codes]
        begins = np.zeros(len(order), dtype=bool)
        begins[:1] = True
        for code in in_order:
            begins[1:] |= code[1:] != code[:-1]
        self._order = order
        self._starts = np.flatnonzero(begins)
        self._cell = np.cumsum(begins) - 1  # the cell of each item, in their order
        self.keys = [code[self._starts].astype(np.int64) for code in in_order]
        self.sizes = np.diff(self._starts, append=len(order)).astype(np.int64)

    def amounts(
        self, numbers: NumberColumn, lost: Lost
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Add up the amounts of each cell's items, and count the items without one."""
        cell_of_lost = np.empty(len(self._cell), dtype=np.int64)
        cell_of_lost[self._order] = self._cell
        cell = cell_of_lost[lost.lost_at]
        order = np.argsort(cell, kind="stable")
        cell, values = cell[order], numbers.values[lost.member[order]]
        missing = np.bincount(cell[np.isnan(values)], minlength=len(self.sizes))
        starts = np.searchsorted(cell, np.arange(1, len(self.sizes)))
        parts = np.split(np.nan_to_num(values), starts)[: len(self.sizes)]
        sums = [numbers.total(part) for part in parts]
        return np.array(sums, dtype=np.float64), missing.astype(np.int64)

    def lengths(self, values: Lengths, is_known: npt.NDArray[np.bool_]) -> _Lengths:
        """Order the lengths of time of each cell, as far as they are known."""
        in_order, cell = values[self._order], self._cell
        if not is_known.all():
            kept = is_known[self._order]
            in_order, cell = in_order[kept], cell[kept]
        sizes = np.bincount(cell, minlength=len(self.sizes)).astype(np.int64)
        return _Lengths(in_order[np.lexsort((in_order, cell))], sizes)


class _Lengths:
    """Lengths of time, cell after cell, in rising order inside a cell; `sizes` counts those of each cell."""

    def __init__(self, values: Lengths, sizes: npt.NDArray[np.int64]) -> None:
        self._values, self._n_cells = values, len(sizes)
        self._filled = np.flatnonzero(sizes)
        self._sizes = sizes[self._filled]
        self._starts = np.cumsum(self._sizes) - self._sizes

    def means(self) -> list[Fraction | None]:
        """Return exact means; the halves of the lengths are added up apart, so that no sum overflows."""
        if not len(self._sizes):
            return self._by_cell([])
        upper = np.add.reduceat(self._values >> _HALF, self._starts)
        lower = np.add.reduceat(self._values & np.uint64(2**32 - 1), self._starts)
        sums = [(high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)]
        return self._by_cell(
            [Fraction(total, size) for total, size in zip(sums, self._sizes.tolist(), strict=True)]
        )

    def medians(self) -> list[Fraction | None]:
        """Return exact medians; of an even number of lengths, half the sum of the two in the middle."""
        low = self._values[self._starts + (self._sizes - 1) // 2]
        high = self._values[self._starts + self._sizes // 2]
        return self._by_cell([Fraction(a + b, 2) for a, b in zip(low.tolist(), high.tolist(), strict=True)])

    def _by_cell(self, values: Sequence[Fraction]) -> list[Fraction | None]:
        """Return the value of each cell, None where it has no lengths."""
        of_cell: list[Fraction | None] = [None] * self._n_cells
        for cell, value in zip(self._filled.tolist(), values, strict=True):
            of_cell[cell] = value
        return of_cell
