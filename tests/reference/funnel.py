"""The funnel table and the outcomes table."""

import math
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import pandas as pd

from reference.journeys import (
    Visit,
    began_beyond,
    has_visit,
    lost_from,
    outcome,
    passed_in_absence,
    reopened_won,
    skipped_stages,
    visits_by_item,
    went_beyond,
)
from reference.kinds import Counted, Fill, Kind, counted
from reference.report import LostThenWon, Values, kept_of, members_of, share, table_of
from reference.stages import (
    Item,
    Pipeline,
    Row,
    Stage,
    Unlisted,
    is_optional,
    labels,
    outcome_column,
    outcome_of,
    stage_column,
)

COUNTS = ["reached", "passed", "assumed", "skipped", "began_beyond", "lost_from", "open_at"]
VALUE_SHARES = [
    *("amount_conversion", "amount_conversion_low", "amount_conversion_high"),
    *("amount_n_eff", "top_share"),
]
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
    z: float | None = None,
) -> pd.DataFrame:
    """Count the items in every stage; a row of the table is a stage of a group.

    With ``z``, the normal quantile of a confidence, each stage has its share of the amounts of the base too.
    """
    by_item = visits_by_item(rows, pipeline, unlisted, order)
    kinds: list[Kind] = ["classic", "conversions"] if kind == "both" else [kind]
    records = []
    for funnel_kind in kinds:
        for group, members in members_of(by_item, groups):
            kept = kept_of(members, pipeline, lost_then_won or default_flip_rule(funnel_kind))
            for record in _stage_records(kept, pipeline, funnel_kind, fill, amounts, z):
                left_out = len(members) - len(kept)
                ends = {"base": len(kept), "left_out": left_out}
                records.append({"kind": funnel_kind, by: group} | record | ends)

    leading = ["kind"] * (kind == "both") + [by] * (groups is not None)
    amount = [] if amounts is None else ["amount", "amount_missing"]
    amount += [] if z is None else VALUE_SHARES
    columns = [*leading, "stage", "outcome", *COUNTS, *SHARES, *amount, "base", "left_out"]
    integers = [*COUNTS, "base", "left_out", *amount[1:2]]
    floats = [*SHARES, *amount[:1], *amount[2:]]
    types = dict.fromkeys(integers, "int64") | dict.fromkeys(floats, "float64")
    table = table_of(records, columns, types)
    if kind == "both":
        table["kind"] = pd.Categorical(table["kind"], categories=kinds)
    table["stage"] = stage_column(table["stage"], pipeline)
    table["outcome"] = outcome_column(table["outcome"])
    return table


