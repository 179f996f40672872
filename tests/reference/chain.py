"""The chain from leads to deals."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import pandas as pd

from reference.funnel import COUNTS, SHARES, funnel
from reference.journeys import Visit, has_visit, lost_from, outcome, visits_by_item, went_beyond
from reference.kinds import Counted, Fill, Kind, counted
from reference.report import LostThenWon, Values, kept_of, share
from reference.stages import Item, Pipeline, Row, Stage, Unlisted, labels, outcome_of


def chain_funnel(
    lead_rows: Sequence[Row],
    deal_rows: Sequence[Row],
    links: Collection[tuple[Item | None, Item | None]],
    lead_pipeline: Pipeline,
    deal_pipeline: Pipeline,
    *,
    kind: Kind,
    fill: Fill,
    lost_then_won: LostThenWon,
    basis: Literal["entity", "origin"],
    amounts: Values,
    unlisted: Unlisted = "error",
) -> pd.DataFrame:
    """Count leads and deals; links are pairs of a deal and a lead, amounts are of deals."""
    options: dict[str, Any] = {
        "kind": kind,
        "fill": fill,
        "lost_then_won": lost_then_won,
        "unlisted": unlisted,
    }
    leads = funnel(lead_rows, lead_pipeline, **options, amounts={})
    deals = funnel(deal_rows, deal_pipeline, **options, amounts=amounts)
    if basis == "origin":
        kept_leads, kept_deals = (
            kept_of(visits_by_item(rows, pipeline, unlisted), pipeline, lost_then_won)
            for rows, pipeline in ((lead_rows, lead_pipeline), (deal_rows, deal_pipeline))
        )
        of_lead: dict[Item, list[Item]] = {
            lead: [deal for deal in kept_deals if (deal, lead) in links] for lead in kept_leads
        }
        converted = sum(
            any(stage in counted(visits, lead_pipeline, kind, fill).passed for stage in lead_pipeline.won)
            for visits in kept_leads.values()
        )
        records = _origin_records(of_lead, kept_deals, deal_pipeline, kind, fill, amounts, converted)
        deals = pd.DataFrame(records).assign(
            base=len(kept_leads), left_out=leads["left_out"].iloc[0], outcome=deals["outcome"]
        )[list(deals.columns)]
    leads.insert(0, "part", "lead")
    deals.insert(0, "part", "deal")
    both = [table.astype({"stage": object}) for table in (leads, deals)]
    table = pd.concat(both, ignore_index=True)
    integers = [*COUNTS, "amount_missing", "base", "left_out"]
    floats = [*SHARES, "amount"]
    table["outcome"] = pd.Categorical(table["outcome"], categories=["open", "won", "lost"])
    return table.astype(dict.fromkeys(integers, "int64") | dict.fromkeys(floats, "float64"))


def unlinked(
    lead_rows: Sequence[Row],
    deal_rows: Sequence[Row],
    links: Collection[tuple[Item | None, Item | None]],
    deal_pipeline: Pipeline,
    lost_then_won: LostThenWon,
    unlisted: Unlisted = "error",
) -> int:
    """Count the deals of the report that no lead of the leads' log is linked to."""
    kept = kept_of(visits_by_item(deal_rows, deal_pipeline, unlisted), deal_pipeline, lost_then_won)
    leads = {item for item, _, _ in lead_rows}
    return sum(not any((deal, lead) in links for lead in leads) for deal in kept)


def _origin_records(
    of_lead: Mapping[Item, Sequence[Item]],
    kept: Mapping[Item, Sequence[Visit]],
    pipeline: Pipeline,
    kind: Kind,
    fill: Fill,
    amounts: Values,
    converted: int,
) -> list[dict[str, Any]]:
    counts = {deal: counted(visits, pipeline, kind, fill) for deal, visits in kept.items()}
    standings = [_standing([kept[deal] for deal in deals], pipeline) for deals in of_lead.values()]
    records: list[dict[str, Any]] = []
    last_in_progress = 0
    for stage in labels(pipeline):
        passed = sum(any(stage in counts[deal].passed for deal in deals) for deals in of_lead.values())
        reached = sum(any(_reaches(counts[deal], stage) for deal in deals) for deals in of_lead.values())
        beyond = [
            any(went_beyond(kept[deal], stage, pipeline) for deal in deals) for deals in of_lead.values()
        ]
        visited = [any(has_visit(kept[deal], stage) for deal in deals) for deals in of_lead.values()]
        skipped = sum(far and not here for far, here in zip(beyond, visited, strict=True))
        lost = standings.count(("lost", stage))
        record = {
            "stage": stage,
            "reached": reached,
            "passed": passed,
            "assumed": reached - passed,
            "skipped": skipped,
            "lost_from": lost,
            "open_at": standings.count(("open", stage)),
            "conversion_from_all": share(reached, len(of_lead)),
            "skip_rate": share(skipped, sum(beyond)),
            "loss_rate": share(lost, sum(visited)),
        }
        before = {
            "open": records[-1]["reached"] if records else converted,
            "won": last_in_progress,
            "lost": len(of_lead),
        }
        record["conversion_from_previous"] = share(reached, before[outcome_of(stage, pipeline)])
        if stage in pipeline.stages:
            last_in_progress = reached
        reaching = {deal for deals in of_lead.values() for deal in deals if _reaches(counts[deal], stage)}
        values = [amounts.get(deal) for deal in reaching]
        present = [Fraction(value) for value in values if value is not None]
        record |= {"amount": float(sum(present)), "amount_missing": len(values) - len(present)}
        records.append(record)
    return records


def _reaches(count: Counted, stage: Stage) -> bool:
    return stage in count.passed | count.assumed


def _standing(deals: Sequence[Sequence[Visit]], pipeline: Pipeline) -> tuple[str, Stage | None]:
    """Return the outcome of a lead by its deals, and its stage if it is open or lost."""
    order = labels(pipeline)
    now = {
        name: [visits for visits in deals if outcome(visits, pipeline) == name]
        for name in ("won", "open", "lost")
    }
    if now["won"]:
        return "won", None
    if now["open"]:
        return "open", max((visits[-1].stage for visits in now["open"]), key=order.index)
    origins = [stage for visits in now["lost"] if (stage := lost_from(visits, pipeline)) is not None]
    return ("lost" if now["lost"] else "none"), max(origins, key=order.index, default=None)
