"""The amounts of visits that enter and leave the stages of a part of a log, and those of all parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.columns.number import NumberColumn
from ...tables.schema import ENTRIES
from ..counted.exact_sums import ExactSums, numbers_of, of_numbers, plain_numbers
from ..counted.fields import dense, key, key_of_group, rows, settled, sums, value
from ..counted.folding import added_up
from ..funnel.halves import total_currencies
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..stages.flow_counts import FlowMoney, FlowTime, count_flow

Integers: TypeAlias = npt.NDArray[np.int64]
_LEAVING: Final = ("advanced", "went_back", "won", "lost", "moved_out")
#: The sums of a row, in the order of the core, which has what stands at the start before them.
_MOVED: Final = (*ENTRIES, *_LEAVING, "raised", "lowered")
_SIGNS: Final = np.array([1] * len(ENTRIES) + [-1] * len(_LEAVING) + [1, -1], dtype=object)


@dataclass(frozen=True, eq=False)
class MoneyRows:
    """Amounts of visits that enter and leave a stage in a period, or change meanwhile.

    Attributes
    ----------
    group, period, stage
        The group, the ordinal of the period and the stage; the period is 0 where there are none.
    missing_more
        Visits without an amount, more than in the period before.
    moved
        The amounts, one column for each of `_MOVED`.
    """

    group: Integers = key_of_group()
    period: Integers = key()
    stage: Integers = key()
    missing_more: Integers = value()
    moved: ExactSums = sums()


@dataclass(frozen=True, eq=False)
class MoneyMoved:
    """The amounts of the visits of each stage over time.

    Attributes
    ----------
    at_start
        Amounts at the beginning of the first period, by group and stage.
    missing_before
        Visits without an amount that began before all periods, of a part without any.
    rows
        What changes.
    currencies
        How many amounts are in each currency, where no rates are given.
    """

    at_start: ExactSums = sums()
    missing_before: Integers = dense()
    rows: MoneyRows = rows(MoneyRows)
    currencies: Mapping[Any, int] | None = settled(total_currencies, default=None)

    @classmethod
    def of(
        cls,
        whole: Selection,
        time: FlowTime,
        after: int | None,
        of_items: ItemGroups | None,
        money: FlowMoney,
    ) -> MoneyMoved:
        """Add up the amounts of a part of a log; `after` is the end of its last period."""
        n_groups = 1 if of_items is None else of_items.groups.n_groups
        shape = (n_groups, len(time.starts), len(whole.pipeline.labels))
        has_periods = time.periods is not None and len(time.periods) > 0
        asked = time
        if after is not None:
            # What stands without an amount after the last period of the part is seen in one more, which has
            # no rows: the part ends before it, or it is behind the last period of all.
            asked = replace(time, starts=np.append(time.starts, after))

        def counted(numbers: NumberColumn) -> tuple[ExactSums, Any]:
            found = count_flow(
                whole, asked, of_items, replace(money, numbers=numbers), _core.stages.FlowSums.exact
            )
            size = (n_groups, len(asked.starts), shape[2], 1 + len(_MOVED))
            if not len(found.exact_whole):  # the log has no items
                return ExactSums.nothing(*size), found
            exact = ExactSums(found.exact_whole, found.exact_fraction, numbers.scale)
            return exact.reshape(*size), found

        found, counts = counted(money.numbers)
        plain = counted(plain_numbers(money.numbers))[0] if money.numbers.scale else None
        exact = found.of_part(money.numbers, plain, is_converted=money.is_converted)
        missing = counts.amount_missing.reshape(n_groups, len(asked.starts), shape[2])
        more = np.diff(missing, axis=1, prepend=0)
        is_before = time.periods is not None and not has_periods
        ordinals = np.zeros(len(asked.starts), dtype=np.int64)
        if has_periods and time.periods is not None:
            first = int(time.periods.asi8[0])
            ordinals = np.arange(first, first + len(asked.starts), dtype=np.int64)
        has_sums = (exact.whole[..., 1:] != 0) | (exact.fraction[..., 1:] != 0)
        has_more = more != 0 if not is_before else np.zeros(more.shape, dtype=bool)
        group, period, stage = np.nonzero(has_sums.any(axis=-1) | has_more)
        return cls(
            at_start=_taken(exact, (slice(None), 0, slice(None), 0)),
            missing_before=missing[:, 0] if is_before else np.zeros((n_groups, shape[2]), dtype=np.int64),
            rows=MoneyRows(
                group.astype(np.int64),
                ordinals[period],
                stage.astype(np.int64),
                more[group, period, stage],
                _taken(exact, (group, period, stage, slice(1, None))),
            ),
            currencies=money.used,
        )

    def columns(self, first: int, n_periods: int, n_stages: int) -> SimpleNamespace:
        """Return the columns of a balance, by group, period and stage, each sum rounded once."""
        n_groups = len(self.missing_before)
        # What changes after the last period of all parts is in none of them.
        kept = np.flatnonzero(self.rows.period < first + n_periods)
        rows = self.rows
        cell = (rows.group * n_periods + (rows.period - first)) * n_stages + rows.stage
        n_cells = n_groups * n_periods * n_stages
        moved = np.zeros((n_cells, len(_MOVED)), dtype=object)
        moved[cell[kept]] = numbers_of(rows.moved.at_places(kept))
        by_cell = moved.reshape(n_groups, n_periods, n_stages, len(_MOVED))
        before = numbers_of(self.at_start)[:, np.newaxis]
        at_end = before + np.cumsum((by_cell * _SIGNS).sum(axis=-1), axis=1)
        at_start = np.concatenate([before, at_end[:, :-1]], axis=1)
        sums_ = {
            "at_start": at_start,
            "at_end": at_end,
            "entered": by_cell[..., : len(ENTRIES)].sum(axis=-1),
            **{name: by_cell[..., place] for place, name in enumerate(_MOVED)},
        }
        more = added_up(rows.missing_more[kept], cell[kept], n_cells).reshape(n_groups, n_periods, n_stages)
        missing = self.missing_before[:, np.newaxis] + np.cumsum(more, axis=1)
        rounded = {
            name: of_numbers(self.at_start, numbers.reshape(-1)).rounded() for name, numbers in sums_.items()
        }
        return SimpleNamespace(**rounded, amount_missing=missing.reshape(-1))


def _taken(exact: ExactSums, places: Any) -> ExactSums:
    plain = None if exact.plain is None else _taken(exact.plain, places)
    return replace(exact, whole=exact.whole[places], fraction=exact.fraction[places], plain=plain)
