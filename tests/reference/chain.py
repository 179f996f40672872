"""The chain from leads to deals."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import pandas as pd

from reference.funnel import COUNTS, SHARES, compared_with, funnel, stage_before
from reference.journeys import (
    Visit,
    began_beyond,
    has_visit,
    lost_from,
    outcome,
    passed_in_absence,
    visits_by_item,
    went_beyond,
)
from reference.kinds import Counted, Fill, Kind, counted
from reference.report import LostThenWon, Values, kept_of, share
from reference.stages import Item, Pipeline, Row, Stage, Unlisted, labels

Standing: TypeAlias = tuple[str, Stage | None]


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
    moved: Collection[Item] = (),
) -> pd.DataFrame:
    """Count leads and deals; links are pairs of a deal and a lead, amounts are of deals.

    ``moved`` are the deals that are kept although they are in another pipeline now, with ``basis="origin"``.
    """
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
        standings = standings_of_leads(
            lead_rows, deal_rows, links, lead_pipeline, deal_pipeline, lost_then_won, moved, unlisted
        )
        records = _origin_records(
            of_lead, kept_deals, deal_pipeline, kind, fill, amounts, converted, standings
        )
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
    standings: Sequence[Standing],
) -> list[dict[str, Any]]:
    counts = {deal: counted(visits, pipeline, kind, fill) for deal, visits in kept.items()}
    records: list[dict[str, Any]] = []
    reached_of: dict[Stage, int] = {}
    absent = {
        stage
        for stage in pipeline.stages
        for deals in of_lead.values()
        for deal in deals
        if any(passed_in_absence(visit, stage, pipeline) for visit in kept[deal])
    }
    for stage in labels(pipeline):
        passed = sum(any(stage in counts[deal].passed for deal in deals) for deals in of_lead.values())
        reached = sum(any(reaches(counts[deal], stage) for deal in deals) for deals in of_lead.values())
        beyond = [
            any(went_beyond(kept[deal], stage, pipeline) for deal in deals) for deals in of_lead.values()
        ]
        visited = [any(has_visit(kept[deal], stage) for deal in deals) for deals in of_lead.values()]
        skipped = sum(far and not here for far, here in zip(beyond, visited, strict=True))
        began = sum(
            far and not here and all_began_beyond([kept[deal] for deal in deals], stage, pipeline)
            for far, here, deals in zip(beyond, visited, of_lead.values(), strict=True)
        )
        lost = standings.count(("lost", stage))
        record = {
            "stage": stage,
            "reached": reached,
            "passed": passed,
            "assumed": reached - passed,
            "skipped": skipped,
            "began_beyond": began,
            "lost_from": lost,
            "open_at": standings.count(("open", stage)),
            "conversion_from_all": share(reached, len(of_lead)),
            "skip_rate": share(skipped, sum(beyond)),
            "loss_rate": share(lost, sum(visited)),
        }
        before = compared_with(stage, pipeline, reached_of, len(of_lead), absent)
        is_first = stage not in pipeline.lost and stage_before(stage, pipeline) is None
        if is_first and stage not in absent:
            before = converted
        record["conversion_from_previous"] = share(reached, before)
        reached_of[stage] = reached
        reaching = {deal for deals in of_lead.values() for deal in deals if reaches(counts[deal], stage)}
        values = [amounts.get(deal) for deal in reaching]
        present = [Fraction(value) for value in values if value is not None]
        record |= {"amount": float(sum(present)), "amount_missing": len(values) - len(present)}
        records.append(record)
    return records


def all_began_beyond(deals: Sequence[Sequence[Visit]], stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether all items that went beyond a stage began beyond it."""
    far = [visits for visits in deals if went_beyond(visits, stage, pipeline)]
    return all(began_beyond(visits, stage, pipeline) for visits in far)


def reaches(count: Counted, stage: Stage) -> bool:
    """Return whether an item counts in a stage."""
    return stage in count.passed | count.assumed


def standings_of_leads(
    lead_rows: Sequence[Row],
    deal_rows: Sequence[Row],
    links: Collection[tuple[Item | None, Item | None]],
    lead_pipeline: Pipeline,
    deal_pipeline: Pipeline,
    lost_then_won: LostThenWon,
    moved: Collection[Item],
    unlisted: Unlisted = "error",
) -> list[Standing]:
    """Return how each lead of the report stands through its deals."""
    leads, deals = (
        kept_of(visits_by_item(rows, pipeline, unlisted), pipeline, lost_then_won)
        for rows, pipeline in ((lead_rows, lead_pipeline), (deal_rows, deal_pipeline))
    )
    return [
        joint_standing({deal: deals[deal] for deal in deals if (deal, lead) in links}, deal_pipeline, moved)
        for lead in leads
    ]


def joint_standing(
    deals: Mapping[Item, Sequence[Visit]], pipeline: Pipeline, moved: Collection[Item]
) -> Standing:
    """Return the outcome of items that count as one, and their stage if they are open or lost.

    The deals are in the order of their first rows, and of equally far ones ``max`` returns the first.
    """

    def furthest(visits: Sequence[Visit]) -> int:
        return max(_distance(visit.stage, pipeline) for visit in visits)

    here = [visits for deal, visits in deals.items() if deal not in moved]
    for name in ("won", "open", "lost"):
        standing = [visits for visits in here if outcome(visits, pipeline) == name]
        if standing:
            best = max(standing, key=furthest)
            return name, {"won": None, "open": best[-1].stage, "lost": lost_from(best, pipeline)}[name]
    return ("moved_out" if deals else "none"), None


def _distance(stage: Stage, pipeline: Pipeline) -> int:
    """Return how far a stage is: those in progress in their order, then won ones; -1 for a lost stage."""
    if stage in pipeline.stages:
        return pipeline.stages.index(stage)
    return len(pipeline.stages) if stage in pipeline.won else -1
