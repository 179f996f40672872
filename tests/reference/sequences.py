"""The match of a journey: of all allowed matches the one that the rules choose, and why it stopped."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from reference.clickhouse import window_funnel
from reference.sequence_matches import (
    FilledSteps,
    all_matches,
    goes_past,
    is_adjacent,
    is_hit,
    level_of,
    next_steps,
)
from reference.sequence_steps import Effect, Event, Rules, Step, after, events_of, fillers, is_within
from reference.stages import Stage, Time

Stop: TypeAlias = Literal["completed", "no_event", "window", "gap", "interrupted", "excluded", "immature"]
# Several reasons may hold for one match; the first of them in this order counts.
PRECEDENCE: tuple[Stop, ...] = (
    *("completed", "excluded", "immature", "interrupted", "gap", "window", "no_event"),
)


class Match(NamedTuple):
    """How far a journey came: per step the time and the row, None where the step was not done."""

    level: int
    times: list[Time | None]
    stop: Stop | None
    rows: list[int | None]


def sequence(
    journey: Sequence[tuple[Stage, Time]],
    steps: Sequence[Step],
    *,
    hold: Sequence[Hashable] | None = None,
    observed_until: Time | None = None,
    entry: Time | None = None,
    among: Callable[[FilledSteps], bool] | None = None,
    **options: Any,
) -> Match:
    """Return the match of one journey, without rows at or after ``as_of``.

    ``observed_until`` is the end of observation, ``hold`` has the values per row that a match must hold,
    ``entry`` is the time at which the match has to start, and ``among`` says which matches exist at all. The
    other options are the fields of ``Rules``.
    """
    rules = Rules(steps, **options)
    events = events_of(journey, hold)
    if rules.mode == "clickhouse":
        return _as_clickhouse(journey, rules)
    if rules.mode == "open":
        return _open(events, rules)
    possible = [match for match in all_matches(events, rules, entry) if among is None or among(match)]
    allowed = [match for match in possible if not _is_undone(match, events, rules)]
    deepest = _deepest(allowed)
    kept = [match for match in deepest if not _is_hit_by("drop", match, events, rules)]
    chosen = _by_timing(_with_optional_steps(kept or deepest, rules), rules)
    if deepest and not kept:
        return Match(0, [None] * rules.n, "excluded", _rows(chosen[0], rules))
    if not chosen:
        return Match(0, [None] * rules.n, "excluded" if possible else "no_event", [None] * rules.n)
    lost_depth = level_of(_deepest(possible)[0]) > level_of(chosen[0])
    reasons = {_stop(match, events, rules, lost_depth, observed_until) for match in chosen}
    stop = next(reason for reason in PRECEDENCE if reason in reasons)
    return Match(level_of(chosen[0]), _times(chosen[0], rules), stop, _rows(chosen[0], rules))


def _deepest(matches: Sequence[FilledSteps]) -> list[FilledSteps]:
    level = max(map(level_of, matches), default=0)
    return [match for match in matches if level_of(match) == level]


def _is_undone(match: FilledSteps, events: Sequence[Event], rules: Rules) -> bool:
    """Return whether a match goes past an exclusion that stops it, or an exclusion resets it."""
    stopped = any(
        goes_past(match, exclusion, events, rules)
        for exclusion in rules.exclude
        if rules.effect(exclusion) == "stop"
    )
    return stopped or _is_hit_by("reset", match, events, rules)


def _is_hit_by(effect: Effect, match: FilledSteps, events: Sequence[Event], rules: Rules) -> bool:
    return any(
        is_hit(match, exclusion, events, rules)
        for exclusion in rules.exclude
        if rules.effect(exclusion) == effect
    )


def _with_optional_steps(matches: Sequence[FilledSteps], rules: Rules) -> list[FilledSteps]:
    """Keep the matches that fill the first optional step if any does, of them the second, and so on."""
    kept = list(matches)
    for step in sorted(rules.optional):
        kept = [match for match in kept if any(filled.number == step for filled in match)] or kept
    return kept


def _by_timing(matches: Sequence[FilledSteps], rules: Rules) -> list[FilledSteps]:
    """Keep the matches with the times that the timing chooses: they differ only in rows of equal time."""

    def times_of(match: FilledSteps) -> list[Time]:
        return [filled.time for filled in match]

    kept = list(matches)
    if not kept or rules.timing == "first_entry" or rules.mode == "hybrid":
        times = min(map(times_of, kept), default=[])
    else:
        # The match ends as early as possible; going back from there, each step is as late as possible.
        for place in reversed(range(len(kept[0]))):
            ends = [match[place].time for match in kept]
            time = min(ends) if place == len(kept[0]) - 1 else max(ends)
            kept = [match for match in kept if match[place].time == time]
        times = times_of(kept[0])
    same = [match for match in kept if times_of(match) == times]
    return sorted(same, key=lambda match: [filled.event.row for filled in match])


def _stop(
    match: FilledSteps,
    events: Sequence[Event],
    rules: Rules,
    lost_depth: bool,
    observed_until: Time | None,
) -> Stop:
    """Return why a match did not go on; ``lost_depth`` is set if an exclusion undid a deeper match."""
    if level_of(match) == rules.n:
        return "completed"
    if lost_depth or _is_hit_by("stop", match, events, rules):
        return "excluded"
    window = rules.window
    if window is not None and observed_until is not None and after(match[0].time, window) >= observed_until:
        return "immature"
    candidates = _candidates(match, events, rules)
    within = [event for event in candidates if is_within(match[0].time, event.time, rules.window)]
    if rules.mode == "strict":
        rows = [filled.event.row for filled in match]
        if not all(is_adjacent([*rows, event.row]) for event in within):
            return "interrupted"
    if within:
        return "gap"
    return "window" if candidates else "no_event"


def _candidates(match: FilledSteps, events: Sequence[Event], rules: Rules) -> list[Event]:
    """Return the rows that could fill a next step but for the window, gaps and adjacency."""
    can_fill = fillers(events, rules)
    taken = [filled.event.row for filled in match]
    # Only with steps in order must a row come after the last step.
    in_any_order = rules.mode in ("unordered", "hybrid")
    since = match[0].time if in_any_order else match[-1].time
    past = match[-1].event.row if rules.mode == "strict" else -1
    return [
        event
        for step in next_steps(match, rules)
        for event in can_fill[step]
        if event.row not in taken
        and event.row > past
        and event.held == match[0].event.held
        and (event.time > since if rules.mode == "increase" else event.time >= since)
    ]


def _times(match: FilledSteps, rules: Rules) -> list[Time | None]:
    by_number = {filled.number: filled.time for filled in match}
    return [by_number.get(number) for number in range(1, rules.n + 1)]


def _rows(match: FilledSteps, rules: Rules) -> list[int | None]:
    by_number = {filled.number: filled.event.row for filled in match}
    return [by_number.get(number) for number in range(1, rules.n + 1)]


def _open(events: Sequence[Event], rules: Rules) -> Match:
    """Return the first row of each step, whatever came before it."""
    first = [rows[0] if rows else None for rows in fillers(events, rules).values()]
    level = max((number for number, event in enumerate(first, start=1) if event is not None), default=0)
    return Match(
        level,
        [None if event is None else event.time for event in first],
        "completed" if level == rules.n else "no_event",
        [None if event is None else event.row for event in first],
    )


def _as_clickhouse(journey: Sequence[tuple[Stage, Time]], rules: Rules) -> Match:
    if not isinstance(rules.window, int):
        raise ValueError("windowFunnel has a window in the unit of its times")
    level = window_funnel(journey, rules.steps, rules.window, rules.modes)
    nothing: list[Any] = [None] * rules.n
    return Match(level, nothing, "completed" if level == rules.n else None, nothing)
