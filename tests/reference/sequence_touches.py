"""Groups of a breakdown, times and paths of sequences, read from one match after another."""

from collections.abc import Hashable, Sequence
from statistics import median
from typing import Any, NamedTuple

from reference.journeys import journeys
from reference.sequence_steps import Seen, Step, fits
from reference.sequence_tables import ItemMatch, item_matches
from reference.sequences import Match
from reference.stages import Item, Row, Stage, Time

Attribution = str


class Journey(NamedTuple):
    """The observed rows of an item: stage, value of the breakdown, time."""

    rows: list[tuple[Stage, Hashable, Time]]


def observed(rows: Sequence[Row], values: Sequence[Hashable], as_of: Time | None) -> dict[Item, Journey]:
    """Return the rows of each item in order of time, without rows at or after the end of observation."""
    kept = [i for i, (_, _, time) in enumerate(rows) if as_of is None or time < as_of]
    by_item = journeys([(rows[i][0], (rows[i][1], values[i]), rows[i][2]) for i in kept])
    result = {}
    for item, path in by_item.items():
        pairs: list[tuple[Any, Time]] = list(path)
        result[item] = Journey([(pair[0], pair[1], time) for pair, time in pairs])
    return result


def touched(
    rows: Sequence[Row],
    steps: Sequence[Step],
    values: Sequence[Hashable],
    attribution: Attribution,
    step: int = 1,
    **options: Any,
) -> dict[Item, Hashable]:
    """Return for every item the value of the row that the attribution names, None if it has none."""
    match_of = dict(item_matches(rows, steps, **options))
    groups: dict[Item, Hashable] = {}
    for item, journey in observed(rows, values, options.get("as_of")).items():
        touches = [
            value
            for stage, value, _ in journey.rows
            if value is not None and any(fits(stage, each) for each in steps)
        ]
        if attribution == "step":
            allowed = steps if options.get("mode") == "unordered" else [steps[step - 1]]
            groups[item] = _of_step(journey, match_of[item], allowed, step)
        else:
            place = 0 if attribution == "first_touch" else -1
            groups[item] = touches[place] if touches else None
    return groups


def _of_step(journey: Journey, match: Match, allowed: Sequence[Step], step: int) -> Hashable:
    time = match.times[step - 1]
    values = [
        value
        for stage, value, when in journey.rows
        if when == time and any(fits(stage, each) for each in allowed)
    ]
    return None if time is None else values[0]


def value_by_value(rows: Sequence[Row], values: Sequence[Hashable]) -> dict[Hashable, list[Row]]:
    """Split the rows by their value."""
    return {
        value: [row for row, own in zip(rows, values, strict=True) if own == value]
        for value in dict.fromkeys(values)
    }


def both_steps(
    rows: Sequence[Row], steps: Sequence[Step], start: int, end: int, **options: Any
) -> list[ItemMatch]:
    """Return the matches that did both of two steps."""
    return [
        ItemMatch(item, match)
        for item, match in item_matches(rows, steps, **options)
        if match.times[start - 1] is not None and match.times[end - 1] is not None
    ]


def paths(
    rows: Sequence[Row],
    steps: Sequence[Step],
    start: int,
    end: int,
    **options: Any,
) -> dict[tuple[str, ...], list[Any]]:
    """Return the stages that came between two steps, each path with the times that it took."""
    by_item = observed(rows, [None] * len(rows), options.get("as_of"))
    times_of: dict[tuple[str, ...], list[Any]] = {}
    for item, match in both_steps(rows, steps, start, end, **options):
        journey = by_item[item].rows
        first, last = (_row_of(journey, match, number, steps[number - 1]) for number in (start, end))
        between = [_name_of(stage) for stage, _, _ in journey[first + 1 : last]]
        path = tuple(name for i, name in enumerate(between) if i == 0 or between[i - 1] != name)
        times_of.setdefault(path, []).append(journey[last][2] - journey[first][2])
    return times_of


def _name_of(stage: Stage | Seen | None) -> str:
    stage = stage.stage if isinstance(stage, Seen) else stage
    return "(missing)" if stage is None else str(stage)


def _row_of(journey: Sequence[tuple[Stage, Hashable, Time]], match: Match, number: int, step: Step) -> int:
    time = match.times[number - 1]
    return next(i for i, (stage, _, when) in enumerate(journey) if when == time and fits(stage, step))


def counted_paths(
    times_of: dict[tuple[str, ...], list[Any]],
) -> list[tuple[tuple[str, ...], float, int]]:
    """List the paths with the median of their times and how many they are.

    The most frequent come first; equally frequent ones are in the order of their stages, missing ones last.
    """
    lines = [(path, median(times), len(times)) for path, times in times_of.items()]
    return sorted(lines, key=lambda line: (-line[2], [(name == "(missing)", name) for name in line[0]]))
