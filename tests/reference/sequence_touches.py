"""What is read off the chains of sequences, one by one: groups, periods, times, what came between."""

from collections import Counter
from collections.abc import Hashable, Sequence
from statistics import median
from typing import Any, NamedTuple

from reference.journeys import journeys
from reference.sequence_steps import Step, matches
from reference.sequence_tables import Found, sequence_chains
from reference.sequences import Chain
from reference.stages import Item, Row, Stage, Time

Attribution = str


class Journey(NamedTuple):
    """The rows of an item that are observed: stage, value of the breakdown, time."""

    rows: list[tuple[Stage, Hashable, Time]]


def observed(rows: Sequence[Row], values: Sequence[Hashable], as_of: Time | None) -> dict[Item, Journey]:
    """Order the rows of each item, and leave those out that are at the end of observation or later."""
    kept = [i for i, (_, _, time) in enumerate(rows) if as_of is None or time < as_of]
    by_item = journeys([(rows[i][0], (rows[i][1], values[i]), rows[i][2]) for i in kept])
    found = {}
    for item, path in by_item.items():
        pairs: list[tuple[Any, Time]] = list(path)
        found[item] = Journey([(pair[0], pair[1], time) for pair, time in pairs])
    return found


def touched(
    rows: Sequence[Row],
    steps: Sequence[Step],
    values: Sequence[Hashable],
    attribution: Attribution,
    step: int = 1,
    **options: Any,
) -> dict[Item, Hashable]:
    """Give every item the value of one of its rows, None where there is no such row."""
    found = {one.item: one.chain for one in sequence_chains(rows, steps, **options)}
    groups: dict[Item, Hashable] = {}
    for item, journey in observed(rows, values, options.get("as_of")).items():
        touches = [
            value
            for stage, value, _ in journey.rows
            if value is not None and any(matches(stage, one) for one in steps)
        ]
        if attribution == "step":
            asked = steps if options.get("mode") == "unordered" else [steps[step - 1]]
            groups[item] = _of_step(journey, found[item], asked, step)
        else:
            place = 0 if attribution == "first_touch" else -1
            groups[item] = touches[place] if touches else None
    return groups


def _of_step(journey: Journey, chain: Chain, asked: Sequence[Step], step: int) -> Hashable:
    time = chain.times[step - 1]
    at = [
        value
        for stage, value, when in journey.rows
        if when == time and any(matches(stage, one) for one in asked)
    ]
    return None if time is None else at[0]


def value_by_value(rows: Sequence[Row], values: Sequence[Hashable]) -> dict[Hashable, list[Row]]:
    """Part the rows by their value."""
    return {
        value: [row for row, own in zip(rows, values, strict=True) if own == value]
        for value in dict.fromkeys(values)
    }


def both_steps(
    rows: Sequence[Row], steps: Sequence[Step], start: int, end: int, **options: Any
) -> list[Found]:
    """Find the chains that did two steps."""
    return [
        one
        for one in sequence_chains(rows, steps, **options)
        if one.chain.times[start - 1] is not None and one.chain.times[end - 1] is not None
    ]


def paths(
    rows: Sequence[Row],
    steps: Sequence[Step],
    start: int,
    end: int,
    **options: Any,
) -> dict[tuple[str, ...], list[Any]]:
    """Collect what came between two steps, with the times that it took."""
    by_item = observed(rows, [None] * len(rows), options.get("as_of"))
    found: dict[tuple[str, ...], list[Any]] = {}
    for one in both_steps(rows, steps, start, end, **options):
        journey = by_item[one.item].rows
        first, last = (_row_of(journey, one.chain, step, steps[step - 1]) for step in (start, end))
        between = ["(missing)" if stage is None else str(stage) for stage, _, _ in journey[first + 1 : last]]
        path = tuple(name for i, name in enumerate(between) if i == 0 or between[i - 1] != name)
        found.setdefault(path, []).append(journey[last][2] - journey[first][2])
    return found


def _row_of(journey: Sequence[tuple[Stage, Hashable, Time]], chain: Chain, step: int, asked: Step) -> int:
    time = chain.times[step - 1]
    return next(i for i, (stage, _, when) in enumerate(journey) if when == time and matches(stage, asked))


def counted_paths(found: dict[tuple[str, ...], list[Any]]) -> Counter[tuple[tuple[str, ...], float]]:
    """Count the paths, each with the median of its times."""
    return Counter({(path, median(times)): len(times) for path, times in found.items()})
