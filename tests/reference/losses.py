"""The losses, by stage and reason, and the skips of each group."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from reference.durations import Unit, duration_column, ticks_between, unit_of
from reference.journeys import (
    Visit,
    before_closing,
    began_beyond,
    has_visit,
    lost_from,
    outcome,
    skipped_stages,
    visits_by_item,
    went_beyond,
)
from reference.report import Values, members_of, share
from reference.stages import Item, Pipeline, Row, Stage, Unlisted, labels, stage_column
from reference.stays import Stay, stays_by_item
from reference.time_to import passed

SKIP_COUNTS = ["passed", "beyond", "skipped", "began_beyond"]


def losses(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    unlisted: Unlisted = "error",
    groups: Values,
    reasons: Values,
    amounts: Values,
    order: Sequence[Hashable] | None = None,
    stays: Mapping[Item, Sequence[Stay]] | None = None,
    paused: Collection[Stage] = (),
) -> pd.DataFrame:
    """List the losses by ``group``, last stage before, lost stage and ``reason``, with the ``amount``.

    ``stays`` are the visits with their ends; None reads them off the rows. In the ``paused`` stages the clock
    of an item stands still.
    """
    unit = unit_of(rows)
    by_item = visits_by_item(rows, pipeline, unlisted, order)
    if stays is None:
        stays = stays_by_item(rows, pipeline, unlisted=unlisted, order=order)
    lost = {item: visits for item, visits in by_item.items() if outcome(visits, pipeline) == "lost"}
    records = []
    for group, members in members_of(lost, groups):
        for from_stage in (*labels(pipeline), None):
            from_here = {
                item: visits for item, visits in members.items() if lost_from(visits, pipeline) == from_stage
            }
            for lost_stage in pipeline.lost:
                into = {item: visits for item, visits in from_here.items() if visits[-1].stage == lost_stage}
                for reason, kept in members_of(into, reasons):
                    sums = [Fraction(amounts[item]) for item in kept if amounts.get(item) is not None]
                    lengths = [
                        _until_lost(visits, stays[item], pipeline, paused, unit)
                        for item, visits in kept.items()
                        if not stays[item][0].start_unknown
                    ]
                    last = (
                        [] if from_stage is None else [_before_loss(stays[item], pipeline) for item in kept]
                    )
                    in_stage = [
                        ticks_between(stay.start, stay.exited, unit)
                        for stay in last
                        if not stay.start_unknown
                    ]
                    if kept:
                        records.append(
                            {
                                "group": group,
                                "from_stage": from_stage,
                                "lost_stage": lost_stage,
                                "reason": reason,
                                "items": len(kept),
                                "share": share(len(kept), len(members)),
                                "amount": float(sum(sums)),
                                "amount_missing": len(kept) - len(sums),
                                "mean_until_lost": _mean(lengths) if lengths else None,
                                "median_until_lost": _median(lengths) if lengths else None,
                                "mean_in_stage": _mean(in_stage) if in_stage else None,
                            }
                        )
    names = ["items", "share", "amount", "amount_missing"]
    lengths_of = ["mean_until_lost", "median_until_lost", "mean_in_stage"]
    table = pd.DataFrame(
        records, columns=["group", "from_stage", "lost_stage", "reason", *names, *lengths_of]
    )
    for name in ("from_stage", "lost_stage"):
        table[name] = stage_column(table[name], pipeline)
    for name in lengths_of:
        table[name] = duration_column([record[name] for record in records], unit)
    counts = dict.fromkeys(["items", "amount_missing"], "int64")
    return table.astype(counts | dict.fromkeys(["share", "amount"], "float64"))


def skips(
    rows: Sequence[Row], pipeline: Pipeline, *, unlisted: Unlisted = "error", groups: Values
) -> pd.DataFrame:
    """Rank the pairs of ``group`` and stage by the rate at which the group skips the stage."""
    cells = []
    for group, members in members_of(visits_by_item(rows, pipeline, unlisted), groups):
        for stage in pipeline.stages:
            counts: Counter[str] = Counter()
            for visits in members.values():
                counts["passed"] += has_visit(visits, stage)
                counts["beyond"] += went_beyond(visits, stage, pipeline)
                counts["skipped"] += stage in skipped_stages(visits, pipeline)
                counts["began_beyond"] += began_beyond(visits, stage, pipeline)
            cells.append((group, stage, counts))
    return skip_table(cells, pipeline)


def skip_table(cells: Sequence[tuple[Any, Any, Mapping[str, int]]], pipeline: Pipeline) -> pd.DataFrame:
    """Put the counts of groups and stages in order, the most often skipped on the way first."""
    records = []
    for group, stage, counts in sorted(cells, key=lambda cell: _worst_first(cell[2])):
        record = {"group": group, "stage": stage} | {name: counts.get(name, 0) for name in SKIP_COUNTS}
        records.append(record | {"skip_rate": share(record["skipped"], record["beyond"])})
    table = pd.DataFrame(records, columns=["group", "stage", *SKIP_COUNTS, "skip_rate"])
    table["stage"] = stage_column(table["stage"], pipeline)
    return table.astype(dict.fromkeys(SKIP_COUNTS, "int64") | {"skip_rate": "float64"})


def _worst_first(counts: Mapping[str, int]) -> tuple[int, Fraction, int]:
    base = counts.get("beyond", 0) - counts.get("began_beyond", 0)
    on_the_way = counts.get("skipped", 0) - counts.get("began_beyond", 0)
    if not base:
        return 2, Fraction(0), 0
    return 0 if base >= 30 else 1, -Fraction(on_the_way, base), -on_the_way


def _loss_place(visits: Sequence[Visit], pipeline: Pipeline) -> int:
    """Return the place of the first of the closing lost visits."""
    return len(before_closing(visits, pipeline.lost))


def _until_lost(
    visits: Sequence[Visit],
    stays: Sequence[Stay],
    pipeline: Pipeline,
    paused: Collection[Stage],
    unit: Unit | None,
) -> int:
    place = _loss_place(visits, pipeline)
    return int(passed(stays, 0, place, paused, lambda start, end: ticks_between(start, end, unit)))


def _before_loss(stays: Sequence[Stay], pipeline: Pipeline) -> Stay:
    """Return the last visit before the closing lost ones."""
    visits = [Visit(stay.stage, stay.start) for stay in stays]
    return stays[_loss_place(visits, pipeline) - 1]


def _mean(lengths: Sequence[int]) -> Fraction:
    return Fraction(sum(lengths), len(lengths))


def _median(lengths: Sequence[int]) -> Fraction:
    ordered = sorted(lengths)
    middle = len(ordered) // 2
    return Fraction(ordered[middle] + ordered[~middle], 2)
