"""Deals of leads in several groups: they count in each, and once where these groups are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...tables.schema import AMOUNTS, MOVED_OUT
from ..counted.exact_sums import ExactSums, numbers_of, of_numbers
from ..counted.fields import key_of_group, key_of_label, kinds_of, rows, sums, value
from ..counted.group_labels import GroupColumns
from ..funnel.count import count
from ..funnel.counts import FunnelCounts
from ..funnel.halves import of_part
from ..funnel.kinds import Rule
from ..scope.groups import Groups
from ..scope.money import Amounts
from ..scope.scope import Scope
from .lead_groups import GroupedDeals

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
# The groups that come after a group, those before it in which the deal counts, and whether it counts there.
Beside: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], bool]

_OF_AMOUNTS: Final = AMOUNTS[1]
_NOT_PACKED: Final = ("amount", "sums", "too_recent")  # deals are in no report of a length of time
_MAYBE: Final = {_OF_AMOUNTS: "passed", MOVED_OUT: "won"}  # shaped as these, also where there are none


@dataclass(frozen=True, eq=False)
class SharedRows:
    """What deals count that are in several groups, by these.

    The groups of a deal have an order: that of the moments until which the deal is read in them, where these
    differ. Where some of them are put together, the deal counts once, as it does in the last of these.

    Attributes
    ----------
    group
        One of the groups of the deals.
    beside
        The others.
    counts
        The tables of :class:`FunnelCounts` side by side: what the deals count as they are read in `group`.
    amount
        The sums of their amounts, if any are added up.
    """

    group: Integers = key_of_group()
    beside: Sequence[Beside] = key_of_label()
    counts: Integers = value()
    amount: ExactSums | None = sums()


@dataclass(frozen=True, eq=False)
class SharedDeals:
    """The deals that are in several groups, under one kind of funnel."""

    rows: SharedRows = rows(SharedRows)

    def put_together(
        self, counts: FunnelCounts, groups: Groups, number_of: Mapping[str, int]
    ) -> FunnelCounts:
        """Put the groups of `counts` where the codes of `groups` say, where each deal counts once.

        `number_of` is the number of each group that the rows name.
        """
        n, target = groups.n_groups, groups.code.astype(np.int64)
        found = counts.to(target, n)
        weight, own = self._weights(groups, number_of), target[self.rows.group]
        # Behind what is added stands what is taken away, and then what stays as it is.
        place = np.where(weight > 0, own, np.where(weight < 0, n + own, 2 * n))
        changes = _unpacked(self.rows, counts).to(place, 2 * n + 1)
        changed: dict[str, Any] = {}
        for name in _packed_of(found):
            tables = getattr(changes, name)
            changed[name] = getattr(found, name) + tables[:n] - tables[n : 2 * n]
        if found.sums is not None and changes.sums is not None:
            numbers = numbers_of(changes.sums)
            total = numbers_of(found.sums) + numbers[:n] - numbers[n : 2 * n]
            changed["sums"] = of_numbers(found.sums, total)
        return replace(found, **changed)

    def are_in_several(self, groups: Groups, number_of: Mapping[str, int]) -> bool:
        """Whether a deal is in several groups where these are put together as their codes say."""
        target = groups.code.tolist()
        return any(
            target[number_of[other]] != target[own]
            for own, (later, _, _) in zip(self.rows.group.tolist(), self.rows.beside, strict=True)
            for other in later
        )

    def _weights(self, groups: Groups, number_of: Mapping[str, int]) -> Integers:
        """Return how much more often than in its own group alone each row counts: 0, 1 or -1 times."""
        target = groups.code.tolist()
        weights = np.zeros(len(self.rows.group), dtype=np.int64)
        for place, (own, (later, before, counts)) in enumerate(
            zip(self.rows.group.tolist(), self.rows.beside, strict=True)
        ):
            is_last = all(target[number_of[other]] != target[own] for other in later)
            is_in = counts or any(target[number_of[other]] == target[own] for other in before)
            weights[place] = int(is_last and is_in) - int(counts)
        return weights


def numbers_of_groups(
    groups: Groups, columns: GroupColumns, shared: Mapping[str, SharedDeals]
) -> dict[str, int]:
    """Return the number of each group that rows name; `columns` are those of the parts."""
    named = {
        name for one in shared.values() for later, before, _ in one.rows.beside for name in (*later, *before)
    }
    labels = sorted(named)
    own = GroupColumns.of(groups)
    of_groups = own.labels(groups)
    _, codes = GroupColumns.total([own, columns]).groups([*of_groups, *(label.encode() for label in labels)])
    number = {code: place for place, code in enumerate(codes[: len(of_groups)].tolist())}
    return {label: number[code] for label, code in zip(labels, codes[len(of_groups) :].tolist(), strict=True)}


def count_shared(
    grouped: GroupedDeals,
    groups: Groups,
    scope: Scope,
    rules: Sequence[Rule],
    *,
    until: Integers | None = None,
    counted_leads: Mapping[str, Flags] | None = None,
) -> tuple[dict[str, SharedDeals], GroupColumns]:
    """Count the deals of a part of a chain that are in several groups, and return the columns of these.

    Parameters
    ----------
    grouped, groups
        The deals of each group, and the groups of the leads.
    scope
        The rows and the amounts of the deals.
    rules
        The kinds.
    until
        Until when each deal is read in its group; ``None`` where that is the same in all.
    counted_leads
        Where leads are counted in the stages of their deals: flag of each lead under each kind, whether a
        count has it. The counts are then those of amounts alone.
    """
    columns = GroupColumns.of(groups)
    labels = [label.decode() for label in columns.labels(groups)]
    found: dict[str, RowOfCopies] = {}
    for rule in rules:
        counts = np.ones(len(grouped.deal), dtype=bool)
        if counted_leads is not None:
            of_counted = grouped.links.deal[counted_leads[rule.kind][grouped.links.lead]]
            counts = np.bincount(of_counted, minlength=len(counts)) > 0
        found[rule.kind] = RowOfCopies.of(grouped.deal, grouped.code.astype(np.int64), labels, counts, until)

    def of_rows(amounts: Amounts) -> dict[str, FunnelCounts]:
        own = replace(scope, amounts=amounts)
        return {rule.kind: count(replace(own, groups=found[rule.kind].groups), rule) for rule in rules}

    counted = of_part(scope.amounts, of_rows(scope.amounts), of_rows)
    amounts_alone = counted_leads is not None
    return {
        kind: one.shared(counted[kind], amounts_alone=amounts_alone) for kind, one in found.items()
    }, columns


@dataclass(frozen=True, eq=False)
class RowOfCopies:
    """The row in which each deal of a group is counted.

    Attributes
    ----------
    code
        The row; deals of one group are behind all rows.
    keys
        Group and :data:`Beside` of each row.
    """

    code: npt.NDArray[np.int32]
    keys: list[tuple[int, Beside]]

    @classmethod
    def of(
        cls, deal: Integers, group: Integers, labels: Sequence[str], counts: Flags, until: Integers | None
    ) -> Self:
        """Find the rows.

        Parameters
        ----------
        deal, group
            Deal and group of each copy of a deal; those of one deal follow one another.
        labels
            Label of each group.
        counts
            Whether the deal counts in the group.
        until
            Until when the deal is read there; ``None`` where that is the same in all groups.
        """
        order = np.lexsort((group, group if until is None else until, deal))
        starts = np.flatnonzero(np.diff(deal[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        keys: dict[tuple[int, Beside], int] = {}
        code = np.full(len(deal), -1, dtype=np.int32)
        for size in np.unique(sizes[sizes > 1]).tolist():
            # All deals of as many groups at once: one row for each, with its groups in their order.
            copies = order[starts[sizes == size][:, np.newaxis] + np.arange(size)]
            facts = np.stack([group[copies], counts[copies]], axis=-1).reshape(len(copies), -1)
            distinct, which = np.unique(facts, axis=0, return_inverse=True)
            found = np.array([_rows_of(one.reshape(size, 2), labels, keys) for one in distinct])
            code[copies] = found[which.reshape(-1)]
        code[code < 0] = len(keys)
        return cls(code, list(keys))

    @property
    def groups(self) -> Groups:
        """The rows as groups of the deals."""
        return Groups(self.code, pd.DataFrame({"row": range(len(self.keys) + 1)}), keeps_empty=True)

    def shared(self, counts: FunnelCounts, *, amounts_alone: bool) -> SharedDeals:
        """Take the counts of the rows; `amounts_alone` leaves all counts but those of amounts out."""
        n = len(self.keys)
        packed = []
        for name in _packed():
            table = getattr(counts, name)
            if table is None:
                table = np.zeros_like(getattr(counts, _MAYBE[name]))
            if amounts_alone and name != _OF_AMOUNTS:
                table = np.zeros_like(table)
            packed.append(table[:n].reshape(n, int(np.prod(table.shape[1:]))))
        return SharedDeals(
            SharedRows(
                group=np.array([group for group, _ in self.keys], dtype=np.int64),
                beside=[beside for _, beside in self.keys],
                counts=np.concatenate(packed, axis=1),
                amount=None if counts.sums is None else counts.sums.at_places(np.arange(n)),
            )
        )


def _rows_of(facts: Integers, labels: Sequence[str], keys: dict[tuple[int, Beside], int]) -> list[int]:
    """Return the number of the row of each group of a deal."""
    groups, counts = facts[:, 0].tolist(), facts[:, 1].astype(bool).tolist()
    found = []
    for place, group in enumerate(groups):
        later = sorted(labels[other] for other in groups[place + 1 :])
        before = sorted(labels[other] for other, is_in in zip(groups[:place], counts, strict=False) if is_in)
        key = (group, (tuple(later), tuple(before), counts[place]))
        found.append(keys.setdefault(key, len(keys)))
    return found


def _packed() -> list[str]:
    return [name for name, _ in kinds_of(FunnelCounts) if name not in _NOT_PACKED]


def _packed_of(counts: FunnelCounts) -> list[str]:
    return [name for name in _packed() if getattr(counts, name) is not None]


def _unpacked(shared: SharedRows, like: FunnelCounts) -> FunnelCounts:
    """Return the tables of the rows, shaped as those of other counts."""
    tables: dict[str, Any] = {}
    begin = 0
    for name in _packed():
        table = getattr(like, name)
        shape = getattr(like, _MAYBE.get(name, name)).shape[1:]
        end = begin + int(np.prod(shape))
        if table is not None:
            tables[name] = shared.counts[:, begin:end].reshape(len(shared.group), *shape)
        begin = end
    return FunnelCounts(**tables, sums=shared.amount)
