"""What a chain counts, which adds up over parts of its leads and deals, and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, advised, check_option, given
from ...log.columns.number import NumberColumn
from ...log.stage_log import with_items_at
from ...pipeline import Pipeline
from ...tables.options import (
    BasisName,
    ChainBasisName,
    Fill,
    KindName,
    LostThenWonName,
    MissingStages,
    Unlisted,
)
from ...tables.schema import PARTS
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, Period, PeriodLike, period_of
from ..counted.about import About
from ..counted.fields import about, dense, groups, nested, same, settled
from ..counted.group_labels import GroupColumns
from ..counted.stages import Stages
from ..counted.totals import total_chosen
from ..funnel.count import count, largest_groups
from ..funnel.counts import FunnelCounts, added_to
from ..funnel.halves import of_part, total_currencies
from ..funnel.kinds import Rule, rules_of
from ..scope.groups import ONE_GROUP, Groups, folded
from ..scope.money import Amounts, Rates, amounts_of
from ..scope.remarks import OF_STAGES
from ..scope.scope import Scope
from ..scope.selection import Selection
from ..scope.where import Where, is_read_as_part
from ..scope.within import basis_of
from .lead_groups import GroupedDeals
from .linked_logs import Chain, noted
from .links import Links, find_links
from .origin import CountedLeads, LinkedDeals, deals_until
from .shared_deals import SharedDeals, count_shared, numbers_of_groups
from .table import Part, chain_table, of_origin

Integers: TypeAlias = npt.NDArray[np.int64]


def _summed(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(part[name] for part in parts) for name in parts[0]}


@dataclass(frozen=True, eq=False)
class ChainCounted:
    """What :func:`chain_funnel` counts of a chain, or of whole parts of one.

    Attributes
    ----------
    groups
        The groups of the leads.
    leads, deals
        The counts of each kind in the stages of the leads, and in those of the deals.
    converted
        Leads of each group that were converted, one column for each kind; ``None`` where deals are counted.
    about_leads, about_deals
        What the table remembers of both.
    links, unlinked
        Counts about the table of links, and of each kind the deals of the report without a lead of the log.
    shares_deals
        Whether a deal is in several groups.
    chosen
        How many leads conditions have chosen, and of how many.
    deal_stages
        The stages of all deals.
    deal_clock
        Unit and zone of the times of the deals.
    lead_currencies, deal_currencies
        How many amounts are in each currency, where no rates are given.
    shared, shared_columns
        What deals count that are in several groups, of each kind, and the columns of the groups that are
        named there; only counts of a part have them, and where leads are counted, only those of amounts.
    """

    groups: Groups = groups()
    leads: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    deals: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    converted: Integers | None = dense()
    about_leads: About = about()
    about_deals: About = about()
    links: Mapping[str, int] = settled(_summed)
    unlinked: Mapping[str, int] = settled(_summed)
    shares_deals: bool = settled(any)
    chosen: Mapping[str, Any] = settled(total_chosen)
    deal_stages: Stages = settled(Stages.total)
    deal_clock: tuple[str | None, str | None] = same()
    lead_currencies: Mapping[Any, int] | None = settled(total_currencies, default=None)
    deal_currencies: Mapping[Any, int] | None = settled(total_currencies, default=None)
    shared: Mapping[str, SharedDeals] | None = nested(SharedDeals, default=None)
    shared_columns: GroupColumns | None = settled(GroupColumns.total, default=None)

    def largest(self, top: int | None) -> ChainCounted:
        """Put all but the groups with the most leads together, as one log does before it counts."""
        if top is None or self.groups.is_one:
            return self
        first = next(iter(self.leads.values()))
        alone = self.groups.alone()
        chosen = folded(alone, first.base, first.counts_something("item"), top)
        if chosen is alone:
            return self
        code, n = chosen.code.astype(np.int64), chosen.n_groups
        shared, shares_deals = self.shared, False
        deals: dict[str, FunnelCounts] = {}
        number_of: dict[str, int] = {}
        if shared is not None and self.shared_columns is not None:
            number_of = numbers_of_groups(alone, self.shared_columns, shared)
            shares_deals = any(one.are_in_several(chosen, number_of) for one in shared.values())
        for kind, counts in self.deals.items():
            if shared is None:
                deals[kind] = counts.to(code, n)
            else:
                deals[kind] = shared[kind].put_together(counts, chosen, number_of)
        return replace(
            self,
            groups=chosen.alone(),
            leads={kind: counts.to(code, n) for kind, counts in self.leads.items()},
            deals=deals,
            converted=None if self.converted is None else added_to(code, n, self.converted),
            shares_deals=shares_deals,
        )


def count_linked(
    chain: Chain,
    *,
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    basis: ChainBasisName = "entity",
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    period_basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    where: Where | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
) -> ChainCounted:
    """Count a chain; the options are those of :func:`chain_funnel`."""
    check_option("basis", basis, get_args(ChainBasisName))
    check_option("period_basis", "active" if period_basis is None else period_basis, get_args(BasisName))
    period_basis = basis_of(period_basis, within, "period_basis")
    if within is not None and basis != "origin":
        raise SchemaError(
            given("within", within),
            " follows leads into their deals, which only ",
            advised("basis", "origin"),
            " counts",
        )
    rules = rules_of(kind, fill, lost_then_won)
    deal_stages = Stages.of(chain.deals._data)
    chosen: Mapping[str, Any] = {}
    links_of_all: dict[str, int] | None = None
    if where is not None:
        chain, links_of_all, about_where = chain.where(where, unlisted, missing)
        chosen = about_where["where"]
        missing = "ignore"  # the whole logs have judged the stages
    options: dict[str, Any] = {"unlisted": unlisted, "missing": missing, "as_of": as_of}
    in_period = options | {"period": period, "basis": period_basis}
    observed_until = None if within is None else chain.observed_until(as_of)
    lead_selection = chain.selection("leads", **in_period, within=within, observed_until=observed_until)
    deal_selection = chain.selection("deals", **in_period)
    found = find_links(chain.links, chain.leads, chain.deals, lead=chain.lead, deal=chain.deal)
    unlinked = {rule.kind: _n_unlinked(deal_selection, rule, found) for rule in rules}
    of_leads = deal_groups = ONE_GROUP
    about_deals = About.of_selection(deal_selection)
    grouped: GroupedDeals | None = None
    if by is not None:
        of_leads = chain.groups_of_leads(by, **options)
        of_leads = largest_groups(Scope(lead_selection, of_leads), rules, top)
        grouped = GroupedDeals.of(chain.deals, found, of_leads)
        # A table remembers the rows of each deal once.
        once = replace(chain, deals=with_items_at(chain.deals, np.unique(grouped.deal)))
        about_deals = About.of_selection(once.selection("deals", **in_period))
        chain, found = replace(chain, deals=grouped.log), grouped.links
        deal_groups = replace(of_leads, code=grouped.code)
        deal_selection = chain.selection("deals", **in_period)
    whole_deals = deal_selection
    if basis == "origin":
        clock = chain.deals._data.clock
        end = period_of(period, clock).end if period_basis == "active" else None
        whole_deals = chain.selection("deals", **options, period=Period(None, end))
    with noted("in the deals"):
        deal_amounts = amounts_of(whole_deals, amount, currency=currency, rates=rates)
    with noted("in the leads"):
        lead_amounts = _lead_amounts(lead_selection, amount, currency, rates)
    lead_scope = Scope(lead_selection, of_leads, lead_amounts)
    deal_scope = Scope(whole_deals, deal_groups, deal_amounts)
    linked = LinkedDeals(deal_scope, found.lead, found.deal)
    if within is not None:
        linked = deals_until(lead_selection, deal_scope, found, as_of)
    origin: dict[str, CountedLeads] = {}

    def of_both(amounts: Amounts) -> dict[str, FunnelCounts]:
        if basis == "entity":
            scope = replace(deal_scope, amounts=amounts)
            return {rule.kind: count(scope, rule) for rule in rules}
        of_amounts = linked.with_other(amounts)
        origin.update({rule.kind: of_amounts.count(lead_selection, rule, of_leads) for rule in rules})
        return {kind: counts.in_deals for kind, counts in origin.items()}

    def of_leads_alone(amounts: Amounts) -> dict[str, FunnelCounts]:
        scope = replace(lead_scope, amounts=amounts)
        return {rule.kind: count(scope, rule) for rule in rules}

    of_deals = _counted(deal_amounts, of_both)
    shared, shared_columns = None, None
    if grouped is not None and is_read_as_part() and (basis == "entity" or not deal_amounts.is_none):
        shared, shared_columns = count_shared(
            grouped,
            of_leads,
            linked.of_amounts.scope,
            rules,
            until=linked.of_amounts.until,
            counted_leads={kind: one.is_counted for kind, one in origin.items()} if origin else None,
        )
    return ChainCounted(
        groups=of_leads.alone(),
        leads=_counted(lead_amounts, of_leads_alone),
        deals=of_deals,
        converted=np.stack([one.converted for one in origin.values()], axis=1) if origin else None,
        about_leads=About.of_selection(lead_selection),
        about_deals=about_deals,
        links=links_of_all or found.found,
        unlinked=unlinked,
        shares_deals=grouped is not None and grouped.shares_deals,
        chosen=chosen,
        deal_stages=deal_stages,
        deal_clock=(chain.deals.unit, chain.deals.zone),
        lead_currencies=lead_amounts.used,
        deal_currencies=deal_amounts.used,
        shared=shared,
        shared_columns=shared_columns,
    )


def _counted(
    amounts: Amounts, again: Callable[[Amounts], dict[str, FunnelCounts]]
) -> Mapping[str, FunnelCounts]:
    counted = again(amounts)
    return of_part(amounts, counted, again) if is_read_as_part() else counted


def chain_answer(
    counts: ChainCounted,
    lead_pipeline: Pipeline,
    deal_pipeline: Pipeline,
    *,
    kind: KindName,
    basis: ChainBasisName,
    confidence: float | None,
) -> pd.DataFrame:
    """Make the table of :func:`chain_funnel`."""
    parts: dict[str, tuple[Part, Part]] = {}
    for place, (name, of_leads) in enumerate(counts.leads.items()):
        lead_part = Part.of(lead_pipeline, of_leads.rounded(), name, confidence)
        of_deals = counts.deals[name].rounded()
        if counts.converted is not None:
            deal_part = Part.of(deal_pipeline, of_deals, name, confidence)
            deal_part = of_origin(deal_part, lead_part, counts.converted[:, place])
        else:
            share_items = counts.shares_deals
            deal_part = Part.of(deal_pipeline, of_deals, name, confidence, share_items=share_items)
        parts[name] = (lead_part, deal_part)
    leads_remarks, deals_remarks = counts.about_leads.remarks, counts.about_deals.remarks
    if basis == "origin":  # a period is about leads
        deals_remarks = {name: value for name, value in deals_remarks.items() if name in OF_STAGES}
    said = {name: text for name, text in leads_remarks.items() if name in ("within", "observed_until")}
    return chain_table(
        parts,
        kind,
        counts.groups,
        basis=basis,
        links=dict(counts.links),
        unlinked=dict(counts.unlinked),
        parts_remarks=dict(zip(PARTS, (leads_remarks, deals_remarks), strict=True)),
        **({"where": {**counts.chosen, "of_chain": True}} if counts.chosen else {}),
        **({} if confidence is None else {"confidence": confidence}),
        **said,
    )


def _lead_amounts(leads: Selection, amount: str | None, currency: str | None, rates: Rates | None) -> Amounts:
    """Read the amounts of the leads, which are all missing where they have no such column."""
    log = leads.log
    sources = [source for source in (log._data.items_table, log._data.columns) if source is not None]
    if amount is not None and not any(amount in source for source in sources):
        return Amounts(NumberColumn(np.full(log.n_items, np.nan)))
    return amounts_of(leads, amount, currency=currency, rates=rates)


def _n_unlinked(deals: Selection, rule: Rule, links: Links) -> int:
    """Count the deals of a report that have no lead of the log."""
    groups = Groups(links.linked.astype(np.int32), pd.DataFrame({"linked": [False, True]}), keeps_empty=True)
    return int(count(Scope(deals, groups), rule).base[0])
