"""The chain from leads to deals: two logs, two pipelines, and the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import pandas as pd

from ...log.columns.frame_types import Frame
from ...log.stage_log import StageLog
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
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import check_top
from ..scope.money import Rates
from ..scope.where import Where
from ..stats.share_bounds import read_confidence
from .chain_counts import chain_answer, count_linked
from .linked_logs import chain_of


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
    check_top(top, by)
    chain = chain_of(leads, deals, links, lead_pipeline, deal_pipeline, lead=lead, deal=deal)
    sure = read_confidence(confidence)
    counts = count_linked(
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
        top=top,
    )
    return chain_answer(
        counts, chain.lead_pipeline, chain.deal_pipeline, kind=kind, basis=basis, confidence=sure
    )
