"""Where and why items are lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, share, stage_values
from ...tables.options import BasisName, Unlisted
from ...tables.schema import AMOUNTS, LOSSES, LOST_LENGTHS
from ...times.stamps import to_durations
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.money import Rates, amounts_of
from ..scope.selection import Selection, selection_of

Lengths = npt.NDArray[np.uint64]
_HALF = np.uint64(32)


def losses(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    reason: str | None = None,
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count the items that are lost now by where they were lost from, and why.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log: the losses of each combination of their values.
    reason
        One more such column, the reason of the loss: a row for each of its values.
    amount, currency, rates
        As for :func:`funnel`: a column to add up, the currencies of its amounts, and what they are worth.
    unlisted, period, basis, as_of
        As for :func:`funnel`; ``basis="closed"`` with a period has the items lost in it.

    Returns
    -------
    DataFrame
        One row per group of `by`, last stage before the loss, lost stage and value of `reason` with an item,
        in this order: ``from_stage`` (missing, and last, where an item was lost without any visit before),
        ``lost_stage`` (that of the last visit), the reason's column; ``items``; ``share`` of all items of
        the group that are lost now; with `amount` also ``amount`` and ``amount_missing``;
        ``mean_until_lost`` and ``median_until_lost``, from the creation of an item until its loss, and
        ``mean_in_stage``, of the last visit before the loss. Lengths of time are timedeltas, plain numbers
        where time is a plain integer.

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
    selection = selection_of(log, pipeline, unlisted=unlisted, period=period, basis=basis, as_of=as_of)
    own = [*LOSSES, *LOST_LENGTHS]
    groups, reasons = groups_of(selection, by, reserved=own), _reasons_of(selection, reason, own)
    if groups is not None and reason in groups.values.columns:
        raise SchemaError(f"reason={reason!r} is in by= too; name it once")
    amounts = amounts_of(selection, amount, currency=currency, rates=rates)
    lost = _core.stages.find_losses(selection.journeys, selection.lookup, log._data.threads)
    from_stage, until_lost, in_stage = lost.from_stage, lost.until_lost, lost.in_stage
    stays = np.ones(len(lost.item), dtype=bool) if selection.moved is None else ~selection.moved[lost.item]
    item = lost.item[stays]
    nothing = np.zeros(len(item), dtype=np.int32)
    group = nothing if groups is None else groups.code[item]
    # Items that were lost from nowhere come last.
    before = np.where(from_stage < 0, len(pipeline.labels), from_stage)[stays]
    cells = _Cells(
        [group, before, lost.lost_stage[stays], nothing if reasons is None else reasons.code[item]]
    )
    group, before, lost_stage, reason_code = cells.keys
    per_group = np.bincount(group, weights=cells.sizes, minlength=1).astype(np.int64)
    columns: dict[str, Any] = {} if groups is None else _taken(groups.values, group)
    columns["from_stage"] = stage_values(pipeline, np.where(before == len(pipeline.labels), -1, before))
    columns["lost_stage"] = stage_values(pipeline, lost_stage)
    columns |= {} if reasons is None else _taken(reasons.values, reason_code)
    columns |= {"items": cells.sizes, "share": share(cells.sizes, per_group[group])}
    if amounts is not None:
        sums, missing = cells.amounts(amounts.numbers.values[item])
        columns |= dict(zip(AMOUNTS, (sums / 10.0**amounts.numbers.scale, missing), strict=True))
    until = cells.lengths(until_lost[stays])
    columns["mean_until_lost"] = to_durations(until.means(), log.unit)
    columns["median_until_lost"] = to_durations(until.medians(), log.unit)
    stayed = cells.lengths(in_stage[stays]).means()
    columns["mean_in_stage"] = to_durations(
        [mean if stage < len(pipeline.labels) else None for mean, stage in zip(stayed, before, strict=True)],
        log.unit,
    )
    table = pd.DataFrame(columns)
    remember(table, "losses", pipeline, by=[] if groups is None else list(groups.values.columns))
    return table


def _reasons_of(selection: Selection, reason: str | None, own: Sequence[str]) -> Groups | None:
    try:
        return groups_of(selection, reason, reserved=own)
    except SchemaError as error:
        # A reason is read as a breakdown is, and what is wrong with it is said of the same option.
        raise SchemaError(str(error).replace("by=", "reason=", 1)) from error


def _taken(values: pd.DataFrame, rows: npt.NDArray[np.integer[Any]]) -> dict[str, pd.Series]:
    taken = values.iloc[rows].reset_index(drop=True)
    return {name: taken[name] for name in taken.columns}


class _Cells:
    """Items put in cells by several codes; cells that have an item, in rising order of the codes."""

    def __init__(self, codes: Sequence[npt.NDArray[np.integer[Any]]]) -> None:
        order = np.lexsort(tuple(reversed(codes)))
        in_order = [code[order] for code in codes]
        begins = np.zeros(len(order), dtype=bool)
        begins[:1] = True
        for code in in_order:
            begins[1:] |= code[1:] != code[:-1]
        self._order = order
        self._starts = np.flatnonzero(begins)
        self._cell = np.cumsum(begins) - 1  # of each item in order
        self.keys = [code[self._starts].astype(np.int64) for code in in_order]
        self.sizes = np.diff(self._starts, append=len(order)).astype(np.int64)

    def amounts(self, values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], Any]:
        """Add up the amounts of each cell, and count the items without one."""
        missing = np.bincount(self._cell[np.isnan(values)[self._order]], minlength=len(self.sizes))
        parts = np.split(np.nan_to_num(values[self._order]), self._starts[1:])
        sums = [math.fsum(part) for part in parts][: len(self.sizes)]
        return np.array(sums, dtype=np.float64), missing.astype(np.int64)

    def lengths(self, values: Lengths) -> _Lengths:
        """Order the lengths of time of each cell."""
        in_order = values[self._order]
        return _Lengths(in_order[np.lexsort((in_order, self._cell))], self._starts, self.sizes)


class _Lengths:
    """Lengths of time, cell after cell and rising in each."""

    def __init__(self, values: Lengths, starts: npt.NDArray[np.intp], sizes: npt.NDArray[np.int64]) -> None:
        self._values, self._starts, self._sizes = values, starts, sizes

    def means(self) -> list[Fraction]:
        """Divide exactly: the two halves of the lengths are added up apart, so that no sum overflows."""
        if not len(self._sizes):
            return []
        upper = np.add.reduceat(self._values >> _HALF, self._starts)
        lower = np.add.reduceat(self._values & np.uint64(2**32 - 1), self._starts)
        sums = [(high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)]
        return [Fraction(total, size) for total, size in zip(sums, self._sizes.tolist(), strict=True)]

    def medians(self) -> list[Fraction]:
        """Take the middle one, or halve the sum of the two."""
        low = self._values[self._starts + (self._sizes - 1) // 2]
        high = self._values[self._starts + self._sizes // 2]
        return [Fraction(a + b, 2) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
