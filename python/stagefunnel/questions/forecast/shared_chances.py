"""The chances of all open items by group, stage and age: what the items of any part look theirs up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import StageFunnelError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import AmountAtName, MissingStages, Unlisted
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.group_labels import GroupColumns
from ..scope.groups import Groups
from ..scope.money import Rates, amounts_of
from ..scope.where import Where, asked_of
from ..stats.spells import Codes, Ticks
from .asking import HorizonLike, OpenReading
from .exits import VisitEnds
from .fit import Fits
from .item_chances import ItemChances
from .win_probability import columns_beside, open_table


@dataclass(frozen=True, eq=False)
class OpenAges:
    """The distinct ages of open items, rising in each cell.

    Attributes
    ----------
    cell
        That of each age, in rising order: its group, its stage, and whether the age is known.
    age
        The ages.
    """

    cell: npt.NDArray[np.int64]
    age: Ticks

    @classmethod
    def of(cls, cell: npt.NDArray[np.int64], age: Ticks) -> OpenAges:
        """Take each age of a cell once."""
        order = np.lexsort((age, cell))
        cell, age = cell[order], age[order]
        is_new = np.ones(len(cell), dtype=bool)
        is_new[1:] = (cell[1:] != cell[:-1]) | (age[1:] != age[:-1])
        return cls(cell[is_new], age[is_new])

    @staticmethod
    def cells(
        group: npt.NDArray[np.int64], stage: Codes, is_known: npt.NDArray[np.bool_], n_stages: int
    ) -> npt.NDArray[np.int64]:
        """Return the number of the cell of each item."""
        return (group * n_stages + stage) * 2 + is_known

    def places(self, cell: npt.NDArray[np.int64], age: Ticks) -> npt.NDArray[np.intp]:
        """Find where ages of some cells are; -1 where there is no such one."""
        place = np.full(len(cell), -1, dtype=np.intp)
        for one in np.unique(cell):
            first, last = np.searchsorted(self.cell, [one, one + 1])
            own = np.flatnonzero(cell == one)
            at = first + np.searchsorted(self.age[first:last], age[own])
            found = at < last
            found[found] = self.age[at[found]] == age[own][found]
            place[own[found]] = at[found]
        return place


@dataclass(frozen=True, eq=False)
class SharedChances:
    """The chances of the open items of all parts of a log, which all visits of all parts are fitted for.

    Attributes
    ----------
    columns, labels
        The columns of the groups that are each fitted, and the groups.
    ages, values
        What the open items have, and the chances of such ones.
    """

    columns: GroupColumns
    labels: Sequence[bytes]
    ages: OpenAges
    values: ItemChances

    @classmethod
    def of(
        cls,
        groups: Groups,
        ends: VisitEnds,
        ages: OpenAges,
        *,
        method: str,
        horizon: int | None,
        confidence: float,
        seed: int,
    ) -> SharedChances:
        """Fit the visits, whose items are the groups, and read the chances of items of some ages."""
        cell, known = np.divmod(ages.cell, 2)
        group, stage = np.divmod(cell, ends.n_stages)
        fits = Fits.of(
            ends,
            ages.age,
            method=method,
            horizon=None if horizon is None else Fraction(horizon),
            group=None if groups.is_one else np.arange(groups.n_groups, dtype=np.int32),
            n_groups=groups.n_groups,
            threads=1,
        )
        by_fit = [(fit, np.flatnonzero(group == one)) for one, fit in enumerate(fits.fits)]
        values = ItemChances.of_fits(
            by_fit,
            stage.astype(np.int32),
            ages.age,
            known.astype(bool),
            confidence,
            seed,
            threads=1,
        )
        columns = GroupColumns.of(groups)
        return cls(columns, columns.labels(groups), ages, values)

    def of_items(self, read: OpenReading, n_stages: int) -> ItemChances:
        """Look up the chances of the open items of a part.

        Raises
        ------
        StageFunnelError
            If none of all parts had the group, stage and age of an item.
        """
        group = self._numbers(read.groups)[read.group]
        cell = OpenAges.cells(group, read.stage, read.is_known, n_stages)
        place = self.ages.places(cell, read.age)
        if (place < 0).any():
            raise StageFunnelError(
                "the rows are other ones than those that were fitted: an open item has a stage and age that "
                "no item had; read them from where they do not change, or keep them"
            )
        return self.values.at(place)

    def _numbers(self, groups: Groups) -> npt.NDArray[np.int64]:
        """Return which of all groups those of a part are; -1 for a stranger."""
        own = GroupColumns.of(groups)
        _, code = GroupColumns.total([self.columns, own]).groups([*self.labels, *own.labels(groups)])
        n = len(self.labels)
        number = np.full(int(code.max(initial=-1)) + 1, -1, dtype=np.int64)
        number[code[:n]] = np.arange(n)
        return number[code[n:]]


def listed_chances(
    log: StageLog,
    pipeline: Pipeline,
    chances: SharedChances,
    *,
    columns: str | Sequence[str] | None = (),
    fit_by: str | Sequence[str] | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    horizon: HorizonLike | None = None,
    train: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Make the rows of :func:`win_probability` of a part of a log, in no order; the options are its own."""
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    names = columns_beside(asked.log, columns, amount)
    read = OpenReading.of(
        asked,
        pipeline,
        horizon=horizon,
        fit_by=fit_by,
        train=train,
        unlisted=unlisted,
        as_of=as_of,
        calendar=calendar,
    )
    amounts = amounts_of(read.selection, amount, amount_at=amount_at, currency=currency, rates=rates).numbers
    values = chances.of_items(read, len(pipeline.stages))
    return open_table(read, values, np.arange(len(values.win)), amounts, names)
