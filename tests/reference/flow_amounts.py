"""The balance of the stages in money."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from reference.flow import ENTRIES, EXITS, how_entered, how_left
from reference.journeys import journeys
from reference.stages import Pipeline, Row, Stage, Time, labels

MONEY = [
    "amount_at_start",
    "amount_entered",
    *(f"amount_{name}" for name in ENTRIES),
    "raised",
    *(f"amount_{name}" for name in EXITS),
    "lowered",
    "amount_at_end",
    "amount_missing",
]


class _Named(NamedTuple):
    """The stage of a row and its place in the input."""

    stage: Stage
    place: int


class Stay(NamedTuple):
    """A visit: its stage (None elsewhere), and the time and the amount then of each of its rows.

    The first row of the next visit is its last one here, if there is one: it has the amount with which the
    item leaves.
    """

    stage: Stage | None
    amounts: list[tuple[Time, float | None]]
    is_over: bool


def flow_amounts(
    rows: Sequence[Row],
    amounts: Sequence[float | None] | Mapping[Any, float | None],
    pipeline: Pipeline,
    *,
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    elsewhere: Collection[Stage] = (),
    order: Sequence[Hashable] | None = None,
) -> dict[Stage, dict[str, float]]:
    """Add up the amounts of every count of ``flow``, stage by stage.

    ``amounts`` are one per row of the log, or those of today by item.
    """
    sums: Counter[tuple[Stage | None, str]] = Counter()
    with_places: list[Any] = [
        (item, _Named(stage, place), time) for place, (item, stage, time) in enumerate(rows)
    ]
    for item, journey in journeys(with_places, order).items():
        known = amounts.get(item) if isinstance(amounts, Mapping) else None
        seen: list[tuple[Stage | None, Time, float | None]] = []
        for named, time in journey:
            assert isinstance(named, _Named)
            stage, place = named
            if stage not in (*labels(pipeline), *elsewhere):
                continue
            if any(time >= limit for limit in (end, as_of) if limit is not None):
                continue
            if not isinstance(amounts, Mapping) and amounts[place] is not None:
                known = amounts[place]
            seen.append((stage if stage in labels(pipeline) else None, time, known))
        _add_item(sums, _stays(seen), pipeline, start)
    table = {}
    for stage in labels(pipeline):
        sums[stage, "amount_entered"] = sum(sums[stage, f"amount_{name}"] for name in ENTRIES)
        table[stage] = {name: float(sums[stage, name]) for name in MONEY}
    return table


def _stays(seen: Sequence[tuple[Stage | None, Time, float | None]]) -> list[Stay]:
    runs = [
        (stage, [(time, amount) for _, time, amount in run])
        for stage, run in groupby(seen, lambda row: row[0])
    ]
    stays = [Stay(stage, [*run, following[0]], True) for (stage, run), (_, following) in pairwise(runs)]
    return [*stays, *(Stay(stage, run, False) for stage, run in runs[-1:])]


def _add_item(
    sums: Counter[tuple[Stage | None, str]], stays: Sequence[Stay], pipeline: Pipeline, start: Time | None
) -> None:
    def is_in(time: Time) -> bool:
        return start is None or time >= start

    for place, stay in enumerate(stays):
        stage, amounts = stay.stage, stay.amounts
        if stay.is_over and not is_in(amounts[-1][0]):
            continue
        before = [amount for time, amount in amounts if not is_in(time)]
        if before:
            sums[stage, "amount_at_start"] += _exact(before[-1])
        else:
            came_from = stays[place - 1].stage if place else None
            way = how_entered(came_from, stage, pipeline) if place else "created"
            sums[stage, f"amount_{way}"] += _exact(amounts[0][1])
        for (_, old), (time, new) in pairwise(amounts):
            if is_in(time):
                change = _exact(new) - _exact(old)
                sums[stage, "raised" if change > 0 else "lowered"] += abs(change)
        if stay.is_over:
            way = how_left(stage, stays[place + 1].stage, pipeline)
            sums[stage, f"amount_{way}"] += _exact(amounts[-1][1])
        else:
            sums[stage, "amount_at_end"] += _exact(amounts[-1][1])
        sums[stage, "amount_missing"] += amounts[-1][1] is None


def _exact(amount: float | None) -> Any:
    return Fraction(amount or 0)
