"""The chain from leads to deals: two logs, two pipelines, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, get_args

import numpy as np
import pandas as pd

from ...errors import (
    Option,
    SchemaError,
    StageFunnelError,
    advised,
    check_option,
    given,
    named,
    quoted,
)
from ...log.columns.frame_types import Frame
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog, with_items_at
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
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from ..funnel.count import count, largest_groups
from ..funnel.kinds import Rule, rules_of
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import ONE_GROUP, Groups
from ..scope.money import Amounts, Rates, amounts_of
from ..scope.remarks import OF_STAGES, Remarks
from ..scope.scope import Scope
from ..scope.selection import Selection, core_pipeline, data_of, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..stats.share_bounds import read_confidence
from .lead_groups import GroupedDeals
from .links import Links, find_links
from .origin import LinkedDeals, deals_until, in_time_of
from .table import Part, chain_table, of_origin


class WithLeads(Protocol):
    """An export with leads and the deals that they became, as :func:`stagefunnel.read` returns one."""

    @property
    def leads(self) -> Any:
        """The export of the leads alone."""

    @property
    def deals(self) -> Any:
        """The export of the deals alone."""

    @property
    def links(self) -> Any:
        """The table that links both."""


def chain_funnel(
    leads: StageLog | WithLeads,
    deals: StageLog | None = None,
    links: Frame | None = None,
    *,
    lead_pipeline: Pipeline | str | None = None,
    deal_pipeline: Pipeline | str | None = None,
    deal: str = "deal_id",
    lead: str = "lead_id",
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
    confidence: float | None = None,
    where: Where | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
) -> pd.DataFrame:
    """Count leads, and then the deals that they became, as one funnel.

    The stages of the leads come first, and a won lead is a conversion to a deal; the stages of the deals
    follow.

    Parameters
    ----------
    leads
        The leads' stage history; or, in place of `leads`, `deals` and `links`, an export that has all
        three.
    deals
        The deals' stage history.
    links
        A table with one row per deal and lead. A deal may have several leads, and a lead several deals; a
        pair that is repeated counts once, and a row without a lead is a deal without a lead.
    lead_pipeline, deal_pipeline
        The stages of each part. For an export they may be the name of one of its pipelines, and are not
        needed where it has only one.
    deal, lead
        Columns of the links' table; an export names its own.
    kind, fill, lost_then_won
        As for :func:`funnel`; `lost_then_won` is applied to each part by itself.
    basis
        ``"entity"``: leads are counted over leads, then deals over deals, as in a CRM's chart. ``"origin"``:
        all counts are leads; a lead counts in a stage of the deals if any of its deals counts there.
    amount
        Column of the deals to add up, and of the leads if they have a column of this name; leads without it
        have no amounts.
    currency, rates
        As for :func:`funnel`; where leads have amounts, the column of their currencies has the same name.
    unlisted, missing, as_of
        As for :func:`funnel`.
    period, period_basis
        As `period` and `basis` of :func:`funnel`. With ``basis="origin"`` they choose leads, whose deals are
        then read whole; with ``period_basis="active"`` as they stood at the period's end.
    within
        As for :func:`funnel`, with ``basis="origin"`` only: each lead and its deals are read for this length
        of time from the lead's first row on, and `period_basis` is left out.
    confidence
        As for :func:`funnel`.
    where
        As for :func:`funnel`, by columns of the leads: the answer is about the leads that fulfil the
        conditions, and the deals that are linked to any of them.
    by
        Columns of the leads, or what their log itself knows, as for :func:`funnel`; a column of their log is
        read in the first row. The answer has the chain of each group, which is that of its leads alone and of
        the deals that are linked to any of them: a deal of leads of several groups counts in each, and a deal
        without a lead of the log in none.
    top
        How many groups to show, the largest by their leads; all others are put together.

    Returns
    -------
    DataFrame
        The columns of :func:`funnel`, with those of `by` first, and before ``stage`` the ``part`` (``"lead"``
        or ``"deal"``). With
        ``basis="origin"``, ``conversion_from_previous`` of the first deal stage is over the leads that were
        converted, and amounts in the deal part add up each deal once. Counts about the links' table are in
        ``attrs["stagefunnel"]["links"]``; ``["unlinked"]`` beside it has for each kind the number of deals
        of the report that have no lead of the log.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`, with a note that says in which part.
    SchemaError
        As for :func:`funnel`; also for links of another type than the items, and for an export of several
        pipelines of which none is chosen.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> leads = sf.StageLog({"item": [1, 1], "stage": ["New", "Converted"], "time": [0, 1]})
    >>> deals = sf.StageLog({"item": [7, 7], "stage": ["Offer", "Won"], "time": [1, 2]})
    >>> links = {"deal_id": [7], "lead_id": [1]}
    >>> stages = {"lead_pipeline": sf.Pipeline(["New", "Called"], won="Converted"),
    ...           "deal_pipeline": sf.Pipeline(["Offer", "Delivery"], won="Won")}
    >>> table = sf.chain_funnel(leads, deals, links, **stages, kind="conversions")
    >>> table[["part", "stage", "reached", "conversion_from_all"]]
       part      stage  reached  conversion_from_all
    0  lead        New        1                  1.0
    1  lead     Called        1                  1.0
    2  lead  Converted        1                  1.0
    3  deal      Offer        1                  1.0
    4  deal   Delivery        1                  1.0
    5  deal        Won        1                  1.0
    """
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
    check_top(top, by)
    rules = rules_of(kind, fill, lost_then_won)
    sure = read_confidence(confidence)
    chain = _chain_of(leads, deals, links, lead_pipeline, deal_pipeline, lead=lead, deal=deal)
    about_where: Remarks = {}
    links_of_all: dict[str, int] | None = None
    if where is not None:
        chain, links_of_all, about_where = chain.where(where, unlisted, missing)
        missing = "ignore"  # the whole logs have judged the stages
    options: dict[str, Any] = {"unlisted": unlisted, "missing": missing, "as_of": as_of}
    in_period = options | {"period": period, "basis": period_basis}
    observed_until = None if within is None else chain.observed_until(as_of)
    lead_selection = chain.selection("leads", **in_period, within=within, observed_until=observed_until)
    deal_selection = chain.selection("deals", **in_period)
    found = find_links(chain.links, chain.leads, chain.deals, lead=chain.lead, deal=chain.deal)
    unlinked = {rule.kind: _n_unlinked(deal_selection, rule, found) for rule in rules}
    groups = deal_groups = ONE_GROUP
    shares_deals = False
    if by is not None:
        groups = chain.groups_of_leads(by, **options)
        groups = largest_groups(Scope(lead_selection, groups), rules, top)
        grouped = GroupedDeals.of(chain.deals, found, groups)
        chain, found = replace(chain, deals=grouped.log), grouped.links
        deal_groups = replace(groups, code=grouped.code)
        shares_deals = grouped.shares_deals
        deal_selection = chain.selection("deals", **in_period)
    whole_deals = deal_selection
    if basis == "origin":
        clock = chain.deals._data.clock
        end = period_of(period, clock).end if period_basis == "active" else None
        whole_deals = chain.selection("deals", **options, period=Period(None, end))
    with _noted("in the deals"):
        deal_amounts = amounts_of(whole_deals, amount, currency=currency, rates=rates)
    with _noted("in the leads"):
        lead_amounts = _lead_amounts(lead_selection, amount, currency, rates)
    lead_scope = Scope(lead_selection, groups, lead_amounts)
    deal_scope = Scope(whole_deals, deal_groups, deal_amounts)
    linked = LinkedDeals(deal_scope, found.lead, found.deal)
    if within is not None:
        linked = deals_until(lead_selection, deal_scope, found, as_of)
    parts: dict[str, tuple[Part, Part]] = {}
    for rule in rules:
        lead_part = Part.of(chain.lead_pipeline, count(lead_scope, rule), rule.kind, sure)
        if basis == "origin":
            counts, converted = linked.count(lead_selection, rule, groups)
            deal_part = of_origin(Part.of(chain.deal_pipeline, counts, rule.kind, sure), lead_part, converted)
        else:
            counts = count(deal_scope, rule)
            deal_part = Part.of(chain.deal_pipeline, counts, rule.kind, sure, share_items=shares_deals)
        parts[rule.kind] = (lead_part, deal_part)
    of_deals = deal_selection.remarks
    if basis == "origin":  # a period is about leads
        of_deals = {name: value for name, value in of_deals.items() if name in OF_STAGES}
    remarks = dict(zip(PARTS, (lead_selection.remarks, of_deals), strict=True))
    said = {
        name: text for name, text in lead_selection.remarks.items() if name in ("within", "observed_until")
    }
    return chain_table(
        parts,
        kind,
        groups,
        basis=basis,
        links=links_of_all or found.found,
        unlinked=unlinked,
        parts_remarks=remarks,
        **about_where,
        **({} if sure is None else {"confidence": sure}),
        **said,
    )


@dataclass(frozen=True)
class _Chain:
    """Both logs with their pipelines, and the table that links them."""

    leads: StageLog
    deals: StageLog
    links: Any
    lead_pipeline: Pipeline
    deal_pipeline: Pipeline
    lead: str
    deal: str

    def selection(self, part: str, **options: Any) -> Selection:
        is_lead = part == "leads"
        log, pipeline = (self.leads, self.lead_pipeline) if is_lead else (self.deals, self.deal_pipeline)
        with _noted(f"in the {part}"):
            return selection_of(log, pipeline, **options)

    def where(self, where: Where, unlisted: str, missing: Any) -> tuple[_Chain, dict[str, int], Remarks]:
        """Choose the leads that fulfil conditions, and the deals that are linked to any of them.

        Returns the chain of these, the counts about the whole table of links, and what the answer remembers.
        """
        with _noted("in the leads"):
            asked = asked_of(self.leads, self.lead_pipeline, where, unlisted=unlisted, missing=missing)
        with _noted("in the deals"):
            data_of(self.deals)
            core_pipeline(self.deals, self.deal_pipeline, unlisted, missing)
        links = find_links(self.links, self.leads, self.deals, lead=self.lead, deal=self.deal)
        is_kept = np.zeros(self.leads.n_items, dtype=bool)
        is_kept[asked.places] = True
        places = np.unique(links.deal[is_kept[links.lead]]).astype(np.int64)
        chain = replace(self, leads=asked.log, deals=with_items_at(self.deals, places))
        return chain, links.found, {"where": {**asked.remarks["where"], "of_chain": True}}

    def groups_of_leads(
        self, by: str | Sequence[str], *, unlisted: Any, missing: Any, as_of: MomentLike | None
    ) -> Groups:
        """Put the leads in groups by their first rows in the whole log, as conditions read them."""
        whole = self.selection("leads", unlisted=unlisted, missing=missing)
        with _noted("in the leads"):
            groups = groups_of(whole, by, reserved=("part",))
            if not groups.later:
                return groups
            # What became of a lead is what is known at that moment.
            then = self.selection("leads", unlisted=unlisted, missing=missing, as_of=as_of)
            return groups_of(then, by, reserved=("part",))

    def observed_until(self, as_of: MomentLike | None) -> int | None:
        """Return the end of observation of the chain, in the leads' time: the later one of both logs."""
        leads, deals = self.leads._data, self.deals._data
        seen_at = moment_of(as_of, leads.clock, "as_of")
        own, other = leads.end_of_observation(seen_at), deals.end_of_observation()
        if seen_at is not None or own is None or other is None:
            return own
        return max(own, int(in_time_of(deals, leads, np.array([other]))[0]))


@contextmanager
def _noted(where: str) -> Iterator[None]:
    """Note on an error which of the two logs it is about."""
    try:
        yield
    except StageFunnelError as error:
        error.add_note(where)
        raise


def _chain_of(
    leads: Any, deals: Any, links: Any, lead_pipeline: Any, deal_pipeline: Any, *, lead: str, deal: str
) -> _Chain:
    if hasattr(leads, "leads") and deals is None and links is None:
        return _chain_of_export(leads, lead_pipeline, deal_pipeline)
    if links is None:
        raise SchemaError("chain_funnel takes (leads, deals, links), or an export with leads and deals")
    for name, pipeline in (("lead_pipeline", lead_pipeline), ("deal_pipeline", deal_pipeline)):
        if not isinstance(pipeline, Pipeline):
            raise SchemaError(named(name), f" is a {type(pipeline).__name__}; pass the Pipeline of that part")
    return _Chain(leads, deals, links, lead_pipeline, deal_pipeline, lead, deal)


def _chain_of_export(export: Any, lead_pipeline: Any, deal_pipeline: Any) -> _Chain:
    if export.leads is None or export.deals is None or export.links is None:
        raise SchemaError("the export holds no leads with their deals; give it the files of both together")
    return _Chain(
        export.leads.log,
        export.deals.log,
        export.links,
        _pipeline_of(export.leads, lead_pipeline, "lead_pipeline"),
        _pipeline_of(export.deals, deal_pipeline, "deal_pipeline"),
        lead="lead",
        deal="deal",
    )


def _pipeline_of(part: Any, chosen: Any, option: str) -> Pipeline:
    """Take the chosen pipeline of a part, or its only pipeline."""
    if isinstance(chosen, Pipeline):
        return chosen
    pipelines: dict[Any, Pipeline] = part.pipelines
    if chosen is None and len(pipelines) == 1:
        return next(iter(pipelines.values()))
    if chosen in list(pipelines):  # a list, because a wrong choice may be a value without a hash
        return pipelines[chosen]
    what: tuple[Option, str] = (
        (named(option), " is needed")
        if chosen is None
        else (given(option, chosen), " is not a pipeline of the export")
    )
    raise SchemaError(*what, f"; the pipelines are {quoted(pipelines)}")


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
