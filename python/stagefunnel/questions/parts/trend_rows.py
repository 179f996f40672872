"""The funnels of groups and periods of a part of a log, as rows that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..counted.exact_sums import ExactSums
from ..counted.fields import key, key_of_group, kinds_of, rows, sums, value
from ..counted.folding import added_up
from ..funnel.counts import FunnelCounts
from ..funnel.halves import of_part
from ..funnel.trend_cells import CellCounts
from ..scope.groups import Groups

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrendRows:
    """The funnels of one kind: those of each group and period in which anything is counted.

    Attributes
    ----------
    group, period
        The group, and the ordinal of the period.
    n
        The counts of :class:`FunnelCounts`, one after the other.
    amounts
        Sums of amounts, by stage; ``None`` where none are added up.
    """

    group: Integers = key_of_group()
    period: Integers = key()
    n: Integers = value()
    amounts: ExactSums | None = sums()


@dataclass(frozen=True, eq=False)
class TrendOfKind:
    """The funnels of one kind.

    Attributes
    ----------
    own
        The funnels of the periods of the part.
    standing
        Those of items that are still open behind them: they are active in each period from this one on,
        which only others may have.
    """

    own: TrendRows = rows(TrendRows)
    standing: TrendRows = rows(TrendRows)


@dataclass(frozen=True, eq=False)
class SecondPeriods:
    """How many items, or units, are active in more than one period.

    Attributes
    ----------
    period
        Ordinal of the second period in which they are active.
    n
        How many.
    """

    period: Integers = key()
    n: Integers = value()


def rows_of(
    cells: CellCounts, periods: pd.PeriodIndex, n_own: int, n_groups: int
) -> tuple[dict[str, TrendOfKind], dict[str, tuple[int, ...]]]:
    """Take the cells in which anything is counted, and the shapes of the counts.

    The first `n_own` periods are those of the part, and another one is the first behind them.
    """
    counted = of_part(cells.amounts, cells.counts, cells.again)
    columns: dict[str, tuple[int, ...]] = {}
    of_kind = {}
    for kind, counts in counted.items():
        arrays = {
            name: getattr(counts, name)
            for name, one in kinds_of(FunnelCounts)
            if one.what == "dense" and getattr(counts, name) is not None
        }
        columns = {name: array.shape[1:] for name, array in arrays.items()}
        n = np.concatenate(
            [array.reshape(len(array), _width(array.shape[1:])) for array in arrays.values()], axis=1
        )
        kept = np.flatnonzero(n.any(axis=1)) if len(periods) else np.zeros(0, dtype=np.intp)
        period, group = np.divmod(kept, n_groups)
        ordinals = (periods.asi8[period] if len(periods) else period).astype(np.int64)

        def taken(
            chosen: npt.NDArray[np.bool_],
            counts: FunnelCounts = counts,
            keys: Sequence[Integers] = (group, ordinals),
            kept: npt.NDArray[np.intp] = kept,
            n: Integers = n,
        ) -> TrendRows:
            amounts = None if counts.sums is None else counts.sums.at_places(kept[chosen])
            of_group, of_period = (key[chosen] for key in keys)
            return TrendRows(group=of_group, period=of_period, n=n[kept[chosen]], amounts=amounts)

        of_kind[kind] = TrendOfKind(taken(period < n_own), taken(period >= n_own))
    return of_kind, columns


def _width(shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def in_several(in_second: SecondPeriods | None, periods: pd.PeriodIndex) -> int:
    """Count the items that are active in more than one of some periods."""
    return 0 if in_second is None else int(in_second.n[in_second.period <= periods.asi8[-1]].sum())


def funnels_of(
    counted: TrendOfKind,
    columns: Mapping[str, tuple[int, ...]],
    periods: pd.PeriodIndex,
    cells: Groups,
    n_groups: int,
) -> FunnelCounts:
    """Put the counts of all cells together again, also of those in which nothing is counted."""
    start = int(periods.asi8[0]) if len(periods) else 0
    n_cells = cells.n_groups
    n, amounts = _in_cells(counted.own, start, n_groups, n_cells)
    standing, of_standing = _in_cells(counted.standing, start, n_groups, n_cells)
    if len(periods):
        by_period = standing.reshape(len(periods), n_groups * standing.shape[1])
        n = n + by_period.cumsum(axis=0).reshape(standing.shape)
    if amounts is not None and of_standing is not None and len(counted.standing.n):
        n_stages = of_standing.shape[1]
        running = of_standing.reshape(len(periods), n_groups * n_stages).running()
        amounts = ExactSums.total([amounts, running.reshape(n_cells, n_stages)])
    arrays: dict[str, Any] = {}
    place = 0
    for name, shape in columns.items():
        width = _width(shape)
        arrays[name] = n[:, place : place + width].reshape(n_cells, *shape)
        place += width
    return FunnelCounts(**arrays, sums=amounts).rounded()


def _in_cells(rows: TrendRows, start: int, n_groups: int, n_cells: int) -> tuple[Integers, ExactSums | None]:
    """Put rows in cells; what begins behind the last one is in none."""
    cell = (rows.period - start) * n_groups + rows.group
    inside = np.flatnonzero(cell < n_cells)
    n = added_up(rows.n[inside], cell[inside], n_cells)
    if rows.amounts is None:
        return n, None
    return n, rows.amounts.at_places(inside).to(cell[inside], n_cells)
