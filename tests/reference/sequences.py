"""The chain of a journey: of all that are allowed the one that the options choose, and why it stopped."""

from collections.abc import Hashable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from reference.clickhouse import window_funnel
from reference.sequence_chains import (
    Links,
    all_chains,
    goes_past,
    is_adjacent,
    is_hit,
    level_of,
    next_steps,
)
from reference.sequence_steps import Asked, Effect, Event, Step, after, events_of, fillers, is_within
from reference.stages import Stage, Time

Stop: TypeAlias = Literal["completed", "no_event", "window", "gap", "interrupted", "excluded", "immature"]
# A chain can be said to have stopped for several reasons; the first of these is told.
PRECEDENCE: tuple[Stop, ...] = (
    *("completed", "excluded", "immature", "interrupted", "gap", "window", "no_event"),
)


class Chain(NamedTuple):
    """How far a journey came: per step the time and the row, None where it was not done."""

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
    **options: Any,
) -> Chain:
    """Find the chain of one journey, whose rows at or after ``as_of`` are gone already.

    ``observed_until`` is the end of observation, ``hold`` the values per row that a chain must hold, and
    ``entry`` the time at which it has to start. The other options are those of ``Asked``.
    """
    asked = Asked(steps, **options)
    events = events_of(journey, hold)
    if asked.mode == "clickhouse":
        return _as_clickhouse(journey, asked)
    if asked.mode == "open":
        return _open(events, asked)
    every = all_chains(events, asked, entry)
    allowed = [chain for chain in every if not _is_undone(chain, events, asked)]
    deepest = _deepest(allowed)
    kept = [chain for chain in deepest if not _is_hit_by("drop", chain, events, asked)]
    chosen = _by_timing(_with_optional_steps(kept or deepest, asked), asked)
    if deepest and not kept:
        return Chain(0, [None] * asked.n, "excluded", _rows(chosen[0], asked))
    if not chosen:
        return Chain(0, [None] * asked.n, "excluded" if every else "no_event", [None] * asked.n)
    lost_depth = level_of(_deepest(every)[0]) > level_of(chosen[0])
    reasons = {_stop(chain, events, asked, lost_depth, observed_until) for chain in chosen}
    stop = next(reason for reason in PRECEDENCE if reason in reasons)
    return Chain(level_of(chosen[0]), _times(chosen[0], asked), stop, _rows(chosen[0], asked))


def _deepest(chains: Sequence[Links]) -> list[Links]:
    level = max(map(level_of, chains), default=0)
    return [chain for chain in chains if level_of(chain) == level]


def _is_undone(chain: Links, events: Sequence[Event], asked: Asked) -> bool:
    """Tell whether a chain goes past an exclusion that stops it, or was reset by one."""
    stopped = any(
        goes_past(chain, one, events, asked) for one in asked.exclude if asked.effect(one) == "stop"
    )
    return stopped or _is_hit_by("reset", chain, events, asked)


def _is_hit_by(effect: Effect, chain: Links, events: Sequence[Event], asked: Asked) -> bool:
    return any(is_hit(chain, one, events, asked) for one in asked.exclude if asked.effect(one) == effect)


def _with_optional_steps(chains: Sequence[Links], asked: Asked) -> list[Links]:
    """Keep the chains that fill the first optional step if any does, of these the second, and so on."""
    kept = list(chains)
    for step in sorted(asked.optional):
        kept = [chain for chain in kept if any(link.number == step for link in chain)] or kept
    return kept


def _by_timing(chains: Sequence[Links], asked: Asked) -> list[Links]:
    """Keep the chains with the times that are asked for: all alike but for rows of equal time."""

    def early(chain: Links) -> list[Time]:
        return [link.time for link in chain]

    kept = list(chains)
    if not kept or asked.timing == "first_entry" or asked.mode == "hybrid":
        times = min(map(early, kept), default=[])
    else:
        # The earliest end; going back from there, each step as late as the chain allows.
        for place in reversed(range(len(kept[0]))):
            at = [chain[place].time for chain in kept]
            time = min(at) if place == len(kept[0]) - 1 else max(at)
            kept = [chain for chain in kept if chain[place].time == time]
        times = early(kept[0])
    same = [chain for chain in kept if early(chain) == times]
    return sorted(same, key=lambda chain: [link.event.row for link in chain])


def _stop(
    chain: Links,
    events: Sequence[Event],
    asked: Asked,
    lost_depth: bool,
    observed_until: Time | None,
) -> Stop:
    """Say why a chain did not go on; ``lost_depth`` if one that an exclusion undid was deeper."""
    if level_of(chain) == asked.n:
        return "completed"
    if lost_depth or _is_hit_by("stop", chain, events, asked):
        return "excluded"
    window = asked.window
    if window is not None and observed_until is not None and after(chain[0].time, window) >= observed_until:
        return "immature"
    candidates = _candidates(chain, events, asked)
    within = [event for event in candidates if is_within(chain[0].time, event.time, asked.window)]
    if asked.mode == "strict":
        rows = [link.event.row for link in chain]
        if not all(is_adjacent([*rows, event.row]) for event in within):
            return "interrupted"
    if within:
        return "gap"
    return "window" if candidates else "no_event"


def _candidates(chain: Links, events: Sequence[Event], asked: Asked) -> list[Event]:
    """Return the rows that could fill a next step but for the window, gaps and adjacency."""
    can = fillers(events, asked)
    taken = [link.event.row for link in chain]
    # Only with steps in order has a row to come after the last step.
    in_any_order = asked.mode in ("unordered", "hybrid")
    since = chain[0].time if in_any_order else chain[-1].time
    past = chain[-1].event.row if asked.mode == "strict" else -1
    return [
        event
        for step in next_steps(chain, asked)
        for event in can[step]
        if event.row not in taken
        and event.row > past
        and event.held == chain[0].event.held
        and (event.time > since if asked.mode == "increase" else event.time >= since)
    ]


def _times(chain: Links, asked: Asked) -> list[Time | None]:
    by_number = {link.number: link.time for link in chain}
    return [by_number.get(number) for number in range(1, asked.n + 1)]


def _rows(chain: Links, asked: Asked) -> list[int | None]:
    by_number = {link.number: link.event.row for link in chain}
    return [by_number.get(number) for number in range(1, asked.n + 1)]


def _open(events: Sequence[Event], asked: Asked) -> Chain:
    """Take the first row of each step, whatever came before it."""
    first = [rows[0] if rows else None for rows in fillers(events, asked).values()]
    level = max((number for number, event in enumerate(first, start=1) if event is not None), default=0)
    return Chain(
        level,
        [None if event is None else event.time for event in first],
        "completed" if level == asked.n else "no_event",
        [None if event is None else event.row for event in first],
    )


def _as_clickhouse(journey: Sequence[tuple[Stage, Time]], asked: Asked) -> Chain:
    if not isinstance(asked.window, int):
        raise ValueError("windowFunnel has a window in the unit of its times")
    level = window_funnel(journey, asked.steps, asked.window, asked.modes)
    nothing: list[Any] = [None] * asked.n
    return Chain(level, nothing, "completed" if level == asked.n else None, nothing)