def outcomes(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWon = "include",
    unlisted: Unlisted = "error",
    groups: Values | None = None,
    by: str = "group",
    amounts: Values | None = None,
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Count the items by their outcome now, one row per group (definitions.md, equations (6) and (7))."""
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
            "reopened_won": sum(reopened_won(item_visits, pipeline) for item_visits in kept.values()),
        }
        if amounts is not None:
            record |= outcome_amounts(dict(zip(kept, now, strict=True)), amounts)
        records.append(record)
    counts = ["base", "won", "lost", "open", "left_out", "reopened_won"]
    columns = ["base", "won", "lost", "open", "win_rate", "left_out", "reopened_won"]
    types = dict.fromkeys(counts, "int64") | {"win_rate": "float64"}
    if amounts is not None:
        sums = ["amount_won", "amount_lost", "amount_open", "mean_amount"]
        columns += [*sums, "amount_missing"]
        types |= dict.fromkeys(sums, "float64") | {"amount_missing": "int64"}
    return table_of(records, [*([by] * (groups is not None)), *columns], types)


def outcome_amounts(now: Mapping[Item, str], amounts: Values) -> dict[str, float]:
    """Add up the amounts of items by how they stand."""
    of = {
        name: [Fraction(amounts[item]) for item in now if now[item] == name and amounts.get(item) is not None]
        for name in ("won", "lost", "open")
    }
    record: dict[str, float] = {f"amount_{name}": float(sum(values)) for name, values in of.items()}
    record["mean_amount"] = float(sum(of["won"])) / len(of["won"]) if of["won"] else float("nan")
    record["amount_missing"] = sum(amounts.get(item) is None for item in now)
    return record


def default_flip_rule(kind: Kind) -> LostThenWon:
    """Return the flip rule that a kind has by default."""
    return "exclude" if kind == "conversions" else "include"


def _stage_records(
    kept: Mapping[Item, list[Visit]],
    pipeline: Pipeline,
    kind: Kind,
    fill: Fill,
    amounts: Values | None,
    z: float | None = None,
) -> list[dict[str, Any]]:
    counts = {item: counted(item_visits, pipeline, kind, fill) for item, item_visits in kept.items()}
    reaching = {stage: _reaching(counts, stage) for stage in labels(pipeline)}
    reached = {stage: len(items) for stage, items in reaching.items()}
    journeys = tuple(map(tuple, kept.values()))
    described, absent = _described(journeys, pipeline), _absent(journeys, pipeline)
    records = []
    for stage in labels(pipeline):
        before = compared_with(stage, pipeline, reached, len(kept), absent)
        record = {
            "stage": stage,
            "outcome": outcome_of(stage, pipeline),
            "reached": reached[stage],
            "passed": sum(stage in stages.passed for stages in counts.values()),
            "assumed": sum(stage in stages.assumed for stages in counts.values()),
            "conversion_from_all": share(reached[stage], len(kept)),
            "conversion_from_previous": share(reached[stage], before),
        }
        record |= described[stage]
        if amounts is not None:
            record |= _amount([amounts.get(item) for item in reaching[stage]])
            if z is not None:
                known = {item: float(amounts[item]) for item in kept if not pd.isna(amounts.get(item))}
                record |= value_shares(known, set(reaching[stage]), z)
        records.append(record)
    return records


def _reaching(counts: Mapping[Item, Counted], stage: Stage) -> list[Item]:
    """Return the items that reach a stage (definitions.md, equation (1))."""
    return [item for item, stages in counts.items() if stage in stages.passed or stage in stages.assumed]


def compared_with(
    stage: Stage,
    pipeline: Pipeline,
    reached: Mapping[Stage, int],
    base: int,
    absent: Collection[Stage] = (),
) -> int:
    """Return the denominator of a stage's conversion from the previous stage; 0 where there is none.

    ``absent`` are the stages that some items passed while they were not there.
    """
    if stage in pipeline.lost:
        return base
    before = stage_before(stage, pipeline)
    return 0 if before is None or stage in absent or before in absent else reached[before]


def stage_before(stage: Stage, pipeline: Pipeline) -> Stage | None:
    """Return the nearest stage in progress before one that is not lost and that items are asked for."""
    end = pipeline.stages.index(stage) if stage in pipeline.stages else len(pipeline.stages)
    asked = [one for one in pipeline.stages[:end] if not is_optional(one, pipeline)]
    return asked[-1] if asked else None


# What is the same for every kind of funnel is worked out once for the kinds that a test asks for.


@lru_cache(maxsize=8)
def _absent(kept: tuple[tuple[Visit, ...], ...], pipeline: Pipeline) -> set[Stage]:
    """Return the stages that some items passed while they were not there."""
    return {
        stage
        for stage in pipeline.stages
        for visits in kept
        if any(passed_in_absence(visit, stage, pipeline) for visit in visits)
    }


@lru_cache(maxsize=8)
def _described(
    kept: tuple[tuple[Visit, ...], ...], pipeline: Pipeline
) -> Mapping[Stage, Mapping[str, float]]:
    """Return, for each stage, the columns that describe the journeys."""
    skipped = Counter(stage for visits in kept for stage in skipped_stages(visits, pipeline))
    lost = Counter(lost_from(visits, pipeline) for visits in kept)
    open_at = Counter(visits[-1].stage for visits in kept if outcome(visits, pipeline) == "open")
    described = {}
    for stage in labels(pipeline):
        visiting = [visits for visits in kept if has_visit(visits, stage)]
        beyond = [visits for visits in visiting if went_beyond(visits, stage, pipeline)]
        described[stage] = {
            "skipped": skipped[stage],
            "began_beyond": sum(began_beyond(visits, stage, pipeline) for visits in kept),
            "lost_from": lost[stage],
            "open_at": open_at[stage],
            "skip_rate": share(skipped[stage], skipped[stage] + len(beyond)),  # definitions.md, equation (4)
            "loss_rate": share(lost[stage], len(visiting)),  # definitions.md, equation (5)
        }
    return described


def _amount(values: Sequence[Any]) -> dict[str, float]:
    present = [Fraction(value) for value in values if not pd.isna(value)]
    return {"amount": float(sum(present)), "amount_missing": len(values) - len(present)}


def value_shares(amounts: Mapping[Item, float], reaching: Collection[Item], z: float) -> dict[str, float]:
    """Return how much of the value of some items is of those that reach a stage, and how sure that is."""
    total, n = math.fsum(amounts.values()), len(amounts)
    if total <= 0 or min(amounts.values()) < 0:
        return dict.fromkeys(VALUE_SHARES, math.nan)
    reached = {item: float(item in reaching) for item in amounts}
    part = math.fsum(amount * reached[item] for item, amount in amounts.items()) / total
    n_eff = total**2 / math.fsum(amount**2 for amount in amounts.values())
    if n > 1 and 0 < part < 1:
        scatter = math.fsum((amount * (reached[item] - part)) ** 2 for item, amount in amounts.items())
        variance = n / (n - 1) * scatter / total**2
        n_eff = min(n_eff, part * (1 - part) / variance)
    middle = part + z * z / (2 * n_eff)
    half = z * math.sqrt(part * (1 - part) / n_eff + z * z / (4 * n_eff**2))
    low, high = ((middle + side * half) / (1 + z * z / n_eff) for side in (-1, 1))
    return {
        "amount_conversion": part,
        "amount_conversion_low": 0.0 if part == 0 else low,
        "amount_conversion_high": 1.0 if part == 1 else high,
        "amount_n_eff": n_eff,
        "top_share": max(amounts.values()) / total,
    }
