"""The items that are open now, measured by those that are won, and the visits that are over a limit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from reference.journeys import Visit, outcome
from reference.stages import Item, Pipeline, Stage, Time
from reference.stays import Stay

Measure: TypeAlias = Callable[[Time, Time], Any]


class OpenItem(NamedTuple):
    """One open item; None stands for what is missing."""

    item: Item
    stage: Stage
    entered: Time
    in_stage: Any
    age: Any
    quantile: Fraction | None
    over_limit: bool | None


def open_items(
    stays: Mapping[Item, Sequence[Stay]],
    pipeline: Pipeline,
    *,
    until: Time,
    limits: Mapping[Stage, Any],
    paused: Collection[Stage] = (),
    moved: Collection[Item] = (),
    measure: Measure,
) -> list[OpenItem]:
    """List the items that are open at ``until``, the worst first."""
    now = {
        item: "moved_out"
        if item in moved
        else outcome([Visit(stay.stage, stay.start) for stay in own], pipeline)
        for item, own in stays.items()
    }
    found = []
    for item, own in stays.items():
        if now[item] != "open":
            continue
        current, first = own[-1], own[0]
        in_stage = None if current.start_unknown else measure(current.start, _end(current, until))
        age = None
        if not first.start_unknown:
            age = measure(first.start, until)
            for stay in own:
                if stay.stage in paused:
                    age -= measure(stay.start, _end(stay, until))
        won = [
            measure(stay.start, stay.exited)
            for other, visits in stays.items()
            if now[other] == "won"
            for stay in visits
            if stay.stage == current.stage and stay.exited is not None and not stay.start_unknown
        ]
        no_longer = None
        if in_stage is not None and won:
            no_longer = Fraction(sum(length <= in_stage for length in won), len(won))
        over = None
        if in_stage is not None and current.stage in limits:
            over = in_stage > limits[current.stage]
        entered = None if current.start_unknown else current.start
        found.append(OpenItem(item, current.stage, entered, in_stage, age, no_longer, over))
    return sorted(found, key=_rank)


def shares_over_limit(
    stays: Mapping[Item, Sequence[Stay]],
    *,
    until: Time,
    limits: Mapping[Stage, Any],
    measure: Measure,
) -> dict[Stage, Fraction | None]:
    """Return for each stage with a limit the share of its visits of a known start that are longer."""
    shares: dict[Stage, Fraction | None] = {}
    for stage, limit in limits.items():
        lengths = [
            measure(stay.start, until if stay.exited is None else stay.exited)
            for own in stays.values()
            for stay in own
            if stay.stage == stage and not stay.start_unknown
        ]
        shares[stage] = Fraction(sum(length > limit for length in lengths), len(lengths)) if lengths else None
    return shares


def _end(stay: Stay, until: Time) -> Time:
    return until if stay.exited is None else min(stay.exited, until)


def _rank(one: OpenItem) -> tuple[Any, ...]:
    """The highest quantile, then the longest time; Python's sort keeps the order of ties."""
    is_missing = one.in_stage is None
    by_quantile = (1, 0) if one.quantile is None else (0, -one.quantile)
    return (*by_quantile, is_missing, 0 if is_missing else -one.in_stage)
