"""Leads that are counted in the stages of their deals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, named
from ...log.data import LogData
from ...times.periods import MomentLike
from ...times.stamps import ticks_in
from ..funnel.counts import FunnelCounts
from ..funnel.kinds import Rule
from ..scope.groups import Groups
from ..scope.money import Amounts
from ..scope.reading import moved_items, select
from ..scope.scope import Scope
from ..scope.selection import Selection
from .links import Links, Places

_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class CountedLeads:
    """Leads that are counted in the stages of their deals.

    Attributes
    ----------
    in_deals
        The counts, by group of leads.
    converted
        The leads of each group that were converted.
    is_counted
        Flag of each lead: whether a count has it.
    """

    in_deals: FunnelCounts
    converted: npt.NDArray[np.int64]
    is_counted: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LinkedDeals:
    """The deals in whose stages leads are counted.

    Attributes
    ----------
    scope
        The rows and the amounts of the deals.
    lead, deal
        The links: places of the leads and of the deals in their journeys.
    with_amounts
        The deals whose amounts are added up, where these are read in another way than those that count.
    until
        Until when each deal is read, where it is not read whole.
    """

    scope: Scope
    lead: Places
    deal: Places
    with_amounts: LinkedDeals | None = None
    until: npt.NDArray[np.int64] | None = None

    def count(self, leads: Selection, rule: Rule, groups: Groups) -> CountedLeads:
        """Count leads in the stages of their deals, by group of leads.

        The leads of a deal are in one group.
        """
        origin = self._count(leads, rule, groups)
        deals = self.scope
        counts = FunnelCounts.of(origin.deals, deals.amounts.scale)
        if deals.selection.moved is not None:
            counts = replace(counts, moved_out=origin.moved_out)
        if self.with_amounts is not None:
            amounts = self.with_amounts.count(leads, rule, groups).in_deals
            counts = replace(
                counts, amount=amounts.amount, amount_missing=amounts.amount_missing, sums=amounts.sums
            )
        return CountedLeads(counts, origin.converted, origin.is_counted.astype(bool))

    def with_other(self, amounts: Amounts) -> LinkedDeals:
        """Return the same deals with other amounts."""
        if self.with_amounts is not None:
            return replace(self, with_amounts=self.with_amounts.with_other(amounts))
        return replace(self, scope=replace(self.scope, amounts=amounts))

    @property
    def of_amounts(self) -> LinkedDeals:
        """The deals whose amounts are added up."""
        return self if self.with_amounts is None else self.with_amounts

    def _count(self, leads: Selection, rule: Rule, groups: Groups) -> _core.funnel.OriginCounts:
        deals = self.scope
        moved = deals.selection.moved
        with deals.amounts.errors():
            return _core.funnel.count_origin(
                leads=leads.journeys,
                lead_pipeline=leads.lookup,
                deals=deals.selection.journeys,
                deal_pipeline=deals.selection.lookup,
                moved_deals=None if moved is None else moved.astype(np.uint8),
                lead=self.lead,
                deal=self.deal,
                kind=rule.core_kind,
                lost_then_won=rule.lost_then_won,
                group=None if groups.is_one else groups.code,
                n_groups=groups.n_groups,
                amount=deals.amounts.values,
                threads=leads.data.threads,
            )


def deals_until(leads: Selection, deals: Scope, links: Links, as_of: MomentLike | None) -> LinkedDeals:
    """Read the deals of each lead until the moment until which the lead is read.

    A deal of several leads is read once for each of them; its amount is added up once, and it is then read
    until the last of these moments.
    """
    assert leads.ages is not None  # the caller reads leads for a length of time
    until = in_time_of(leads.data, deals.selection.data, leads.ages.until)
    is_read = np.diff(leads.journeys.offsets.view(np.int64)) > 0
    of_link = np.where(is_read[links.lead], until[links.lead], _NEVER)
    data = deals.selection.data
    copies = _core.journeys.take_items(journeys=data.journeys, items=links.deal, threads=data.threads)
    each = np.arange(len(links.deal), dtype=np.uint32)
    counted = LinkedDeals(Scope(_read(deals.selection, copies, of_link, as_of)), links.lead, each)
    if deals.amounts.is_none:
        return counted
    latest = np.full(data.journeys.n_items, _NEVER)
    np.maximum.at(latest, links.deal, of_link)
    once = replace(deals, selection=_read(deals.selection, data.journeys, latest, as_of))
    return replace(counted, with_amounts=LinkedDeals(once, links.lead, links.deal, until=latest))


def _read(
    deals: Selection,
    journeys: _core.journeys.Journeys,
    until: npt.NDArray[np.int64],
    as_of: MomentLike | None,
) -> Selection:
    """Read some journeys of deals, each until its own moment."""
    log, pipeline, lookup = deals.log, deals.pipeline, deals.lookup
    kept = select(log, journeys, pipeline, lookup, period=None, basis="active", as_of=as_of, until=until)
    return Selection(log, pipeline, lookup, kept, moved_items(log, pipeline, lookup, kept))


def in_time_of(ours: LogData, theirs: LogData, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Convert times of one log to the unit of another."""
    if (ours.unit is None) != (theirs.unit is None) or (ours.zone is None) != (theirs.zone is None):
        raise SchemaError(
            named("within"),
            " follows leads into their deals, and the times of the two logs cannot be compared: "
            f"{_times(ours)} and {_times(theirs)}; read both logs in the same way",
        )
    return times if ours.unit == theirs.unit else ticks_in(times, str(ours.unit), str(theirs.unit))


def _times(data: LogData) -> str:
    return (
        "plain integers" if data.unit is None else f"timestamps {'with' if data.zone else 'without'} a zone"
    )
