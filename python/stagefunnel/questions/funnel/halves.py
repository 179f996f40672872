"""What :func:`funnel` and :func:`outcomes` count, which adds up over parts of a log, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, advised, given, is_named
from ...pipeline import Pipeline
from ...tables.options import AmountAtName, KindName
from ..counted.about import About
from ..counted.exact_sums import plain_numbers
from ..counted.fields import about, dense, groups, nested, settled
from ..counted.folding import regrouped
from ..scope.groups import Groups, folded
from ..scope.money import Amounts, refuse_several
from ..scope.remarks import remark
from ..scope.scope import Scope
from ..scope.where import is_read_as_part
from ..stats.share_bounds import Base, read_confidence, with_bounds
from .bounds import with_funnel_bounds
from .count import count_all
from .counts import FunnelCounts
from .kinds import Rule
from .outcome_money import OutcomeMoney
from .table import funnel_table, outcome_table, win_rate_standouts
from .value_bounds import check_one_amount, with_value_shares
from .value_counts import ValueCounted

Integers: TypeAlias = npt.NDArray[np.int64]


def total_currencies(used: Sequence[Mapping[Any, int]]) -> dict[Any, int]:
    """Add up the amounts of parts by currency; several without rates are refused."""
    total: dict[Any, int] = {}
    for one in used:
        for name, n in one.items():
            total[name] = total.get(name, 0) + n
    total = dict(sorted(total.items(), key=lambda pair: (str(type(pair[0])), str(pair[0]))))
    refuse_several(total)
    return total


@dataclass(frozen=True, eq=False)
class FunnelsCounted:
    """What :func:`funnel` counts.

    Attributes
    ----------
    groups, about
        The groups, and what tables remember.
    of_kind
        The counts of each kind.
    currencies
        How many amounts are in each currency, where no rates are given.
    too_recent
        Items of the whole report that are too recent, where groups are read at the stages.
    value
        What the shares of the value of each kind are made of; only counts of a part have them.
    """

    groups: Groups = groups()
    about: About = about()
    of_kind: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    currencies: Mapping[Any, int] | None = settled(total_currencies, default=None)
    too_recent: Integers | None = dense(by_group=False, default=None)
    value: Mapping[str, ValueCounted] | None = nested(ValueCounted, default=None)

    @classmethod
    def of(cls, scope: Scope, rules: Sequence[Rule], remembered: About) -> FunnelsCounted:
        """Count the kinds of a scope."""
        counted = count_all(scope, rules)
        too_recent = None
        if is_read_as_part():
            counted = of_part(
                scope.amounts, counted, lambda amounts: count_all(replace(scope, amounts=amounts), rules)
            )
            if scope.groups.each == "row" and scope.selection.too_recent is not None:
                # Each group has those of the whole report, which are not to be added up group by group.
                too_recent = np.array([scope.selection.too_recent.sum()], dtype=np.int64)
                counted = {kind: replace(counts, too_recent=None) for kind, counts in counted.items()}
        return cls(scope.groups, remembered, counted, scope.amounts.used, too_recent)

    def rounded_largest(self, top: int | None) -> FunnelsCounted:
        """Return the counts as those of one log: the smaller groups put together, sums rounded once."""
        counted, groups = self._of_report(self.groups, self.of_kind), self.groups
        value = self.value
        if top is not None and not groups.is_one:
            first, *_ = counted.values()
            by_entry = groups.each == "row"
            sizes = first.reached.sum(axis=1) if by_entry else first.base
            compared = counted.values() if by_entry else [first]
            shown = np.any([counts.counts_something(groups.each) for counts in compared], axis=0)
            groups = _folded(groups, sizes, shown, top)
            code, n_groups = groups.code.astype(np.int64), len(groups.values)
            counted = {kind: counts.to(code, n_groups) for kind, counts in self.of_kind.items()}
            counted = self._of_report(groups, counted)
            if value is not None:
                value = {kind: regrouped(one, groups) for kind, one in value.items()}
        rounded = {kind: counts.rounded() for kind, counts in counted.items()}
        return replace(self, groups=groups, of_kind=rounded, value=value)

    def _of_report(self, groups: Groups, counted: Mapping[str, FunnelCounts]) -> Mapping[str, FunnelCounts]:
        """Give each group what is too recent in the whole report, where groups are read at the stages."""
        if self.too_recent is None:
            return counted
        too_recent = np.repeat(self.too_recent, len(groups.values))
        return {kind: replace(counts, too_recent=too_recent) for kind, counts in counted.items()}


def funnel_of(
    counts: FunnelsCounted, pipeline: Pipeline, *, kind: KindName, confidence: float | None = None
) -> pd.DataFrame:
    """Build the table of :func:`funnel`, without what it remembers."""
    table = funnel_table(pipeline, kind, counts.of_kind, counts.groups)
    return with_funnel_bounds(table, pipeline, counts.of_kind, confidence, counts.groups)


def remarked_funnel(table: pd.DataFrame, counts: FunnelsCounted) -> pd.DataFrame:
    """Let the table of a funnel remember what it has to."""
    table = counts.about.remarked(table)
    # Read at the stages, what is left out is that of the whole report in every group.
    return remark(table, {"of_report": True}) if counts.groups.each == "row" else table


def funnel_table_of(
    counts: FunnelsCounted,
    pipeline: Pipeline,
    *,
    kind: KindName,
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    unit: str | None = None,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Build the table of :func:`funnel` of the counts of parts."""
    check_one_amount(amount, amount_at, confidence)
    counts, sure = counts.rounded_largest(top), read_confidence(confidence)
    table = funnel_of(counts, pipeline, kind=kind, confidence=sure)
    table = with_value_shares(
        table, counts.value, counts.of_kind, counts.groups, sure, is_of_units=unit is not None
    )
    return remarked_funnel(table, counts)


