"""The funnel table and the outcomes table."""

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import pandas as pd

from reference.journeys import (
    Visit,
    has_visit,
    lost_from,
    outcome,
    reopened_won,
    skipped_stages,
    visits_by_item,
    went_beyond,
)
from reference.kinds import Counted, Fill, Kind, counted
from reference.report import LostThenWon, Values, kept_of, members_of, share
from reference.stages import (
    Item,
    Pipeline,
    Row,
    Stage,
    Unlisted,
    labels,
    outcome_column,
    outcome_of,
    stage_column,
)

COUNTS = ["reached", "passed", "assumed", "skipped", "lost_from", "open_at"]
SHARES = ["conversion_from_all", "conversion_from_previous", "skip_rate", "loss_rate"]


def funnel(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    kind: Kind | Literal["both"] = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWon | None = None,
    unlisted: Unlisted = "error",
    groups: Values | None = None,
    by: str = "group",
    amounts: Values | None = None,
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Count the items in every stage, one row per stage and group."""
    by_item = visits_by_item(rows, pipeline, unlisted, order)
    kinds: list[Kind] = ["classic", "conversions"] if kind == "both" else [kind]
    records = []
    for each in kinds:
        for group, members in members_of(by_item, groups):
            kept = kept_of(members, pipeline, lost_then_won or default_flip_rule(each))
            for record in _stage_records(kept, pipeline, each, fill, amounts):
                left_out = len(members) - len(kept)
                ends = {"base": len(kept), "left_out": left_out}
                records.append({"kind": each, by: group} | record | ends)

    leading = ["kind"] * (kind == "both") + [by] * (groups is not None)
    amount = [] if amounts is None else ["amount", "amount_missing"]
    columns = [*leading, "stage", "outcome", *COUNTS, *SHARES, *amount, "base", "left_out"]
    table = pd.DataFrame(records, columns=columns)
    if kind == "both":
        table["kind"] = pd.Categorical(table["kind"], categories=kinds)
    table["stage"] = stage_column(table["stage"], pipeline)
    table["outcome"] = outcome_column(table["outcome"])
    integers = [*COUNTS, "base", "left_out", *amount[1:]]
    floats = [*SHARES, *amount[:1]]
    return table.astype(dict.fromkeys(integers, "int64") | dict.fromkeys(floats, "float64"))


def outcomes(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWon = "include",
    unlisted: Unlisted = "error",
    groups: Values | None = None,
    by: str = "group",
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Count the items by their outcome now, one row per group."""
    by_item = visits_by_item(rows, pipeline, unlisted, order)
    records = []
    for group, members in members_of(by_item, groups):
        kept = kept_of(members, pipeline, lost_then_won)
        now = [outcome(item_visits, pipeline) for item_visits in kept.values()]
        record = {
            by: group,
            "base": len(kept),
            "won": now.count("won"),
            "lost": now.count("lost"),
            "open": now.count("open"),
            "win_rate": share(now.count("won"), now.count("won") + now.count("lost")),
            "left_out": len(members) - len(kept),
            "reopened_won": sum(reopened_won(one, pipeline) for one in kept.values()),
        }
        records.append(record)
    counts = ["base", "won", "lost", "open", "left_out", "reopened_won"]
    columns = ["base", "won", "lost", "open", "win_rate", "left_out", "reopened_won"]
    table = pd.DataFrame(records, columns=[*([by] * (groups is not None)), *columns])
    return table.astype(dict.fromkeys(counts, "int64") | {"win_rate": "float64"})


def default_flip_rule(kind: Kind) -> LostThenWon:
    """Return what a kind does with items lost and won, if nothing is said."""
    return "exclude" if kind == "conversions" else "include"


def _stage_records(
    kept: Mapping[Item, list[Visit]],
    pipeline: Pipeline,
    kind: Kind,
    fill: Fill,
    amounts: Values | None,
) -> list[dict[str, Any]]:
    counts = {item: counted(one, pipeline, kind, fill) for item, one in kept.items()}
    reached = {stage: len(_reaching(counts, stage)) for stage in labels(pipeline)}
    records = []
    for stage in labels(pipeline):
        before = compared_with(stage, pipeline, reached, len(kept))
        record = {
            "stage": stage,
            "outcome": outcome_of(stage, pipeline),
            "reached": reached[stage],
            "passed": sum(stage in one.passed for one in counts.values()),
            "assumed": sum(stage in one.assumed for one in counts.values()),
            "conversion_from_all": share(reached[stage], len(kept)),
            "conversion_from_previous": share(reached[stage], before),
        }
        record |= _described(list(kept.values()), stage, pipeline)
        if amounts is not None:
            record |= _amount([amounts.get(item) for item in _reaching(counts, stage)])
        records.append(record)
    return records


def _reaching(counts: Mapping[Item, Counted], stage: Stage) -> list[Item]:
    return [item for item, one in counts.items() if stage in one.passed | one.assumed]


def compared_with(stage: Stage, pipeline: Pipeline, reached: Mapping[Stage, int], base: int) -> int:
    """Return what a stage's previous conversion divides by; 0 on the first stage."""
    if stage in pipeline.lost:
        return base
    position = labels(pipeline).index(stage)
    if stage in pipeline.won:
        position = len(pipeline.stages)
    return reached[labels(pipeline)[position - 1]] if position > 0 else 0


def _described(kept: Sequence[Sequence[Visit]], stage: Stage, pipeline: Pipeline) -> dict[str, float]:
    """Return the columns that describe the journeys, whatever the kind of funnel."""
    visiting = [one for one in kept if has_visit(one, stage)]
    beyond = [one for one in visiting if went_beyond(one, stage, pipeline)]
    skipped = sum(stage in skipped_stages(one, pipeline) for one in kept)
    lost = sum(lost_from(one, pipeline) == stage for one in kept)
    still_open = [one for one in kept if outcome(one, pipeline) == "open"]
    return {
        "skipped": skipped,
        "lost_from": lost,
        "open_at": sum(one[-1].stage == stage for one in still_open),
        "skip_rate": share(skipped, skipped + len(beyond)),
        "loss_rate": share(lost, len(visiting)),
    }


def _amount(values: Sequence[Any]) -> dict[str, float]:
    known = [Fraction(value) for value in values if not pd.isna(value)]
    return {"amount": float(sum(known)), "amount_missing": len(values) - len(known)}
