"""The chain from leads to deals: two logs, two pipelines, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from ... import _core
from ...errors import SchemaError, StageFunnelError, check_option, quoted
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, ChainBasisName, Fill, KindName, LostThenWonName, Unlisted
from ...times.periods import Period, period_of
from ..funnel.counts import Counts, count
from ..funnel.kinds import Rule, rules_of
from ..scope.groups import Groups
from ..scope.money import Amounts, Rates, amounts_of
from ..scope.selection import Selection, selection_of
from .links import Links, find_links
from .table import Part, chain_table, of_origin


def chain_funnel(
    leads: Any,
    deals: StageLog | None = None,
    links: Any = None,
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
    period: Any = None,
    period_basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count leads, and then the deals that came of them, as one funnel.

    The stages of the leads come first, a won one being a conversion to a deal, then those of the deals.

    Parameters
    ----------
    leads
        The leads' stage history; or, in place of all three, an export that has ``leads``, ``deals`` and
        ``links``.
    deals
        The deals' stage history.
    links
        A table with one row per deal and lead. A deal may have several leads, a lead several deals; a pair
        that comes again counts once, a row without a lead is a deal without one.
    lead_pipeline, deal_pipeline
        The stages of each part; of an export also the name of one of its pipelines, and not needed where it
        has only one.
    deal, lead
        Columns of the links' table; those of an export are known.
    kind, fill, lost_then_won
        As for :func:`funnel`, and like it classic at first; the flip rule is applied to each part by itself.
    basis
        ``"entity"``: leads over leads, then deals over deals, as a CRM's chart has them. ``"origin"``: all
        counts are leads; one counts in a stage of the deals if any of its deals counts there.
    amount
        Column of the deals to add up, and for the leads their column of the same name; leads without such a
        column have no amounts.
    currency, rates
        As for :func:`funnel`; where leads have amounts, their currencies stand in a column of the same name.
    unlisted, as_of
        As for :func:`funnel`.
    period, period_basis
        As `period` and `basis` of :func:`funnel`. With ``basis="origin"`` they choose leads, whose deals
        are then read whole; with ``period_basis="active"`` as they stood at the period's end.

    Returns
    -------
    DataFrame
        The columns of :func:`funnel`, and before ``stage`` the ``part`` (``"lead"`` or ``"deal"``). With
        ``basis="origin"``, ``conversion_from_previous`` of the first deal stage is over the leads that were
        converted, and amounts in the deal part add up each deal once. What the links' table has is in
        ``attrs["stagefunnel"]["links"]``; ``["unlinked"]`` beside it has for each kind how many deals of the
        report have no lead of the log.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`, with a note that says in which part.
    SchemaError
        As for :func:`funnel`; also for links of another type than the items, and an export of several
        pipelines none of which is chosen.

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
    rules = rules_of(kind, fill, lost_then_won)
    chain = _chain_of(leads, deals, links, lead_pipeline, deal_pipeline, lead=lead, deal=deal)
    options: dict[str, Any] = {"unlisted": unlisted, "as_of": as_of}
    in_period = options | {"period": period, "basis": period_basis}
    lead_selection, deal_selection = (
        chain.selection("leads", **in_period),
        chain.selection("deals", **in_period),
    )
    found = find_links(chain.links, chain.leads, chain.deals, lead=chain.lead, deal=chain.deal)
    whole_deals = deal_selection
    if basis == "origin":
        clock = chain.deals._data.clock
        end = period_of(period, clock).end if period_basis == "active" else None
        whole_deals = chain.selection("deals", **options, period=Period(None, end))
    with _told("in the deals"):
        deal_amounts = amounts_of(whole_deals, amount, currency=currency, rates=rates)
    with _told("in the leads"):
        lead_amounts = _lead_amounts(lead_selection, amount, currency, rates)
    parts: dict[str, tuple[Part, Part]] = {}
    unlinked = {}
    for rule in rules:
        lead_part = Part.of(
            chain.lead_pipeline, count(lead_selection, rule, None, lead_amounts), lead_amounts
        )
        if basis == "origin":
            origin = _count_origin(lead_selection, whole_deals, found, rule, deal_amounts)
            own_part = Part.of(chain.deal_pipeline, origin.deals, deal_amounts)
            deal_part = of_origin(own_part, lead_part, origin.converted)
        else:
            deal_part = Part.of(
                chain.deal_pipeline, count(deal_selection, rule, None, deal_amounts), deal_amounts
            )
        parts[rule.kind] = (lead_part, deal_part)
        unlinked[rule.kind] = _n_unlinked(deal_selection, rule, found)
    return chain_table(parts, kind, basis=basis, links=found.found, unlinked=unlinked)


@dataclass(frozen=True)
class _Chain:
    """Both logs, how they are read, and the table that links them."""

    leads: StageLog
    deals: StageLog
    links: Any
    lead_pipeline: Pipeline
    deal_pipeline: Pipeline
    lead: str
    deal: str

    def selection(self, part: str, **options: Any) -> Selection:
        log, pipeline = (
            (self.leads, self.lead_pipeline) if part == "leads" else (self.deals, self.deal_pipeline)
        )
        with _told(f"in the {part}"):
            return selection_of(log, pipeline, **options)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say of an error which of two logs it is about."""
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
            raise SchemaError(f"{name}= is a {type(pipeline).__name__}; pass the Pipeline of that part")
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
        "lead",
        "deal",
    )


def _pipeline_of(part: Any, chosen: Any, option: str) -> Pipeline:
    """Take a part's one pipeline, or the one chosen."""
    if isinstance(chosen, Pipeline):
        return chosen
    known: dict[Any, Pipeline] = part.pipelines
    if chosen is None and len(known) == 1:
        return next(iter(known.values()))
    if chosen in known:
        return known[chosen]
    what = f"{option}= is needed" if chosen is None else f"{option}={chosen!r} is none of the export's"
    raise SchemaError(f"{what}; the pipelines are {quoted(known)}")


def _lead_amounts(
    leads: Selection, amount: str | None, currency: str | None, rates: Rates | None
) -> Amounts | None:
    log = leads.log
    sources = [source for source in (log._data.items_table, log._data.columns) if source is not None]
    if amount is not None and not any(amount in source for source in sources):
        return Amounts(NumberColumn(np.full(log.n_items, np.nan)))
    return amounts_of(leads, amount, currency=currency, rates=rates)


def _count_origin(
    leads: Selection, deals: Selection, links: Links, rule: Rule, amounts: Amounts | None
) -> _core.funnel.OriginCounts:
    moved = None if deals.moved is None else deals.moved.astype(np.uint8)
    try:
        return _core.funnel.count_origin(
            leads.journeys,
            leads.lookup,
            deals.journeys,
            deals.lookup,
            moved,
            links.lead,
            links.deal,
            rule.core_kind,
            rule.lost_then_won,
            None if amounts is None else amounts.numbers.values,
            leads.data.threads,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error


def _n_unlinked(deals: Selection, rule: Rule, links: Links) -> int:
    groups = Groups(links.linked.astype(np.int32), pd.DataFrame({"linked": [False, True]}), keeps_empty=True)
    counts: Counts = count(deals, rule, groups)
    moved = getattr(counts, "moved_out", None)
    return int(counts.won[0] + counts.lost[0] + counts.open[0] + (0 if moved is None else moved[0]))