@dataclass(frozen=True, eq=False)
class OutcomesCounted:
    """What :func:`outcomes` counts.

    Attributes
    ----------
    groups, about
        The groups, and what tables remember.
    counts
        The counts.
    money
        The amounts, if there are any.
    currencies
        How many amounts are in each currency, where no rates are given.
    """

    groups: Groups = groups()
    about: About = about()
    counts: FunnelCounts = nested(FunnelCounts)
    money: OutcomeMoney | None = nested(OutcomeMoney, default=None)
    currencies: Mapping[Any, int] | None = settled(total_currencies, default=None)

    def largest(self, top: int | None) -> OutcomesCounted:
        """Put all but the largest groups together."""
        if top is None or self.groups.is_one:
            return self
        chosen = _folded(self.groups, self.counts.base, self.counts.counts_something("item"), top)
        code, n_groups = chosen.code.astype(np.int64), len(chosen.values)
        money = None if self.money is None else self.money.to(code, n_groups)
        return replace(self, groups=chosen, counts=self.counts.to(code, n_groups), money=money)


def outcomes_of(
    counts: OutcomesCounted, pipeline: Pipeline, *, top: int | None = None, confidence: float | None = None
) -> pd.DataFrame:
    """Build the table of :func:`outcomes`."""
    confidence = read_confidence(confidence)
    standouts = win_rate_standouts(counts.counts, counts.groups)  # before small groups are put together
    counts = counts.largest(top)
    money = None if counts.money is None else counts.money.columns()
    table = outcome_table(pipeline, counts.counts, counts.groups, standouts, money)
    n_decided = table["won"].to_numpy() + table["lost"].to_numpy()
    table = with_bounds(table, confidence, {"win_rate": Base("won", n_decided)})
    return counts.about.remarked(table)


def check_groups_of_items(at: Any) -> None:
    """Refuse groups of outcomes that are read at an entry into a stage."""
    if is_named(at, "stage"):
        raise SchemaError(
            given("at", at),
            " reads an entry into a stage, and an outcome belongs to an item; pass ",
            advised("at", "first"),
            " or ",
            advised("at", "last"),
        )


def of_part(
    amounts: Amounts,
    counted: Mapping[str, FunnelCounts],
    again: Callable[[Amounts], Mapping[str, FunnelCounts]],
) -> dict[str, FunnelCounts]:
    """Say of the sums of amounts what those of other parts need to be added to them.

    `again` counts with other amounts.
    """
    if amounts.numbers is None:
        return dict(counted)
    plain: Mapping[str, FunnelCounts] = {}
    if amounts.numbers.scale:
        plain = again(replace(amounts, numbers=plain_numbers(amounts.numbers)))
    found = {}
    for kind, counts in counted.items():
        if counts.sums is None:  # without items there is nothing to add up
            found[kind] = counts
            continue
        of_floats = plain[kind].sums if plain else None
        made = counts.sums.of_part(amounts.numbers, of_floats, is_converted=amounts.is_converted)
        found[kind] = replace(counts, sums=made)
    return found


def _folded(groups: Groups, sizes: Integers, shown: npt.NDArray[np.bool_], top: int) -> Groups:
    every = replace(groups, code=np.arange(len(groups.values), dtype=np.int32))
    return folded(every, sizes, shown, top)
