"""Chains of leads and deals whose parts have whole chains: all leads of a deal, and all deals of a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ...log.stage_log import StageLog
from ...log.wrong_kinds import not_a_log
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
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, PeriodLike
from ..chain.chain_counts import ChainCounted, chain_answer, count_linked
from ..chain.linked_logs import chain_of, noted
from ..scope.money import Rates
from ..scope.where import Where
from ..stats.share_bounds import read_confidence


def count_chain(
    leads: StageLog,
    lead_pipeline: Pipeline,
    *,
    deals: StageLog | None = None,
    links: Any = None,
    deal_pipeline: Pipeline | None = None,
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
    where: Where | None = None,
    by: str | Sequence[str] | None = None,
) -> ChainCounted:
    """Count what :func:`chain_funnel` needs of a part of a chain; the options are its own."""
    if not isinstance(deals, StageLog):
        raise not_a_log(deals)
    chain = chain_of(leads, deals, links, lead_pipeline, deal_pipeline, lead=lead, deal=deal)
    return count_linked(
        chain,
        kind=kind,
        fill=fill,
        lost_then_won=lost_then_won,
        basis=basis,
        amount=amount,
        currency=currency,
        rates=rates,
        unlisted=unlisted,
        missing=missing,
        period=period,
        period_basis=period_basis,
        as_of=as_of,
        within=within,
        where=where,
        by=by,
    )


def chain_of_parts(
    counts: ChainCounted,
    pipeline: Pipeline,
    *,
    deal_pipeline: Pipeline,
    kind: KindName = "classic",
    basis: ChainBasisName = "entity",
    missing: MissingStages = "near",
    confidence: float | None = None,
    where: Where | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`chain_funnel`."""
    with noted("in the deals"):
        counts.deal_stages.fit(deal_pipeline).refuse_without_rows(missing)
        if by is not None and where is None:  # the deals of the groups are judged, too
            counts.about_deals.facts().stages.fit(deal_pipeline).refuse_without_rows(missing)
    sure = read_confidence(confidence)
    about_deals = counts.about_deals.facts().about(deal_pipeline, Clock(*counts.deal_clock))
    counts = replace(counts, about_deals=about_deals).largest(top)
    return chain_answer(counts, pipeline, deal_pipeline, kind=kind, basis=basis, confidence=sure)
